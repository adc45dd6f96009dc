#include <queue>
#include <unordered_map>

#include "engine/plan/compiler.h"

namespace loom {
namespace {

SlotId sharedInput(const PlanOp& op) {
  const int port = op.type->inputIndex(op.type->merge->same);
  return op.inStart[port] < op.inStart[port + 1] ? op.in[op.inStart[port]] : -1;
}

bool mergeable(const PlanOp& op) {
  return op.kind == PlanOp::Kind::node && op.type->merge && !op.maySkip && sharedInput(op) >= 0;
}

// Calls of one network are put off until nothing else can go on; all that can run by then do not wait for
// each other, and run as one. Everything else keeps its order. Takes time in proportion to the list.
class Merger {
 public:
  Merger(const Plan& plan, const std::vector<OpId>& list) : plan_(plan), list_(list) {}

  /// The calls that run as one, in order of execution; empty where no two can.
  std::vector<std::vector<OpId>> run() {
    if (!findGroups()) return {};
    findEdges();
    for (size_t i = 0; i < list_.size(); ++i)
      if (!waiting_[i]) enter(static_cast<int>(i));
    std::vector<std::vector<OpId>> order;
    bool merged = false;
    while (!plain_.empty() || !whole_.empty() || !partial_.empty()) {
      std::vector<OpId> calls;
      for (int at : next()) {
        calls.push_back(list_[at]);
        for (int reader : readers_[at])
          if (--waiting_[reader] == 0) entered_.push_back(reader);
      }
      for (int reader : entered_) enter(reader);
      entered_.clear();
      merged |= calls.size() > 1;
      order.push_back(std::move(calls));
    }
    if (!merged) order.clear();
    return order;
  }

 private:
  struct Group {
    int left = 0;            // calls that have not run
    std::vector<int> ready;  // of these, places in the list of those that could
  };

  bool findGroups() {
    std::map<std::pair<const NodeType*, SlotId>, int> byNet;
    groupOf_.assign(list_.size(), -1);
    bool any = false;
    for (size_t i = 0; i < list_.size(); ++i) {
      const PlanOp& op = plan_.ops[list_[i]];
      if (!mergeable(op)) continue;
      const auto [found, isNew] =
          byNet.try_emplace({op.type, sharedInput(op)}, static_cast<int>(groups_.size()));
      if (isNew) groups_.emplace_back();
      any |= ++groups_[found->second].left > 1;
      groupOf_[i] = found->second;
    }
    return any;
  }

  void findEdges() {
    std::unordered_map<SlotId, int> giver;
    std::unordered_map<int, int> zoneAt;
    for (size_t i = 0; i < list_.size(); ++i) {
      const PlanOp& op = plan_.ops[list_[i]];
      for (SlotId slot : op.out) giver[slot] = static_cast<int>(i);
      if (op.kind == PlanOp::Kind::zone) zoneAt[op.zone] = static_cast<int>(i);
    }
    readers_.resize(list_.size());
    waiting_.assign(list_.size(), 0);
    const auto edge = [&](int from, size_t to) {
      readers_[from].push_back(static_cast<int>(to));
      ++waiting_[to];
    };
    for (size_t i = 0; i < list_.size(); ++i) {
      const PlanOp& op = plan_.ops[list_[i]];
      const auto reads = [&](SlotId slot) {
        if (const auto found = giver.find(slot); found != giver.end()) edge(found->second, i);
      };
      for (SlotId slot : op.in) reads(slot);
      for (SlotId slot : op.reads) reads(slot);
      reads(op.when);
      reads(op.prepared);
      // A table has no slot of this list: the zone that it is for, or one around that, waits for it.
      if (op.kind != PlanOp::Kind::table) continue;
      int zone = op.zone;
      while (zone >= 0 && !zoneAt.contains(zone)) zone = plan_.zones[zone].parent;
      if (zone >= 0) edge(static_cast<int>(i), static_cast<size_t>(zoneAt.at(zone)));
    }
  }

  void enter(int at) {
    const int group = groupOf_[at];
    if (group < 0) {
      plain_.push(at);
      return;
    }
    Group& g = groups_[group];
    if (!g.ready.empty()) forget(group);
    g.ready.push_back(at);
    (g.left == static_cast<int>(g.ready.size()) ? whole_ : partial_).insert({g.ready.front(), group});
  }

  void forget(int group) {
    whole_.erase({groups_[group].ready.front(), group});
    partial_.erase({groups_[group].ready.front(), group});
  }

  // A network of which all calls are ready goes before one that more may come for.
  std::vector<int> next() {
    if (!plain_.empty()) {
      const int at = plain_.top();
      plain_.pop();
      return {at};
    }
    const int group = (whole_.empty() ? partial_ : whole_).begin()->second;
    forget(group);
    Group& g = groups_[group];
    g.left -= static_cast<int>(g.ready.size());
    return std::exchange(g.ready, {});
  }

  const Plan& plan_;
  const std::vector<OpId>& list_;
  std::vector<Group> groups_;
  std::vector<int> groupOf_, waiting_, entered_;
  std::vector<std::vector<int>> readers_;
  std::priority_queue<int, std::vector<int>, std::greater<int>> plain_;
  std::set<std::pair<int, int>> whole_, partial_;  // first ready call and group
};

PlanOp mergedOp(const Plan& plan, const std::vector<OpId>& calls) {
  const PlanOp& first = plan.ops[calls.front()];
  PlanOp merged;
  merged.kind = PlanOp::Kind::merged;
  merged.type = first.type;
  merged.home = first.home;
  merged.runsIn = first.runsIn;
  merged.members = calls;
  for (OpId call : calls) {
    const PlanOp& op = plan.ops[call];
    merged.path += (merged.path.empty() ? "" : " + ") + op.path;
    merged.reads.insert(merged.reads.end(), op.in.begin(), op.in.end());
    if (op.prepared >= 0) merged.reads.push_back(op.prepared);
    merged.out.insert(merged.out.end(), op.out.begin(), op.out.end());
  }
  return merged;
}

}  // namespace

// Calls of one network that do not wait for each other become one call of a batch.
void Compiler::mergeCalls(std::vector<OpId>& list) {
  const std::vector<std::vector<OpId>> order = Merger(plan_, list).run();
  if (order.empty()) return;
  list.clear();
  for (const std::vector<OpId>& calls : order) {
    if (calls.size() == 1) {
      list.push_back(calls.front());
      continue;
    }
    list.push_back(static_cast<OpId>(plan_.ops.size()));
    plan_.ops.push_back(mergedOp(plan_, calls));
  }
}

}  // namespace loom
