#pragma once
// Private to engine/run: the executor. Split over run.cpp (operations) and run_zone.cpp (loops).
#include <chrono>
#include <unordered_map>

#include "engine/run/run.h"

namespace loom {

class Run::Implementation final : public RunServices {
 public:
  Implementation(std::shared_ptr<const Plan> plan, RunOptions options);
  void execute();
  const Value& output(const std::string& name) const;

  void log(const std::string& node, const std::string& message) override;
  void progress(const std::string& node, int64_t done, int64_t total) override;
  void produced(const std::string& node, const std::filesystem::path& file) override;

 private:
  // An operation with its slots as pointers, made once before the run.
  struct Bound {
    std::vector<Value*> in, out, takeable;
    const Value* prepared = nullptr;
    const Value* when = nullptr;
    std::vector<std::pair<const std::string*, const Value*>> probes;
  };

  void bind();
  std::vector<char> demanded();
  void runRoot();
  void runList(const std::vector<OpId>& list);
  void runOp(OpId id);
  void dispatch(const PlanOp& op, Bound& bound);
  bool skipped(const PlanOp& op, const Bound& bound) const;
  void runNode(const PlanOp& op, Bound& bound);
  void runMerged(const PlanOp& op);
  Exec execOf(const PlanOp& op, Bound& bound);
  void checkOutputs(const PlanOp& op, const Bound& bound) const;
  [[noreturn]] void rethrow(const PlanOp& op) const;
  std::string whereInLoop() const;
  void fromCache(const PlanOp& op, const std::vector<Value>& outputs);
  void free(const PlanOp& op);
  void probe(const Bound& bound);

  // run_zone.cpp
  void runZone(const PlanOp& op);
  void runTable(const PlanOp& op);
  void tableMember(const PlanZone& zone, const PlanOp& op, int64_t count);
  int64_t stepsOf(const PlanZone& zone) const;
  void enterStep(const PlanZone& zone, int64_t step);
  bool leaveStep(const PlanZone& zone, int64_t step, std::vector<Recording>& recordings);
  void collect(const PlanZone& zone, int64_t step, bool last, std::vector<Recording>& recordings);
  void checkStates(const PlanZone& zone, int64_t step) const;
  int64_t resume(const PlanZone& zone, int64_t count, std::vector<Recording>& recordings);
  void offerCheckpoint(const PlanZone& zone, int64_t done, int64_t count,
                       const std::vector<Recording>& recordings);

  std::shared_ptr<const Plan> plan_;
  RunOptions options_;
  std::vector<Value> slots_;
  std::vector<Bound> bound_;
  std::vector<int64_t> iteration_;  // of the zones that are running, outermost first
  std::vector<const PlanZone*> running_;
  std::unordered_map<SlotId, std::vector<Value>> tables_;  // values for each step of what was tabled
  std::vector<char> tableFilled_;                          // by zone
  std::vector<std::vector<std::pair<std::string, SlotId>>> stateProbes_;  // by zone
  bool everyNode_ = false;
};

}  // namespace loom
