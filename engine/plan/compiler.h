#pragma once
// Second half of compiling, private to engine/plan: types, shapes, hoisting, tables, content keys.
// One object compiles one document; split over compile.cpp, compile_node.cpp and compile_zone.cpp.
#include <set>
#include <unordered_map>

#include "engine/plan/flatten.h"
#include "engine/plan/plan.h"

namespace loom {

class Compiler {
 public:
  /// `flat` must live as long; `compiled` says which of its nodes are planned, empty for all.
  Compiler(std::shared_ptr<const Document> document, const Registry& registry, const CompileOptions& options,
           const FlatGraph& flat, std::vector<char> compiled);
  Plan run();
  /// After run(), with the plan it gave: a parameter of a flat node has another value. See planner.h.
  bool change(Plan& plan, int node, const Port& port);

 private:
  bool isCompiled(int node) const {
    return flat_.nodes[node].absent < 0 && (compiled_.empty() || compiled_[node]);
  }

  // compile.cpp
  std::vector<std::vector<int>> orderScopes() const;
  [[noreturn]] void refuseCycle(const std::vector<int>& waiting,
                                const std::vector<std::vector<int>>& next) const;
  void visitScope(int scope, int zone);
  SlotId newSlot(const std::string& node, const std::string& port, Spec spec, int zone, Key key,
                 std::optional<Key> loopKey = {});
  void tellApartByValue(SlotId slot, int zone);
  static Key constantKey(const Port& port, const Value& value);
  SlotId constantSlot(const std::string& node, const Port& port, Value value);
  SlotId slotOf(Source source, bool inside) const;
  SlotId use(Source source, int zone);
  int place(const PlanOp& op, bool movable) const;
  OpId add(PlanOp op, bool movable);
  bool inZone(int zone, int inner) const;

  // compile_node.cpp
  void visitNode(int index, int zone);
  void gather(const FlatNode& node, int port, int zone, PlanOp& op);
  SlotId converted(SlotId slot, const Port& port, const std::string& path, int zone);
  void infer(const FlatNode& node, PlanOp& op, std::vector<Spec>& specs);
  std::string lostLink(const FlatNode& node, const std::string& port) const;
  std::string fileBehind(const FlatNode& node, const std::string& port) const;
  SlotId whenOf(const FlatNode& node, int zone);
  SlotId prepareOp(const FlatNode& node, const PlanOp& op, int zone);
  void setKeys(PlanOp& op);
  Key keyOf(const PlanOp& op, const char* kind, const std::vector<Key>& keys);
  Key keyOf(const PlanOp& op, const char* kind) { return keyOf(op, kind, keys_); }
  Key loopKeyOf(const PlanOp& op, const char* kind);
  void fingerprint(const PlanOp& op, KeyBuilder& key);
  bool canTable(const PlanOp& op) const;

  // compile_zone.cpp
  void visitZone(int index, int zone);
  void openZone(const FlatNode& node, PlanZone& zone, int index, int outer);
  const TypeInfo* typeGivenBy(Source source) const;
  void openState(const FlatNode& node, PlanZone& zone, int index, int outer, const Zone::State& state);
  void closeZone(const FlatNode& node, int index, OpId firstOp);
  SlotId stateConverted(SlotId slot, const TypeInfo& wanted, const std::string& path, const std::string& port,
                        int zone);
  Key baseKey(const PlanZone& zone, const std::vector<Key>& keys) const;
  Key lengthKey(const PlanZone& zone, const std::vector<Key>& keys) const;
  void forkZone(PlanZone& zone);
  std::vector<SlotId> readsOf(int zone, OpId firstOp) const;
  void addTable(const FlatNode& node, int index, int outer);

  // compile_change.cpp
  void listReaders();
  bool changePart(int node, const Port& port);
  std::set<OpId> dependents(OpId first) const;
  bool renew(const FlatNode& node, const Port& port, size_t at, OpId id);
  bool replan(OpId id);

  // merge.cpp and schedule.cpp: what needs the whole plan
  void mergeCalls(std::vector<OpId>& list);
  void requireForks() const;
  void finishDepths();
  void lifetimes(std::vector<OpId>& list, int zone);
  void fillTargets();

  std::shared_ptr<const Document> document_;
  const Registry& registry_;
  const CompileOptions& options_;
  const FlatGraph& flat_;
  std::vector<char> compiled_;
  Plan plan_;
  std::vector<std::vector<int>> order_;           // of each scope
  std::vector<std::vector<SlotId>> slots_;        // of each flat node's outputs; zones: seen from outside
  std::vector<std::vector<SlotId>> insideSlots_;  // zones: seen from inside
  std::vector<int> zoneOfNode_;
  std::unordered_map<const Port*, SlotId> fallbacks_;     // a slot a default, whoever uses it
  std::map<std::tuple<int, SlotId, int>, SlotId> casts_;  // by cast, slot it begins with and zone
  std::vector<Key> keys_;                                 // of each slot
  std::vector<Key> loopKeys_;    // of each slot, blind to the step values of the outermost zone around it
  std::vector<char> stepOnly_;   // slots that depend on the step of their zone alone
  std::vector<char> skippable_;  // slots that may stay empty
  std::vector<OpId> opOfNode_;   // of each flat node; -1: none of its own
  std::unordered_map<OpId, int> nodeOfOp_;
  std::vector<std::vector<OpId>> readers_;  // of each slot; listed at the first change
};

}  // namespace loom
