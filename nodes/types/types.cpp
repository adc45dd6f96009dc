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

// In pixel space, [-1, 1]. Four channels are an autoencoder's: what they show without decoding them, as a
// linear map of latents that are scaled as Stable Diffusion v1's denoiser sees them to RGB in [-1, 1]. The
// factors are the published ones for v1.4 (K. Turner, "Decoding latents to RGB without upscaling",
// discuss.huggingface.co/t/23204, 2022). Other spaces of four channels look off in colour; they will bring
// factors of their own.
std::optional<PictureColours> latentColours(int64_t channels) {
  if (channels != 4) return PictureColours::of(channels, 0.5f, 0.5f);
  constexpr float kFactors[4][3] = {{0.298f, 0.207f, 0.208f},
                                    {0.187f, 0.286f, 0.173f},
                                    {-0.158f, 0.189f, 0.264f},
                                    {-0.184f, -0.271f, -0.473f}};
  PictureColours colours;
  for (size_t k = 0; k < 3; ++k)
    for (size_t c = 0; c < 4; ++c) colours.matrix[k][c] = kFactors[c][k] / 2;
  colours.bias.fill(0.5f);
  return colours;
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
    type.picture = [](int64_t channels) { return PictureColours::of(channels, 1, 0); };
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
    type.picture = latentColours;
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
    type.makeTensor = [](const Value& value) { return at::scalar_tensor(value.as<Timestep>().t, at::kLong); };
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
    type.makeTensor = [](const Value& value) { return at::tensor(value.as<Timesteps>().t, at::kLong); };
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
