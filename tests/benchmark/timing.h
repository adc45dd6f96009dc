#pragma once
// Interleaved timing: A, B, A, B, ...; medians with spread, and the ratio of the medians.
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

/// Each call returns its own seconds; both are called once before anything counts.
struct Pair {
  Spread ours, theirs;
};
inline Pair interleaved(int rounds, const std::function<double()>& ours,
                        const std::function<double()>& theirs) {
  ours();
  theirs();
  std::vector<double> a, b;
  for (int round = 0; round < rounds; ++round) {
    a.push_back(ours());
    b.push_back(theirs());
  }
  return {spreadOf(a), spreadOf(b)};
}

inline std::string text(const Spread& spread, double unit, const char* name) {
  char line[120];
  std::snprintf(line, sizeof line, "%.4g %s (%.4g to %.4g)", spread.median / unit, name, spread.min / unit,
                spread.max / unit);
  return line;
}

inline void report(const char* what, const Pair& pair, double unit, const char* name, const char* theirs) {
  std::printf("%-44s %s; %s %s; ratio %.3f\n", what, text(pair.ours, unit, name).c_str(), theirs,
              text(pair.theirs, unit, name).c_str(), pair.theirs.median / pair.ours.median);
  std::fflush(stdout);
}

}  // namespace loom::bench
