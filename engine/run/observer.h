#pragma once
// How a run is watched. The runner's progress bar, tests, recordings and the editor's worker all implement
// this one interface. Calls come on the run's thread; what they are given lives for the call alone unless
// it is a Value, which may be kept.
#include <filesystem>
#include <span>
#include <string>

#include "engine/plan/plan.h"

namespace loom {

struct StepEvent {
  const std::string& zone;             // path
  std::span<const int64_t> iteration;  // of the zone and those around it, outermost first; already done
  int64_t done, count;                 // of this zone
  int depth;                           // 1: not inside another zone
};

struct ProbeEvent {
  const std::string& port;             // "path.port", or "path:name" of a node's inside
  std::span<const int64_t> iteration;  // empty outside of zones
  const Value& value;
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void runStarted(const Plan&) {}
  virtual void nodeStarted(const std::string& /*path*/) {}
  virtual void nodeFinished(const std::string& /*path*/, double /*seconds*/, bool /*fromCache*/) {}
  virtual void zoneStarted(const std::string& /*path*/, int64_t /*first*/, int64_t /*count*/, int /*depth*/) {
  }
  virtual void stepFinished(const StepEvent&) {}
  virtual void zoneFinished(const std::string& /*path*/, int /*depth*/) {}
  virtual void probed(const ProbeEvent&) {}
  virtual void progress(const std::string& /*node*/, int64_t /*done*/, int64_t /*total*/) {}
  virtual void log(const std::string& /*node*/, const std::string& /*message*/) {}
  virtual void produced(const std::string& /*node*/, const std::filesystem::path&) {}
  virtual void runFinished() {}
  /// Whether nodeStarted and nodeFinished are wanted for the nodes inside zones too; they cost two clock
  /// readings a node.
  virtual bool wantsEveryNode() const { return false; }
};

}  // namespace loom
