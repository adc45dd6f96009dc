#include "app/worker/graphs.h"

#include "app/worker/rpc.h"
#include "engine/core/text.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

json nodesIn(const std::vector<NodePtr>& nodes, const std::string& zone, const Registry& registry) {
  json all = json::array();
  for (const NodePtr& node : nodes) {
    const bool known =
        node->zone || node->type.starts_with(kGroupPrefix) || registry.find(node->type) != nullptr;
    json described{{"node", node->id}, {"type", node->type}, {"known", known}};
    if (!zone.empty()) described["zone"] = zone;
    all.push_back(std::move(described));
    if (!node->zone) continue;
    for (json& inside : nodesIn(node->zone->nodes, node->id, registry)) all.push_back(std::move(inside));
  }
  return all;
}

json exposedIn(const Document& document, const Registry& registry) {
  json all = json::array();
  for (const ExposedInput& input : document.graph.inputs) {
    json to = json::array();
    for (const Link& link : input.to) to.push_back(link.text());
    json described{{"name", input.name},
                   {"doc", input.doc},
                   {"to", to},
                   {"value", exposedValue(document, input, registry)}};
    if (const Port* port = input.to.empty() ? nullptr : portAt(document, input.to[0], registry))
      described["type"] = port->type->id;
    all.push_back(std::move(described));
  }
  return all;
}

}  // namespace

PolicyRequest policyFrom(Params& params, const PolicyRequest& usual) {
  PolicyRequest policy;
  policy.device = params.choice("device", {"auto", "cpu", "cuda"}, usual.device);
  policy.dtype = params.choice("dtype", {"auto", "fp32", "bf16", "fp16"}, usual.dtype);
  policy.threads = static_cast<int>(params.integer("threads", usual.threads, 0, 4096));
  return policy;
}

Error withoutOption(const Error& error) {
  std::string message = error.what();
  for (const std::string option : {"--set ", "--allow ", "--device "})
    if (message.starts_with(option)) message = message.substr(option.size());
  return Error(error.node, error.port, message);
}

HeldGraph& Graphs::find(const std::string& id) {
  const auto found = graphs_.find(id);
  if (found == graphs_.end())
    throw RpcError(RpcCode::unknown, "there is no graph \"" + shortened(id) + "\"; graph.submit gives one");
  return *found->second;
}

GraphSource Graphs::sourceFrom(Params& params, size_t& bytes) const {
  const auto text = params.optionalText("text"), file = params.optionalText("file"),
             folder = params.optionalText("folder");
  if (text.has_value() == file.has_value()) params.refuse("text", "or \"file\" says what the graph is");
  if (file) {
    if (folder) params.refuse("folder", "goes with \"text\"; a file's own folder is meant otherwise");
    GraphSource source = readGraphSource(*file, registry_);
    bytes = writeGraph(source.document).size();
    return source;
  }
  GraphSource source;
  const fs::path base = fs::absolute(folder.value_or(".")).lexically_normal();
  if (!fs::is_directory(base)) params.refuse("folder", "is no folder: " + base.string());
  source.file = base / "untitled.loom";
  if (text->size() > kMostGraphBytes)
    throw Error("this graph has " + std::to_string(text->size()) + " bytes; at most " +
                std::to_string(kMostGraphBytes) + " are read");
  source.document = migrated(parseGraph(*text), registry_);
  bytes = text->size();
  return source;
}

json Graphs::submit(Params& params) {
  const auto id = params.optionalText("graph");
  auto graph = std::make_shared<HeldGraph>();
  graph->allow = params.texts("allow");
  const std::shared_ptr<HeldGraph> before = id ? graphs_[find(*id).id] : nullptr;
  graph->source = sourceFrom(params, graph->bytes);
  params.done();
  size_t bytes = graph->bytes;
  for (const auto& [each, held] : graphs_)
    if (held != before) bytes += held->bytes;
  if ((!before && graphs_.size() >= kMost) || bytes > kMostBytes)
    throw RpcError(RpcCode::limit, "too many graphs are held (" + std::to_string(graphs_.size()) +
                                       "); graph.forget lets go of one");
  graph->id = before ? before->id : numberedId("g", ++count_);
  json dropped = json::array();
  if (before)
    for (const auto& [name, value] : before->set) {
      try {
        applied(*graph, name, value);
        graph->set[name] = value;
      } catch (const Error&) {
        dropped.push_back(name);
      }
    }
  graphs_[graph->id] = graph;
  json result = described(*graph);
  if (!dropped.empty()) result["dropped"] = dropped;
  return result;
}

json Graphs::described(const HeldGraph& graph) const {
  const Document& document = graph.source.document;
  json outputs = json::array();
  for (const ExposedOutput& output : document.graph.outputs)
    outputs.push_back({{"name", output.name}, {"doc", output.doc}, {"from", output.from.text()}});
  return {{"graph", graph.id},
          {"title", document.title},
          {"nodes", nodesIn(document.graph.nodes, "", registry_)},
          {"inputs", exposedIn(document, registry_)},
          {"outputs", outputs},
          {"set", graph.set}};
}

AppliedSettings Graphs::applied(const HeldGraph& graph, const std::string& name, const json& value) const {
  AppliedSettings settings = applySettings(graph.source.document, {{name, lineOf(value)}}, registry_,
                                           {fs::current_path(), graph.source.file.parent_path()});
  std::vector<Link> targets;
  for (const ExposedInput& input : graph.source.document.graph.inputs)
    if (input.name == name) targets = input.to;
  if (const auto link = parseLink(name); link && targets.empty()) targets = {*link};
  for (const Link& to : targets) try {
      const Node* node = findNode(graph.source.document.graph, to.node);
      if (node && node->zone && to.port != "count")
        throw Error("a zone has nothing to set but its \"count\"");
      if (const Port* port = portAt(graph.source.document, to, registry_))
        port->parse(settings.values.at(name));
    } catch (const Error& error) {
      throw Error(to.node, to.port, error.what());
    }
  return settings;
}

json Graphs::set(Params& params) {
  HeldGraph& graph = find(params.text("graph"));
  const std::string name = params.text("name");
  const json value = params.value("value");
  params.done();
  if (value.is_null()) {
    graph.set.erase(name);
  } else {
    applied(graph, name, value);
    graph.set[name] = value;
  }
  return {{"graph", graph.id}, {"set", graph.set}};
}

json Graphs::forget(Params& params) {
  const std::string id = find(params.text("graph")).id;
  params.done();
  graphs_.erase(id);
  return json::object();
}

json Graphs::list() const {
  json all = json::array();
  for (const auto& [id, graph] : graphs_)
    all.push_back({{"graph", id},
                   {"title", graph->source.document.title},
                   {"file", graph->source.file.string()},
                   {"bytes", graph->bytes},
                   {"set", graph->set}});
  return {{"graphs", all}};
}

GraphRequest Graphs::requestOf(const HeldGraph& graph, const PolicyRequest& policy, const std::string& out) {
  GraphRequest request;
  for (const auto& [name, value] : graph.set) request.set.push_back(name + "=" + lineOf(value));
  request.allow = graph.allow;
  request.policy = policy;
  request.out = out;
  return request;
}

}  // namespace loom
