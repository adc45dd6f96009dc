#include "engine/values/tensors.h"

#include <sstream>

namespace loom {
namespace {

Value rowOf(const Value& value, int64_t index) {
  return Value::of<at::Tensor>(value.as<at::Tensor>()[index]);
}

}  // namespace

std::string describe(const at::Tensor& tensor) {
  if (!tensor.defined()) return "no tensor";
  std::ostringstream text;
  switch (tensor.scalar_type()) {
    case at::kFloat:
      text << "float32";
      break;
    case at::kDouble:
      text << "float64";
      break;
    case at::kHalf:
      text << "float16";
      break;
    case at::kBFloat16:
      text << "bfloat16";
      break;
    case at::kLong:
      text << "int64";
      break;
    case at::kInt:
      text << "int32";
      break;
    case at::kByte:
      text << "uint8";
      break;
    case at::kBool:
      text << "bool";
      break;
    default:
      text << tensor.scalar_type();
  }
  text << " [";
  for (int64_t i = 0; i < tensor.dim(); ++i) text << (i ? ", " : "") << tensor.size(i);
  text << "]";
  return text.str();
}

template <>
const TypeInfo& typeOf<Any>() {
  static const TypeInfo type = [] {
    TypeInfo any;
    any.id = "any";
    any.name = "Anything";
    any.colour = "#C8C8C8";
    any.doc = "A port that takes whatever comes.";
    return any;
  }();
  return type;
}

template <>
const TypeInfo& typeOf<at::Tensor>() {
  static const TypeInfo type = [] {
    TypeInfo tensor;
    tensor.id = "tensor";
    tensor.name = "Tensor";
    tensor.colour = "#E0E0E0";
    tensor.doc = "Any tensor. A zone goes over its first dimension.";
    tensor.tensor = [](const Value& v) { return &v.as<at::Tensor>(); };
    tensor.summary = [](const Value& v) { return describe(v.as<at::Tensor>()); };
    tensor.sequence = SequenceInfo{
        [](const Value& v) -> int64_t { return v.as<at::Tensor>().dim() ? v.as<at::Tensor>().size(0) : 0; },
        &rowOf, &typeOf<at::Tensor>};
    return tensor;
  }();
  return type;
}

template <>
const TypeInfo& typeOf<Weights>() {
  static const TypeInfo type = [] {
    TypeInfo weights;
    weights.id = "weights";
    weights.name = "Weights";
    weights.colour = "#B39DDB";
    weights.doc = "Named tensors, as a weight file holds them.";
    weights.bytes = [](const Value& v) {
      size_t bytes = 0;
      for (const auto& [name, tensor] : v.as<Weights>().tensors) bytes += tensor.nbytes();
      return bytes;
    };
    weights.summary = [](const Value& v) {
      return std::to_string(v.as<Weights>().tensors.size()) + " tensors from " + v.as<Weights>().source;
    };
    return weights;
  }();
  return type;
}

template <>
const TypeInfo& typeOf<Recording>() {
  static const TypeInfo type = [] {
    TypeInfo recording;
    recording.id = "recording";
    recording.name = "Recording";
    recording.colour = "#E5C07B";
    recording.doc = "What a wire held at chosen steps of a zone.";
    recording.bytes = [](const Value& v) {
      size_t bytes = 0;
      for (const Recording::Frame& frame : v.as<Recording>().frames) bytes += frame.value.bytes();
      return bytes;
    };
    recording.summary = [](const Value& v) {
      const auto& frames = v.as<Recording>().frames;
      return std::to_string(frames.size()) + " frames" +
             (frames.empty() ? "" : " of " + frames.front().value.summary());
    };
    return recording;
  }();
  return type;
}

namespace {

at::Tensor columnOf(const std::vector<double>& numbers) {
  at::Tensor column = at::empty({static_cast<int64_t>(numbers.size())}, at::kDouble);
  std::copy(numbers.begin(), numbers.end(), column.mutable_data_ptr<double>());
  return column;
}

std::vector<double> numbersOf(const Archive& archive, const char* name) {
  const auto found = archive.tensors.find(name);
  if (found == archive.tensors.end() || found->second.dim() != 1)
    throw Error(std::string("A saved series needs a list '") + name + "'.");
  const at::Tensor column = found->second.to(at::kDouble).contiguous();
  return {column.const_data_ptr<double>(), column.const_data_ptr<double>() + column.numel()};
}

Archive saveSeries(const Value& value) {
  const Series& series = value.as<Series>();
  Archive archive;
  archive.tensors = {{"x", columnOf(series.x)}, {"y", columnOf(series.y)}};
  archive.meta["name"] = series.name;
  return archive;
}

Value loadSeries(Archive archive) {
  Series series{archive.meta.value("name", ""), numbersOf(archive, "x"), numbersOf(archive, "y")};
  if (series.x.size() != series.y.size()) throw Error("The columns of a saved series differ in length.");
  return Value::of<Series>(std::move(series));
}

}  // namespace

template <>
const TypeInfo& typeOf<Series>() {
  static const TypeInfo type = [] {
    TypeInfo series;
    series.id = "series";
    series.name = "Series";
    series.colour = "#D08770";
    series.doc = "A curve: y over x.";
    series.summary = [](const Value& v) {
      return v.as<Series>().name + ", " + std::to_string(v.as<Series>().y.size()) + " points";
    };
    series.bytes = [](const Value& v) { return 2 * sizeof(double) * v.as<Series>().y.size(); };
    series.save = saveSeries;
    series.load = loadSeries;
    return series;
  }();
  return type;
}

}  // namespace loom
