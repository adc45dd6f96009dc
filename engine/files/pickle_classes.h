#pragma once
// What the classes and functions named in a pickle mean to us: Python's containers, torch's tensors, numpy's
// scalars and arrays. All others become opaque values.
#include "engine/files/pickle.h"

namespace loom {

class PickleClasses {
 public:
  /// `length` is the pickle's, in bytes: text and items that are copied again and again stay in proportion to
  /// it.
  PickleClasses(Pickle& pickle, PickleLimits limits, size_t length)
      : pickle_(pickle), limits_(limits), textLeft_(2 * length + (size_t{64} << 20)) {}

  /// A new value; throws Error past the limit.
  PickleValue* make(PickleValue::Kind kind);
  PickleValue* makeText(PickleValue::Kind kind, std::string_view text);
  PickleValue* makeInteger(int64_t number);

  /// callable(*arguments), as REDUCE, NEWOBJ and INST ask for it.
  PickleValue* call(PickleValue* callable, PickleValue* arguments);
  /// value.__setstate__(state), as BUILD asks for it.
  void setState(PickleValue& value, PickleValue* state);
  /// What a persistent id stands for: a storage.
  PickleValue* persistent(PickleValue* id);

  void append(PickleValue& value, std::span<PickleValue* const> items);
  void setItems(PickleValue& value, std::span<PickleValue* const> keysAndValues);

 private:
  PickleValue* container(const std::string& name, std::span<PickleValue* const> arguments);
  PickleValue* torchValue(const std::string& name, std::span<PickleValue* const> arguments);
  PickleValue* numpyValue(const std::string& name, std::span<PickleValue* const> arguments);
  PickleValue* opaque(const std::string& name, std::span<PickleValue* const> arguments);
  PickleValue* rebuildTensor(std::span<PickleValue* const> arguments, const PickleValue* dtype);
  PickleValue* addTensor(TensorRecord record);
  bool numpyArray(PickleValue& array, const PickleValue& state);

  Pickle& pickle_;
  PickleLimits limits_;
  size_t textLeft_;
};

}  // namespace loom
