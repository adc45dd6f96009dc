#include "engine/values/scalars.h"

#include <ATen/ATen.h>

#include <cmath>
#include <sstream>

#include "engine/core/text.h"

namespace loom {
namespace {

using nlohmann::json;

template <class T>
TypeInfo scalar(const char* id, const char* name, const char* colour, const char* doc,
                Value (*parse)(const json&), json (*format)(const Value&),
                at::Tensor (*makeTensor)(const Value&) = nullptr) {
  TypeInfo type;
  type.id = id;
  type.name = name;
  type.colour = colour;
  type.doc = doc;
  type.parse = parse;
  type.format = format;
  type.makeTensor = makeTensor;
  type.bytes = [](const Value&) { return sizeof(T); };
  type.summary = [](const Value& value) {
    return shortened(value.type().format(value).dump(-1, ' ', false, json::error_handler_t::replace));
  };
  return type;
}

[[noreturn]] void wrong(const char* wanted, const json& got) {
  throw Error(std::string("expected ") + wanted + ", got " +
              shortened(got.dump(-1, ' ', false, json::error_handler_t::replace)));
}

// Text in JSON is UTF-8; from a command line it may be anything.
const std::string& utf8(const json& j, const char* wanted) {
  if (!j.is_string()) wrong(wanted, j);
  try {
    (void)j.dump();
  } catch (const json::exception&) {
    wrong("text in UTF-8", j);
  }
  return j.get_ref<const std::string&>();
}

double number(const json& j) {
  if (!j.is_number()) wrong("a number", j);
  const double number = j.get<double>();
  if (!std::isfinite(number)) wrong("a finite number", j);
  return number;
}

int64_t integer(const json& j) {
  if (j.is_number_unsigned() && j.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
    wrong("a smaller whole number", j);
  if (j.is_number_integer()) return j.get<int64_t>();
  if (j.is_number_float() && j.get<double>() == std::floor(j.get<double>()) &&
      std::abs(j.get<double>()) < 9e15)
    return static_cast<int64_t>(j.get<double>());
  wrong("a whole number", j);
}

}  // namespace

template <>
const TypeInfo& typeOf<Int>() {
  static const TypeInfo type = scalar<Int>(
      "int", "Whole number", "#8FB98B", "A whole number.",
      [](const json& j) { return Value::of<Int>(integer(j)); },
      [](const Value& v) -> json { return v.as<Int>(); },
      [](const Value& v) { return at::scalar_tensor(v.as<Int>(), at::kLong); });
  return type;
}

template <>
const TypeInfo& typeOf<Real>() {
  static const TypeInfo type = scalar<Real>(
      "real", "Number", "#A3BE8C", "A real number, in double precision.",
      [](const json& j) { return Value::of<Real>(number(j)); },
      [](const Value& v) -> json { return v.as<Real>(); },
      [](const Value& v) { return at::scalar_tensor(v.as<Real>(), at::kDouble); });
  return type;
}

template <>
const TypeInfo& typeOf<Bool>() {
  static const TypeInfo type = scalar<Bool>(
      "bool", "Yes or no", "#CCA6D6", "True or false.",
      [](const json& j) {
        if (!j.is_boolean()) wrong("true or false", j);
        return Value::of<Bool>(j.get<bool>());
      },
      [](const Value& v) -> json { return v.as<Bool>(); },
      [](const Value& v) { return at::scalar_tensor(v.as<Bool>(), at::kBool); });
  return type;
}

template <>
const TypeInfo& typeOf<Text>() {
  static const TypeInfo type = scalar<Text>(
      "text", "Text", "#77A8C9", "Text in UTF-8.",
      [](const json& j) { return Value::of<Text>(utf8(j, "text in quotes")); },
      [](const Value& v) -> json { return v.as<Text>(); });
  return type;
}

template <>
const TypeInfo& typeOf<Choice>() {
  static const TypeInfo type = scalar<Choice>(
      "choice", "Choice", "#77A8C9", "One of a list of names.",
      [](const json& j) {
        return Value::of<Choice>({-1, utf8(j, "one of the names in quotes")});
      },
      [](const Value& v) -> json { return v.as<Choice>().name; });
  return type;
}

template <>
const TypeInfo& typeOf<Seed>() {
  static const TypeInfo type = scalar<Seed>(
      "seed", "Seed", "#B0B0B0", "Start of a random stream: a whole number from 0 to 2^64 - 1.",
      [](const json& j) {
        if (j.is_number_unsigned()) return Value::of<Seed>({j.get<uint64_t>()});
        const int64_t seed = integer(j);
        if (seed < 0) wrong("a seed from 0 upwards", j);
        return Value::of<Seed>({static_cast<uint64_t>(seed)});
      },
      [](const Value& v) -> json { return v.as<Seed>().value; });
  return type;
}

template <>
const TypeInfo& typeOf<FilePath>() {
  static const TypeInfo type = scalar<FilePath>(
      "path", "File", "#77A8C9", "A file, relative to the graph's folder, or below @resources/.",
      [](const json& j) { return Value::of<FilePath>({utf8(j, "a path in quotes")}); },
      [](const Value& v) -> json { return v.as<FilePath>().text; });
  return type;
}

template <>
const TypeInfo& typeOf<Shape>() {
  static const TypeInfo type = scalar<Shape>(
      "shape", "Sizes", "#8FB98B", "A list of sizes, such as [3, 32, 32].",
      [](const json& j) {
        if (!j.is_array() || j.size() > 8) wrong("a list of up to 8 sizes", j);
        Shape shape;
        for (const json& item : j) {
          shape.sizes.push_back(integer(item));
          if (shape.sizes.back() < 0 || shape.sizes.back() > (int64_t{1} << 31))
            wrong("sizes from 0 to 2^31", j);
        }
        return Value::of<Shape>(std::move(shape));
      },
      [](const Value& v) -> json { return v.as<Shape>().sizes; });
  return type;
}

template <>
const TypeInfo& typeOf<Numbers>() {
  static const TypeInfo type = scalar<Numbers>(
      "numbers", "Numbers", "#A3BE8C", "A list of numbers, such as [0, 0.25, 1].",
      [](const json& j) {
        if (!j.is_array()) wrong("a list of numbers", j);
        Numbers numbers;
        for (const json& item : j) numbers.values.push_back(number(item));
        return Value::of<Numbers>(std::move(numbers));
      },
      [](const Value& v) -> json { return v.as<Numbers>().values; });
  return type;
}

}  // namespace loom
