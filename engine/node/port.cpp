#include "engine/node/port.h"

#include <cmath>

namespace loom {

Port describePort(const void* key, const char* id, const char* doc, const TypeInfo& type) {
  Port port;
  port.id = id;
  port.doc = doc;
  port.type = &type;
  port.key = key;
  return port;
}

void applyOptions(Port& port, Need need) { port.required = need == Need::required; }

void applyOptions(Port& port, const IntOptions& o) {
  port.required = false;
  port.fallback = Value::of<Int>(o.value);
  if (o.min != std::numeric_limits<int64_t>::min()) port.min = static_cast<double>(o.min);
  if (o.max != std::numeric_limits<int64_t>::max()) port.max = static_cast<double>(o.max);
}

void applyOptions(Port& port, const RealOptions& o) {
  port.required = false;
  port.fallback = Value::of<Real>(o.value);
  port.min = o.min;
  port.max = o.max;
}

void applyOptions(Port& port, const BoolOptions& o) {
  port.required = false;
  port.fallback = Value::of<Bool>(o.value);
}

void applyOptions(Port& port, const TextOptions& o) {
  port.required = false;
  port.fallback = Value::of<Text>(o.value);
}

void applyOptions(Port& port, const ChoiceOptions& o) {
  port.required = false;
  for (const char* name : o.names)
    if (name) port.choices.push_back(name);
  port.fallback = Value::of<Choice>({o.value, port.choices.at(o.value)});
}

void applyOptions(Port& port, const SeedOptions& o) {
  port.required = false;
  port.fallback = Value::of<Seed>({o.value});
}

void applyOptions(Port& port, const PathOptions& o) {
  port.required = !*o.value;
  if (*o.value) port.fallback = Value::of<FilePath>({o.value});
  port.extensions = o.extensions;
  port.writes = o.writes;
}

void applyOptions(Port& port, const ShapeOptions& o) {
  port.required = false;
  port.fallback = Value::of<Shape>({{o.value.begin(), o.value.begin() + o.rank}});
}

void applyOptions(Port& port, const NumbersOptions& o) {
  port.required = false;
  port.fallback = Value::of<Numbers>({{o.value.begin(), o.value.begin() + o.count}});
}

namespace {

std::string plain(double number) {
  nlohmann::json j = number == std::floor(number) && std::abs(number) < 9e15
                         ? nlohmann::json(static_cast<int64_t>(number))
                         : nlohmann::json(number);
  return j.dump();
}

std::string rangeText(const Port& port) {
  if (std::isinf(port.max)) return plain(port.min) + " or more";
  if (std::isinf(port.min)) return plain(port.max) + " or less";
  return "from " + plain(port.min) + " to " + plain(port.max);
}

Value withChoice(const Port& port, const std::string& name) {
  for (size_t i = 0; i < port.choices.size(); ++i)
    if (port.choices[i] == name) return Value::of<Choice>({static_cast<int>(i), name});
  std::string all;
  for (const std::string& choice : port.choices) all += (all.empty() ? "" : ", ") + choice;
  throw Error("\"" + name + "\" is none of: " + all);
}

}  // namespace

Value Port::parse(const nlohmann::json& json) const {
  if (!type->isScalar()) throw Error("takes a link, not a value: it is of type " + type->name);
  Value value = type->parse(json);
  if (value.is<Choice>()) return withChoice(*this, value.as<Choice>().name);
  const bool isNumber = value.is<Int>() || value.is<Real>();
  if (isNumber) {
    const double number = value.is<Int>() ? static_cast<double>(value.as<Int>()) : value.as<Real>();
    if (number < min || number > max) throw Error(plain(number) + " is out of range: " + rangeText(*this));
  }
  return value;
}

}  // namespace loom
