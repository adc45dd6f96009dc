#pragma once
// The line a person watches: "sampling  [#####.....] 120/250  48%  3.4 steps/s  0:38 left". Plain functions
// of what has happened and the time, so that tests need neither a terminal nor a clock.
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace loom {

/// How fast steps go, over the last twenty seconds or so. Times are seconds on any steady clock.
class Pace {
 public:
  void start(double now, int64_t done);
  void step(double now, int64_t done);
  std::optional<double> perSecond() const;
  /// Seconds until `count` steps are done.
  std::optional<double> left(double now, int64_t count) const;

 private:
  struct Mark {
    double time;
    int64_t done;
  };
  std::deque<Mark> marks_;  // at least half a second apart
  Mark latest_{0, 0};
};

struct ZoneProgress {
  std::string path;
  int64_t first = 0, done = 0, count = 0;
  double started = 0;
  Pace pace;
  std::string unit = "step";  // what is counted
};

struct NodeProgress {
  std::string path;
  int64_t done = 0, total = 0;  // total 0: it does not say
  double started = 0;
};

/// Outermost zone first; the node is what runs outside of zones. Fits `width` columns.
std::string progressLine(const std::vector<ZoneProgress>& zones, const NodeProgress& node, double now,
                         int width);

/// "sampling  250 steps in 1:13, 3.4 steps/s".
std::string finishedLine(const ZoneProgress& zone, double now);

}  // namespace loom
