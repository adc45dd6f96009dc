#pragma once
// The U-Net of "Denoising Diffusion Probabilistic Models" (Ho et al. 2020, appendix B), in the two
// layouts its weights are published in. One network: a config says what it is built of, a map of
// parameters says what is in it, and forward() only reads. Safe to share between threads.
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "nodes/types/types.h"

namespace loom {

/// Whose names and conventions a network follows. They differ in the sinusoid, the eps of GroupNorm and the
/// padding of the downsampling convolution.
enum class UNetLayout {
  pytorch_ddpm,  // w86763777/pytorch-ddpm: "head.weight", "downblocks.0.block1.0.weight"
  ho,            // Ho et al. as converted by pesser/pytorch_diffusion, and ermongroup/ddim: "conv_in.weight"
};

struct UNetConfig {
  UNetLayout layout = UNetLayout::pytorch_ddpm;
  int64_t inChannels = 3;
  int64_t outChannels = 3;                                 // 2 × inChannels where the variance is learned
  int64_t ch = 128;                                        // channels after the first convolution
  std::vector<int64_t> widths{128, 256, 256, 256};         // channels of each level, finest first
  std::vector<bool> attention{false, true, false, false};  // per level, after each residual block
  int64_t blocks = 2;  // residual blocks per level; one more on the way up
  int64_t timeDim = 512;
  int64_t timeSteps = 1000;      // rows of the sinusoid table (pytorch_ddpm)
  bool resampleWithConv = true;  // ho: otherwise average pooling and nearest
  bool operator==(const UNetConfig&) const = default;

  /// 1e-5 (pytorch_ddpm) or 1e-6 (ho).
  double normEps() const { return layout == UNetLayout::pytorch_ddpm ? 1e-5 : 1e-6; }
  /// Sides of a picture must be a multiple of this.
  int64_t sizeMultiple() const { return int64_t{1} << (widths.size() - 1); }
};

using ShapeMap = std::map<std::string, std::vector<int64_t>>;

/// Every parameter of such a network, name and shape, in the order of upstream's state_dict.
struct ParameterSpec {
  std::string name;
  std::vector<int64_t> shape;
};
std::vector<ParameterSpec> unetParameters(const UNetConfig& config);

/// Reads the config off names and shapes. Throws Error listing every missing, unknown and mis-shaped name;
/// where the names are those of another system, it says of which.
UNetConfig recogniseUNet(const ShapeMap& shapes);
/// Throws Error listing every name that is missing, unknown or of another shape than the config wants.
void checkUNetShapes(const UNetConfig& config, const ShapeMap& shapes);

/// Floats that any forward pass of the network has to hold at once for pictures of side × side: the skips,
/// what a block adds its result to, and input and output of the convolution that is under way. What
/// convolutions and attention need beside is not counted.
int64_t unetFloatsToHold(const UNetConfig& config, int64_t batch, int64_t side);

/// Fresh weights, float32, as upstream initialises them: pytorch_ddpm Xavier-uniform with gain 1e-5 for the
/// last convolution of each residual and attention branch and of the net; ho (Ho et al.'s TensorFlow code)
/// variance scaling, fan-avg uniform, with scale 1e-10 there. Biases 0, norms 1 and 0. Philox by seed.
Parameters initialUNet(const UNetConfig& config, uint64_t seed);

/// The table [steps, ch] of w86763777/pytorch-ddpm: sin and cos interleaved, frequency exp(−(2i/ch) ln
/// 10000).
at::Tensor interleavedSinusoid(int64_t steps, int64_t ch);
/// Ho et al.: t [N] float -> [N, ch], sines then cosines, frequency exp(−i ln 10000 / (ch/2 − 1)).
at::Tensor halvesSinusoid(const at::Tensor& t, int64_t ch);

struct UNetBlocks;  // unet_blocks.h: the parameters by place, resolved once

class UNet final : public DenoiserNet {
 public:
  /// Throws Error where names or shapes are not those of the config. Parameters are shared, not copied.
  UNet(UNetConfig config, Parameters parameters);
  ~UNet() override;

  const UNetConfig& config() const { return config_; }
  const Parameters& parameters() const override { return parameters_; }
  std::shared_ptr<const DenoiserNet> withParameters(Parameters parameters) const override;
  /// The time MLP and every block's projection of it, side by side: [N, sum of block widths]. In layout
  /// pytorch_ddpm t must be whole and below timeSteps; in layout ho any t.
  at::Tensor embedTime(const at::Tensor& t) const override;
  /// The time MLP alone: [N, timeDim].
  at::Tensor timeEmbedding(const at::Tensor& t) const;
  at::Tensor forward(const at::Tensor& x, const at::Tensor& embedding, Mode mode) const override;
  int64_t channels() const override { return config_.inChannels; }
  int64_t outChannels() const override { return config_.outChannels; }
  bool learns(const std::string& name) const override;  // all but the sinusoid table
  /// Each residual block's result [B, C, H, W] (with its attention, where it has one) and each attention map,
  /// by the names that the weights have.
  std::vector<std::string> insides() const override;
  std::string describe() const override;

 private:
  std::shared_ptr<const UNetBlocks> blocksIn(at::ScalarType dtype, bool differentiable) const;

  UNetConfig config_;
  Parameters parameters_;
  bool trainable_ = false;  // a parameter asks for its gradient
  std::shared_ptr<const UNetBlocks> blocks_;
  mutable std::mutex castMutex_;                                               // guards casts_
  mutable std::map<at::ScalarType, std::shared_ptr<const UNetBlocks>> casts_;  // inference only
};

}  // namespace loom
