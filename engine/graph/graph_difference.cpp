#include "engine/graph/graph_difference.h"

#include <algorithm>
#include <set>

#include "engine/core/text.h"

namespace loom {
namespace {

using nlohmann::json;

/// One statement of a document: a link, or a value.
struct Fact {
  json value;
  bool link = false;
  bool operator==(const Fact&) const = default;
};
using Facts = std::map<std::string, Fact>;  // "eta", "state.x.next"; " type" begins with a space: no port

const std::string kMode = " mode";

struct NodeFacts {
  std::string path, type;  // "sampling/step"
  Facts said;              // as the file has it
  Facts defaults;          // what holds where nothing is said
};

std::string textOf(const Fact& fact) {
  const std::string text = fact.link && fact.value.is_string()
                               ? fact.value.get<std::string>()
                               : fact.value.dump(-1, ' ', false, json::error_handler_t::replace);
  return shortened(text, 80);
}

Fact linkFact(const std::vector<Link>& links) {
  std::string text;
  for (const Link& link : links) text += (text.empty() ? "" : ", ") + (link.empty() ? "" : link.text());
  return {text, true};
}

// 1 and 1.0 are one value to a port that takes real numbers.
json canonical(const Port& port, const json& value) {
  try {
    const Value parsed = port.parse(value);
    return port.type->format ? port.type->format(parsed) : value;
  } catch (const Error&) {
    return value;
  }
}

/// The facts of one graph: the document's own, or a group's.
class GraphFacts {
 public:
  GraphFacts(const Graph& graph, const Registry& registry, GraphDifferenceOptions options)
      : registry_(registry), options_(options) {
    addNodes(graph.nodes, "");
    for (const ExposedInput& input : graph.inputs) {
      std::vector<Link> to = input.to;
      std::sort(to.begin(), to.end(), [](const Link& a, const Link& b) { return a.text() < b.text(); });
      others["exposed input " + input.name] = linkFact(to);
      if (options_.layout && !input.doc.empty())
        others["exposed input " + input.name + " description"] = {input.doc, false};
    }
    for (const ExposedOutput& output : graph.outputs) {
      others["exposed output " + output.name] = linkFact({output.from});
      if (options_.layout && !output.doc.empty())
        others["exposed output " + output.name + " description"] = {output.doc, false};
    }
    for (const auto& [name, value] : graph.unknown.items()) others["field " + name] = {value, false};
  }

  std::map<std::string, NodeFacts> nodes;  // by id
  Facts others;

 private:
  void addNodes(const std::vector<NodePtr>& list, const std::string& prefix) {
    int64_t place = 0;
    for (const NodePtr& node : list) {
      NodeFacts& facts = nodes[node->id];
      facts.path = prefix + node->id;
      facts.type = node->type;
      if (!prefix.empty()) facts.said[" in zone"] = {prefix.substr(0, prefix.size() - 1), false};
      addNode(*node, facts);
      if (options_.layout) facts.said[" place"] = {place++, false};
      if (node->zone) addNodes(node->zone->nodes, prefix + node->id + "/");
    }
  }

  void addNode(const Node& node, NodeFacts& facts) {
    const NodeType* type = registry_.find(node.type);
    if (!node.zone) facts.said[" version"] = {node.version, false};
    if (options_.layout && !node.title.empty()) facts.said[" title"] = {node.title, false};
    if (node.when) facts.said[" when"] = linkFact({*node.when});
    facts.said[kMode] = {std::string(modeName(node.mode)), true};  // without quotes
    for (const auto& [name, input] : node.inputs) facts.said[name] = linkFact(input.links);
    for (const auto& [name, value] : node.params) {
      if (node.inputs.contains(name)) continue;  // a link goes before a parameter
      const Port* port = type ? type->input(name) : nullptr;
      facts.said[name] = {port ? canonical(*port, value) : value, false};
    }
    for (const auto& [name, value] : node.unknown.items()) facts.said[" field " + name] = {value, false};
    if (type)
      for (const Port& port : type->inputs)
        if (!port.fallback.empty() && port.type->format)
          facts.defaults[port.id] = {port.type->format(port.fallback), false};
    if (node.zone) addZone(*node.zone, facts.said);
  }

  static void addZone(const Zone& zone, Facts& facts) {
    for (const auto& [name, from] : zone.over) facts["over." + name] = linkFact({from});
    if (zone.count) facts["count"] = {*zone.count, false};
    if (zone.countFrom) facts["count"] = linkFact({*zone.countFrom});
    for (const Zone::State& state : zone.state) {
      facts["state." + state.name + ".init"] = linkFact({state.init});
      facts["state." + state.name + ".next"] = linkFact({state.next});
    }
    if (zone.until) facts["until"] = linkFact({*zone.until});
    for (const Zone::Collect& collect : zone.collect) {
      facts["collect." + collect.name + ".from"] = linkFact({collect.from});
      facts["collect." + collect.name + ".every"] = {collect.every, false};
    }
  }

  const Registry& registry_;
  GraphDifferenceOptions options_;
};

class Comparison {
 public:
  explicit Comparison(std::string prefix, std::vector<GraphDifference>& found)
      : prefix_(std::move(prefix)), found_(found) {}

  void graphs(const GraphFacts& a, const GraphFacts& b) {
    for (const std::string& id : keysOf(a.nodes, b.nodes)) {
      const auto was = a.nodes.find(id), is = b.nodes.find(id);
      if (was == a.nodes.end())
        add(GraphDifference::Kind::added, is->second.path, "", is->second.type);
      else if (is == b.nodes.end())
        add(GraphDifference::Kind::removed, was->second.path, was->second.type, "");
      else
        node(was->second, is->second);
    }
    facts("", a.others, b.others);
  }

  // `where` is put before each fact's name.
  void facts(const std::string& where, const Facts& a, const Facts& b) {
    for (const std::string& name : keysOf(a, b)) {
      const auto was = a.find(name), is = b.find(name);
      if (was != a.end() && is != b.end() && was->second == is->second) continue;
      add(GraphDifference::Kind::changed, placeOf(where, name),
          was == a.end() ? "nothing" : textOf(was->second), is == b.end() ? "nothing" : textOf(is->second));
    }
  }

 private:
  template <class Map>
  static std::set<std::string> keysOf(const Map& a, const Map& b) {
    std::set<std::string> keys;
    for (const auto& [key, unused] : a) keys.insert(key);
    for (const auto& [key, unused] : b) keys.insert(key);
    return keys;
  }

  static std::string placeOf(const std::string& where, const std::string& name) {
    if (name == kMode) return where;
    return where.empty() || name.starts_with(' ') ? where + name : where + "." + name;
  }

  void node(const NodeFacts& a, const NodeFacts& b) {
    if (a.type == b.type) {
      Facts was = a.said, is = b.said;
      was.insert(a.defaults.begin(), a.defaults.end());
      is.insert(b.defaults.begin(), b.defaults.end());
      return facts(b.path, was, is);
    }
    // Of different types only what is written can be compared: their defaults are not one another's.
    add(GraphDifference::Kind::changed, b.path + " type", a.type, b.type);
    facts(b.path, a.said, b.said);
  }

  void add(GraphDifference::Kind kind, const std::string& where, std::string before, std::string after) {
    found_.push_back({kind, prefix_ + where, std::move(before), std::move(after)});
  }

  std::string prefix_;
  std::vector<GraphDifference>& found_;
};

void compareGroups(const Document& a, const Document& b, const Registry& registry,
                   GraphDifferenceOptions options, std::vector<GraphDifference>& found) {
  for (const auto& [name, group] : a.groups)
    if (!b.groups.contains(name)) found.push_back({GraphDifference::Kind::removed, name, "group", ""});
  for (const auto& [name, group] : b.groups) {
    const auto was = a.groups.find(name);
    if (was == a.groups.end())
      found.push_back({GraphDifference::Kind::added, name, "", "group"});
    else
      Comparison("group " + name + ": ", found)
          .graphs(GraphFacts(was->second, registry, options), GraphFacts(group, registry, options));
  }
}

Facts documentFacts(const Document& document, GraphDifferenceOptions options) {
  Facts facts;
  for (const auto& [name, value] : document.unknown.items()) facts["field " + name] = {value, false};
  if (!options.layout) return facts;
  if (!document.title.empty()) facts["title"] = {document.title, false};
  if (!document.about.empty()) facts["description"] = {document.about, false};
  for (const auto& [part, entries] : document.layout->items()) {
    if (!entries.is_object()) {
      facts["layout." + part] = {entries, false};
      continue;
    }
    for (const auto& [name, entry] : entries.items()) facts["layout." + part + "." + name] = {entry, false};
  }
  return facts;
}

}  // namespace

std::string GraphDifference::text() const {
  switch (kind) {
    case Kind::added:
      return "+ " + where + " (" + after + ")";
    case Kind::removed:
      return "- " + where + " (" + before + ")";
    case Kind::changed:
      break;
  }
  // A text that is a parameter stands in quotes.
  if (modeNamed(before) && modeNamed(after)) return where + ": " + after;
  return where + ": " + before + " → " + after;
}

std::vector<GraphDifference> graphDifferences(const Document& a, const Document& b, const Registry& registry,
                                              GraphDifferenceOptions options) {
  std::vector<GraphDifference> found;
  Comparison comparison("", found);
  comparison.graphs(GraphFacts(a.graph, registry, options), GraphFacts(b.graph, registry, options));
  comparison.facts("", documentFacts(a, options), documentFacts(b, options));
  compareGroups(a, b, registry, options, found);
  return found;
}

}  // namespace loom
