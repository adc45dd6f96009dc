#pragma once
// Ports, declared once and typed: `constexpr In<Int> steps{"steps", "Steps to take", {.value = 50, .min =
// 1}};` The same object is the key by which execute() reads the port, so a wrong type does not compile. Port
// objects live at namespace scope: their addresses are their identity.
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "engine/values/scalars.h"
#include "engine/values/tensors.h"

namespace loom {

/// Whether an input may be left without link and value.
enum class Need { required, optional };

// How a scalar input is declared beside its id and text. Types that are no scalars have no default.
struct IntOptions {
  int64_t value = 0;
  int64_t min = std::numeric_limits<int64_t>::min();
  int64_t max = std::numeric_limits<int64_t>::max();
};
struct RealOptions {
  double value = 0;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};
struct BoolOptions {
  bool value = false;
};
struct TextOptions {
  const char* value = "";
};
struct ChoiceOptions {
  static constexpr size_t kMost = 16;
  int value = 0;                           // index into names
  std::array<const char*, kMost> names{};  // ends at the first null
};
struct SeedOptions {
  uint64_t value = 0;
};
/// A path without a default must be given; one that the node writes is resolved in the output folder.
struct PathOptions {
  const char* value = "";
  const char* extensions = "";  // ".png .jpg", for file pickers
  bool writes = false;
};
struct ShapeOptions {
  std::array<int64_t, 8> value{};
  int rank = 0;
};
struct NumbersOptions {
  std::array<double, 16> value{};
  int count = 0;
};

template <class T>
struct InOptions {
  using type = Need;
};
template <>
struct InOptions<Int> {
  using type = IntOptions;
};
template <>
struct InOptions<Real> {
  using type = RealOptions;
};
template <>
struct InOptions<Bool> {
  using type = BoolOptions;
};
template <>
struct InOptions<Text> {
  using type = TextOptions;
};
template <>
struct InOptions<Choice> {
  using type = ChoiceOptions;
};
template <>
struct InOptions<Seed> {
  using type = SeedOptions;
};
template <>
struct InOptions<FilePath> {
  using type = PathOptions;
};
template <>
struct InOptions<Shape> {
  using type = ShapeOptions;
};
template <>
struct InOptions<Numbers> {
  using type = NumbersOptions;
};

template <class T>
struct In {
  const char* id;
  const char* doc;
  typename InOptions<T>::type options{};
};

/// An input that takes any number of links, in order.
template <class T>
struct InMany {
  const char* id;
  const char* doc;
  Need options = Need::required;
};

template <class T>
struct Out {
  const char* id;
  const char* doc;
};

/// A port as the registry, the file format and the editor see it.
struct Port {
  std::string id, doc;
  const TypeInfo* type = nullptr;
  const void* key = nullptr;  // address of the In, InMany or Out object
  bool many = false;
  bool required = true;  // inputs: a link or a value must be given
  Value fallback;        // inputs: the default, empty where there is none
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices;
  std::string extensions;
  bool writes = false;

  /// Reads a parameter as a graph file holds it; throws Error naming what would be right.
  Value parse(const nlohmann::json& json) const;
};

Port describePort(const void* key, const char* id, const char* doc, const TypeInfo& type);
void applyOptions(Port&, Need);
void applyOptions(Port&, const IntOptions&);
void applyOptions(Port&, const RealOptions&);
void applyOptions(Port&, const BoolOptions&);
void applyOptions(Port&, const TextOptions&);
void applyOptions(Port&, const ChoiceOptions&);
void applyOptions(Port&, const SeedOptions&);
void applyOptions(Port&, const PathOptions&);
void applyOptions(Port&, const ShapeOptions&);
void applyOptions(Port&, const NumbersOptions&);

template <class T>
Port portOf(const In<T>& in) {
  Port port = describePort(&in, in.id, in.doc, typeOf<T>());
  applyOptions(port, in.options);
  return port;
}
template <class T>
Port portOf(const InMany<T>& in) {
  Port port = describePort(&in, in.id, in.doc, typeOf<T>());
  applyOptions(port, in.options);
  port.many = true;
  return port;
}
template <class T>
Port portOf(const Out<T>& out) {
  return describePort(&out, out.id, out.doc, typeOf<T>());
}

}  // namespace loom
