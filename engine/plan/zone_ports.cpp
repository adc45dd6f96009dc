#include "engine/plan/flatten.h"

namespace loom {

// States, then items, index and count, then collections.
int zonePort(const Zone& zone, const std::string& name) {
  int port = 0;
  for (const Zone::State& state : zone.state) {
    if (state.name == name) return port;
    ++port;
  }
  for (const auto& [over, link] : zone.over) {
    if (over == name) return port;
    ++port;
  }
  if (name == "index") return port;
  if (name == "count") return port + 1;
  port += 2;
  for (const Zone::Collect& collect : zone.collect) {
    if (collect.name == name) return port;
    ++port;
  }
  return -1;
}

bool isZoneState(const Zone& zone, int port) { return port < static_cast<int>(zone.state.size()); }
bool isZoneCollect(const Zone& zone, int port) {
  return port >= static_cast<int>(zone.state.size() + zone.over.size() + 2);
}
int zonePortCount(const Zone& zone) {
  return static_cast<int>(zone.state.size() + zone.over.size() + 2 + zone.collect.size());
}
std::string zonePortName(const Zone& zone, int port) {
  const int states = static_cast<int>(zone.state.size()), overs = static_cast<int>(zone.over.size());
  if (port < states) return zone.state[port].name;
  if (port < states + overs) return zone.over[port - states].first;
  if (port == states + overs) return "index";
  if (port == states + overs + 1) return "count";
  return zone.collect[port - states - overs - 2].name;
}

}  // namespace loom
