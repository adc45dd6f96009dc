#include "nodes/types/types.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>

namespace loom {

namespace {

// Colours are ComfyUI's where it has the type, so that people find their way (MODEL, LATENT, IMAGE, NOISE,
// SIGMAS); the others keep apart from those.

// Null where there is none: noise of a step that a file has no draw for.
template <class T, at::Tensor T::*member>
const at::Tensor* tensorOf(const Value& value) {
  const at::Tensor& tensor = value.as<T>().*member;
  return tensor.defined() ? &tensor : nullptr;
}
template <class T, at::Tensor T::*member>
size_t bytesOf(const Value& value) {
  const at::Tensor& tensor = value.as<T>().*member;
  return tensor.defined() ? tensor.nbytes() : 0;
}
template <class T, at::Tensor T::*member>
std::string summaryOf(const Value& value) {
  return describe(value.as<T>().*member);
}

TypeInfo named(const char* id, const char* name, const char* colour, const char* doc) {
  TypeInfo info;
  info.id = id;
  info.name = name;
  info.colour = colour;
  info.doc = doc;
  return info;
}

bool isPictures(const at::Tensor& tensor) { return tensor.defined() && tensor.dim() == 4; }

at::Tensor imagePicture(const Value& value) {
  const at::Tensor& pixels = value.as<Image>().pixels;
  return isPictures(pixels) && (pixels.size(1) == 1 || pixels.size(1) == 3) ? pixels : at::Tensor();
}

// What an autoencoder's four channels show, without decoding them: RGB in [-1, 1] as a linear map of latents
// that are scaled as Stable Diffusion v1's denoiser sees them. The factors are the published ones for v1.4
// (K. Turner, "Decoding latents to RGB without upscaling", discuss.huggingface.co/t/23204, 2022). Other
// spaces of four channels look off in colour; they will bring factors of their own.
at::Tensor latentColours(const at::Tensor& x) {
  const at::Tensor factors = at::tensor({0.298f, 0.207f, 0.208f,   //
                                         0.187f, 0.286f, 0.173f,   //
                                         -0.158f, 0.189f, 0.264f,  //
                                         -0.184f, -0.271f, -0.473f})
                                 .reshape({1, 4, 3, 1, 1})
                                 .to(x.device());
  // Not a matrix product: that may spread a NaN over other pixels.
  return (x.unsqueeze(2) * factors).sum(1);
}

// Undefined for other numbers of channels: those are shown as numbers.
// In one pass of this thread: a preview is made while a run has all others at work.
at::Tensor unitOnCpu(const at::Tensor& signedUnit) {
  at::Tensor unit = at::empty(signedUnit.sizes(), at::kFloat);
  const float* from = signedUnit.const_data_ptr<float>();
  float* to = unit.mutable_data_ptr<float>();
  for (int64_t i = 0; i < signedUnit.numel(); ++i) {
    const float x = from[i];
    const float between = std::min(std::max(x / 2 + 0.5f, 0.0f), 1.0f);
    to[i] = x - x == 0 ? between : x;  // a difference of itself is 0 but for NaN and the infinities
  }
  return unit;
}

at::Tensor latentPicture(const Value& value) {
  const at::Tensor& x = value.as<Latent>().x;
  if (!isPictures(x) || (x.size(1) != 1 && x.size(1) != 3 && x.size(1) != 4)) return {};
  const at::Tensor signedUnit = x.size(1) == 4 ? latentColours(x.to(at::kFloat)) : x.to(at::kFloat);
  // What is not finite must stay so, to be seen; a clamp would make white of an infinity.
  if (signedUnit.is_cpu() && signedUnit.is_contiguous()) return unitOnCpu(signedUnit);
  return at::where(signedUnit.isfinite(), (signedUnit / 2 + 0.5).clamp(0, 1), signedUnit);
}

/// A type that is one tensor.
template <class T, at::Tensor T::*member>
TypeInfo tensorType(const char* id, const char* name, const char* colour, const char* doc) {
  TypeInfo info = named(id, name, colour, doc);
  info.bytes = bytesOf<T, member>;
  info.summary = summaryOf<T, member>;
  info.tensor = tensorOf<T, member>;
  return info;
}

size_t scheduleBytes(const Value& value) {
  return 3 * static_cast<size_t>(value.as<Schedule>().steps()) * sizeof(double);
}
std::string scheduleSummary(const Value& value) {
  const Schedule& s = value.as<Schedule>();
  if (s.steps() == 0) return "empty schedule";
  char text[120];
  const double first = s.alpha_bar[0].item<double>(), last = s.alpha_bar[s.steps() - 1].item<double>();
  std::snprintf(text, sizeof text, "%lld steps, signal ᾱ from %.6g to %.3g",
                static_cast<long long>(s.steps()), first, last);
  return text;
}
Archive saveSchedule(const Value& value) {
  const Schedule& s = value.as<Schedule>();
  Archive archive;
  archive.tensors = {
      {"beta", s.beta}, {"alpha_bar", s.alpha_bar}, {"posterior_variance", s.posterior_variance}};
  archive.meta["v_posterior"] = s.v_posterior;
  return archive;
}
Value loadSchedule(Archive archive) {
  Schedule s;
  for (auto [name, table] : {std::pair{"beta", &s.beta},
                             {"alpha_bar", &s.alpha_bar},
                             {"posterior_variance", &s.posterior_variance}}) {
    const auto found = archive.tensors.find(name);
    if (found == archive.tensors.end() || found->second.dim() != 1)
      throw Error(std::string("A saved schedule needs the table '") + name + "' of rank 1.");
    *table = found->second.to(at::kDouble);
  }
  if (s.alpha_bar.size(0) != s.steps() || s.posterior_variance.size(0) != s.steps())
    throw Error("The tables of a saved schedule differ in length.");
  s.v_posterior = archive.meta.value("v_posterior", 0.0);
  return Value::of<Schedule>(std::move(s));
}

std::string timestepSummary(const Value& value) {
  const Timestep& step = value.as<Timestep>();
  return "t = " + std::to_string(step.t) +
         (step.t_next < 0 ? std::string(" to the end") : " to " + std::to_string(step.t_next)) + ", step " +
         std::to_string(step.index + 1) + " of " + std::to_string(step.count);
}
size_t timestepsBytes(const Value& value) { return value.as<Timesteps>().t.size() * sizeof(int64_t); }
std::string timestepsSummary(const Value& value) {
  const auto& t = value.as<Timesteps>().t;
  if (t.empty()) return "no timesteps";
  std::string text = std::to_string(t.size()) + (t.size() == 1 ? " timestep: " : " timesteps: ");
  for (size_t i = 0; i < t.size(); ++i) {
    if (i == 3 && t.size() > 5) {
      text += "…, " + std::to_string(t.back());
      break;
    }
    text += std::to_string(t[i]) + (i + 1 < t.size() ? ", " : "");
  }
  return text;
}

size_t predictionBytes(const Value& value) {
  const Prediction& p = value.as<Prediction>();
  return (p.mean.defined() ? p.mean.nbytes() : 0) + (p.variance.defined() ? p.variance.nbytes() : 0);
}
std::string predictionSummary(const Value& value) {
  const Prediction& p = value.as<Prediction>();
  return describe(p.mean) + (p.variance.defined() ? ", with learned variance" : "");
}

size_t denoiserBytes(const Value& value) {
  const Denoiser& denoiser = value.as<Denoiser>();
  size_t bytes = 0;
  if (denoiser.net)
    for (const auto& [name, tensor] : denoiser.net->parameters()) bytes += tensor.nbytes();
  return bytes;
}
std::string denoiserSummary(const Value& value) {
  const Denoiser& denoiser = value.as<Denoiser>();
  return denoiser.net ? denoiser.net->describe() : "no network";
}

}  // namespace

template <>
const TypeInfo& typeOf<Image>() {
  static const TypeInfo info = [] {
    TypeInfo type = tensorType<Image, &Image::pixels>(
        "image", "Image", "#64B5F6", "Pictures: float32 [B, C, H, W] in [0, 1], RGB or grey.");
    type.picture = imagePicture;
    return type;
  }();
  return info;
}

template <>
const TypeInfo& typeOf<Latent>() {
  static const TypeInfo info = [] {
    TypeInfo type = tensorType<Latent, &Latent::x>(
        "latent", "Latent", "#FF9CF9",
        "x_t: what is being denoised, float32 [B, C, H, W]. Pixels in [-1, 1], or an autoencoder's latents.");
    type.picture = latentPicture;
    return type;
  }();
  return info;
}

template <>
const TypeInfo& typeOf<Noise>() {
  static const TypeInfo info = tensorType<Noise, &Noise::z>(
      "noise", "Noise", "#B0B0B0", "Unit Gaussian noise, float32, in the shape of what it is added to.");
  return info;
}

template <>
const TypeInfo& typeOf<Schedule>() {
  static const TypeInfo info = [] {
    TypeInfo type =
        named("schedule", "Noise schedule", "#CDFFCD",
              "How noise grows with t: q(x_t | x_0) = N(√ᾱ_t x_0, (1 − ᾱ_t) I). Tables of β, ᾱ and "
              "posterior variance over the steps the model was trained with.");
    type.bytes = scheduleBytes;
    type.summary = scheduleSummary;
    type.tensor = tensorOf<Schedule, &Schedule::alpha_bar>;
    type.save = saveSchedule;
    type.load = loadSchedule;
    return type;
  }();
  return info;
}

template <>
const TypeInfo& typeOf<Timestep>() {
  static const TypeInfo info = [] {
    TypeInfo type =
        named("timestep", "Timestep", "#A5D6A7",
              "One step of a sampler: from t to the next, smaller t; after the last comes the end.");
    type.summary = timestepSummary;
    return type;
  }();
  return info;
}

template <>
const TypeInfo& typeOf<Timesteps>() {
  static const TypeInfo info = [] {
    TypeInfo type =
        named("timesteps", "Timesteps", "#81D8B0",
              "The steps a sampler takes: descending timesteps of the schedule. A zone goes over them, "
              "one Timestep an iteration.");
    type.bytes = timestepsBytes;
    type.summary = timestepsSummary;
    type.sequence = SequenceInfo{
        .size = [](const Value& value) { return static_cast<int64_t>(value.as<Timesteps>().t.size()); },
        .at = [](const Value& value, int64_t i) { return Value::of<Timestep>(value.as<Timesteps>().at(i)); },
        .element = []() -> const TypeInfo& { return typeOf<Timestep>(); }};
    return type;
  }();
  return info;
}

template <>
const TypeInfo& typeOf<Prediction>() {
  static const TypeInfo info = [] {
    TypeInfo type =
        named("prediction", "Prediction", "#F48FB1",
              "What a denoiser answers: float32 [B, C, H, W], and as much again where it has learned "
              "the variance too. What it stands for (ε, x_0, x_{t−1}, v) the next node says.");
    type.bytes = predictionBytes;
    type.summary = predictionSummary;
    type.tensor = tensorOf<Prediction, &Prediction::mean>;
    return type;
  }();
  return info;
}

template <>
const TypeInfo& typeOf<Denoiser>() {
  static const TypeInfo info = [] {
    TypeInfo type =
        named("denoiser", "Denoiser", "#B39DDB",
              "A network that looks at x_t and t and predicts the noise in it, or what lies below.");
    type.bytes = denoiserBytes;
    type.summary = denoiserSummary;
    return type;
  }();
  return info;
}

}  // namespace loom
