#include <fstream>
#include <set>

#include "engine/core/error.h"
#include "engine/core/text.h"
#include "engine/graph/graph_file.h"
#include "engine/graph/json_reader.h"

namespace loom {
namespace {

using Json = nlohmann::ordered_json;

std::string shortText(const Json& json) {
  return shortened(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string quoted(const std::string& text) { return "\"" + shortened(text, 64) + "\""; }

void requireObject(const Json& json, const char* field) {
  if (!json.is_object()) throw Error(quoted(field) + " must be an object, not " + shortText(json));
}

std::string textOf(const Json& json, const char* field) {
  if (!json.is_string()) throw Error(quoted(field) + " must be text, not " + shortText(json));
  return json.get<std::string>();
}

int64_t wholeOf(const Json& json, const std::string& field, int64_t least, int64_t most) {
  // An unsigned number beyond int64 would come out negative.
  const bool whole = json.is_number_integer() &&
                     !(json.is_number_unsigned() && json.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX));
  if (!whole || json.get<int64_t>() < least || json.get<int64_t>() > most)
    throw Error(quoted(field) + " must be a whole number" +
                (least == INT64_MIN ? "" : " from " + std::to_string(least)) +
                (most == INT64_MAX ? "" : " to " + std::to_string(most)) + ", not " + shortText(json));
  return json.get<int64_t>();
}

Link linkOf(const Json& json, const std::string& field) {
  if (json.is_string())
    if (std::optional<Link> link = parseLink(json.get_ref<const std::string&>())) return *link;
  throw Error("", shortened(field, 64), "a link is written \"node.port\", not " + shortText(json));
}

// Zones that are being built have links that are not there yet.
Link linkOrNone(const Json& json, const char* field, const std::string& name) {
  return json.contains(field) ? linkOf(json[field], name) : Link{};
}

// Fields that this program does not know, to be written again.
nlohmann::json othersOf(const Json& json, const std::set<std::string>& known) {
  nlohmann::json others = nlohmann::json::object();
  for (const auto& [field, value] : json.items())
    if (!known.contains(field)) others[field] = nlohmann::json(value);
  return others;
}

// Reads the nodes of a graph or zone; ids are unique through all of a graph's zones.
class Reader {
 public:
  std::vector<NodePtr> nodes(const Json& json, int depth) {
    if (depth > kMostNesting)
      throw Error("zones are nested deeper than " + std::to_string(kMostNesting) + " levels");
    requireObject(json, "nodes");
    std::vector<NodePtr> nodes;
    nodes.reserve(json.size());
    for (const auto& [id, body] : json.items()) {
      if (!isIdentifier(id))
        throw Error(
            quoted(id) +
            " can't be a node's id: use letters, digits and _, at most 64, not beginning with a digit");
      if (!ids_.insert(id).second) throw Error(id, "", "this id stands twice in the graph");
      if (ids_.size() > kMostNodes)
        throw Error("the graph has more than " + std::to_string(kMostNodes) + " nodes");
      try {
        nodes.push_back(node(id, body, depth));
      } catch (Error& error) {
        if (error.node.empty()) error.node = id;
        throw;
      }
    }
    return nodes;
  }

 private:
  NodePtr node(const std::string& id, const Json& json, int depth) {
    requireObject(json, "node");
    Node node;
    node.id = id;
    if (!json.contains("type")) throw Error("has no \"type\"");
    node.type = textOf(json["type"], "type");
    if (node.type.empty() || node.type.size() > 128) throw Error("\"type\" is not a type's id");
    if (node.type == kZoneType) node.zone = std::make_shared<const Zone>(zone(json, depth));
    for (const auto& [field, value] : json.items()) commonField(node, field, value);
    return std::make_shared<const Node>(std::move(node));
  }

  void commonField(Node& node, const std::string& field, const Json& value) {
    static const std::set<std::string> zoneFields{"over", "count", "state", "until", "collect", "nodes"};
    if (field == "type" || (node.zone && zoneFields.contains(field))) return;
    if (field == "version") {
      node.version = static_cast<int>(wholeOf(value, "version", 1, 1'000'000));
    } else if (field == "title") {
      node.title = textOf(value, "title");
    } else if (field == "params") {
      requireObject(value, "params");
      for (const auto& [name, param] : value.items()) node.params[name] = nlohmann::json(param);
    } else if (field == "inputs") {
      requireObject(value, "inputs");
      for (const auto& [name, input] : value.items()) node.inputs[name] = readInput(input, name);
    } else if (field == "when") {
      node.when = linkOf(value, "when");
    } else if (field == "mode") {
      node.mode = readMode(value);
    } else {
      node.unknown[field] = nlohmann::json(value);
    }
  }

  static NodeMode readMode(const Json& json) {
    if (json.is_string())
      if (const auto mode = modeNamed(json.get_ref<const std::string&>())) return *mode;
    throw Error("\"mode\" is \"on\", \"muted\" or \"bypassed\", not " + shortText(json));
  }

  static Input readInput(const Json& json, const std::string& name) {
    Input input;
    if (!json.is_array()) {
      input.links.push_back(linkOf(json, name));
      return input;
    }
    input.list = true;
    if (json.size() > 10'000) throw Error("", shortened(name, 64), "more than 10,000 links");
    for (const Json& item : json) input.links.push_back(linkOf(item, name));
    return input;
  }

  Zone zone(const Json& json, int depth) {
    Zone zone;
    if (json.contains("over")) {
      requireObject(json["over"], "over");
      for (const auto& [name, from] : json["over"].items())
        zone.over.emplace_back(portName(name), from.is_null() ? Link{} : linkOf(from, name));
    }
    if (json.contains("count")) {
      const Json& count = json["count"];
      if (count.is_number())
        zone.count = wholeOf(count, "count", INT64_MIN, INT64_MAX);
      else
        zone.countFrom = linkOf(count, "count");
    }
    if (json.contains("state")) {
      requireObject(json["state"], "state");
      for (const auto& [name, state] : json["state"].items()) {
        requireObject(state, "state");
        zone.state.push_back({portName(name), linkOrNone(state, "init", name),
                              linkOrNone(state, "next", name), othersOf(state, {"init", "next"})});
      }
    }
    if (json.contains("until")) zone.until = linkOf(json["until"], "until");
    if (json.contains("collect")) {
      requireObject(json["collect"], "collect");
      for (const auto& [name, collect] : json["collect"].items())
        zone.collect.push_back(readCollect(name, collect));
    }
    if (zone.over.size() + zone.state.size() + zone.collect.size() > kMostZonePorts)
      throw Error("a zone has at most " + std::to_string(kMostZonePorts) + " ports");
    if (json.contains("nodes")) zone.nodes = nodes(json["nodes"], depth + 1);
    return zone;
  }

  static Zone::Collect readCollect(const std::string& name, const Json& json) {
    requireObject(json, "collect");
    Zone::Collect collect{portName(name), linkOrNone(json, "from", name), 1,
                          othersOf(json, {"from", "every"})};
    if (json.contains("every")) collect.every = wholeOf(json["every"], "every", 1, INT64_MAX);
    return collect;
  }

  static std::string portName(const std::string& name) {
    if (!isIdentifier(name)) throw Error(quoted(name) + " can't be a port's name");
    if (name == "index" || name == "count")
      throw Error("\"" + name + "\" is what every zone calls its iteration");
    return name;
  }

  std::set<std::string> ids_;
};

std::string exposedName(const std::string& name) {
  if (!isIdentifier(name)) throw Error(quoted(name) + " can't be an exposed name");
  return name;
}

ExposedInput exposedInput(const std::string& name, const Json& body) {
  requireObject(body, "inputs");
  ExposedInput input;
  input.name = exposedName(name);
  if (body.contains("doc")) input.doc = textOf(body["doc"], "doc");
  if (!body.contains("to") || !body["to"].is_array())
    throw Error("the exposed input " + name + " needs a list \"to\"");
  for (const Json& to : body["to"]) input.to.push_back(linkOf(to, name));
  input.unknown = othersOf(body, {"doc", "to"});
  return input;
}

ExposedOutput exposedOutput(const std::string& name, const Json& body) {
  requireObject(body, "outputs");
  ExposedOutput output;
  output.name = exposedName(name);
  if (body.contains("doc")) output.doc = textOf(body["doc"], "doc");
  if (!body.contains("from")) throw Error("the exposed output " + name + " needs \"from\"");
  output.from = linkOf(body["from"], name);
  output.unknown = othersOf(body, {"doc", "from"});
  return output;
}

Graph readGraph(const Json& json) {
  Graph graph;
  if (json.contains("nodes")) graph.nodes = Reader().nodes(json["nodes"], 0);
  if (json.contains("inputs")) {
    requireObject(json["inputs"], "inputs");
    for (const auto& [name, body] : json["inputs"].items()) graph.inputs.push_back(exposedInput(name, body));
  }
  if (json.contains("outputs")) {
    requireObject(json["outputs"], "outputs");
    for (const auto& [name, body] : json["outputs"].items())
      graph.outputs.push_back(exposedOutput(name, body));
  }
  return graph;
}

void readGroups(const Json& json, Document& document) {
  requireObject(json, "groups");
  for (const auto& [name, body] : json.items()) {
    requireObject(body, "groups");
    Graph group = readGraph(body);
    group.unknown = othersOf(body, {"nodes", "inputs", "outputs"});
    document.groups[exposedName(name)] = std::move(group);
  }
}

}  // namespace

Document parseGraph(std::string_view text) {
  if (text.size() > kMostGraphBytes) throw Error("a graph file may hold at most 64 MiB");
  // Each zone adds two levels of JSON; the rest is what nodes and layout need.
  const Json json = parseJson(text, 2 * kMostNesting + 16);
  if (!json.is_object() || !json.contains("noiseloom"))
    throw Error("this is not a Noiseloom graph: it does not begin with {\"noiseloom\": 1, ...}");
  const int64_t format = wholeOf(json["noiseloom"], "noiseloom", 1, INT64_MAX);
  if (format != kGraphFormat)
    throw Error("the graph is of format " + std::to_string(format) + "; this program reads format " +
                std::to_string(kGraphFormat) + ". A newer Noiseloom wrote it");
  Document document;
  document.graph = readGraph(json);
  if (json.contains("title")) document.title = textOf(json["title"], "title");
  if (json.contains("about")) document.about = textOf(json["about"], "about");
  if (json.contains("groups")) readGroups(json["groups"], document);
  if (json.contains("layout")) {
    requireObject(json["layout"], "layout");
    document.layout = SharedJson(nlohmann::json(json["layout"]));
  }
  document.unknown =
      othersOf(json, {"noiseloom", "title", "about", "nodes", "inputs", "outputs", "groups", "layout"});
  return document;
}

std::string readGraphText(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) throw Error(file.string() + " can't be read: " + error.message());
  if (size > kMostGraphBytes) throw Error(file.string() + " is larger than 64 MiB; this is no graph file");
  std::ifstream stream(file, std::ios::binary);
  std::string text(size, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(size));
  if (!stream) throw Error(file.string() + " can't be read");
  return text;
}

}  // namespace loom
