#include "app/worker/graph_check.h"

#include <algorithm>
#include <set>

#include "app/cli/check_command.h"
#include "engine/graph/graph_file.h"
#include "engine/node/node_type.h"
#include "engine/plan/flatten.h"

namespace loom {
namespace {

using nlohmann::json;

constexpr int kMostRounds = 64;         // of finding errors and going on without the nodes they are on
constexpr size_t kMostErrors = 1000;    // an editor can't show more
constexpr size_t kMostConstant = 4096;  // bytes of a constant's text

/// Takes nodes out of a document, and all that reads them.
class Remover {
 public:
  Remover(const Document& document, const std::vector<std::string>& nodes)
      : document_(document), gone_(nodes.begin(), nodes.end()) {}

  Document run() {
    for (size_t before = ~size_t{0}; before != gone_.size();) {
      before = gone_.size();
      mark(document_.graph.nodes);
    }
    Document left = document_;
    left.graph.nodes = keep(document_.graph.nodes);
    std::erase_if(left.graph.outputs, [&](const ExposedOutput& output) {
      return isGone(output.from) || !findNode(left.graph, output.from.node);
    });
    for (ExposedInput& input : left.graph.inputs)
      std::erase_if(input.to, [&](const Link& to) { return !findNode(left.graph, to.node); });
    return left;
  }

 private:
  bool isGone(const Link& link) const {
    return gone_.contains(link.node) || goneCollects_.contains(link.text());
  }
  bool readsGone(const Node& node) const {
    for (const auto& [port, input] : node.inputs)
      for (const Link& link : input.links)
        if (isGone(link)) return true;
    if (node.when && isGone(*node.when)) return true;
    if (!node.zone) return false;
    const Zone& zone = *node.zone;
    for (const auto& [name, link] : zone.over)
      if (isGone(link)) return true;
    for (const Zone::State& state : zone.state)
      if (isGone(state.init)) return true;
    return zone.countFrom && isGone(*zone.countFrom);
  }
  void goes(const Node& node) {
    gone_.insert(node.id);
    if (node.zone)
      for (const NodePtr& inside : node.zone->nodes) goes(*inside);
  }
  void mark(const std::vector<NodePtr>& nodes) {
    for (const NodePtr& node : nodes) {
      if (gone_.contains(node->id) || readsGone(*node)) {
        goes(*node);
      } else if (node->zone) {
        mark(node->zone->nodes);
        for (const Zone::Collect& collect : node->zone->collect)
          if (isGone(collect.from)) goneCollects_.insert(node->id + "." + collect.name);
      }
    }
  }
  std::vector<NodePtr> keep(const std::vector<NodePtr>& nodes) const {
    std::vector<NodePtr> kept;
    for (const NodePtr& node : nodes) {
      if (gone_.contains(node->id)) continue;
      kept.push_back(node->zone ? withoutInside(*node) : node);
    }
    return kept;
  }
  // A state whose next value is gone goes on as it is: its type and shape stay known.
  NodePtr withoutInside(const Node& node) const {
    Zone zone = *node.zone;
    zone.nodes = keep(zone.nodes);
    for (Zone::State& state : zone.state)
      if (isGone(state.next)) state.next = {node.id, state.name};
    std::erase_if(zone.collect, [&](const Zone::Collect& collect) { return isGone(collect.from); });
    if (zone.until && isGone(*zone.until)) zone.until.reset();
    Node changed = node;
    changed.zone = std::make_shared<const Zone>(std::move(zone));
    return std::make_shared<const Node>(std::move(changed));
  }

  const Document& document_;
  std::set<std::string> gone_, goneCollects_;
};

/// All errors there are, found by going on without the nodes that have one.
class Checker {
 public:
  Checker(const Registry& registry, const CompileOptions& options) : registry_(registry), options_(options) {}

  GraphReport run(const std::shared_ptr<const Document>& document) {
    try {
      report_.lost = lostNodes(*document, registry_);
      report_.sound = std::make_shared<const Plan>(compile(document, registry_, options_));
      report_.runnable = true;
      if (report_.sound->leftOut.empty()) return report_;
    } catch (const Error& error) {
      add(error);
    }
    std::shared_ptr<const Document> left = document;
    for (int round = 0; round < kMostRounds && left; ++round) left = again(*left);
    return report_;
  }

 private:
  void add(const Error& error) {
    for (const Error& each : report_.errors)
      if (each.full() == error.full()) return;
    if (report_.errors.size() < kMostErrors) report_.errors.push_back(error);
  }

  // What is left to be looked at after this round; null: nothing.
  std::shared_ptr<const Document> again(const Document& document) {
    std::vector<Error> found;
    const auto left = std::make_shared<const Document>(document);
    try {
      found = flatten(*left, registry_).problems;
      if (found.empty()) {
        const auto plan = std::make_shared<const Plan>(compile(left, registry_, options_));
        report_.sound = plan;
        found = plan->leftOut;
        if (found.empty()) return nullptr;
      }
    } catch (const Error& error) {
      found.push_back(error);
    }
    std::vector<std::string> nodes;
    for (const Error& error : found) {
      add(error);
      // Of what is wrong inside a group, the group as it is used here.
      if (!error.node.empty()) nodes.push_back(error.node.substr(0, error.node.find('/')));
    }
    Document rest = without(document, nodes);
    // An exposed output that is lost hangs on no node that is wrong.
    std::erase_if(rest.graph.outputs, [&](const ExposedOutput& output) {
      return std::any_of(found.begin(), found.end(), [&](const Error& error) {
        return error.node == "outputs" && error.port == output.name;
      });
    });
    auto next = std::make_shared<const Document>(std::move(rest));
    return meaningOf(*next) == meaningOf(document) ? nullptr : next;
  }

  const Registry& registry_;
  const CompileOptions& options_;
  GraphReport report_;
};

json constantOf(const Value& constant) {
  if (constant.empty() || !constant.type().format) return nullptr;
  json value = constant.type().format(constant);
  return value.dump(-1, ' ', false, json::error_handler_t::replace).size() > kMostConstant ? json() : value;
}

json portsOf(const Plan& plan) {
  json ports = json::object();
  for (const auto& [port, id] : plan.ports) {
    const Slot& slot = plan.slots[static_cast<size_t>(id)];
    json& described = ports[port] = describeSpec(slot.spec);
    described["text"] = slot.spec.text();
    if (slot.zone >= 0) described["zone"] = plan.zones[static_cast<size_t>(slot.zone)].path;
    const Value& constant = slot.constant.empty() ? slot.spec.constant : slot.constant;
    if (json value = constantOf(constant); !value.is_null()) described["value"] = std::move(value);
  }
  return ports;
}

json zonesOf(const Plan& plan) {
  json zones = json::array();
  for (const PlanZone& zone : plan.zones) {
    json described{{"zone", zone.path}, {"depth", zone.depth}, {"trains", zone.gradients}};
    if (zone.parent >= 0) described["parent"] = plan.zones[static_cast<size_t>(zone.parent)].path;
    if (zone.count >= 0) described["count"] = zone.count;
    zones.push_back(std::move(described));
  }
  return zones;
}

json nodesOf(const Plan& plan) {
  json nodes = json::array();
  for (const PlanOp& op : plan.ops) {
    if (op.kind != PlanOp::Kind::node) continue;
    json described{{"node", op.path}, {"type", op.type->id}};
    if (op.home >= 0) described["zone"] = plan.zones[static_cast<size_t>(op.home)].path;
    if (op.type->showsInside) described["showsInside"] = true;
    if (op.runsIn != op.home) described["hoisted"] = true;
    nodes.push_back(std::move(described));
  }
  return nodes;
}

}  // namespace

Document without(const Document& document, const std::vector<std::string>& nodes) {
  return Remover(document, nodes).run();
}

GraphReport checkGraph(const std::shared_ptr<const Document>& document, const Registry& registry,
                       const CompileOptions& options) {
  return Checker(registry, options).run(document);
}

json describeError(const Error& error) {
  json described{{"message", error.what()}};
  if (!error.node.empty()) described["node"] = error.node;
  if (!error.port.empty()) described["port"] = error.port;
  return described;
}

json describeReport(const GraphReport& report) {
  json errors = json::array();
  for (const Error& error : report.errors) errors.push_back(describeError(error));
  json described{{"ok", report.runnable}, {"errors", errors}, {"ports", json::object()}};
  described["nodes"] = described["zones"] = json::array();
  described["muted"] = lostJson(report.lost);
  if (!report.sound) return described;
  described["ports"] = portsOf(*report.sound);
  described["nodes"] = nodesOf(*report.sound);
  described["zones"] = zonesOf(*report.sound);
  return described;
}

}  // namespace loom
