#pragma once
// Keeps what chosen ports held at every step, within a byte budget, and statistics of others. An Observer
// like any other; used on the run's thread, read when the run is over.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/run/observer.h"
#include "engine/run/statistics.h"

namespace loom {

/// The tensor that stands for a value on a plot or in a file: its own, or a number as a tensor [] (float64,
/// int64 or bool). Undefined where there is none.
at::Tensor tensorFor(const Value& value);
/// Whether values of this type have one.
bool hasTensor(const TypeInfo& type);

class Recorder final : public Observer {
 public:
  struct Row {
    std::vector<int64_t> iteration;
    Statistics statistics;
  };
  struct Options {
    std::vector<std::string> record = {};      // ports whose values are kept
    std::vector<std::string> statistics = {};  // ports whose statistics are kept
    size_t mostBytes = size_t{512} << 20;      // of all recordings together
    /// Told when a recording is thinned to every 2nd, 4th... step to stay in the budget. May be null.
    std::function<void(const std::string& port, int64_t every)> thinned = {};
    /// Told of every row of statistics as it comes. May be null.
    std::function<void(const std::string& port, const Row&)> row = {};
  };

  explicit Recorder(Options options);
  void probed(const ProbeEvent& event) override;

  /// The frames kept, and always the last one there was. A port not recorded throws Error.
  Recording recording(const std::string& port) const;
  /// 1 while every step is kept, else 2, 4, ...
  int64_t every(const std::string& port) const;
  const std::vector<Row>& statistics(const std::string& port) const;
  /// Of all frames. A first and a last frame stay whatever the budget.
  size_t bytes() const { return bytes_; }

 private:
  struct Track {
    int64_t every = 1, seen = 0;
    size_t bytes = 0;
    std::vector<Recording::Frame> frames;  // frame i is of the step i * every
    Recording::Frame last;                 // empty where the last step is among the frames
  };

  void record(Track& track, const ProbeEvent& event);
  void fit();
  void thin(Track& track);
  void drop(Track& track, Recording::Frame& frame);
  const Track& trackOf(const std::string& port) const;

  Options options_;
  std::map<std::string, Track> tracks_;
  std::map<std::string, std::vector<Row>> rows_;
  size_t bytes_ = 0;
};

}  // namespace loom
