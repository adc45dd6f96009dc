#pragma once
// Runs on disk, a folder each: DATA/runs/<number>/ with run.json, graph.loom, request.json (how it was asked
// for), thumbnail.png and out/. The newest ones stay. Small things are written at once, the rest in the
// background.
#include <QImage>
#include <QObject>
#include <functional>

#include "app/editor/session/presence.h"
#include "app/editor/session/runs.h"

namespace loom::editor {

class RunHistory : public QObject {
 public:
  static constexpr int kMost = 500;

  explicit RunHistory(const Presence& presence);

  struct Loaded {
    std::shared_ptr<RunInfo> info;
    QString editor;                     // whose it was
    std::optional<RunRequest> request;  // of one that waits; without its document
    int place = 0;                      // in its editor's queue
    QImage thumbnail;
  };
  using Then = std::function<void(std::vector<Loaded>)>;
  /// Reads all there are in the background, oldest first, and removes those beyond what is kept.
  void load(Then then);

  /// A number nobody else has, with its folder.
  int claim();
  QString folderOf(int number) const;
  void save(const RunInfo& info) const;
  void saveGraph(const RunInfo& info) const;
  /// `place`: in the queue, by which those that wait are put in order again.
  void saveRequest(const RunInfo& info, const RunRequest& request, int place) const;
  /// How it was asked for, without the document; nothing where that can't be read.
  std::optional<RunRequest> request(int number) const;
  void saveThumbnail(const RunInfo& info) const;
  std::string graphText(int number) const;
  void remove(int number) const;

 private:
  const Presence& presence_;
  QString folder_;
  int next_ = 0;
};

/// The name of a state in files and in what is shown.
const char* nameOf(RunInfo::State state);
std::optional<RunInfo::State> stateNamed(const std::string& name);

}  // namespace loom::editor
