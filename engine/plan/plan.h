#pragma once
// A plan: what a document becomes before it runs. Flat operations over numbered slots, zones with their
// bodies, everything that does not change taken out of loops. Immutable and shared; a run adds the values.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/core/key.h"
#include "engine/graph/document.h"
#include "engine/node/exec.h"
#include "engine/plan/step_keys.h"

namespace loom {

using SlotId = int;
using OpId = int;

struct Slot {
  std::string node, port;  // path of the node that fills it, and which output
  Spec spec;
  Value constant;  // filled before the run: a parameter
  int zone = -1;   // the zone in whose body it is produced, -1 outside of all
};

struct PlanOp {
  enum class Kind { node, prepare, convert, merged, table, zone };
  Kind kind = Kind::node;
  const NodeType* type = nullptr;
  const Conversion* conversion = nullptr;
  std::string path;
  std::vector<SlotId> in;    // all inputs, port by port
  std::vector<int> inStart;  // inputs of port i: in[inStart[i]..inStart[i+1])
  std::vector<SlotId> out;
  SlotId prepared = -1;  // what this node's prepare operation made
  SlotId when = -1;
  bool maySkip = false;  // something it depends on has a `when`
  std::vector<SlotId> freeAfter;
  std::vector<SlotId> takeable;
  std::vector<SlotId> reads;  // zone and table: all slots from outside, the bodies' included
  std::vector<OpId> members;  // merged: the calls that run as one; table: what is done for all steps
  int zone = -1;              // zone and table: which
  int home = -1;              // the zone whose body the document has it in
  int runsIn = -1;            // the zone whose body it runs in; differs from home when hoisted
  Key key;                    // content key of its outputs; zero where it has none
  int64_t workBytes = 0;      // that it works in beside its inputs and outputs, as far as shapes tell
  bool workKnown = true;      // they do
  bool effect = false;
};

struct PlanZone {
  struct Over {
    std::string name;
    SlotId source, item;
    const SequenceInfo* sequence;
  };
  struct State {
    std::string name;
    SlotId init, next;
    SlotId slot;    // of this iteration, inside
    SlotId result;  // after the last, outside
  };
  struct Collect {
    std::string name;
    SlotId from, out;
    int64_t every;
  };
  std::string path;
  int parent = -1;  // the zone around it
  int depth = 0;
  std::vector<Over> over;
  int64_t count = -1;  // without `over`
  SlotId countSource = -1;
  SlotId index = -1, countItem = -1;
  std::vector<State> state;
  SlotId until = -1;
  std::vector<Collect> collect;
  std::vector<OpId> body;      // in order of execution
  std::vector<SlotId> tabled;  // slots whose value for each step is made before the loop
  std::vector<SlotId> freeAtEnd;
  std::vector<OpId> tableOps;  // what fills them, in order
  bool conditional = false;    // has a `when`
  bool gradients = false;      // a state is trainable
  Key base;  // names the loop without its length: equal bases mean equal states step by step
  /// The same, blind to what comes with each step: `stepValues`, numbers that a run tells apart by value, so
  /// that a loop whose later steps alone are other ones is known to begin as before.
  Key loopBase;
  std::vector<SlotId> stepValues;
  std::optional<ForkPoint> fork;  // where it begins, if not at its first state
};

/// Throws Error where a collection of a zone of so many steps could not stay in memory.
void checkCollected(const PlanZone& zone, int64_t steps, const PlanZone::Collect& collect);

struct Plan {
  std::shared_ptr<const Document> document;
  std::vector<Slot> slots;
  std::vector<PlanOp> ops;
  std::vector<PlanZone> zones;
  std::vector<OpId> root;                 // outside of all zones, in order of execution
  std::map<std::string, SlotId> outputs;  // exposed outputs
  std::map<std::string, SlotId> ports;    // "path.port" -> slot, for probes and for check
  std::vector<SlotId> targets;            // what must be there after the run: outputs and `keep`
  std::vector<Error> leftOut;             // why nodes that nothing needs are not in the plan
};

struct CompileOptions {
  Policy policy;
  Files files;
  bool hoist = true;  // off only for tests that compare
  bool tabulate = true;
  bool merge = true;
  std::vector<std::string> keep;           // "path.port" whose values the caller wants after the run
  std::map<std::string, ForkPoint> forks;  // zones, by path, whose first loop begins from another's state
};

/// Checks and plans a document. Throws Error on the node and port that can't be run: unknown types,
/// missing inputs, wrong types, cycles, links into a zone's inside, parameters out of range, shapes that
/// can't fit. A node that can't be run is refused only where effects, outputs or `keep` need it; else the
/// plan is made without what they don't need. Nothing is executed; infer() functions may look into file
/// headers.
Plan compile(std::shared_ptr<const Document> document, const Registry& registry,
             const CompileOptions& options);

/// The node that "path:name" looks into; null where there is no such node, or it shows nothing of its inside.
/// Which names it has is known when it runs.
const PlanOp* nodeLookedInto(const Plan& plan, const std::string& port);

/// The plan as a person reads it: order, hoisting, tables, merges, lifetimes.
std::string printPlan(const Plan& plan);

inline constexpr int64_t kMostSteps = 1'000'000'000'000;  // of one zone
inline constexpr int64_t kMostCollected = 10'000'000;     // values of one collection: they stay in memory
inline constexpr int64_t kMostTabled = 100'000;           // steps for which a table is made before the loop

}  // namespace loom
