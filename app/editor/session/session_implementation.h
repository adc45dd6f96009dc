#pragma once
// The inside of Session: session.cpp has the document and its edits, session_files.cpp files and journal,
// session_look.cpp runs and what is looked at.
#include <QTimer>

#include "app/editor/session/checker.h"
#include "app/editor/session/file_guard.h"
#include "app/editor/session/journal.h"
#include "app/editor/session/presence.h"
#include "app/editor/session/session.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {

class Session::Implementation : public QObject {
 public:
  Implementation(Session& owner, const SessionOptions& options);
  ~Implementation() override;

  // The document
  const Document& document() const { return undo_.document(); }
  bool push(const QString& name, Document document, const std::string& merge);
  /// `text`: the document's, where it is known already.
  void reset(Document document, const QString& file, const QString& name,
             std::optional<std::string> text = {});
  /// What follows from another document: text, journal, check, selection.
  void documentIsNew(std::optional<std::string> text = {});
  void pruneSelection();
  void findPath(const std::string& wished);
  /// The document's text is known: to the journal and to the worker.
  void keep(std::string text, int version);
  void writeText();
  void refreshModified();

  // Files
  QString title() const;
  QString folder() const;

  // The worker
  void workerChanged();
  void askForNodes();
  void takeNodes(const nlohmann::json& nodes);

  // Runs
  RunRequest request() const;
  QString begin(RunRequest request);
  /// How that run was asked for, for as it is asked for again now. Throws Error where its graph can't be
  /// read.
  RunRequest again(const QString& run);
  /// With the zone that is meant where none is named and several lie so deep: the worker takes no guesses.
  Steps named(Steps steps, const Document& document, const RunInfo* run) const;
  /// The newest run of this document that the worker still has.
  std::shared_ptr<const RunInfo> lastInWorker() const;
  std::shared_ptr<const RunInfo> ownRun() const;

  void redraw();
  void redrawForNews();

  Session& owner_;
  const QString dataFolder_;
  QSettings settings_;
  Presence presence_;
  WorkerClient worker_;
  Frames frames_;
  Runs runs_;
  Journal journal_;
  FileGuard guard_;
  Checker checker_;
  Catalog catalog_;

  Undo undo_;
  Document sent_;  // what the worker was asked to check last, without its layout
  std::string place_, path_;
  QString file_;
  std::string savedText_, text_;
  GraphText written_;
  int version_ = 0, textVersion_ = 0, checkedVersion_ = -1;
  int firstVersion_ = 0;  // of the document at hand
  bool textUnderWay_ = false, modified_ = false;

  Selection selection_;
  Cursor cursor_;
  QString compared_;
  std::vector<QString> ownRuns_;  // of this document, in this session
  QTimer redraw_, news_;
};

}  // namespace loom::editor
