#include "engine/files/pickle_names.h"

#include <map>

#include "engine/core/error.h"

namespace loom {
namespace {

using Json = nlohmann::json;
using Kind = PickleValue::Kind;

constexpr int kMostDepth = 64;
constexpr size_t kMostName = 4096;
constexpr size_t kMostNames = size_t{64} << 20;  // bytes of all names together
constexpr int64_t kMostVisits = 4'000'000;

/// JSON and messages need valid UTF-8; what is none becomes U+FFFD.
std::string utf8(const std::string& text) {
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

/// Empty for a key that gives no name, such as a tuple.
std::optional<std::string> keyText(const PickleValue& key) {
  switch (key.kind) {
    case Kind::text:
      return key.text.size() > kMostName ? std::nullopt : std::optional(utf8(key.text));
    case Kind::integer:
      return std::to_string(key.integer);
    case Kind::boolean:
      return key.integer ? "True" : "False";
    case Kind::none:
      return "None";
    default:
      return std::nullopt;
  }
}

/// A pickled torch module keeps its tensors in these attributes.
bool isModuleTable(const PickleValue& key) {
  return key.kind == Kind::text &&
         (key.text == "_parameters" || key.text == "_buffers" || key.text == "_modules");
}

class Namer {
 public:
  explicit Namer(std::vector<std::string>& notes) : notes_(notes) {}

  void visit(const PickleValue& value, const std::string& name, int depth) {
    if (depth > kMostDepth) throw Error("is nested more than " + std::to_string(kMostDepth) + " levels deep");
    if (++visits_ > kMostVisits) throw Error("repeats its values beyond measure");
    switch (value.kind) {
      case Kind::tensor:
        add(name.empty() ? "tensor" : name, value.integer);
        break;
      case Kind::list:
      case Kind::tuple:
        for (size_t i = 0; i < value.items.size(); ++i) {
          if (value.items[i]->kind < Kind::list) continue;  // most lists hold plain numbers
          visit(*value.items[i], joined(name, std::to_string(i)), depth + 1);
        }
        break;
      case Kind::dict:
        visitDict(value, name, depth, false);
        break;
      case Kind::opaque:
        if (value.state && value.state->kind == Kind::dict) visitDict(*value.state, name, depth, true);
        break;
      default:
        break;
    }
  }
  std::vector<NamedTensor> take() { return std::move(tensors_); }

 private:
  void visitDict(const PickleValue& dict, const std::string& name, int depth, bool isObject) {
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const PickleValue& value = *dict.items[i + 1];
      if (value.kind < Kind::list) continue;
      if (isObject && isModuleTable(*dict.items[i])) {
        visit(value, name, depth + 1);
      } else if (const auto key = keyText(*dict.items[i])) {
        visit(value, joined(name, *key), depth + 1);
      }
    }
  }
  std::string joined(const std::string& name, const std::string& key) {
    std::string full = name.empty() ? key : name + "." + key;
    if (full.size() > kMostName)
      throw Error("has a name of more than " + std::to_string(kMostName) + " bytes");
    return full;
  }
  void add(const std::string& name, int64_t tensor) {
    bytes_ += name.size();
    if (bytes_ > kMostNames) throw Error("has names beyond measure");
    const int uses = ++uses_[name];
    if (uses == 1) return tensors_.push_back({name, tensor});
    const std::string other = name + "#" + std::to_string(uses);
    if (notes_.size() < 100)
      notes_.push_back("two tensors are called " + name + "; the later one is " + other);
    add(other, tensor);
  }

  std::vector<std::string>& notes_;
  std::vector<NamedTensor> tensors_;
  std::map<std::string, int> uses_;
  size_t bytes_ = 0;
  int64_t visits_ = 0;
};

/// Collects plain values until a budget is spent.
class Plain {
 public:
  /// Empty where nothing plain is in it.
  std::optional<Json> of(const PickleValue& value, int depth) {
    if (--left_ < 0 || depth > kMostDepth) return std::nullopt;
    switch (value.kind) {
      case Kind::none:
        return Json();
      case Kind::boolean:
        return Json(value.integer != 0);
      case Kind::integer:
        return Json(value.integer);
      case Kind::real:
        return Json(value.real);
      case Kind::global:
        return ofText(value.text);  // a dtype
      case Kind::text:
        return ofText(value.text);
      case Kind::list:
      case Kind::tuple:
      case Kind::set:
        return ofList(value, depth);
      case Kind::dict:
        return ofDict(value, depth);
      case Kind::opaque:
        return value.state ? of(*value.state, depth + 1) : std::nullopt;
      default:
        return std::nullopt;
    }
  }

 private:
  std::optional<Json> ofText(const std::string& text) {
    left_ -= static_cast<int64_t>(text.size() / 16);
    return text.size() > 4096 || left_ < 0 ? std::nullopt : std::optional<Json>(utf8(text));
  }
  std::optional<Json> ofList(const PickleValue& list, int depth) {
    if (list.items.size() > 1000) return std::nullopt;
    Json all = Json::array();
    for (const PickleValue* item : list.items)
      if (auto plain = of(*item, depth + 1)) all.push_back(std::move(*plain));
    if (all.empty() && !list.items.empty()) return std::nullopt;
    return all;
  }
  std::optional<Json> ofDict(const PickleValue& dict, int depth) {
    Json all = Json::object();
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const auto key = keyText(*dict.items[i]);
      auto plain = key ? of(*dict.items[i + 1], depth + 1) : std::nullopt;
      if (plain) all[*key] = std::move(*plain);
    }
    if (all.empty() && !dict.items.empty()) return std::nullopt;
    return all;
  }

  int64_t left_ = 200'000;
};

}  // namespace

std::vector<NamedTensor> namedTensors(const Pickle& pickle, std::vector<std::string>& notes) {
  Namer namer(notes);
  namer.visit(*pickle.root, "", 0);
  return namer.take();
}

Json plainValues(const Pickle& pickle) {
  Json all = Plain().of(*pickle.root, 0).value_or(Json::object());
  if (all.is_object()) return all;
  // A list of states, as ermongroup/ddim saves: by place, as its tensors are named.
  Json byPlace = Json::object();
  if (all.is_array()) {
    for (size_t i = 0; i < pickle.root->items.size(); ++i)
      if (auto plain = Plain().of(*pickle.root->items[i], 0)) byPlace[std::to_string(i)] = std::move(*plain);
  }
  return byPlace;
}

}  // namespace loom
