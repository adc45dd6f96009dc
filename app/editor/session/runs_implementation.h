#pragma once
// The inside of Runs: runs.cpp has what is asked of it, runs_start.cpp how a run gets into the worker,
// runs_heard.cpp what the worker tells of it and what happens when the worker goes.
#include <QElapsedTimer>

#include "app/editor/session/frames.h"
#include "app/editor/session/run_history.h"
#include "app/editor/session/runs.h"

namespace loom::editor {

class Runs::Implementation : public QObject {
 public:
  using json = nlohmann::json;
  using InfoPtr = std::shared_ptr<RunInfo>;

  /// What is known of a run beyond what others see.
  struct Job {
    RunRequest request;
    bool sent = false;             // to the worker that is there now
    bool withoutFork = false;      // the worker could not fork: all of it is computed
    bool withoutWatching = false;  // the worker refused a port
    bool stopAsked = false;
    QString source;  // its parent, computed again up to the step from which it goes on
    int place = 0;   // in the queue, as it lies on disk
    std::vector<Steps> forkable;
    bool forkableTold = false;        // all of them, by the worker
    size_t thumbnailRank = SIZE_MAX;  // of the port that it shows: the first of those shown is the best
    double secondsBefore = 0;         // of computing, without pauses
    QElapsedTimer computing;
    /// The run that it goes on from: its parent, or that one computed again. Empty: none.
    QString goesOnFrom() const { return source.isEmpty() ? request.forkOf.value_or(QString()) : source; }
  };

  Implementation(Runs& owner, WorkerClient& worker, Frames& frames, const Presence& presence);

  // Asked for
  /// `before`: the run in the queue that it comes before, empty: behind all.
  QString start(RunRequest request, const QString& before = {});
  void findDifferences(const InfoPtr& info, const InfoPtr& last, const Document& document);
  void control(const QString& id, const char* method, json more = json::object());
  void stop(const QString& id);
  void move(const QString& id, int place);
  void forget(const QString& id);
  RunRequest requestOf(const InfoPtr& info);
  const Document* graphOf(const QString& id) const;
  std::string graphTextOf(const InfoPtr& info);

  // Into the worker
  void sendWaiting();
  void send(const InfoPtr& info);
  bool parentComesFirst(const InfoPtr& info);
  void computeParentAgain(const InfoPtr& info, const InfoPtr& parent);
  void numberQueue();
  void submitted(const InfoPtr& info, const std::string& graph);
  json startParams(const InfoPtr& info, const Job& job, const std::string& graph);
  void startedAs(const InfoPtr& info, const json& answer);
  void refused(const InfoPtr& info, const std::string& graph, const WorkerError& error);
  void failsWith(const InfoPtr& info, WorkerError error);
  void restore(std::vector<RunHistory::Loaded> loaded);

  // Told of
  void heard(const QString& method, const json& params);
  void apply(const InfoPtr& info, const QString& method, const json& params);
  void stateTold(const InfoPtr& info, const json& params);
  void zoneTold(const InfoPtr& info, const json& params);
  void zoneBegan(const InfoPtr& info, const ZoneProgress& zone);
  void stepTold(const InfoPtr& info, const json& params);
  void nodeTold(const InfoPtr& info, const json& params);
  void setState(const InfoPtr& info, RunInfo::State state);
  void askForkable(const InfoPtr& info);
  void takeForkable(const InfoPtr& info, const json& zones);
  void askStatus(const InfoPtr& info);
  void workerChanged();
  void workerGone();
  void letGoOfOld(const json& memory);
  void chooseThumbnail(const InfoPtr& info);
  void count(const InfoPtr& info);  // its seconds up to now
  void say(const InfoPtr& info, const QString& line);
  void tell(const InfoPtr& info) { Q_EMIT owner_.changed(info->id); }

  InfoPtr infoOf(const QString& id) const;
  InfoPtr byWorker(const std::string& workerRun) const;
  Job& jobOf(const RunInfo& info) { return jobs_[info.id]; }
  std::vector<InfoPtr>& runs() { return owner_.runs_; }
  void setBusy();
  /// The run before it of the same graph; null where there is none.
  InfoPtr runBefore(const RunInfo& info) const;

  Runs& owner_;
  WorkerClient& worker_;
  Frames& frames_;
  const Presence& presence_;
  RunHistory history_;
  std::map<QString, Job> jobs_;
  std::map<std::string, QString> byWorker_;
  std::vector<QString> queue_;  // that wait, the next first
  /// Of runs whose name in the worker is not known yet: told before the answer of run.start.
  std::map<std::string, std::vector<std::pair<QString, json>>> early_;
  int starting_ = 0;
  int age_ = 0;  // of the worker
};

}  // namespace loom::editor
