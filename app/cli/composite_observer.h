#pragma once
// Several observers as one, called in order. They outlive it.
#include <vector>

#include "engine/run/observer.h"

namespace loom {

class CompositeObserver final : public Observer {
 public:
  void add(Observer& observer) { all_.push_back(&observer); }

  void runStarted(const Plan& plan) override {
    for (Observer* each : all_) each->runStarted(plan);
  }
  void nodeStarted(const std::string& path) override {
    for (Observer* each : all_) each->nodeStarted(path);
  }
  void nodeFinished(const std::string& path, double seconds, bool fromCache) override {
    for (Observer* each : all_) each->nodeFinished(path, seconds, fromCache);
  }
  void zoneStarted(const std::string& path, int64_t first, int64_t count, int depth) override {
    for (Observer* each : all_) each->zoneStarted(path, first, count, depth);
  }
  void stepFinished(const StepEvent& event) override {
    for (Observer* each : all_) each->stepFinished(event);
  }
  void zoneFinished(const std::string& path, int depth) override {
    for (Observer* each : all_) each->zoneFinished(path, depth);
  }
  void probed(const ProbeEvent& event) override {
    for (Observer* each : all_) each->probed(event);
  }
  void progress(const std::string& node, int64_t done, int64_t total) override {
    for (Observer* each : all_) each->progress(node, done, total);
  }
  void log(const std::string& node, const std::string& message) override {
    for (Observer* each : all_) each->log(node, message);
  }
  void produced(const std::string& node, const std::filesystem::path& file) override {
    for (Observer* each : all_) each->produced(node, file);
  }
  void runFinished() override {
    for (Observer* each : all_) each->runFinished();
  }
  bool wantsEveryNode() const override {
    for (const Observer* each : all_)
      if (each->wantsEveryNode()) return true;
    return false;
  }

 private:
  std::vector<Observer*> all_;
};

}  // namespace loom
