#include <fstream>
#include <set>

#include "engine/core/error.h"
#include "engine/graph/graph_file.h"
#include "engine/graph/json_reader.h"

namespace loom {
namespace {

using Json = nlohmann::ordered_json;

std::string shortText(const Json& json) {
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() > 60 ? text.substr(0, 57) + "..." : text;
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
        throw Error("\"" + id.substr(0, 64) +
                    "\" can't be a node's id: use letters, digits and _, at most 64, not beginning "
                    "with a digit");
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

  static void requireObject(const Json& json, const char* field) {
    if (!json.is_object())
      throw Error("\"" + std::string(field) + "\" must be an object, not " + shortText(json));
  }

  static std::string text(const Json& json, const char* field) {
    if (!json.is_string()) throw Error("\"" + std::string(field) + "\" must be text, not " + shortText(json));
    return json.get<std::string>();
  }

  static Link link(const Json& json, const std::string& field) {
    if (json.is_string())
      if (std::optional<Link> link = parseLink(json.get_ref<const std::string&>())) return *link;
    throw Error("", field, "a link is written \"node.port\", not " + shortText(json));
  }

 private:
  NodePtr node(const std::string& id, const Json& json, int depth) {
    requireObject(json, "node");
    Node node;
    node.id = id;
    if (!json.contains("type")) throw Error("has no \"type\"");
    node.type = text(json["type"], "type");
    if (node.type.empty() || node.type.size() > 128) throw Error("\"type\" is not a type's id");
    if (node.type == kZoneType) node.zone = std::make_shared<const Zone>(zone(json, depth));
    for (const auto& [field, value] : json.items()) commonField(node, field, value);
    return std::make_shared<const Node>(std::move(node));
  }

  void commonField(Node& node, const std::string& field, const Json& value) {
    static const std::set<std::string> zoneFields{"over", "count", "state", "until", "collect", "nodes"};
    if (field == "type" || (node.zone && zoneFields.contains(field))) return;
    if (field == "version") {
      if (!value.is_number_integer() || value.get<int64_t>() < 1 || value.get<int64_t>() > 1'000'000)
        throw Error("\"version\" must be a whole number from 1, not " + shortText(value));
      node.version = value.get<int>();
    } else if (field == "title") {
      node.title = text(value, "title");
    } else if (field == "params") {
      requireObject(value, "params");
      for (const auto& [name, param] : value.items()) node.params[name] = nlohmann::json::parse(param.dump());
    } else if (field == "inputs") {
      requireObject(value, "inputs");
      for (const auto& [name, input] : value.items()) node.inputs[name] = readInput(input, name);
    } else if (field == "when") {
      node.when = link(value, "when");
    } else {
      node.unknown[field] = nlohmann::json::parse(value.dump());
    }
  }

  static Input readInput(const Json& json, const std::string& name) {
    Input input;
    if (!json.is_array()) {
      input.links.push_back(link(json, name));
      return input;
    }
    input.list = true;
    if (json.size() > 10'000) throw Error("", name, "more than 10,000 links");
    for (const Json& item : json) input.links.push_back(link(item, name));
    return input;
  }

  Zone zone(const Json& json, int depth) {
    Zone zone;
    if (json.contains("over")) {
      requireObject(json["over"], "over");
      for (const auto& [name, from] : json["over"].items())
        zone.over.emplace_back(portName(name), link(from, "over"));
    }
    if (json.contains("count")) {
      const Json& count = json["count"];
      if (count.is_number_integer())
        zone.count = count.get<int64_t>();
      else
        zone.countFrom = link(count, "count");
    }
    if (json.contains("state")) {
      requireObject(json["state"], "state");
      for (const auto& [name, state] : json["state"].items()) {
        requireObject(state, "state");
        if (!state.contains("init") || !state.contains("next"))
          throw Error("", name, "a state needs \"init\" and \"next\"");
        zone.state.push_back({portName(name), link(state["init"], name), link(state["next"], name)});
      }
    }
    if (json.contains("until")) zone.until = link(json["until"], "until");
    if (json.contains("collect")) {
      requireObject(json["collect"], "collect");
      for (const auto& [name, collect] : json["collect"].items())
        zone.collect.push_back(readCollect(name, collect));
    }
    if (json.contains("nodes")) zone.nodes = nodes(json["nodes"], depth + 1);
    return zone;
  }

  static Zone::Collect readCollect(const std::string& name, const Json& json) {
    requireObject(json, "collect");
    if (!json.contains("from")) throw Error("", name, "a collection needs \"from\"");
    Zone::Collect collect{portName(name), link(json["from"], name), 1};
    if (json.contains("every")) {
      if (!json["every"].is_number_integer() || json["every"].get<int64_t>() < 1)
        throw Error("", name, "\"every\" must be a whole number from 1");
      collect.every = json["every"].get<int64_t>();
    }
    return collect;
  }

  static std::string portName(const std::string& name) {
    if (!isIdentifier(name)) throw Error("\"" + name.substr(0, 64) + "\" can't be a port's name");
    if (name == "index" || name == "count")
      throw Error("\"" + name + "\" is what every zone calls its iteration");
    return name;
  }

  std::set<std::string> ids_;
};

std::string exposedName(const std::string& name) {
  if (!isIdentifier(name)) throw Error("\"" + name.substr(0, 64) + "\" can't be an exposed name");
  return name;
}

Graph readGraph(const Json& json) {
  Graph graph;
  if (json.contains("nodes")) graph.nodes = Reader().nodes(json["nodes"], 0);
  if (json.contains("inputs")) {
    Reader::requireObject(json["inputs"], "inputs");
    for (const auto& [name, body] : json["inputs"].items()) {
      Reader::requireObject(body, "inputs");
      ExposedInput input{exposedName(name), body.contains("doc") ? Reader::text(body["doc"], "doc") : "", {}};
      if (!body.contains("to") || !body["to"].is_array())
        throw Error("the exposed input " + name + " needs a list \"to\"");
      for (const Json& to : body["to"]) input.to.push_back(Reader::link(to, "inputs"));
      graph.inputs.push_back(std::move(input));
    }
  }
  if (json.contains("outputs")) {
    Reader::requireObject(json["outputs"], "outputs");
    for (const auto& [name, body] : json["outputs"].items()) {
      Reader::requireObject(body, "outputs");
      if (!body.contains("from")) throw Error("the exposed output " + name + " needs \"from\"");
      graph.outputs.push_back({exposedName(name),
                               body.contains("doc") ? Reader::text(body["doc"], "doc") : "",
                               Reader::link(body["from"], "outputs")});
    }
  }
  return graph;
}

}  // namespace

Document parseGraph(std::string_view text) {
  if (text.size() > kMostGraphBytes) throw Error("a graph file may hold at most 64 MiB");
  // Each zone adds two levels of JSON; the rest is what nodes and layout need.
  const Json json = parseJson(text, 2 * kMostNesting + 16);
  if (!json.is_object() || !json.contains("noiseloom"))
    throw Error("this is not a Noiseloom graph: it does not begin with {\"noiseloom\": 1, ...}");
  if (!json["noiseloom"].is_number_integer())
    throw Error("\"noiseloom\" must be the format's version, a whole number");
  Document document;
  const int64_t format = json["noiseloom"].get<int64_t>();
  if (format != kGraphFormat)
    throw Error("the graph is of format " + std::to_string(format) + "; this program reads format " +
                std::to_string(kGraphFormat) + ". A newer Noiseloom wrote it");
  document.graph = readGraph(json);
  for (const auto& [field, value] : json.items()) {
    static const std::set<std::string> known{"noiseloom", "nodes", "inputs", "outputs"};
    if (known.contains(field)) continue;
    if (field == "title")
      document.title = Reader::text(value, "title");
    else if (field == "about")
      document.about = Reader::text(value, "about");
    else if (field == "groups") {
      Reader::requireObject(value, "groups");
      for (const auto& [name, group] : value.items()) {
        Reader::requireObject(group, "groups");
        document.groups[exposedName(name)] = readGraph(group);
      }
    } else if (field == "layout") {
      Reader::requireObject(value, "layout");
      document.layout = nlohmann::json::parse(value.dump());
    } else {
      document.unknown[field] = nlohmann::json::parse(value.dump());
    }
  }
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
