#pragma once
// What comes by the ten thousand a second is told at most 50 times a second, each thing by itself.
#include <chrono>
#include <map>
#include <string>

namespace loom {

class TellRate {
 public:
  /// Whether `what` is to be told now: the first time, and then no sooner than 20 ms after it was told last.
  bool due(const std::string& what) {
    const Clock::time_point now = Clock::now();
    const auto [at, first] = told_.try_emplace(what, now);
    if (!first && now - at->second < std::chrono::milliseconds(20)) return false;
    at->second = now;
    return true;
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::map<std::string, Clock::time_point> told_;  // when last
};

}  // namespace loom
