#pragma once
// A Value is what travels along a wire: an immutable, shared object and its type. Copying one is
// copying a pointer. TypeInfo is all the engine knows of a type; node families bring their own.
#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/core/error.h"
#include "engine/values/picture_colours.h"

namespace loom {

class Value;
struct TypeInfo;

/// The type of T on a wire. Declared for each T by LOOM_VALUE_TYPE, defined in one .cpp.
template <class T>
const TypeInfo& typeOf();

#define LOOM_VALUE_TYPE(T) \
  template <>              \
  const ::loom::TypeInfo& typeOf<T>();

/// What a value is on disk: named tensors and a JSON description, kept in one safetensors file.
struct Archive {
  std::map<std::string, at::Tensor> tensors;
  nlohmann::json meta = nlohmann::json::object();
};

class Value {
 public:
  Value() = default;

  template <class T>
  static Value of(T object) {
    Value value;
    value.type_ = &typeOf<T>();
    value.data_ = std::make_shared<const T>(std::move(object));
    return value;
  }

  bool empty() const { return !data_; }
  explicit operator bool() const { return !empty(); }
  const TypeInfo& type() const { return *type_; }
  const void* data() const { return data_.get(); }

  template <class T>
  bool is() const {
    return type_ == &typeOf<T>();
  }
  /// The object; the caller knows its type (the plan has checked it).
  template <class T>
  const T& as() const {
    return *static_cast<const T*>(data_.get());
  }
  /// The object to change in place where this Value is its only owner, else null.
  template <class T>
  T* unique() {
    return data_.use_count() == 1 ? const_cast<T*>(static_cast<const T*>(data_.get())) : nullptr;
  }

  size_t bytes() const;
  std::string summary() const;
  /// The tensor that stands for this value in statistics, previews and files; null if there is none.
  const at::Tensor* tensor() const;

 private:
  const TypeInfo* type_ = nullptr;
  std::shared_ptr<const void> data_;
};

/// How a type is gone over by a zone, an element an iteration.
struct SequenceInfo {
  int64_t (*size)(const Value&);
  Value (*at)(const Value&, int64_t index);
  const TypeInfo& (*element)();
};

struct TypeInfo {
  std::string id;      // file format: renamed only with an alias
  std::string name;    // as a user reads it
  std::string colour;  // "#RRGGBB" of its wires
  std::string doc;

  size_t (*bytes)(const Value&) = nullptr;         // memory held; null: sizeof a small object
  std::string (*summary)(const Value&) = nullptr;  // one line
  const at::Tensor* (*tensor)(const Value&) = nullptr;

  /// Of a small value that holds no tensor but is made of numbers: they as one, for curves and who asks for
  /// them.
  at::Tensor (*makeTensor)(const Value&) = nullptr;
  /// The colours of its tensor [B, C, H, W] where that is a picture; empty for a C that has no look. Null: it
  /// is shown as its tensor's numbers.
  std::optional<PictureColours> (*picture)(int64_t channels) = nullptr;

  /// Scalar kinds only: a parameter's form in a graph file. `parse` throws Error.
  Value (*parse)(const nlohmann::json&) = nullptr;
  nlohmann::json (*format)(const Value&) = nullptr;
  bool isScalar() const { return parse != nullptr; }

  std::optional<SequenceInfo> sequence;

  /// Long-lived state that a checkpoint must hold. Null: its tensor is saved.
  Archive (*save)(const Value&) = nullptr;
  Value (*load)(Archive) = nullptr;

  /// A zone with such a state runs its body with gradients on.
  bool trainable = false;
};

/// A value of one type offered where another is wanted (an int for a real, an image for a tensor).
struct Conversion {
  const TypeInfo* from;
  const TypeInfo* to;
  Value (*convert)(const Value&);
};

}  // namespace loom
