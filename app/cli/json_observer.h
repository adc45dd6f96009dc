#pragma once
// A run as JSON lines on a stream, one object an event; app/cli/EVENTS.md lists them.
#include <chrono>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/run/observer.h"
#include "engine/run/recorder.h"

namespace loom {

class JsonObserver final : public Observer {
 public:
  /// `more`: fields that every event gets, such as the job of a batch.
  explicit JsonObserver(std::FILE* stream, nlohmann::json more = nlohmann::json::object())
      : stream_(stream), more_(std::move(more)) {}

  void nodeStarted(const std::string& path) override;
  void nodeFinished(const std::string& path, double seconds, bool fromCache) override;
  void zoneStarted(const std::string& path, int64_t first, int64_t count, int depth) override;
  void stepFinished(const StepEvent& event) override;
  void zoneFinished(const std::string& path, int depth) override;
  void progress(const std::string& node, int64_t done, int64_t total) override;
  void log(const std::string& node, const std::string& message) override;
  void produced(const std::string& node, const std::filesystem::path& file) override;
  void statistics(const std::string& port, const Recorder::Row& row);

 private:
  using Clock = std::chrono::steady_clock;
  bool due(const std::string& what);
  void line(nlohmann::json event);

  std::FILE* stream_;
  nlohmann::json more_;
  std::map<std::string, Clock::time_point> told_;  // when a zone's or node's progress was last told
};

}  // namespace loom
