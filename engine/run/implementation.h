#pragma once
// Private to engine/run: the executor. Split over run.cpp (operations), run_zone.cpp (loops) and the files
// named below.
#include <chrono>
#include <set>
#include <span>
#include <unordered_map>

#include "engine/run/run.h"

namespace loom {

class Run::Implementation final : public RunServices {
 public:
  Implementation(std::shared_ptr<const Plan> plan, RunOptions options);
  void execute(CallJoiner* joiner);
  bool trains() const;
  const Value& output(const std::string& name) const;

  void log(const std::string& node, const std::string& message) override;
  void progress(const std::string& node, int64_t done, int64_t total) override;
  void produced(const std::string& node, const std::filesystem::path& file) override;
  InsideWatch* insideOf(const std::string& node) override;

 private:
  // An operation with its slots as pointers, made when it first runs.
  struct Bound {
    std::vector<Value*> slots;  // in, then out, then those that may be taken
    size_t ins = 0, outs = 0;
    std::vector<const TypeInfo*> types;  // that outputs must have; null: any
    const Value* prepared = nullptr;
    const Value* when = nullptr;
    std::vector<std::pair<const std::string*, const Value*>> probes;
    std::span<Value* const> in() const { return {slots.data(), ins}; }
    std::span<Value* const> out() const { return {slots.data() + ins, outs}; }
    std::span<Value* const> takeable() const { return std::span(slots).subspan(ins + outs); }
  };
  using Watched = std::pair<std::string, SlotId>;
  // A zone that goes round.
  struct Round {
    const PlanZone& zone;
    int64_t count;
    int64_t first = 0;
    std::vector<Recording> recordings = {};
    StepKeys keys = {};    // none where nothing of it is kept
    bool byValue = false;  // they look at what comes with each step of the outermost loop
  };
  // Who looks inside one node: tells the observer what it shows.
  class Inside final : public InsideWatch {
   public:
    explicit Inside(Implementation& run) : run_(run) {}
    void add(const std::string& name, const std::string& port, bool required) {
      names_.push_back(name);
      ports_.push_back(port);
      if (required) required_.insert(name);
    }
    bool isRequired(const std::string& name) const override { return required_.contains(name); }
    const std::vector<std::string>& names() const override { return names_; }
    void show(const std::string& name, at::Tensor value) override;

   private:
    Implementation& run_;
    std::vector<std::string> names_, ports_;  // "mid.attn", "denoise:mid.attn"
    std::set<std::string> required_;
  };

  Value* at(SlotId slot);
  Bound& bound(OpId id);
  // run_probes.cpp
  void bindProbes();
  void followLive();
  void watch(const std::string& port, bool forced);
  bool watchInside(const std::string& port, bool forced);
  void listZoneProbes();
  void tellNow(const std::set<SlotId>& before);
  void bindOutputs(Bound& bound, const PlanOp& op);
  void demand();
  void demandList(const std::vector<OpId>& list, bool root);
  void demandInputs(OpId id);
  void demandZone(int zone);
  void demandTable(const PlanOp& op);
  bool demandCalls(const PlanOp& op, bool root);
  bool wanted(const PlanOp& op) const;
  bool fromCache(OpId id);
  bool fits(const PlanOp& op, const std::vector<Value>& outputs) const;
  void toCache(OpId id, double seconds);
  void runRoot();
  void runList(const std::vector<OpId>& list);
  void timedOp(OpId id);
  void runOp(OpId id);
  void dispatch(const PlanOp& op, Bound& bound);
  bool skipped(const PlanOp& op, const Bound& bound) const;
  void runNode(const PlanOp& op, Bound& bound);
  void runMerged(const PlanOp& op);
  static const void* sharedBy(const PlanOp& op, const Bound& bound);
  Exec execOf(const PlanOp& op, Bound& bound);
  void checkOutputs(const PlanOp& op, const Bound& bound) const;
  [[noreturn]] void rethrow(const PlanOp& op) const;
  std::string whereInLoop() const;
  void free(const PlanOp& op);

  // run_memory.cpp
  static std::string messageOf(const std::exception& error);
  std::string whoHolds(const std::exception& error) const;
  void release();

  void probe(const Bound& bound);
  void probe(const std::vector<Watched>& watched);

  // run_zone.cpp
  void runZone(const PlanOp& op);
  void loop(Round& round);
  void runTable(const PlanOp& op);
  void tableMember(int zone, const PlanOp& op, size_t steps);
  Value* tabledAt(int zone, SlotId slot, size_t step);
  int64_t stepsOf(const PlanZone& zone) const;
  void enterStep(const PlanZone& zone, int64_t step);
  void leaveStep(const PlanZone& zone, bool last, std::vector<Recording>& recordings);
  void collect(const PlanZone& zone, bool last, std::vector<Recording>& recordings);

  // run_resume.cpp
  void listKept();
  bool isKept(const PlanZone& zone) const { return options_.checkpoints && (zone.parent < 0 || keepsInner_); }
  bool forksHere(const PlanZone& zone) const;
  void requireForks(const Round& round) const;
  void nameStates(Round& round, const std::optional<ForkPoint>& fork);
  int64_t resume(Round& round);
  void offerCheckpoint(const Round& round, int64_t done);
  void offerInterrupted(const Round& round);

  // run_finite.cpp
  void checkStates(const PlanZone& zone, const std::vector<Value>& next);
  [[noreturn]] void findNotFinite(const PlanZone& zone, const PlanZone::State& state, const Value& next);
  void checkFinite(const PlanOp& op, const Bound& bound) const;
  size_t indexOf(const PlanZone& zone) const { return static_cast<size_t>(&zone - plan_->zones.data()); }

  std::shared_ptr<const Plan> plan_;
  RunOptions options_;
  std::vector<Value> slots_;  // constants stay in the plan
  std::vector<std::unique_ptr<Bound>> bound_;
  std::vector<char> needed_;  // slots that this run wants
  std::vector<char> runs_;    // operations that it runs
  std::vector<char> zoneRuns_;
  std::vector<char> watchedZone_;  // something in it is watched: it must go round
  bool keepsInner_ = false;
  std::vector<char> hasKeys_;                 // zones whose loops' states have names
  std::vector<const PlanZone*> inwardForks_;  // zones within others that a fork has yet to begin in
  std::unordered_map<SlotId, const std::string*> watched_;
  std::set<SlotId> forced_;                // of these, what is computed because it is watched
  std::set<OpId> forcedOps_;               // that run because somebody looks inside
  std::map<std::string, Inside> insides_;  // by path
  uint64_t liveVersion_ = 0;
  std::vector<int64_t> iteration_;  // of the zones that are running, outermost first
  std::vector<const Round*> running_;
  std::unordered_map<SlotId, std::vector<Value>> tables_;  // values for each step of what was tabled
  std::vector<char> tableFilled_;                          // by zone
  std::vector<std::vector<Watched>> itemProbes_;           // by zone: what is there when a step begins
  std::vector<std::vector<Watched>> stateProbes_;          // by zone: what is there when it has ended
  CallJoiner* joiner_ = nullptr;
  bool everyNode_ = false;
  bool finding_ = false;  // a step runs again to find where its first NaN comes from
};

}  // namespace loom
