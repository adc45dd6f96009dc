#pragma once
// The value types that all five systems speak: pictures, latents, schedules, denoisers, predictions.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/node/inside.h"
#include "engine/values/scalars.h"
#include "engine/values/tensors.h"

namespace loom {

/// Pictures: float32 [B, C, H, W] in [0, 1], RGB or grey.
struct Image {
  at::Tensor pixels;
};

/// x_t, in pixel or latent space: float32 [B, C, H, W].
struct Latent {
  at::Tensor x;
};

/// Unit Gaussian noise, float32, shape of what it will be added to.
struct Noise {
  at::Tensor z;
};

/// A noise schedule q(x_t | x_0) = N(√ᾱ_t x_0, (1 − ᾱ_t) I) (DDPM, eq. 4). Tables are float64 [T].
struct Schedule {
  at::Tensor beta;                // β_t
  at::Tensor alpha_bar;           // ᾱ_t = Π (1 − β_s)
  at::Tensor posterior_variance;  // β̃_t, eq. 7; with v_posterior where the schedule has one
  double v_posterior = 0;         // LDM: variance (1 − v) β̃_t + v β_t
  int64_t steps() const { return beta.size(0); }
};

/// One step of a sampler: from t to t_next (−1: the end, ᾱ = 1 unless the sampler says otherwise).
struct Timestep {
  int64_t t = 0;
  int64_t t_next = -1;
  int64_t index = 0;  // 0 for the first step taken
  int64_t count = 1;
  int64_t t_before = -1;  // of the step before this one; −1 for the first
};
/// Descending timesteps of the original schedule, int64 [S].
struct Timesteps {
  std::vector<int64_t> t;
  int64_t stride = 0;  // above 0: every step goes down by as much, whatever the next timestep is
  Timestep at(int64_t index) const {
    const int64_t count = static_cast<int64_t>(t.size());
    int64_t next = index + 1 < count ? t[index + 1] : -1;
    if (stride > 0) next = t[index] >= stride ? t[index] - stride : -1;
    return {t[index], next, index, count, index > 0 ? t[index - 1] : -1};
  }
};

/// What a denoiser's output stands for.
enum class PredictionKind { epsilon, x0, x_prev, v };

/// A denoiser's output: mean part [B, C, H, W], and where variance is learned its raw part, the same shape.
struct Prediction {
  at::Tensor mean;
  at::Tensor variance;  // undefined where it is not learned
};

using Parameters = std::map<std::string, at::Tensor>;

/// A network ε_θ(x_t, t): an architecture and its parameters. Immutable and safe to share; where gradients
/// are on, forward() is differentiable in the parameters it was given.
class DenoiserNet {
 public:
  virtual ~DenoiserNet() = default;
  /// Parameters by the names of the layout it was read from, float32 (or as given to withParameters).
  virtual const Parameters& parameters() const = 0;
  /// The same architecture over other parameters of the same names and shapes; tensors are shared, not
  /// copied.
  virtual std::shared_ptr<const DenoiserNet> withParameters(Parameters parameters) const = 0;
  /// The part that depends on t alone, for all of t [N] (int64 or float32) at once: [N, E].
  virtual at::Tensor embedTime(const at::Tensor& t) const = 0;
  /// x [B, C, H, W] float32, embedding [B, E] or [1, E] -> [B, C_out, H, W] float32. `mode` says in which
  /// dtype the matrix work is done, and whether dropout is on.
  struct Mode {
    at::ScalarType compute = at::kFloat;
    double dropout = 0;             // probability; 0 while sampling
    uint64_t dropoutSeed = 0;       // of the masks
    InsideWatch* inside = nullptr;  // is shown what insides() names; outlives the call
  };
  virtual at::Tensor forward(const at::Tensor& x, const at::Tensor& embedding, Mode mode) const = 0;
  virtual int64_t channels() const = 0;
  virtual int64_t outChannels() const = 0;
  /// Whether training may change this parameter; a fixed table says no.
  virtual bool learns(const std::string& name) const {
    (void)name;
    return true;
  }
  /// What forward() can show of its inside: attention maps [B, heads, queries, keys], block activations.
  virtual std::vector<std::string> insides() const { return {}; }
  virtual std::string describe() const = 0;  // "DDPM UNet, w86763777 layout, 35.7 M parameters"
};
struct Denoiser {
  std::shared_ptr<const DenoiserNet> net;
  int64_t imageSize = 0;  // 0: any
};

LOOM_VALUE_TYPE(Image)
LOOM_VALUE_TYPE(Latent)
LOOM_VALUE_TYPE(Noise)
LOOM_VALUE_TYPE(Schedule)
LOOM_VALUE_TYPE(Timestep)
LOOM_VALUE_TYPE(Timesteps)
LOOM_VALUE_TYPE(Prediction)
LOOM_VALUE_TYPE(Denoiser)

}  // namespace loom
