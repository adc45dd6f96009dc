#pragma once
// What was seen of the runs: a picture, numbers and statistics of each watched port at each step, and the
// newest picture of each port shown live. Kept here, in bounded memory, so that they outlive the worker.
// Fetched as steps come, and when somebody asks for one that is not here yet: ask again after `changed`. GUI
// thread.
#include <QObject>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/editor/session/picture.h"
#include "app/editor/session/steps.h"
#include "app/editor/worker/worker_client.h"

namespace loom::editor {

class Frames : public QObject {
  Q_OBJECT
 public:
  explicit Frames(WorkerClient& worker, QObject* parent = nullptr);
  ~Frames() override;

  /// Called by Runs; again when more is known of the fork.
  void follow(const QString& run, const QString& workerRun, std::vector<std::string> watched,
              const QString& parent, const Steps& forkedAt);
  /// Asks what there is of its ports: a fork begins, a run pauses or is over.
  void refresh(const QString& run);
  void lost(const QString& run);  // the worker has it no longer
  void forget(const QString& run);

  std::vector<std::string> ports(const QString& run) const;  // watched ones that have frames or will
  /// The iterations of which a port has frames, in order; a fork's begin with its parent's.
  std::vector<Iteration> iterations(const QString& run, const std::string& port) const;

  /// Null while it is not here; asked for, if the worker has it, with the next event.
  PicturePtr thumbnail(const QString& run, const std::string& port, const Iteration& iteration);
  ValuesPtr values(const QString& run, const std::string& port, const Iteration& iteration);
  std::vector<StatisticsRow> statistics(const QString& run, const std::string& port) const;
  /// The newest, whatever step it is of: thumbnails on nodes while a run goes.
  PicturePtr live(const QString& run, const std::string& port) const;
  Iteration liveIteration(const QString& run, const std::string& port) const;
  /// The iteration that belongs to another port's: that of the zone around it, the last of a zone inside it,
  /// else the last one before it. Empty where there is none.
  std::optional<Iteration> nearest(const QString& run, const std::string& port,
                                   const Iteration& iteration) const;
  /// Shows a port live from now on, of a run that the worker has. Once it is enough.
  void show(const QString& run, const std::string& port);
  /// Adds a port to those watched and shown, of a run that goes on or is over.
  void watch(const QString& run, const std::string& port);
  void unwatch(const QString& run, const std::string& port);

  size_t bytes() const;
  void setBudget(size_t bytes);

 Q_SIGNALS:
  void changed(const QString& run, const QString& port);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace loom::editor
