#pragma once
// How far a run is, or where it is to pause or to be forked, in steps done: {3} after three steps of an
// outermost zone, {3, 5} in the fourth one, after five of a zone in it.
#include <QString>
#include <compare>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/editor/session/picture.h"

namespace loom::editor {

struct Steps {
  std::vector<int64_t> done;       // of each zone, outermost first
  std::vector<std::string> zones;  // whose they are, as the worker calls them; empty: of any that lie so deep

  Steps() = default;
  Steps(int64_t outer) : done{outer} {}  // NOLINT: a number stands for a list of one, as in the protocol
  explicit Steps(std::vector<int64_t> done, std::vector<std::string> zones = {})
      : done(std::move(done)), zones(std::move(zones)) {}
  /// After what was computed at an iteration.
  static Steps after(Iteration iteration, std::vector<std::string> zones = {});

  bool empty() const { return done.empty(); }
  size_t depth() const { return done.size(); }
  int64_t outer() const { return done.empty() ? 0 : done.front(); }
  /// In the order in which they are taken; those that lie in a step come before its end.
  bool operator==(const Steps& other) const { return done == other.done; }
  std::strong_ordering operator<=>(const Steps& other) const { return done <=> other.done; }
};

/// "step 3", "step 4, inner step 5": as the timeline counts them.
QString textOf(const Steps& steps);

/// For the worker's methods: "done" or "at", and the zone where it is known.
nlohmann::json placeJson(const char* name, const Steps& steps);
/// For files. What does not fit gives nothing.
nlohmann::json jsonOf(const Steps& steps);
Steps stepsFrom(const nlohmann::json& json);

}  // namespace loom::editor
