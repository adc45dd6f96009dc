#include "nodes/training/weights_file.h"

#include <ATen/ATen.h>

namespace loom {
namespace {

const char* nameOf(PredictionKind kind) {
  switch (kind) {
    case PredictionKind::epsilon:
      return "epsilon";
    case PredictionKind::x0:
      return "x0";
    case PredictionKind::x_prev:
      return "x_prev";
    case PredictionKind::v:
      break;
  }
  return "v";
}

}  // namespace

Parameters convertedWeights(const DenoiserNet& net, at::ScalarType dtype) {
  Parameters converted;
  for (const auto& [name, tensor] : net.parameters()) {
    const at::Tensor value = tensor.detach().to(at::kCPU);
    at::Tensor& out = converted[name];
    out = value.to(net.learns(name) ? dtype : value.scalar_type()).contiguous();
    if (!out.isfinite().all().item<bool>())
      throw Error("the weight '" + name + "' does not fit " + c10::toString(dtype) + "; export float32");
  }
  return converted;
}

nlohmann::json weightsMeta(const TrainState& state, const WeightsFileOptions& options) {
  const at::Tensor beta = options.schedule.beta.to(at::kCPU, at::kDouble).contiguous();
  const double* first = beta.const_data_ptr<double>();
  const std::vector<double> betas(first, first + beta.numel());
  nlohmann::json meta;
  meta["architecture"] = state.net->describe();
  meta["prediction"] = nameOf(options.kind);
  meta["image_size"] = state.imageSize;
  meta["steps"] = state.step;
  meta["schedule"] = {{"steps", beta.numel()}, {"beta", betas}};
  if (!betas.empty()) {
    meta["schedule"]["beta_start"] = betas.front();
    meta["schedule"]["beta_end"] = betas.back();
  }
  return meta;
}

}  // namespace loom
