#include "app/editor/session/differences.h"

#include <set>
#include <unordered_map>
#include <unordered_set>

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr size_t kLongestValue = 60;

// What a graph says, flat: a line for each thing, by place.
using Facts = std::map<std::string, std::string>;
// Nodes that say the same before and after: of thousands there are few others.
using Same = std::unordered_set<const Node*>;

void findNodes(const std::vector<NodePtr>& nodes, std::unordered_map<std::string_view, const Node*>& found) {
  for (const NodePtr& node : nodes) {
    found.emplace(node->id, node.get());
    if (node->zone) findNodes(node->zone->nodes, found);
  }
}

void findSame(const std::unordered_map<std::string_view, const Node*>& before,
              const std::vector<NodePtr>& after, Same& same) {
  for (const NodePtr& node : after) {
    if (node->zone) findSame(before, node->zone->nodes, same);
    const auto found = before.find(node->id);
    if (found == before.end()) continue;
    const Node &a = *found->second, &b = *node;
    if (&a != &b && (a.zone || b.zone || a.type != b.type || a.params != b.params || a.inputs != b.inputs ||
                     a.when != b.when || a.mode != b.mode))
      continue;
    same.insert(&a);
    same.insert(&b);
  }
}

void findSame(const Graph& before, const Graph& after, Same& same) {
  std::unordered_map<std::string_view, const Node*> nodes;
  findNodes(before.nodes, nodes);
  findSame(nodes, after.nodes, same);
}

std::string shown(const json& value) {
  std::string text = value.is_string() ? value.get<std::string>()
                                       : value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() <= kLongestValue) return text;
  size_t end = kLongestValue;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // whole characters
  return text.substr(0, end) + "…";
}

std::string shown(const Input& input) {
  std::string text;
  for (const Link& link : input.links) text += (text.empty() ? "from " : ", ") + link.text();
  return text;
}

void addZone(const Zone& zone, const std::string& place, Facts& facts) {
  const auto link = [&](const std::string& name, const Link& from) {
    if (!from.empty()) facts[place + "." + name] = "from " + from.text();
  };
  for (const auto& [name, from] : zone.over) link(name, from);
  if (zone.count) facts[place + ".count"] = std::to_string(*zone.count);
  if (zone.countFrom) link("count", *zone.countFrom);
  if (zone.until) link("until", *zone.until);
  for (const Zone::State& state : zone.state) {
    link(state.name + " at first", state.init);
    link(state.name, state.next);
  }
  for (const Zone::Collect& collect : zone.collect) {
    facts[place + ", collecting " + collect.name] =
        "from " + collect.from.text() +
        (collect.every == 1 ? "" : ", every " + std::to_string(collect.every));
  }
}

void addNodes(const std::vector<NodePtr>& nodes, const std::string& prefix, const Same& same, Facts& types,
              Facts& facts) {
  for (const NodePtr& node : nodes) {
    if (node->zone) addNodes(node->zone->nodes, prefix, same, types, facts);
    if (same.contains(node.get())) continue;
    const std::string place = prefix + node->id;
    types[place] = node->type;
    for (const auto& [name, value] : node->params) facts[place + "." + name] = shown(value);
    for (const auto& [name, input] : node->inputs) facts[place + "." + name] = shown(input);
    if (node->when) facts[place + ", only when"] = node->when->text();
    if (node->mode == NodeMode::muted) facts[place] = "muted";
    if (node->mode == NodeMode::bypassed) facts[place] = "bypassed";
    if (node->zone) addZone(*node->zone, place, facts);
  }
}

void addGraph(const Graph& graph, const std::string& prefix, const Same& same, Facts& types, Facts& facts) {
  addNodes(graph.nodes, prefix, same, types, facts);
  for (const ExposedOutput& output : graph.outputs)
    facts[prefix + "output " + output.name] = "from " + output.from.text();
}

std::string nodeOf(const std::string& place) { return place.substr(0, place.find_first_of(".,")); }

}  // namespace

QStringList differencesOf(const Document& before, const Document& after, int most) {
  Facts typesBefore, typesAfter, factsBefore, factsAfter;
  Same same;
  findSame(before.graph, after.graph, same);
  for (const auto& [name, group] : after.groups)
    if (const auto other = before.groups.find(name); other != before.groups.end())
      findSame(other->second, group, same);
  const auto read = [&](const Document& document, Facts& types, Facts& facts) {
    addGraph(document.graph, "", same, types, facts);
    for (const auto& [name, group] : document.groups) addGraph(group, name + "/", same, types, facts);
  };
  read(before, typesBefore, factsBefore);
  read(after, typesAfter, factsAfter);

  QStringList result;
  const auto add = [&](const std::string& text) { result << QString::fromStdString(text); };
  for (const auto& [place, type] : typesAfter) {
    const auto found = typesBefore.find(place);
    if (found == typesBefore.end())
      add("+ " + place + " (" + type + ")");
    else if (found->second != type)
      add(place + ": " + found->second + " → " + type);
  }
  for (const auto& [place, type] : typesBefore)
    if (!typesAfter.contains(place)) add("− " + place + " (" + type + ")");

  std::set<std::string> places;
  for (const auto* facts : {&factsBefore, &factsAfter})
    for (const auto& [place, fact] : *facts) places.insert(place);
  for (const std::string& place : places) {
    const std::string node = nodeOf(place);
    // Of a node that came or went that is said already.
    if (typesBefore.contains(node) != typesAfter.contains(node)) continue;
    const auto a = factsBefore.find(place), b = factsAfter.find(place);
    const bool plain = place == node;
    const auto text = [&](Facts::iterator found, const Facts& facts) {
      return found != facts.end() ? found->second : std::string(plain ? "on" : "default");
    };
    const std::string was = text(a, factsBefore), is = text(b, factsAfter);
    if (was != is) add(place + ": " + was + " → " + is);
  }
  if (const auto more = static_cast<int>(result.size()) - most; more > 0) {
    result.resize(most);
    result << QStringLiteral("and %1 more").arg(more);
  }
  return result;
}

}  // namespace loom::editor
