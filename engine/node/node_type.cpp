#include "engine/node/node_type.h"

#include <algorithm>
#include <set>
#include "engine/core/text.h"

namespace loom {
namespace {

const Port* find(const std::vector<Port>& ports, std::string_view id) {
  for (const Port& port : ports)
    if (port.id == id) return &port;
  return nullptr;
}

void checkPorts(const NodeType& type) {
  std::set<std::string> ids;
  for (const Port& port : type.inputs)
    if (!ids.insert(port.id).second) throw Error(type.id + " declares the input " + port.id + " twice");
  ids.clear();
  for (const Port& port : type.outputs)
    if (!ids.insert(port.id).second) throw Error(type.id + " declares the output " + port.id + " twice");
}

}  // namespace

const Port* NodeType::input(std::string_view id) const { return find(inputs, id); }
const Port* NodeType::output(std::string_view id) const { return find(outputs, id); }

void Registry::add(NodeType type) {
  checkPorts(type);
  for (const std::string& alias : type.aliases) aliases_[alias] = type.id;
  const std::string id = type.id;
  if (!nodes_.emplace(id, std::move(type)).second) throw Error("the node type " + id + " is listed twice");
}

void Registry::add(const TypeInfo& type) {
  if (!types_.emplace(type.id, &type).second) throw Error("the value type " + type.id + " is listed twice");
}

void Registry::add(Conversion conversion) { conversions_.push_back(conversion); }

const NodeType* Registry::find(std::string_view id) const {
  if (const auto found = nodes_.find(id); found != nodes_.end()) return &found->second;
  if (const auto alias = aliases_.find(id); alias != aliases_.end()) return find(alias->second);
  return nullptr;
}

const TypeInfo* Registry::findType(std::string_view id) const {
  const auto found = types_.find(id);
  return found == types_.end() ? nullptr : found->second;
}

const Conversion* Registry::conversion(const TypeInfo& from, const TypeInfo& to) const {
  for (const Conversion& conversion : conversions_)
    if (conversion.from == &from && conversion.to == &to) return &conversion;
  return nullptr;
}

std::string Registry::nearest(std::string_view id) const {
  if (id.size() > 200) return "";
  std::string best;
  size_t least = std::max<size_t>(2, id.size() / 3) + 1;
  for (const auto& [known, type] : nodes_) {
    const size_t distance = editDistance(id, known);
    if (distance < least) {
      least = distance;
      best = known;
    }
  }
  return best;
}

}  // namespace loom
