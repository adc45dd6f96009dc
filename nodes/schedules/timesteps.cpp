#include "nodes/schedules/timesteps.h"

#include <algorithm>
#include <cfenv>
#include <cmath>

namespace loom {

namespace {

/// Half to even, as numpy and Python round.
int64_t rounded(double x) { return static_cast<int64_t>(std::nearbyint(x)); }

std::vector<int64_t> ascending(int64_t T, int64_t S, Spacing spacing) {
  std::vector<int64_t> t;
  const double steps = static_cast<double>(S);
  switch (spacing) {
    case Spacing::all:
      for (int64_t i = 0; i < T; ++i) t.push_back(i);
      break;
    case Spacing::uniform:
      for (int64_t i = 0; i < T; i += T / S) t.push_back(i);
      break;
    case Spacing::quadratic: {
      const double end = std::sqrt(static_cast<double>(T) * 0.8);
      for (int64_t i = 0; i < S; ++i) {
        const double root = S == 1 ? 0 : i == S - 1 ? end : static_cast<double>(i) * (end / (steps - 1));
        t.push_back(static_cast<int64_t>(root * root));
      }
      break;
    }
    case Spacing::leading:
      for (int64_t i = 0; i < S; ++i) t.push_back(i * (T / S));
      break;
    case Spacing::trailing: {
      const double end = static_cast<double>(T), stride = (end - end / steps) - end;  // as numpy.arange steps
      for (int64_t i = S - 1; i >= 0; --i) t.push_back(rounded(end + static_cast<double>(i) * stride) - 1);
      break;
    }
    case Spacing::linspace: {
      const double end = static_cast<double>(T - 1);
      for (int64_t i = 0; i < S; ++i)
        t.push_back(S == 1 ? 0 : i == S - 1 ? T - 1 : rounded(static_cast<double>(i) * (end / (steps - 1))));
      break;
    }
    case Spacing::spaced: {
      // The sum is accumulated, as upstream does: its rounding decides some steps.
      const double stride = S == 1 ? 1 : static_cast<double>(T - 1) / (steps - 1);
      double at = 0;
      for (int64_t i = 0; i < S; ++i, at += stride) t.push_back(rounded(at));
      break;
    }
  }
  return t;
}

}  // namespace

Timesteps spacedTimesteps(int64_t T, int64_t S, Spacing spacing, int64_t offset) {
  if (T < 1) throw Error("The schedule has no steps.");
  if (spacing != Spacing::all && (S < 1 || S > T))
    throw Error("A schedule of " + std::to_string(T) + " steps has no " + std::to_string(S) +
                " of them to take; choose 1 to " + std::to_string(T) + ".");
  std::vector<int64_t> t = ascending(T, S, spacing);
  for (int64_t& step : t) step += offset;
  if (t.back() >= T || t.front() < 0)
    throw Error("With offset " + std::to_string(offset) + " the steps run from " + std::to_string(t.front()) +
                " to " + std::to_string(t.back()) + ", beyond the schedule's 0 to " + std::to_string(T - 1) +
                ". Take fewer steps or no offset.");
  std::reverse(t.begin(), t.end());
  return {std::move(t)};
}

Timesteps checkedTimesteps(std::vector<int64_t> t) {
  for (size_t i = 0; i < t.size(); ++i) {
    if (t[i] < 0) throw Error("Timestep " + std::to_string(t[i]) + " is negative.");
    if (i > 0 && t[i] > t[i - 1])
      throw Error("Timesteps must descend, but " + std::to_string(t[i]) + " follows " +
                  std::to_string(t[i - 1]) + ".");
  }
  return {std::move(t)};
}

}  // namespace loom
