#include <algorithm>
#include <cmath>

#include "engine/random/stream.h"
#include "nodes/ddpm/unet_blocks.h"

namespace loom {

namespace {

bool ends(const std::string& name, const char* end) { return name.ends_with(end); }

/// The last layer of every branch and of the net starts at (nearly) nothing, so that each block starts as
/// identity.
bool startsSmall(const std::string& name) {
  return ends(name, ".block2.3.weight") || ends(name, ".attn.proj.weight") || name == "tail.2.weight" ||
         ends(name, ".conv2.weight") || ends(name, ".proj_out.weight") || name == "conv_out.weight";
}

/// Glorot & Bengio 2010: U(−a, a), a = gain √(6 / (fan_in + fan_out)). Variance scaling with fan_avg of scale
/// s, as Ho et al. initialise, is the same with gain √s.
at::Tensor xavier(const std::vector<int64_t>& shape, double gain, const Stream& stream) {
  int64_t receptive = 1;
  for (size_t i = 2; i < shape.size(); ++i) receptive *= shape[i];
  const double fans = static_cast<double>((shape[0] + shape[1]) * receptive);
  const double a = gain * std::sqrt(6.0 / fans);
  return uniform(stream, shape).mul_(2 * a).sub_(a);
}

}  // namespace

Parameters initialUNet(const UNetConfig& config, uint64_t seed) {
  // w86763777: gain 1e-5. Ho et al.: scale 0 is taken as 1e-10, gain √1e-10, the same.
  constexpr double kSmallGain = 1e-5;
  Parameters parameters;
  for (const auto& [name, shape] : unetParameters(config)) {
    if (name == "time_embedding.timembedding.0.weight")
      parameters[name] = interleavedSinusoid(config.timeSteps, config.ch);
    else if (ends(name, ".bias"))
      parameters[name] = at::zeros(shape);
    else if (shape.size() == 1)
      parameters[name] = at::ones(shape);
    else
      parameters[name] =
          xavier(shape, startsSmall(name) ? kSmallGain : 1, Stream{.seed = seed, .node = nodeHash(name)});
  }
  return parameters;
}

}  // namespace loom
