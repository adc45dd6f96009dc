#include "app/cli/memory.h"
#include "app/cli/nodes_command.h"
#include "app/worker/session.h"
#include "engine/run/recorder.h"

namespace loom {
namespace {

using nlohmann::json;

// What goes wrong with a graph is of this kind, wherever it is found.
template <class Call>
json ofGraph(const Call& call) {
  try {
    return call();
  } catch (const Error& error) {
    throw RpcError(RpcCode::graph, withoutOption(error));
  }
}

json typesOf(const Registry& registry) {
  json types = json::array();
  for (const auto& [id, type] : registry.types())
    types.push_back({{"id", id},
                     {"name", type->name},
                     {"colour", type->colour},
                     {"doc", type->doc},
                     {"scalar", type->isScalar()},
                     {"picture", type->picture != nullptr},
                     {"numbers", hasTensor(*type)},
                     {"sequence", type->sequence ? json(type->sequence->element().id) : json()}});
  return types;
}

json conversionsOf(const Registry& registry) {
  json conversions = json::array();
  for (const Conversion& each : registry.conversions())
    conversions.push_back({{"from", each.from->id}, {"to", each.to->id}});
  return conversions;
}

}  // namespace

json Session::nodes(Params& params) {
  const auto type = params.optionalText("type");
  params.done();
  json nodes = json::array();
  const auto add = [&](const NodeType& node) {
    json described = describeNode(node);
    described["group"] = node.id.substr(0, node.id.find('.'));
    described["showsInside"] = node.showsInside;
    nodes.push_back(std::move(described));
  };
  if (type) {
    const NodeType* node = registry_.find(*type);
    if (!node) {
      const std::string nearest = registry_.nearest(*type);
      throw RpcError(RpcCode::unknown, "there is no node type " + *type +
                                           (nearest.empty() ? "" : "; did you mean " + nearest + "?"));
    }
    add(*node);
    return {{"nodes", nodes}};
  }
  for (const auto& [id, node] : registry_.nodes()) add(node);
  return {{"nodes", nodes}, {"types", typesOf(registry_)}, {"conversions", conversionsOf(registry_)}};
}

json Session::graphSubmit(Params& params) {
  return ofGraph([&] { return graphs_.submit(params); });
}

json Session::graphSet(Params& params) {
  return ofGraph([&] { return graphs_.set(params); });
}

json Session::graphForget(Params& params) { return graphs_.forget(params); }

json Session::graphList(Params& params) {
  params.done();
  return graphs_.list();
}

json Session::graphText(Params& params) {
  const HeldGraph& graph = graphs_.find(params.text("graph"));
  const bool set = params.flag("set", true);
  params.done();
  return ofGraph([&]() -> json {
    if (!set) return {{"text", writeGraph(graph.source.document)}};
    PolicyRequest cpu;
    cpu.device = "cpu";
    const PreparedGraph settled =
        settledGraph(graph.source, Graphs::requestOf(graph, cpu, folder_.path().string()), registry_);
    return {{"text", writeGraph(*settled.document)}};
  });
}

json Session::graphCheck(Params& params) {
  const HeldGraph& graph = graphs_.find(params.text("graph"));
  const PolicyRequest policy = policyFrom(params, options_.policy);
  params.done();
  return ofGraph([&] {
    const PreparedGraph settled = settledGraph(
        graph.source, Graphs::requestOf(graph, policy, (folder_.path() / "check").string()), registry_);
    CompileOptions options;
    options.policy = settled.policy;
    options.files = settled.files;
    const GraphReport report = checkGraph(settled.document, registry_, options);
    json described = describeReport(report);
    if (report.runnable && report.sound) described["forecast"] = forecastJson(forecastOf(*report.sound));
    described["graph"] = graph.id;
    described["device"] = deviceName(settled.policy);
    described["dtype"] = computeName(settled.policy);
    return described;
  });
}

}  // namespace loom
