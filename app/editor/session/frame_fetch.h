#pragma once
// Fetches pictures and numbers of single steps from the worker: some at a time, what somebody waits for
// first, then pictures, then numbers; of each the newest, then what was left behind.
#include <QObject>
#include <deque>
#include <functional>

#include "app/editor/session/frame_store.h"
#include "app/editor/worker/worker_client.h"

namespace loom::editor {

class FrameFetch : public QObject {
 public:
  struct Want {
    QString run;
    std::string port;
    Iteration iteration;
    FrameEntryPtr entry;
    bool values = false;  // else the picture
    bool urgent = false;  // somebody looks
    bool fresh = false;   // a step that was computed just now, else a hole
  };
  using WorkerRunOf = std::function<QString(const QString& run)>;
  using Arrived = std::function<void(const QString& run, const std::string& port)>;

  FrameFetch(WorkerClient& worker, FrameStore& store, WorkerRunOf workerRunOf, Arrived arrived);

  /// Does nothing where it is here or on its way.
  void ask(Want want);
  void forgetAll();  // what waits; the worker is gone

 private:
  void later();
  void pump();
  bool takes(const Want& want) const;
  void send(Want want);
  void came(const Want& want, const nlohmann::json& answer);
  void failed(Want want, const WorkerError& error);
  static FrameEntry::Part& partOf(const Want& want);
  std::deque<Want>& lineOf(const Want& want) { return want.values ? numbers_ : pictures_; }

  // More than a worker does at once: a window that paints hears of their answers only between two frames.
  static constexpr int kMostAtOnce = 16;
  static constexpr int kMostTries = 3;

  WorkerClient& worker_;
  FrameStore& store_;
  const WorkerRunOf workerRunOf_;
  const Arrived arrived_;
  std::deque<Want> urgent_, pictures_, numbers_;  // the next in front
  int underWay_ = 0;
  int age_ = 0;  // of the worker: answers of one that is gone do not count
  size_t lastBytes_ = 0;
  bool willPump_ = false;
};

}  // namespace loom::editor
