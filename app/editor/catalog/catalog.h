#pragma once
// What node types and value types there are, as the worker tells it (the protocol's `nodes`): everything that
// the editor knows of nodes. Immutable; a copy shares its contents.
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace loom::editor {

/// The type of a wire.
struct ValueType {
  std::string id, name, doc;
  uint32_t colour = 0xE0E0E0;  // 0xRRGGBB
  bool scalar = false;         // has a form in the file: an editable parameter
  bool picture = false;        // its values look like pictures
  bool numbers = false;        // its values can be recorded and handed out as tensors
  std::string element;  // type of what a zone that goes over it gets in each iteration; empty: no sequence
};

struct PortType {
  std::string id, type, doc;
  bool required = false;
  bool many = false;     // takes a list of links
  bool writes = false;   // of a path: a file that is written
  nlohmann::json value;  // the default; null where it has none
  std::optional<double> min, max;
  std::vector<std::string> choices;
  std::string extensions;  // of a path: ".png .jpg"
};

struct NodeType {
  std::string id, title, doc, group;
  int version = 1;
  std::vector<PortType> inputs, outputs;
  std::vector<std::string> aliases;
  bool effect = false;       // is there for what it does: saves a file
  bool showsInside = false;  // can be probed at "node:name"

  const PortType* input(std::string_view id) const;
  const PortType* output(std::string_view id) const;
};

class Catalog {
 public:
  Catalog() = default;
  /// From the answer of `nodes`. Throws Error for what is none.
  explicit Catalog(const nlohmann::json& nodes);

  bool empty() const { return nodes_.empty(); }
  const std::vector<NodeType>& nodes() const { return nodes_; }
  const std::map<std::string, ValueType>& types() const { return types_; }
  const NodeType* node(std::string_view id) const;  // aliases too; null: unknown
  const ValueType* type(std::string_view id) const;
  uint32_t colour(std::string_view type) const;  // grey where the type is not known

  /// May a wire of type `from` feed a port of type `to`? Equal, "any", or with a conversion in between.
  bool fits(std::string_view from, std::string_view to) const;
  /// 2: the same type, 1: by conversion, 0: not at all. To find the best match.
  int fit(std::string_view from, std::string_view to) const;

 private:
  std::vector<NodeType> nodes_;
  std::map<std::string, size_t, std::less<>> byId_;
  std::map<std::string, ValueType> types_;
  std::set<std::pair<std::string, std::string>> conversions_;
};

}  // namespace loom::editor
