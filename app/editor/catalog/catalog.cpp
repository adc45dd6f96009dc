#include "app/editor/catalog/catalog.h"

#include <algorithm>
#include <charconv>

#include "engine/core/error.h"

namespace loom::editor {
namespace {

using nlohmann::json;

uint32_t colourFrom(const std::string& text) {
  uint32_t colour = 0xE0E0E0;
  if (text.size() == 7 && text[0] == '#') std::from_chars(text.data() + 1, text.data() + 7, colour, 16);
  return colour;
}

std::optional<double> numberIn(const json& port, const char* name) {
  const auto found = port.find(name);
  if (found == port.end() || !found->is_number()) return {};
  return found->get<double>();
}

PortType portFrom(const json& port) {
  PortType result;
  result.id = port.at("id");
  result.type = port.at("type");
  result.doc = port.value("doc", "");
  result.required = port.value("required", false);
  result.many = port.value("many", false);
  result.writes = port.value("writes", false);
  if (port.contains("default")) result.value = port["default"];
  result.min = numberIn(port, "min");
  result.max = numberIn(port, "max");
  if (port.contains("choices")) result.choices = port["choices"].get<std::vector<std::string>>();
  result.extensions = port.value("extensions", "");
  return result;
}

NodeType nodeFrom(const json& node) {
  NodeType result;
  result.id = node.at("id");
  result.title = node.value("title", result.id);
  result.doc = node.value("doc", "");
  result.group = node.value("group", "");
  result.version = node.value("version", 1);
  result.effect = node.value("effect", false);
  result.showsInside = node.value("showsInside", false);
  if (node.contains("aliases")) result.aliases = node["aliases"].get<std::vector<std::string>>();
  for (const json& port : node.at("inputs")) result.inputs.push_back(portFrom(port));
  for (const json& port : node.at("outputs")) result.outputs.push_back(portFrom(port));
  return result;
}

ValueType typeFrom(const json& type) {
  ValueType result;
  result.id = type.at("id");
  result.name = type.value("name", result.id);
  result.doc = type.value("doc", "");
  result.colour = colourFrom(type.value("colour", ""));
  result.scalar = type.value("scalar", false);
  result.picture = type.value("picture", false);
  result.numbers = type.value("numbers", false);
  if (type.contains("sequence") && type["sequence"].is_string()) result.element = type["sequence"];
  return result;
}

const PortType* find(const std::vector<PortType>& ports, std::string_view id) {
  const auto found =
      std::find_if(ports.begin(), ports.end(), [&](const PortType& port) { return port.id == id; });
  return found == ports.end() ? nullptr : &*found;
}

}  // namespace

const PortType* NodeType::input(std::string_view id) const { return find(inputs, id); }
const PortType* NodeType::output(std::string_view id) const { return find(outputs, id); }

Catalog::Catalog(const json& answer) {
  try {
    for (const json& node : answer.at("nodes")) nodes_.push_back(nodeFrom(node));
    for (const json& type : answer.at("types")) {
      ValueType value = typeFrom(type);
      types_.emplace(value.id, std::move(value));
    }
    for (const json& conversion : answer.at("conversions"))
      conversions_.emplace(conversion.at("from"), conversion.at("to"));
  } catch (const json::exception& error) {
    throw Error(std::string("The worker's list of nodes can't be read: ") + error.what());
  }
  for (size_t i = 0; i < nodes_.size(); ++i) {
    byId_.emplace(nodes_[i].id, i);
    for (const std::string& alias : nodes_[i].aliases) byId_.emplace(alias, i);
  }
}

const NodeType* Catalog::node(std::string_view id) const {
  const auto found = byId_.find(id);
  return found == byId_.end() ? nullptr : &nodes_[found->second];
}

const ValueType* Catalog::type(std::string_view id) const {
  const auto found = types_.find(std::string(id));
  return found == types_.end() ? nullptr : &found->second;
}

uint32_t Catalog::colour(std::string_view id) const {
  const ValueType* found = type(id);
  return found ? found->colour : 0xE0E0E0;
}

int Catalog::fit(std::string_view from, std::string_view to) const {
  if (from == to) return 2;
  if (from == "any" || to == "any") return 1;
  return conversions_.count({std::string(from), std::string(to)}) ? 1 : 0;
}

bool Catalog::fits(std::string_view from, std::string_view to) const { return fit(from, to) > 0; }

}  // namespace loom::editor
