#include "app/cli/check_command.h"

#include <algorithm>

#include "app/cli/memory.h"
#include "app/cli/output.h"
#include "engine/files/tensor_entry.h"

namespace loom {
namespace {

using nlohmann::json;

json outputOf(const Slot& slot) {
  json output = describeSpec(slot.spec);
  output["port"] = slot.port;
  return output;
}

/// Visits nodes and zones as the document nests them, each zone before what is in it.
template <class OnNode, class OnZone>
void walk(const Plan& plan, int zone, int depth, const OnNode& onNode, const OnZone& onZone) {
  for (const PlanOp& op : plan.ops) {
    if (op.home != zone) continue;
    if (op.kind == PlanOp::Kind::node) onNode(op, depth);
    if (op.kind != PlanOp::Kind::zone) continue;
    onZone(op, depth);
    walk(plan, op.zone, depth + 1, onNode, onZone);
  }
}

std::string stepsText(const PlanZone& zone) {
  if (zone.count >= 0) return std::to_string(zone.count) + " steps";
  std::string names;
  for (const PlanZone::Over& over : zone.over) names += (names.empty() ? "over " : ", ") + over.name;
  return names.empty() ? "steps known when it runs" : names;
}

struct Row {
  std::string name, type, outputs;
};

// Names and types in columns; a zone's nodes are indented below it.
void printRows(const std::vector<Row>& rows) {
  size_t name = 0, type = 0;
  for (const Row& row : rows) {
    name = std::max(name, row.name.size());
    type = std::max(type, row.type.size());
  }
  for (const Row& row : rows) {
    std::string line = row.name + std::string(name - row.name.size() + 2, ' ') + row.type;
    if (!row.outputs.empty()) line += std::string(type - row.type.size() + 2, ' ') + row.outputs;
    std::printf("%s\n", line.c_str());
  }
}

void printTree(const Plan& plan) {
  std::vector<Row> rows;
  const auto slot = [&](SlotId id) -> const Slot& { return plan.slots[static_cast<size_t>(id)]; };
  walk(
      plan, -1, 0,
      [&](const PlanOp& op, int depth) {
        Row row{std::string(static_cast<size_t>(depth) * 2, ' ') + op.path, op.type->id, ""};
        for (SlotId out : op.out)
          row.outputs += (row.outputs.empty() ? "" : ", ") + slot(out).port + ": " + slot(out).spec.text();
        rows.push_back(std::move(row));
      },
      [&](const PlanOp& op, int depth) {
        const PlanZone& zone = plan.zones[static_cast<size_t>(op.zone)];
        Row row{std::string(static_cast<size_t>(depth) * 2, ' ') + op.path, "zone", stepsText(zone)};
        for (const PlanZone::State& state : zone.state)
          row.outputs += ", " + state.name + ": " + slot(state.slot).spec.text();
        rows.push_back(std::move(row));
      });
  printRows(rows);
}

json treeOf(const Plan& plan) {
  json nodes = json::array();
  const auto zoneName = [&](const PlanOp& op) -> json {
    return op.home < 0 ? json() : json(plan.zones[static_cast<size_t>(op.home)].path);
  };
  walk(
      plan, -1, 0,
      [&](const PlanOp& op, int) {
        json outputs = json::array();
        for (SlotId out : op.out) outputs.push_back(outputOf(plan.slots[static_cast<size_t>(out)]));
        nodes.push_back(
            {{"node", op.path}, {"type", op.type->id}, {"zone", zoneName(op)}, {"outputs", outputs}});
      },
      [&](const PlanOp& op, int) {
        json states = json::array();
        const PlanZone& zone = plan.zones[static_cast<size_t>(op.zone)];
        for (const PlanZone::State& state : zone.state)
          states.push_back(outputOf(plan.slots[static_cast<size_t>(state.slot)]));
        nodes.push_back({{"node", op.path}, {"type", "zone"}, {"zone", zoneName(op)}, {"outputs", states}});
      });
  return nodes;
}

template <class Body>
int refusing(bool json, const Body& body) {
  try {
    body();
    return kDone;
  } catch (const std::exception& error) {
    return report(plainError(error), kRefused, json);
  }
}

}  // namespace

json describeSpec(const Spec& spec) {
  json described{{"type", spec.type ? spec.type->id : "unknown"}};
  if (spec.dtype) described["dtype"] = dtypeName(*spec.dtype);
  if (spec.shape) {
    json& shape = described["shape"] = json::array();
    for (const Dim& dim : *spec.shape) shape.push_back(dim.known() ? json(dim.size) : json(dim.symbol));
  }
  return described;
}

json lostJson(const std::vector<LostNode>& lost) {
  json nodes = json::array();
  for (const LostNode& each : lost) nodes.push_back({{"node", each.node}, {"because", each.because}});
  return nodes;
}

int checkCommand(const CheckRequest& request, const Registry& registry) {
  return refusing(request.json, [&] {
    const PreparedGraph graph = prepareGraph(request.graph, registry);
    const Forecast forecast = forecastOf(*graph.plan);
    const std::vector<LostNode> lost = lostNodes(*graph.document, registry);
    if (request.json) {
      json unused = json::array();
      for (const Error& error : graph.plan->leftOut) unused.push_back(error.full());
      writeJsonLine(stdout, {{"event", "checked"},
                             {"nodes", treeOf(*graph.plan)},
                             {"unused", unused},
                             {"muted", lostJson(lost)},
                             {"memory", forecastJson(forecast)}});
      return;
    }
    printTree(*graph.plan);
    std::printf("memory: %s\n", forecastText(forecast).c_str());
    for (const Error& error : graph.plan->leftOut)
      std::printf("not needed, and can't run: %s\n", error.full().c_str());
    for (const LostNode& each : lost)
      std::printf("left out with %s: %s\n", each.because.c_str(), each.node.c_str());
    std::fflush(stdout);
  });
}

int planCommand(const CheckRequest& request, const Registry& registry) {
  return refusing(request.json, [&] {
    const PreparedGraph graph = prepareGraph(request.graph, registry);
    const std::string text = printPlan(*graph.plan);
    if (request.json) {
      writeJsonLine(stdout, {{"event", "plan"}, {"text", text}});
      return;
    }
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  });
}

}  // namespace loom
