#pragma once
// The noise of a run's steps as its own graph has it: ᾱ of the schedule that a zone's nodes are given, at the
// timesteps that the zone goes over. Asked of the worker once a run and kept, so that it outlives the worker.
// GUI thread.
#include <QObject>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/editor/document/schedule_ports.h"
#include "app/editor/session/session.h"

namespace loom::editor {

/// Of a zone's steps, those to come too.
struct ZoneNoise {
  std::vector<int64_t> t;        // in the schedule that the model was trained with
  std::vector<double> alphaBar;  // there: x_t = √ᾱ x_0 + √(1 − ᾱ) ε
  std::string source;            // "schedule.schedule at timesteps.timesteps"
};

class RunSchedules : public QObject {
  Q_OBJECT
 public:
  explicit RunSchedules(Session& session) : session_(session) {}

  /// Null where it is not known, or not yet: ask again after `changed`.
  const ZoneNoise* of(const RunInfo& run, const std::string& zone);
  /// May still come; else what is shown instead can only be estimated.
  bool expects(const RunInfo& run, const std::string& zone) const;

 Q_SIGNALS:
  void changed();

 private:
  struct Numbers {
    std::vector<double> values;
    bool asked = false, here = false, refused = false;
    int64_t askedAt = -1;  // how far the run was; asked again when it is further
  };
  struct Run {
    std::vector<SchedulePorts> ports;
    std::map<std::string, Numbers> numbers;  // by port
    std::map<std::string, ZoneNoise> zones;
  };
  Run& open(const RunInfo& run);
  void ask(const RunInfo& run, const std::string& port, Numbers& numbers);

  Session& session_;
  std::map<QString, Run> runs_;
};

/// What is at those timesteps; empty where one of them is beyond the schedule.
std::vector<double> alphaBarAt(const std::vector<double>& schedule, const std::vector<int64_t>& t);

}  // namespace loom::editor
