#pragma once
// Interleaved timing: A, B, C, A, B, C, ...; medians with spread.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace loom::bench {

struct Spread {
  double min, median, max;
};

inline Spread spreadOf(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return {times.front(), times[times.size() / 2], times.back()};
}

inline double secondsOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Something to time: each call returns its own seconds.
struct Contender {
  std::string name;
  std::function<double()> run;
  Spread spread{};
  std::vector<double> times{};  // a round each, in their order
};

/// All take turns for `rounds` rounds; each has run once before anything counts, and who was then five times
/// slower than the fastest is left at that: nothing hangs on its median.
inline void takeTurns(int rounds, std::vector<Contender>& contenders) {
  std::vector<double> first;
  for (Contender& each : contenders) first.push_back(each.run());
  const double slow = 5 * *std::min_element(first.begin(), first.end());
  for (int round = 0; round < rounds; ++round)
    for (size_t i = 0; i < contenders.size(); ++i)
      if (first[i] < slow) contenders[i].times.push_back(contenders[i].run());
  for (size_t i = 0; i < contenders.size(); ++i)
    contenders[i].spread =
        spreadOf(contenders[i].times.empty() ? std::vector{first[i]} : contenders[i].times);
}

/// Of what ran in the same round: what a busy machine does to one it mostly does to the other too.
inline Spread ratioOf(const Contender& a, const Contender& b) {
  std::vector<double> ratios;
  for (size_t i = 0; i < std::min(a.times.size(), b.times.size()); ++i)
    ratios.push_back(a.times[i] / b.times[i]);
  return spreadOf(ratios);
}

inline std::string text(const Spread& spread, double unit, const char* name) {
  char line[120];
  std::snprintf(line, sizeof line, "%.4g %s (%.4g to %.4g)", spread.median / unit, name, spread.min / unit,
                spread.max / unit);
  return line;
}

}  // namespace loom::bench
