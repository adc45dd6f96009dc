#include "engine/run/saved_value.h"

#include <ATen/ATen.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdio>

namespace loom {
namespace {

using nlohmann::json;

constexpr const char* kWhole = "value";  // the tensor of a value that is one
constexpr int64_t kMostStacked = 4096;   // bytes of a frame; larger ones stay tensors of their own
constexpr size_t kMostFrames = size_t{1} << 26;

// Strides are part of a tensor's bits: the same numbers in channels_last take other kernels, whose last
// digits differ.
json placementOf(const at::Tensor& tensor) {
  json placement = json::object();
  if (!tensor.device().is_cpu()) placement["device"] = true;
  if (!tensor.is_contiguous() && tensor.is_non_overlapping_and_dense())
    placement["strides"] = tensor.strides().vec();
  return placement;
}

at::Tensor placed(const at::Tensor& tensor, const json& placement, c10::Device device) {
  const c10::Device target = placement.value("device", false) ? device : c10::Device(c10::kCPU);
  at::Tensor fresh;
  if (placement.contains("strides")) {
    const auto strides = placement["strides"].get<std::vector<int64_t>>();
    if (strides.size() != static_cast<size_t>(tensor.dim()))
      throw Error("a tensor's strides are of another rank");
    fresh = at::empty_strided(tensor.sizes(), strides, tensor.options().device(target));
    if (!fresh.is_non_overlapping_and_dense()) throw Error("a tensor's strides overlap");
  } else {
    fresh = at::empty(tensor.sizes(), tensor.options().device(target));
  }
  return fresh.copy_(tensor);
}

Archive archiveOfTensor(const at::Tensor& tensor, const char* how, const TypeInfo& type) {
  if (!tensor.defined()) throw Error("a " + type.name + " without a tensor can't be kept");
  Archive archive;
  archive.meta = {{"type", type.id}, {"how", how}};
  if (json placement = placementOf(tensor); !placement.empty())
    archive.meta["placement"] = {{kWhole, placement}};
  archive.tensors[kWhole] = tensor.detach();
  return archive;
}

bool sameBits(const at::Tensor* made, const at::Tensor& original) {
  return made && made->defined() && made->scalar_type() == original.scalar_type() &&
         made->sizes() == original.sizes() && made->device() == original.device();
}

// A conversion may refuse this tensor, or change its dtype; then it does not give the value back.
bool comesBack(const at::Tensor& tensor, const Conversion& conversion) {
  try {
    const Value again = conversion.convert(Value::of<at::Tensor>(tensor));
    return sameBits(again.tensor(), tensor);
  } catch (const Error&) {
    return false;
  }
}

// Many small frames, such as a loss at every step, make one tensor.
bool stackable(const std::vector<Archive>& frames) {
  if (frames.size() < 2) return false;
  const auto plain = [](const Archive& frame) {
    return frame.tensors.size() == 1 && frame.tensors.begin()->first == kWhole &&
           !frame.meta.contains("placement") &&
           static_cast<int64_t>(frame.tensors.begin()->second.nbytes()) <= kMostStacked;
  };
  if (!plain(frames[0])) return false;
  const at::Tensor& first = frames[0].tensors.begin()->second;
  return std::all_of(frames.begin(), frames.end(), [&](const Archive& frame) {
    if (!plain(frame) || frame.meta != frames[0].meta) return false;
    const at::Tensor& tensor = frame.tensors.begin()->second;
    return tensor.sizes() == first.sizes() && tensor.scalar_type() == first.scalar_type();
  });
}

Archive archiveOfRecording(const Recording& recording, const Registry& registry) {
  std::vector<Archive> frames;
  Archive archive;
  archive.meta = {{"type", typeOf<Recording>().id}, {"how", "recording"}, {"count", recording.frames.size()}};
  json& iterations = archive.meta["iterations"] = json::array();
  for (const Recording::Frame& frame : recording.frames) {
    iterations.push_back(frame.iteration);
    frames.push_back(archiveOf(frame.value, registry));
  }
  if (stackable(frames)) {
    std::vector<at::Tensor> tensors;
    for (const Archive& frame : frames) tensors.push_back(frame.tensors.begin()->second);
    archive.meta["stacked"] = frames[0].meta;
    archive.tensors[kWhole] = at::stack(tensors);
    return archive;
  }
  for (size_t i = 0; i < frames.size(); ++i) addPart(archive, std::to_string(i), std::move(frames[i]));
  return archive;
}

Value recordingOf(const Archive& archive, const Registry& registry, c10::Device device) {
  const json& iterations = archive.meta.at("iterations");
  const size_t count = iterations.size();
  if (count > kMostFrames || archive.meta.at("count") != count)
    throw Error("a recording's frames are not all there");
  Recording recording;
  at::Tensor stack;
  if (archive.meta.contains("stacked")) {
    stack = archive.tensors.at(kWhole);
    if (stack.dim() < 1 || stack.size(0) != static_cast<int64_t>(count))
      throw Error("a recording's frames are not all there");
  }
  for (size_t i = 0; i < count; ++i) {
    Archive frame;
    if (stack.defined()) {
      frame.meta = archive.meta["stacked"];
      frame.tensors[kWhole] = stack[static_cast<int64_t>(i)];
    } else {
      frame = takePart(archive, std::to_string(i));
    }
    recording.frames.push_back({iterations[i].get<std::vector<int64_t>>(), valueOf(frame, registry, device)});
  }
  return Value::of<Recording>(std::move(recording));
}

// What a type's own load() is given: its own tensors, where they were, and its own description.
Value ownValueOf(const TypeInfo& type, const Archive& archive, c10::Device device) {
  if (!type.load) throw Error("the type " + type.id + " can't be read back");
  Archive own;
  own.meta = archive.meta.value("own", json::object());
  const json placement = archive.meta.value("placement", json::object());
  for (const auto& [name, tensor] : archive.tensors)
    own.tensors[name] = placed(tensor, placement.value(name, json::object()), device);
  return type.load(std::move(own));
}

const at::Tensor& wholeTensor(const Archive& archive) {
  const auto found = archive.tensors.find(kWhole);
  if (found == archive.tensors.end()) throw Error("its tensor is not there");
  return found->second;
}

}  // namespace

Archive archiveOf(const Value& value, const Registry& registry) {
  Archive archive;
  if (value.empty()) {
    archive.meta = {{"how", "empty"}};
    return archive;
  }
  const TypeInfo& type = value.type();
  if (value.is<Recording>()) return archiveOfRecording(value.as<Recording>(), registry);
  if (type.save && type.load) {
    archive = type.save(value);
    json placements = json::object();
    for (const auto& [name, tensor] : archive.tensors)
      if (json placement = placementOf(tensor); !placement.empty()) placements[name] = placement;
    archive.meta = {{"type", type.id}, {"how", "own"}, {"own", archive.meta}, {"placement", placements}};
    return archive;
  }
  if (type.isScalar() && !value.is<Choice>()) {  // a choice's place in its list is the port's to know
    archive.meta = {{"type", type.id}, {"how", "scalar"}, {"value", type.format(value)}};
    return archive;
  }
  if (value.is<at::Tensor>()) return archiveOfTensor(value.as<at::Tensor>(), "tensor", type);
  const Conversion* conversion = registry.conversion(typeOf<at::Tensor>(), type);
  const at::Tensor* tensor = value.tensor();
  if (conversion && tensor && tensor->defined() && comesBack(*tensor, *conversion))
    return archiveOfTensor(*tensor, "converted", type);
  throw Error("a " + type.name + " can't be kept in a file and read back");
}

Value valueOf(const Archive& archive, const Registry& registry, c10::Device device) {
  try {
    const std::string how = archive.meta.at("how");
    if (how == "empty") return {};
    const std::string id = archive.meta.at("type");
    const TypeInfo* type = registry.findType(id);
    if (!type) throw Error("it holds a value of the unknown type " + id);
    if (how == "recording") return recordingOf(archive, registry, device);
    if (how == "own") return ownValueOf(*type, archive, device);
    if (how == "scalar") {
      if (!type->isScalar()) throw Error("the type " + id + " is no scalar");
      return type->parse(archive.meta.at("value"));
    }
    const json placement = archive.meta.value("placement", json::object()).value(kWhole, json::object());
    const Value tensor = Value::of<at::Tensor>(placed(wholeTensor(archive), placement, device));
    if (how == "tensor" && type == &typeOf<at::Tensor>()) return tensor;
    const Conversion* conversion = registry.conversion(typeOf<at::Tensor>(), *type);
    if (how != "converted" || !conversion) throw Error("the type " + id + " can't be read back");
    return conversion->convert(tensor);
  } catch (const json::exception&) {
    throw Error("its description is damaged");
  }
}

void addPart(Archive& whole, const std::string& name, Archive part) {
  whole.meta["parts"][name] = std::move(part.meta);
  for (auto& [tensor, data] : part.tensors) whole.tensors[name + "/" + tensor] = std::move(data);
}

Archive takePart(const Archive& whole, const std::string& name) {
  const auto parts = whole.meta.find("parts");
  if (parts == whole.meta.end() || !parts->is_object() || !parts->contains(name))
    throw Error("its part " + name + " is not there");
  Archive part;
  part.meta = (*parts)[name];
  const std::string prefix = name + "/";
  for (auto at = whole.tensors.lower_bound(prefix);
       at != whole.tensors.end() && at->first.starts_with(prefix); ++at)
    part.tensors[at->first.substr(prefix.size())] = at->second;
  return part;
}

std::string digestOf(const Archive& archive) {
  XXH3_state_t* state = XXH3_createState();
  XXH3_128bits_reset(state);
  const std::string meta = archive.meta.dump(-1, ' ', false, json::error_handler_t::replace);
  XXH3_128bits_update(state, meta.data(), meta.size());
  for (const auto& [name, tensor] : archive.tensors) {
    const at::Tensor host = tensor.detach().to(at::kCPU).contiguous();
    XXH3_128bits_update(state, name.data(), name.size() + 1);
    if (host.nbytes()) XXH3_128bits_update(state, host.const_data_ptr(), host.nbytes());
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(state);
  XXH3_freeState(state);
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text;
}

}  // namespace loom
