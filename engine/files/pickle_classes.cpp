#include "engine/files/pickle_classes.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/core/error.h"
#include "engine/files/tensor_entry.h"

namespace loom {
namespace {

using Kind = PickleValue::Kind;
using Arguments = std::span<PickleValue* const>;

struct StorageClass {
  std::string_view name;
  at::ScalarType dtype;
};
constexpr std::array kStorages{
    StorageClass{"FloatStorage", at::kFloat},
    StorageClass{"DoubleStorage", at::kDouble},
    StorageClass{"HalfStorage", at::kHalf},
    StorageClass{"BFloat16Storage", at::kBFloat16},
    StorageClass{"LongStorage", at::kLong},
    StorageClass{"IntStorage", at::kInt},
    StorageClass{"ShortStorage", at::kShort},
    StorageClass{"CharStorage", at::kChar},
    StorageClass{"ByteStorage", at::kByte},
    StorageClass{"BoolStorage", at::kBool},
    StorageClass{"UntypedStorage", at::kByte},
    StorageClass{"ComplexFloatStorage", at::kComplexFloat},
    StorageClass{"ComplexDoubleStorage", at::kComplexDouble},
};

constexpr std::array kTorchDtypes{
    at::kFloat,  at::kDouble,        at::kHalf,        at::kBFloat16,     at::kLong,         at::kInt,
    at::kShort,  at::kChar,          at::kByte,        at::kBool,         at::kUInt16,       at::kUInt32,
    at::kUInt64, at::kFloat8_e4m3fn, at::kFloat8_e5m2, at::kComplexFloat, at::kComplexDouble};

struct NumpyDtype {
  std::string_view name;  // without its byte order
  at::ScalarType dtype;
};
constexpr std::array kNumpy{
    NumpyDtype{"f8", at::kDouble}, NumpyDtype{"f4", at::kFloat}, NumpyDtype{"f2", at::kHalf},
    NumpyDtype{"i8", at::kLong},   NumpyDtype{"i4", at::kInt},   NumpyDtype{"i2", at::kShort},
    NumpyDtype{"i1", at::kChar},   NumpyDtype{"u1", at::kByte},  NumpyDtype{"b1", at::kBool},
};

[[noreturn]] void badTensor(const std::string& what) {
  throw Error("describes a tensor that can't be: " + what);
}

const PickleValue& argument(Arguments arguments, size_t index, Kind kind, const char* what) {
  if (index >= arguments.size() || arguments[index]->kind != kind)
    badTensor(std::string("it has no ") + what);
  return *arguments[index];
}

std::vector<int64_t> sizes(Arguments arguments, size_t index, const char* what) {
  const PickleValue& tuple = argument(arguments, index, Kind::tuple, what);
  if (tuple.items.size() > 64) badTensor("it has " + std::to_string(tuple.items.size()) + " dimensions");
  std::vector<int64_t> all;
  for (const PickleValue* item : tuple.items) {
    if (item->kind != Kind::integer || item->integer < 0)
      badTensor(std::string("its ") + what + " is no list of sizes");
    all.push_back(item->integer);
  }
  return all;
}

/// Elements from the storage's start to the view's last one. Throws Error past 2^63.
int64_t extent(const TensorRecord& tensor) {
  int64_t last = tensor.offset;
  for (size_t d = 0; d < tensor.size.size(); ++d) {
    int64_t step = 0;
    if (tensor.size[d] == 0) return tensor.offset;
    if (__builtin_mul_overflow(tensor.size[d] - 1, tensor.stride[d], &step) ||
        __builtin_add_overflow(last, step, &last))
      badTensor("its strides are out of range");
  }
  if (__builtin_add_overflow(last, 1, &last)) badTensor("its offset is out of range");
  return last;
}

/// A view may repeat elements (stride 0), but not so that using it would take all memory.
constexpr int64_t kMostRepeatedBytes = int64_t{256} << 20;

void checkView(const TensorRecord& tensor, int64_t elements) {
  const std::optional<int64_t> bytes = byteCount(tensor.size, tensor.dtype);
  if (!bytes) badTensor("its shape " + shapeText(tensor.size) + " is out of range");
  if (tensor.offset < 0 || extent(tensor) > elements)
    badTensor("shape " + shapeText(tensor.size) + " with strides " + shapeText(tensor.stride) +
              " from element " + std::to_string(tensor.offset) + " reaches beyond its storage of " +
              std::to_string(elements));
  const auto own = elements * static_cast<int64_t>(c10::elementSize(tensor.dtype));
  if (*bytes > std::max(own, kMostRepeatedBytes))
    badTensor("its shape " + shapeText(tensor.size) + " is out of range");
}

std::vector<int64_t> contiguousStrides(const std::vector<int64_t>& size, bool columnsFirst) {
  std::vector<int64_t> stride(size.size(), 1);
  int64_t step = 1;
  for (size_t i = 0; i < size.size(); ++i) {
    const size_t d = columnsFirst ? i : size.size() - 1 - i;
    stride[d] = step;
    step *= std::max<int64_t>(size[d], 1);
  }
  return stride;
}

std::optional<at::ScalarType> numpyDtype(const PickleValue& value) {
  if (value.kind != Kind::opaque || value.text != "numpy.dtype" || value.items.empty()) return std::nullopt;
  // Its state is (version, byte order, ...).
  if (value.state && value.state->items.size() > 1 && value.state->items[1]->text == ">") return std::nullopt;
  for (const NumpyDtype& known : kNumpy)
    if (value.items[0]->text.ends_with(known.name)) return known.dtype;
  return std::nullopt;
}

bool isOneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Named by checkpoints that hold nothing for us there; not worth a note.
bool isHarmless(std::string_view name) {
  return isOneOf(name, {"torch.device", "torch.dtype", "numpy.dtype", "builtins.complex", "builtins.slice",
                        "builtins.object", "builtins.int", "int", "numpy.ndarray"});
}

}  // namespace

PickleValue* PickleClasses::make(Kind kind) {
  if (static_cast<int64_t>(pickle_.values.size()) >= limits_.values)
    throw Error("holds more than " + std::to_string(limits_.values) + " values");
  PickleValue& value = pickle_.values.emplace_back();
  value.kind = kind;
  return &value;
}

PickleValue* PickleClasses::makeText(Kind kind, std::string_view text) {
  if (text.size() > textLeft_) throw Error("repeats its texts beyond measure");
  textLeft_ -= text.size();
  PickleValue* value = make(kind);
  value->text = text;
  return value;
}

PickleValue* PickleClasses::makeInteger(int64_t number) {
  PickleValue* value = make(Kind::integer);
  value->integer = number;
  return value;
}

void PickleClasses::append(PickleValue& value, Arguments items) {
  limits_.items -= static_cast<int64_t>(items.size());
  if (limits_.items < 0) throw Error("fills its lists beyond measure");
  PickleValue* to = &value;
  if (value.kind == Kind::opaque) {  // a class derived from list
    if (!value.state) value.state = make(Kind::list);
    to = value.state;
  }
  to->items.insert(to->items.end(), items.begin(), items.end());
}

void PickleClasses::setItems(PickleValue& value, Arguments keysAndValues) {
  if (keysAndValues.size() % 2) throw Error("has a key without a value");
  const bool derived = value.kind == Kind::opaque;  // a class derived from dict
  if (derived && !value.state) value.state = make(Kind::dict);
  PickleValue& to = derived ? *value.state : value;
  if (to.kind != Kind::dict) throw Error("sets items of what is no dictionary");
  append(to, keysAndValues);
}

PickleValue* PickleClasses::call(PickleValue* callable, PickleValue* arguments) {
  if (arguments->kind != Kind::tuple) throw Error("calls something without a tuple of arguments");
  const Arguments items(arguments->items);
  if (callable->kind != Kind::global) return opaque(callable->text, items);
  const std::string& name = callable->text;
  if (PickleValue* known = container(name, items)) return known;
  if (PickleValue* known = torchValue(name, items)) return known;
  if (PickleValue* known = numpyValue(name, items)) return known;
  return opaque(name, items);
}

PickleValue* PickleClasses::container(const std::string& name, Arguments arguments) {
  const Arguments first = arguments.empty() ? Arguments{} : Arguments(arguments[0]->items);
  if (isOneOf(name, {"collections.OrderedDict", "builtins.dict", "collections.Counter",
                     "collections.defaultdict"})) {
    PickleValue* dict = make(Kind::dict);
    // defaultdict's first argument makes its defaults.
    if (name == "collections.defaultdict" || arguments.empty()) return dict;
    if (arguments[0]->kind == Kind::dict) append(*dict, first);
    if (arguments[0]->kind != Kind::list) return dict;
    for (PickleValue* pair : first)
      if (pair->items.size() == 2) setItems(*dict, pair->items);
    return dict;
  }
  if (isOneOf(name, {"builtins.set", "builtins.frozenset", "builtins.list", "builtins.tuple", "torch.Size",
                     "collections.deque"})) {
    const bool tuple = name == "builtins.tuple" || name == "torch.Size";
    PickleValue* made = make(tuple ? Kind::tuple : name.ends_with("set") ? Kind::set : Kind::list);
    append(*made, first);
    return made;
  }
  // Bytes in protocol 2: _codecs.encode(text, "latin1").
  if (isOneOf(name, {"_codecs.encode", "builtins.bytearray", "builtins.bytes"})) {
    if (arguments.empty()) return make(Kind::bytes);
    if (arguments[0]->kind == Kind::bytes) return arguments[0];
    if (arguments[0]->kind != Kind::text) return opaque(name, arguments);
    PickleValue* bytes = makeText(Kind::bytes, "");
    const std::string& text = arguments[0]->text;
    for (size_t i = 0; i < text.size(); ++i) {
      // UTF-8 of U+0080 to U+00FF is two bytes, C2 or C3 and one more.
      const auto lead = static_cast<uint8_t>(text[i]);
      const bool pair = (lead == 0xC2 || lead == 0xC3) && i + 1 < text.size();
      bytes->text += pair ? static_cast<char>((lead << 6 & 0xC0) | (text[i + 1] & 0x3F)) : text[i];
      i += pair;
    }
    if (bytes->text.size() > textLeft_) throw Error("repeats its texts beyond measure");
    textLeft_ -= bytes->text.size();
    return bytes;
  }
  return nullptr;
}

PickleValue* PickleClasses::torchValue(const std::string& name, Arguments arguments) {
  constexpr std::string_view kUtils = "torch._utils.";
  if (name == "torch._tensor._rebuild_from_type_v2" &&
      arguments.size() >= 3)  // (function, type, arguments, state)
    return arguments[0]->kind == Kind::global && arguments[0]->text != name ? call(arguments[0], arguments[2])
                                                                            : nullptr;
  if (!name.starts_with(kUtils)) return nullptr;
  const std::string_view what = std::string_view(name).substr(kUtils.size());
  if (isOneOf(what, {"_rebuild_parameter", "_rebuild_parameter_with_state"}))
    return arguments.empty() ? nullptr : arguments[0];
  if (isOneOf(what, {"_rebuild_tensor", "_rebuild_tensor_v2"})) return rebuildTensor(arguments, nullptr);
  // (storage, offset, size, stride, requires_grad, hooks, dtype): for dtypes that have no storage class.
  if (what == "_rebuild_tensor_v3")
    return rebuildTensor(arguments, &argument(arguments, 6, Kind::global, "dtype"));
  return nullptr;
}

PickleValue* PickleClasses::rebuildTensor(Arguments arguments, const PickleValue* dtype) {
  if (!arguments.empty() && arguments[0]->kind == Kind::opaque) return opaque("torch.Tensor", {});
  const PickleValue& place = argument(arguments, 0, Kind::storage, "storage");
  const StorageRecord& storage = pickle_.storages[static_cast<size_t>(place.integer)];
  TensorRecord tensor;
  tensor.storage = place.integer;
  tensor.dtype = storage.dtype;
  tensor.offset = argument(arguments, 1, Kind::integer, "offset").integer;
  tensor.size = sizes(arguments, 2, "shape");
  tensor.stride = sizes(arguments, 3, "stride");
  if (tensor.size.size() != tensor.stride.size()) badTensor("it has not one stride a dimension");
  int64_t elements = storage.elements;
  if (dtype) {
    const auto known = std::find_if(kTorchDtypes.begin(), kTorchDtypes.end(),
                                    [&](at::ScalarType t) { return dtype->text == "torch." + dtypeName(t); });
    if (known == kTorchDtypes.end()) return opaque(dtype->text, {});
    tensor.dtype = *known;
    elements = elements * static_cast<int64_t>(c10::elementSize(storage.dtype)) /
               static_cast<int64_t>(c10::elementSize(tensor.dtype));
  }
  checkView(tensor, elements);
  return addTensor(std::move(tensor));
}

PickleValue* PickleClasses::addTensor(TensorRecord record) {
  PickleValue* value = make(Kind::tensor);
  value->integer = static_cast<int64_t>(pickle_.tensors.size());
  pickle_.tensors.push_back(std::move(record));
  return value;
}

PickleValue* PickleClasses::numpyValue(const std::string& name, Arguments arguments) {
  if (!name.starts_with("numpy.core.multiarray.") && !name.starts_with("numpy._core.multiarray."))
    return nullptr;
  if (name.ends_with("._reconstruct")) return makeText(Kind::opaque, "numpy.ndarray");
  if (!name.ends_with(".scalar") || arguments.size() < 2) return nullptr;
  const std::optional<at::ScalarType> dtype = numpyDtype(*arguments[0]);
  const std::string& bytes = arguments[1]->text;
  if (!dtype || bytes.size() != c10::elementSize(*dtype)) return nullptr;
  PickleValue* value = make(at::isFloatingType(*dtype) ? Kind::real : Kind::integer);
  const auto as = [&]<class T>(T number) {
    std::memcpy(&number, bytes.data(), sizeof number);
    return number;
  };
  switch (*dtype) {
    case at::kDouble:
      value->real = as(double{});
      break;
    case at::kFloat:
      value->real = as(float{});
      break;
    case at::kHalf:
      value->real = as(c10::Half{});
      break;
    case at::kLong:
      value->integer = as(int64_t{});
      break;
    case at::kInt:
      value->integer = as(int32_t{});
      break;
    case at::kShort:
      value->integer = as(int16_t{});
      break;
    case at::kChar:
      value->integer = as(int8_t{});
      break;
    default:
      value->integer = as(uint8_t{});
      break;
  }
  return value;
}

/// state = (version, shape, dtype, columns first, bytes).
bool PickleClasses::numpyArray(PickleValue& array, const PickleValue& state) {
  if (state.kind != Kind::tuple || state.items.size() != 5 || state.items[4]->kind != Kind::bytes)
    return false;
  const std::optional<at::ScalarType> dtype = numpyDtype(*state.items[2]);
  if (!dtype) return false;
  TensorRecord tensor;
  tensor.dtype = *dtype;
  tensor.inlined = &state.items[4]->text;
  tensor.size = sizes(state.items, 1, "shape");
  const std::optional<int64_t> bytes = byteCount(tensor.size, tensor.dtype);
  if (!bytes || static_cast<size_t>(*bytes) != tensor.inlined->size())
    badTensor("a numpy array of shape " + shapeText(tensor.size) + " has " +
              std::to_string(tensor.inlined->size()) + " bytes");
  tensor.stride =
      contiguousStrides(tensor.size, state.items[3]->kind == Kind::boolean && state.items[3]->integer);
  array.kind = Kind::tensor;
  array.integer = static_cast<int64_t>(pickle_.tensors.size());
  pickle_.tensors.push_back(std::move(tensor));
  return true;
}

PickleValue* PickleClasses::opaque(const std::string& name, Arguments arguments) {
  PickleValue* value = makeText(Kind::opaque, name);
  limits_.items -= static_cast<int64_t>(arguments.size());
  if (limits_.items < 0) throw Error("fills its lists beyond measure");
  value->items.assign(arguments.begin(), arguments.end());
  if (!isHarmless(name) && pickle_.skipped.size() < 100) pickle_.skipped.insert(name.substr(0, 200));
  return value;
}

void PickleClasses::setState(PickleValue& value, PickleValue* state) {
  if (value.kind == Kind::opaque && value.text == "numpy.ndarray" && numpyArray(value, *state)) return;
  // An object with slots gives (attributes, slots); attributes are what matters.
  if (value.kind == Kind::opaque && value.text != "numpy.dtype" && state->kind == Kind::tuple &&
      state->items.size() == 2 && state->items[0]->kind == Kind::dict)
    state = state->items[0];
  // Attributes beside items (an OrderedDict's _metadata, a dict with attributes) say nothing of tensors.
  if (value.kind == Kind::opaque && !value.state) value.state = state;
}

PickleValue* PickleClasses::persistent(PickleValue* id) {
  const Arguments parts(id->items);
  if (parts.empty() || parts[0]->kind != Kind::text)
    throw Error("refers to something outside that is no storage");
  if (parts[0]->text == "module" && parts.size() > 1)
    return parts[1];  // a class and its source, as torch 0.4 wrote
  if (parts[0]->text != "storage")
    throw Error("refers to \"" + parts[0]->text.substr(0, 40) + "\", which is no storage");
  const PickleValue& type = argument(parts, 1, Kind::global, "storage class");
  const std::string_view name = std::string_view(type.text).substr(type.text.rfind('.') + 1);
  const auto known =
      std::find_if(kStorages.begin(), kStorages.end(), [&](auto& s) { return s.name == name; });
  if (known == kStorages.end()) return opaque(type.text, {});
  StorageRecord storage;
  storage.key = argument(parts, 2, Kind::text, "storage key").text.substr(0, 200);
  storage.dtype = known->dtype;
  storage.elements = argument(parts, 4, Kind::integer, "storage size").integer;
  const int64_t elementBytes = static_cast<int64_t>(c10::elementSize(storage.dtype));
  if (storage.elements < 0 || storage.elements > INT64_MAX / elementBytes)
    badTensor("its storage would have " + std::to_string(storage.elements) + " elements");
  if (parts.size() > 5 && parts[5]->kind != Kind::none)
    throw Error("holds a view of a storage as torch 0.3 wrote it; save it again with a newer torch");
  PickleValue* value = make(Kind::storage);
  value->integer = static_cast<int64_t>(pickle_.storages.size());
  pickle_.storages.push_back(std::move(storage));
  return value;
}

}  // namespace loom
