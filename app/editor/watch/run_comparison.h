#pragma once
// How far the run that is looked at and the one it is compared with are apart, port by port and step by step:
// asked of the worker, which has all of both, again as they go on. Where it no longer has one of them, from
// the values that were seen. GUI thread.
#include <QElapsedTimer>
#include <QObject>
#include <QTimer>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/editor/watch/reel.h"

namespace loom::editor {

/// Of the elements of one port: |A − B|. Infinite where shapes differ or one of the two is no number.
struct PortDifference {
  std::vector<Iteration> at;  // in order; those that both have
  std::vector<double> max, mean;
};

/// The first iteration at which `max` is above the bound.
std::optional<Iteration> firstBeyond(const PortDifference& difference, double bound);

class RunComparison : public QObject {
  Q_OBJECT
 public:
  RunComparison(Session& session, Reels& reels);

  /// Null where nothing is compared, or while it is not known.
  const PortDifference* of(const std::string& port);
  std::optional<Iteration> firstBeyond(const std::string& port);
  double bound() const { return bound_; }
  void setBound(double bound);

 Q_SIGNALS:
  void changed();

 private:
  struct Key {
    QString a, b;
    int64_t doneA = 0, doneB = 0;
    std::vector<std::string> ports;
    bool operator==(const Key&) const = default;
  };
  void update();
  Key keyNow();
  void ask(const Key& key);
  void take(const nlohmann::json& answer);
  void fromSeen();

  Session& session_;
  Reels& reels_;
  int64_t at_ = -1;  // change of the reels
  Key known_;        // what `ports_` is of
  bool asked_ = false;
  QElapsedTimer since_;
  QTimer again_;
  double bound_ = 0;
  std::map<std::string, PortDifference> ports_;
};

}  // namespace loom::editor
