#pragma once
// The runs of this session and of earlier ones: what was asked, how far it is, what came of it. Starts and
// steers them through the worker, in a queue of its own that survives a restart. GUI thread.
#include <QDateTime>
#include <QObject>
#include <QStringList>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "app/editor/session/picture.h"
#include "app/editor/session/steps.h"
#include "app/editor/worker/worker_client.h"
#include "engine/graph/document.h"

namespace loom::editor {

class Frames;
class Presence;

struct ZoneProgress {
  int64_t first = 0, done = 0, count = 0;  // count 0: not known
  int depth = 1;
  std::optional<double> left;  // seconds
  double perSecond = 0;        // steps
  bool running = false;
};

struct RunInfo {
  enum class State {
    queued,
    running,
    paused,
    waiting,
    finished,
    failed,
    stopped,
    lost
  };                 // lost: the worker went
  QString id;        // the editor's own, "run 12"; unique over sessions
  QString workerId;  // "r3"; empty when the worker no longer has it
  int number = 0;
  QString title, file;  // file: the graph's; empty: never saved
  State state = State::queued;
  std::string graphText;  // canonical. Of earlier sessions' runs empty: see Runs::graphText()
  QStringList differs;    // from the run before of the same file: "sampling/step.eta: 0 → 1"
  QDateTime started;
  double seconds = 0;
  QString device, dtype;
  QString parent;          // forked from
  Steps forkedAt;          // empty: not, or not known yet
  bool forkAsked = false;  // from that very step: what it comes to depends on its parent
  std::map<std::string, ZoneProgress> zones;
  std::map<std::string, std::string> nodes;  // outside of zones: started, finished, cached
  std::string busyNode;
  std::optional<WorkerError> error;
  QStringList files;  // that it wrote
  QStringList log;
  PicturePtr thumbnail;
  bool over() const { return state >= State::finished; }
  bool alive() const { return !over(); }
  bool inWorker() const { return !workerId.isEmpty(); }
  /// How far it is: in the outermost of these zones and, while it is in one of its steps, in those within.
  /// Without any: in the outermost one that runs, else in the one that has taken most steps.
  Steps at(const std::vector<std::string>& zones = {}) const;
};

struct RunRequest {
  Document document;
  std::string text;  // the document's, where whoever asks has it
  QString folder;    // in which the graph's files are looked up
  QString title, file;
  std::vector<std::string> watched;   // ports whose steps are kept
  std::vector<std::string> shown;     // ports shown live
  std::vector<std::string> measured;  // ports kept for what is measured by them, and not shown
  std::optional<QString> forkOf;      // a RunInfo's id
  /// Empty: the first step that the change can reach. Else from that one, and where the worker no longer has
  /// the run it is computed again up to there.
  Steps forkAt;
  /// The run it forks is computed again up to there in any case: it did not keep all that is watched.
  bool parentAgain = false;
  Steps pauseAt;
  QString device, dtype;            // empty: the worker's own
  nlohmann::json keepSteps = true;  // as in the protocol
  std::vector<QString> allowed;     // further folders that the graph may read
  QString out;                      // folder for what it writes; empty: one below the editor's data folder
};

class Runs : public QObject {
  Q_OBJECT
 public:
  Runs(WorkerClient& worker, Frames& frames, const Presence& presence, QObject* parent = nullptr);
  ~Runs() override;

  const std::vector<std::shared_ptr<RunInfo>>& all() const { return runs_; }  // oldest first
  std::shared_ptr<const RunInfo> find(const QString& id) const;               // null: there is none
  /// The graph of a run, canonical; that of an earlier session's run is read now. Empty where it can't be.
  std::string graphText(const QString& id) const;
  /// The same, read, where it is at hand: of runs that this session asked for. Null: it is not.
  const Document* graph(const QString& id) const;
  /// Where a run's files are: what it wrote below "out", unless it was given another folder.
  QString folderOf(const QString& id) const;
  std::shared_ptr<const RunInfo> current() const;  // what runs or is paused, else the newest
  std::vector<QString> queue() const;              // waiting, the next first

  QString start(RunRequest request);  // gives its id; errors come as its state
  /// How a run was asked for, to ask for it again. Throws Error where its graph can't be read.
  RunRequest requestOf(const QString& id) const;
  /// In which parameters, nodes and links the graph of `b` differs from that of `a`, as a person reads it.
  /// Empty: they are the same. Throws Error where a graph can't be read.
  QStringList differences(const QString& a, const QString& b) const;
  void pause(const QString& id);
  void step(const QString& id, int64_t steps = 1);
  void runTo(const QString& id, const Steps& done);
  void proceed(const QString& id);  // "continue"
  void stop(const QString& id);
  void move(const QString& id, int place);  // in the queue
  void forget(const QString& id);
  /// What one can fork from, of all zones, in order. Empty where it kept none.
  const std::vector<Steps>& forkable(const QString& id) const;
  /// The last of these at or before `at`, in the same outermost zone; empty where there is none.
  Steps lastForkable(const QString& id, const Steps& at) const;
  /// The same, but `at` itself while the worker has not told them all, or has none.
  Steps forkPoint(const QString& id, const Steps& at) const;
  /// Were the steps of all these ports kept from its first one on?
  bool kept(const QString& id, const std::vector<std::string>& ports) const;

 Q_SIGNALS:
  void changed(const QString& id);  // one run, its progress too
  void listChanged();
  void failed(const QString& id);

 private:
  class Implementation;
  std::vector<std::shared_ptr<RunInfo>> runs_;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace loom::editor
