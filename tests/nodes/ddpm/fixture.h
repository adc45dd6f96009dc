#pragma once
// What the DDPM parity tests share: the reference networks, and sampling loops written against the free
// functions.
#include "nodes/ddpm/unet.h"
#include "nodes/samplers/predict.h"
#include "nodes/samplers/step.h"
#include "nodes/schedules/timesteps.h"
#include "tests/nodes/parity/parity_case.h"

namespace loom::test {

inline ShapeMap shapesOf(const Parameters& parameters) {
  ShapeMap shapes;
  for (const auto& [name, tensor] : parameters) shapes[name] = tensor.sizes().vec();
  return shapes;
}

/// A network of a case, from its seeded fill, recognised from names and shapes.
inline std::shared_ptr<const UNet> filledUNet(const parity::Case& reference, const std::string& fill) {
  Parameters fixed;
  for (const auto& entry : reference.json().at("weights").at(fill).at("kept")) {
    const auto& unet = reference.json().at("config").at("unet");
    fixed[entry.get<std::string>()] = interleavedSinusoid(unet.at("T"), unet.at("ch"));
  }
  Parameters parameters = reference.filled(fill, fixed);
  return std::make_shared<UNet>(recogniseUNet(shapesOf(parameters)), parameters);
}

inline at::Tensor predict(const DenoiserNet& net, const at::Tensor& x, int64_t t) {
  return net.forward(x, net.embedTime(at::full({1}, t, at::kLong)), {});
}

}  // namespace loom::test
