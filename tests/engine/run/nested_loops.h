#pragma once
// Loops within loops, as a graph and written by hand, for tests that begin them in the middle.
#include <map>
#include <string>
#include <vector>

#include "tests/engine/test_nodes.h"

namespace loom::test {

/// Loops z0 around z1 around ..., and in each but the innermost, after the loop it holds, another: s0, s1,
/// ...
struct Nested {
  std::vector<int> counts{3, 4};
  double factor = 2, before = 1, after = 3, bound = 1e9, first = 1;
  int every = 1;  // of what is collected
};

inline std::string zoneName(char kind, size_t level) {
  std::string name(1, kind);
  name += std::to_string(level);
  return name;
}

inline std::string zoneText(const Nested& shape, size_t level) {
  const auto number = [](double value) { return std::to_string(value); };
  const std::string k = std::to_string(level), inner = std::to_string(level + 1), z = zoneName('z', level);
  const bool last = level + 1 == shape.counts.size();
  std::string body;
  if (last) {
    body = "'m':{'type':'test.multiply','params':{'b':" + number(shape.factor) + "},'inputs':{'a':'" + z +
           ".x'}},'r':{'type':'test.noise','params':{'seed':5}},'q" + k +
           "':{'type':'test.add','inputs':{'a':'m.result','b':'r.value'}},'e':{'type':'test.less','params':{'"
           "a':" +
           number(shape.bound) + "},'inputs':{'b':'q" + k + ".result'}}";
  } else {
    body = "'p" + k + "':{'type':'test.add','params':{'b':" + number(shape.before) + "},'inputs':{'a':'" + z +
           ".x'}}," + zoneText(shape, level + 1) + ",'s" + k +
           "':{'type':'zone','count':2,'state':{'y':{'init':'z" + inner + ".x','next':'t" + k +
           ".result'}},'nodes':{'t" + k + "':{'type':'test.add','inputs':{'a':'s" + k + ".y','b':'s" + k +
           ".index'}}}},'q" + k + "':{'type':'test.add','params':{'b':" + number(shape.after) +
           "},'inputs':{'a':'s" + k + ".y'}}";
  }
  const std::string init = level ? zoneName('p', level - 1) + ".result" : "c.value";
  // What the loop within collects is collected again: a recording of recordings.
  const std::string from = level + 2 == shape.counts.size() ? "z" + inner + ".h" : "q" + k + ".result";
  return "'" + z + "':{'type':'zone','count':" + std::to_string(shape.counts[level]) + "," +
         (last ? "'until':'e.holds'," : "") + "'state':{'x':{'init':'" + init + "','next':'q" + k +
         ".result'}},'collect':{'h':{'from':'" + from +
         "','every':" + std::to_string(last ? shape.every : 1) + "}},'nodes':{" + body + "}}";
}

inline std::string text(const Nested& shape) {
  return "{'noiseloom':1,'nodes':{'c':{'type':'test.constant','params':{'value':" +
         std::to_string(shape.first) + "}}," + zoneText(shape, 0) +
         "},'outputs':{'x':{'from':'z0.x'},'h':{'from':'z0.h'}}}";
}

/// A step of a zone: steps done of it, after those of the zones around it.
struct Place {
  std::string zone;
  std::vector<int64_t> at;
  auto operator<=>(const Place&) const = default;
};

/// The same by hand. What it passes by stays in `states`.
class ByHand {
 public:
  explicit ByHand(const Nested& shape) : shape_(shape) {}
  double run() { return loop(0, shape_.first); }
  /// With the states that another one came by, after that place.
  double forked(const Place& place, const std::map<Place, double>& from) {
    fork_ = &place;
    from_ = &from;
    return run();
  }

  std::map<Place, double> states;
  std::vector<double> collected;  // of the innermost loop, this run's steps alone
  int64_t products = 0;

 private:
  // How many steps a loop finds done, and its state then.
  int64_t begin(const std::string& zone, double& x) const {
    if (!fork_ || at_.size() >= fork_->at.size()) return 0;
    if (!std::equal(at_.begin(), at_.end(), fork_->at.begin())) return 0;
    // The loops around the place, then the one that it names and not its neighbour.
    const bool own = at_.size() + 1 == fork_->at.size();
    if (own ? zone != fork_->zone : zone[0] != 'z') return 0;
    const int64_t done = fork_->at[at_.size()];
    std::vector<int64_t> at = at_;
    at.push_back(done);
    if (done > 0) x = from_->at({zone, at});
    return done;
  }
  void passed(const std::string& zone, int64_t done, double x) {
    std::vector<int64_t> at = at_;
    at.push_back(done);
    states[{zone, at}] = x;
  }

  double loop(size_t level, double x) {
    const std::string zone = zoneName('z', level);
    for (int64_t i = begin(zone, x); i < shape_.counts[level]; ++i) {
      at_.push_back(i);
      x = level + 1 == shape_.counts.size() ? innermost(x) : step(level, x);
      at_.pop_back();
      if (level + 1 == shape_.counts.size() && shape_.bound < x) return x;  // is no place to go on from
      passed(zone, i + 1, x);
    }
    return x;
  }
  double step(size_t level, double x) {
    double y = loop(level + 1, x + shape_.before);
    const std::string zone = zoneName('s', level);
    for (int64_t j = begin(zone, y); j < 2; ++j) {
      y += static_cast<double>(j);
      passed(zone, j + 1, y);
    }
    return y + shape_.after;
  }
  double innermost(double x) {
    const double product = x * shape_.factor;
    ++products;
    collected.push_back(product + noiseAt(5, at_));
    return collected.back();
  }

  const Nested shape_;
  const Place* fork_ = nullptr;
  const std::map<Place, double>* from_ = nullptr;
  std::vector<int64_t> at_;
};

}  // namespace loom::test
