#pragma once
// All that one editor window is about: the document with its undo and journal, what the worker says of it,
// the runs, what was seen of them, what is selected and which step is looked at. The canvas, the timeline,
// the viewer and the panels read it, change it through these functions and hear of changes by its signals.
// GUI thread.
#include <QImage>
#include <QObject>
#include <QSettings>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "app/editor/catalog/catalog.h"
#include "app/editor/document/edits.h"
#include "app/editor/document/undo.h"
#include "app/editor/session/frames.h"
#include "app/editor/session/runs.h"
#include "app/editor/worker/worker_client.h"

namespace loom::editor {

/// What the worker's `graph.check` says of the document at hand.
struct Checked {
  struct Problem {
    std::string node, port, message;
  };
  bool ok = false, current = false;  // current: it is of this very document
  std::vector<Problem> errors;
  std::map<std::string, std::string> ports;  // "node.port": "Latent float32 [24, 3, 32, 32]"
  std::map<std::string, std::vector<std::string>> shapes;
  std::set<std::string> hoisted;  // nodes in a zone that run once
  std::set<std::string> muted;    // nodes that do not run because of a muted one
  bool trains = false;            // some zone does
  int64_t peakBytes = 0;          // forecast
  std::string peakAt;
};

/// Which run and step is looked at. Everything that shows a value shows it at this one.
struct Cursor {
  QString run;          // empty: the current run
  Iteration iteration;  // empty: the newest
  bool live = true;     // follows the newest step
  bool operator==(const Cursor&) const = default;
};

struct Selection {
  Ids nodes;  // ids of nodes, frames and notes
  std::vector<Wire> wires;
  /// "node.port" as runs know it (after Session::path()): what inspector and viewer show. Empty: the first
  /// picture of the selected node.
  std::string port;
  bool operator==(const Selection&) const = default;
};

struct SessionOptions {
  QString runner;      // the noiseloom program; empty: beside this one
  QString dataFolder;  // journal, runs, queue; empty: the system's place for it
};

class Session : public QObject {
  Q_OBJECT
 public:
  explicit Session(SessionOptions options = {}, QObject* parent = nullptr);
  ~Session() override;

  // The document
  const Document& document() const;
  const Undo& undo() const;
  const std::string& place() const;  // the group that is entered; "" at the top
  /// `path`: the nodes that stand for groups on the way there, "outer/inner/", for a group may be used many
  /// times. Without it, or where it does not lead there, the first way that does.
  void enter(const std::string& place, const std::string& path = {});
  /// Before a node's or port's name in the group that is entered this gives the name that runs know it by. ""
  /// at the top.
  const std::string& path() const;
  QString file() const;  // empty: never saved
  bool modified() const;
  QString folder() const;  // where relative files are looked up
  /// Every change of the document goes through here. Errors of `make` are shown as a notice; nothing changes
  /// then. `merge`: edits in a row with the same one are one step of undo.
  bool edit(const QString& name, const std::function<Document(const Document&)>& make,
            const std::string& merge = {});
  /// The same for edits that make nodes, which are selected then.
  bool editAndSelect(const QString& name, const std::function<Edited(const Document&)>& make);
  void endMerge();
  void undoOnce();
  void redoOnce();
  void goTo(size_t entry);

  // Files
  void newDocument();
  bool open(const QString& file);  // false, and a notice, where it can't be read
  void openDocument(Document document, const QString& file, const QString& name);  // e.g. a run's graph
  bool save(const QString& file, const QImage& picture = {});                      // picture: of a .png
  /// Documents of editors that did not end in order, to be offered: a journal's path and when and what it is
  /// of.
  struct Recoverable {
    QString journal, file, title;
    QDateTime when;
  };
  std::vector<Recoverable> recoverable() const;
  bool recover(const Recoverable& what);
  void discard(const Recoverable& what);
  QString openElsewhere() const;  // who else has this file open, empty: nobody
  /// A file that somebody chose or typed by hand may be read, and so may others of its folder: by this
  /// document and by others, from now on. Only whole paths of files that exist; says where that is new.
  void allowFile(const QString& file);
  /// The same of what a parameter was set to by hand, where it names a file that is read.
  void allowTyped(const PortType& port, const nlohmann::json& value);
  std::vector<QString> allowedFolders() const;  // besides the document's own

  // What the worker knows
  WorkerClient& worker();
  const Catalog& catalog() const;
  const Checked& checked() const;
  Runs& runs();
  Frames& frames();

  // Running
  /// Runs the document; seeds that are not locked are drawn first, as an edit. With a run of the same graph
  /// before it, what is the same is not computed again.
  QString run(const Steps& pauseAt = {});
  /// The document as it is, from a step of that run on: the last one kept at or before `at`. Empty: from the
  /// first step that what was changed can reach.
  QString forkFrom(const QString& run, const Steps& at);
  /// As many digits as one can still say.
  static uint64_t anotherSeed();
  /// Up to so many steps, and waits there: the shown run where it still can, else a new one.
  void runTo(const Steps& done);
  /// One more step of a paused run, of a zone that lies as deep as the cursor's: of an inner one where one of
  /// its steps is looked at. Where the cursor follows the run, of the zone that it is paused in.
  void step(const QString& run);
  /// Asks for an earlier run again: its graph, its values, and where it went on from a run's step, that too.
  /// What it comes to is the same at every step.
  QString runAgain(const QString& run);
  /// The same, and keeps the steps of a port that it did not keep, of the steps before a fork too. The cursor
  /// stays at its step, and the document watches the port from now on.
  QString runAgainWatching(const QString& run, const std::string& port);
  /// Keeps a port's steps, of the shown run from now on and of all that follow; says so where steps that are
  /// over can't be had.
  void watch(const std::string& port);
  void setDevice(const QString& device, const QString& dtype);
  QString device() const;
  QString dtype() const;

  // Looking
  const Selection& selection() const;
  void select(Selection selection);
  const Cursor& cursor() const;
  void setCursor(Cursor cursor);
  /// The run that the cursor means, null where there is none yet.
  std::shared_ptr<const RunInfo> shownRun() const;
  /// The run to compare with; empty: none.
  QString comparedRun() const;
  void compareWith(const QString& run);
  /// The thumbnail of a port of the place that is entered, at the cursor's step, else the newest; null where
  /// there is none.
  PicturePtr pictureOf(const std::string& port);

  QSettings& settings();
  void notice(const QString& text, bool error = false);

 Q_SIGNALS:
  void documentChanged();  // contents, file or place
  void catalogChanged();
  void checkedChanged();
  void selectionChanged();
  void cursorChanged();
  void noticed(const QString& text, bool error);
  void fileChangedOutside(const QString& file);
  /// Anything that the canvas shows may have changed. `news`: what a run tells, many times a second.
  void redraw(bool news);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace loom::editor
