#pragma once
// A run as JSON lines on a stream, one object an event; app/cli/EVENTS.md lists them.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/cli/tell_rate.h"
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
  void line(nlohmann::json event);

  std::FILE* stream_;
  nlohmann::json more_;
  TellRate rate_;  // of a zone's steps, a node's progress
};

/// {"iteration", "min", "max", ...}.
nlohmann::json describeRow(const Recorder::Row& row);

}  // namespace loom
