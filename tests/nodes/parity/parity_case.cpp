#include "tests/nodes/parity/parity_case.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "engine/core/error.h"
#include "engine/files/safetensors.h"

namespace loom::parity {

std::string file(const std::string& name) {
  return std::string(NOISELOOM_SOURCE_DIR "/tests/data/parity/") + name;
}

Case::Case(const std::string& name) {
  std::ifstream stream(file(name + ".json"));
  if (!stream) throw Error("No parity case " + name);
  json_ = nlohmann::json::parse(stream);
  tensors_ = readSafetensors(file(name + ".safetensors")).tensors;
}

const at::Tensor& Case::tensor(const std::string& key) const {
  const auto found = tensors_.find(key);
  if (found == tensors_.end()) throw Error("The case has no tensor " + key);
  return found->second;
}

std::vector<at::Tensor> Case::tape(const std::string& run) const {
  std::vector<at::Tensor> draws;
  const std::string prefix = "tape." + run + ".";
  for (const auto& [key, tensor] : tensors_)
    if (key.starts_with(prefix) &&
        std::count(key.begin() + static_cast<long>(prefix.size()), key.end(), '.') == 1)
      draws.push_back(tensor);
  return draws;
}

namespace {

double elementwise(const at::Tensor& a, const at::Tensor& ref, double tolerance) {
  // |a − ref| ≤ tol |ref| + 1e-9 max|ref|, as a multiple of tol: what the tolerance would have to be.
  const at::Tensor minusInfinity = ref.le(-1e29) & a.eq(-std::numeric_limits<double>::infinity());
  const at::Tensor slack = ((a - ref).abs() - 1e-9 * ref.abs().max()).clamp_min(0);
  const at::Tensor needed = at::where(slack.eq(0) | minusInfinity, at::zeros_like(slack), slack / ref.abs());
  (void)tolerance;
  return needed.max().item<double>();
}

}  // namespace

Case::Deviation Case::compare(const std::string& key, const at::Tensor& ours) const {
  const at::Tensor ref = tensor(key).to(at::kDouble), a = ours.detach().to(at::kCPU, at::kDouble);
  if (!a.sizes().equals(ref.sizes())) throw Error(key + " has another shape than ours");
  const nlohmann::json& tolerance = json_.at("tolerance");
  Deviation d;
  d.tolerance = tolerance.value(key, tolerance.value("default", 0.0));
  const std::string metric = json_.at("outputs").at(key).value("metric", "std");
  const double furthest = (a - ref).abs().max().item<double>(), largest = ref.abs().max().item<double>();
  if (metric == "std")
    d.value = furthest / ref.std().item<double>();
  else if (metric == "max")
    d.value = largest > 0 ? furthest / largest : furthest * (d.tolerance / 1e-6);
  else if (metric == "elementwise")
    d.value = elementwise(a, ref, d.tolerance);
  else
    d.value = furthest, d.tolerance = 0;
  return d;
}

std::map<std::string, at::Tensor> Case::filled(const std::string& fill,
                                               const std::map<std::string, at::Tensor>& fixed) const {
  const nlohmann::json& rule = json_.at("weights").at(fill);
  const nlohmann::json* params = &rule.at("params");
  if (params->is_string()) {  // "same as fill_net_model"
    const auto text = params->get<std::string>();
    params = &json_.at("weights").at(text.substr(text.rfind(' ') + 1)).at("params");
  }
  const auto kept = rule.value("kept", std::vector<std::string>{}),
             abs = rule.value("abs", std::vector<std::string>{});
  const auto contains = [](const auto& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(rule.at("seed").get<uint64_t>());
  std::map<std::string, at::Tensor> result;
  for (const auto& entry : *params) {
    const auto name = entry[0].get<std::string>();
    const auto shape = entry[1].get<std::vector<int64_t>>();
    at::Tensor r = at::randn(shape, generator, at::TensorOptions(at::kFloat));
    if (shape.size() >= 2)
      r.mul_(1 / std::sqrt(static_cast<double>(r.numel() / shape[0])));
    else if (name.ends_with("weight"))
      r = 1 + 0.1 * r;
    else
      r = 0.1 * r;
    if (contains(kept, name)) r = fixed.at(name);
    result[name] = contains(abs, name) ? r.abs() : r;
  }
  return result;
}

}  // namespace loom::parity
