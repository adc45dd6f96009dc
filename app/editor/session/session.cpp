#include "app/editor/session/session.h"

#include <QDir>
#include <QStandardPaths>

#include "app/editor/session/session_implementation.h"
#include "app/editor/session/shown_ports.h"
#include "app/editor/worker/background.h"
#include "engine/core/error.h"

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr size_t kWrittenAtOnce = 8 << 20;  // bytes, of some 30,000 nodes; more is written on another thread
// Milliseconds. What a run tells is painted seldom: each frame is taken from the run's time.
constexpr int kRedrawAfter = 1, kNewsEvery = 33;
constexpr qint64 kMostCatalogBytes = 16 << 20;

QString dataFolderFrom(const SessionOptions& options) {
  if (!options.dataFolder.isEmpty()) return QDir(options.dataFolder).absolutePath();
  return QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) + QStringLiteral("/noiseloom");
}

// An edit of the layout alone is nothing to the worker.
bool sameMeaning(const Graph& a, const Graph& b) {
  if (a.nodes != b.nodes || a.inputs.size() != b.inputs.size() || a.outputs.size() != b.outputs.size())
    return false;
  for (size_t i = 0; i < a.inputs.size(); ++i)
    if (a.inputs[i].name != b.inputs[i].name || a.inputs[i].to != b.inputs[i].to) return false;
  for (size_t i = 0; i < a.outputs.size(); ++i)
    if (a.outputs[i].name != b.outputs[i].name || a.outputs[i].from != b.outputs[i].from) return false;
  return true;
}

bool sameMeaning(const Document& a, const Document& b) {
  if (!sameMeaning(a.graph, b.graph) || a.groups.size() != b.groups.size()) return false;
  for (auto x = a.groups.begin(), y = b.groups.begin(); x != a.groups.end(); ++x, ++y)
    if (x->first != y->first || !sameMeaning(x->second, y->second)) return false;
  return true;
}

Document emptyDocument() {
  Document document;
  document.title = "Untitled";
  return document;
}

}  // namespace

Session::Implementation::Implementation(Session& owner, const SessionOptions& options)
    : owner_(owner),
      dataFolder_(dataFolderFrom(options)),
      settings_(dataFolder_ + QStringLiteral("/settings.ini"), QSettings::IniFormat),
      presence_(dataFolder_),
      worker_(options.runner),
      frames_(worker_),
      runs_(worker_, frames_, presence_),
      journal_(presence_),
      guard_(dataFolder_),
      checker_(worker_),
      undo_(emptyDocument(), "New") {
  redraw_.setSingleShot(true);
  news_.setSingleShot(true);
  connect(&redraw_, &QTimer::timeout, this, [this] { Q_EMIT owner_.redraw(false); });
  connect(&news_, &QTimer::timeout, this, [this] { Q_EMIT owner_.redraw(true); });
  connect(&worker_, &WorkerClient::stateChanged, this, &Implementation::workerChanged);
  connect(&checker_, &Checker::changed, this, [this] {
    Q_EMIT owner_.checkedChanged();
    redraw();
  });
  connect(&frames_, &Frames::changed, this, &Implementation::redrawForNews);
  connect(&runs_, &Runs::changed, this, &Implementation::redrawForNews);
  connect(&runs_, &Runs::listChanged, this, &Implementation::redraw);
  connect(&guard_, &FileGuard::changedOutside, this, [this] { Q_EMIT owner_.fileChangedOutside(file_); });
  // What the last worker said of its nodes, until this one does.
  const QByteArray known = readBounded(dataFolder_ + QStringLiteral("/nodes.json"), kMostCatalogBytes);
  if (!known.isEmpty()) takeNodes(json::parse(known.begin(), known.end(), nullptr, false));
  text_ = savedText_ = writeGraph(undo_.document());
}

// In order: what was not saved was asked about by whoever closes the window.
Session::Implementation::~Implementation() { journal_.remove(); }

void Session::Implementation::redraw() {
  if (!redraw_.isActive()) redraw_.start(kRedrawAfter);
}

void Session::Implementation::redrawForNews() {
  if (!news_.isActive()) news_.start(kNewsEvery);
}

// --- edits ---

bool Session::Implementation::push(const QString& name, Document document, const std::string& merge) {
  if (auto gone = undo_.push(name.toStdString(), std::move(document), merge); !gone.empty())
    letGo(std::move(gone));
  documentIsNew();
  return true;
}

void Session::Implementation::reset(Document document, const QString& file, const QString& name,
                                    std::optional<std::string> text) {
  letGo(std::exchange(undo_, Undo(std::move(document), name.toStdString())));
  file_ = file;
  place_.clear();
  ownRuns_.clear();
  selection_ = {};
  cursor_ = {};
  compared_.clear();
  checkedVersion_ = -1;
  firstVersion_ = version_ + 1;
  documentIsNew(std::move(text));
  Q_EMIT owner_.selectionChanged();
  Q_EMIT owner_.cursorChanged();
}

void Session::Implementation::documentIsNew(std::optional<std::string> text) {
  ++version_;
  if (!place_.empty() && !document().groups.contains(place_)) place_.clear();
  findPath(path_);
  pruneSelection();
  if (text)
    keep(std::move(*text), version_);
  else
    writeText();
  Q_EMIT owner_.documentChanged();
  redraw();
}

// At once: what an edit gave is on disk when it returns. Only a text of many megabytes, which would hold up
// every move of the mouse, follows within moments.
void Session::Implementation::writeText() {
  if (textUnderWay_) return;
  if (text_.size() <= kWrittenAtOnce) return keep(written_.write(document()), version_);
  textUnderWay_ = true;
  modified_ = true;
  inBackground(
      this, [document = document()] { return writeGraph(document); },
      [this, version = version_](std::string text) {
        textUnderWay_ = false;
        // Not of the document before, nor older than what is known already.
        if (version >= firstVersion_ && version > textVersion_) keep(std::move(text), version);
        if (textVersion_ != version_) writeText();
      });
}

void Session::Implementation::keep(std::string text, int version) {
  text_ = std::move(text);
  textVersion_ = version;
  refreshModified();
  if (!modified_)
    journal_.remove();
  else if (!journal_.write(text_, file_, title()))
    owner_.notice(tr("The journal in %1 can't be written: edits would be lost if this program ended badly")
                      .arg(dataFolder_),
                  true);
  if (version != version_) return;
  if (checkedVersion_ >= 0 && sameMeaning(sent_, document())) {
    if (checker_.checked().current) return;
  }
  checker_.outdated(version);
  sent_.graph = document().graph;
  sent_.groups = document().groups;
  checkedVersion_ = version;
  checker_.check({text_, folder(), owner_.allowedFolders(), owner_.device(), owner_.dtype(), version});
}

void Session::Implementation::refreshModified() { modified_ = text_ != savedText_; }

void Session::Implementation::pruneSelection() {
  if (selection_.nodes.empty() && selection_.wires.empty() && selection_.port.empty()) return;
  const Selection before = selection_;
  const Graph& graph = graphAt(document(), place_);
  std::shared_ptr<const Layout> layout;
  const Ids nodes = nodesAmong(graph, selection_.nodes);
  std::erase_if(selection_.nodes, [&](const std::string& id) {
    if (nodes.contains(id)) return false;
    if (!layout) layout = layoutOf(document(), place_);
    return !layout->frames.contains(id) && !layout->notes.contains(id);
  });
  if (!selection_.wires.empty()) {
    const std::vector<Wire> wires = wiresOf(graph);
    std::erase_if(selection_.wires, [&](const Wire& wire) {
      return std::find(wires.begin(), wires.end(), wire) == wires.end();
    });
  }
  const std::string node = selection_.port.substr(0, selection_.port.find_first_of(".:/"));
  if (!node.empty() && !findNode(graph, node) && !findNode(document().graph, node)) selection_.port.clear();
  if (!(selection_ == before)) Q_EMIT owner_.selectionChanged();
}

// The way to the place that is entered: as wished, where it leads there.
void Session::Implementation::findPath(const std::string& wished) {
  if (!place_.empty() && groupAt(document(), wished) == place_) {
    path_ = wished;
    return;
  }
  path_ = place_.empty() ? std::string() : pathTo(document(), place_);
}

// --- the worker ---

void Session::Implementation::workerChanged() {
  if (worker_.state() == WorkerClient::State::ready) askForNodes();
  redraw();
}

void Session::Implementation::askForNodes() {
  worker_.call(
      "nodes", json::object(), this,
      [this](const json& nodes) {
        takeNodes(nodes);
        inBackground(
            this,
            [nodes, file = dataFolder_ + QStringLiteral("/nodes.json")] {
              return writeWhole(file, QByteArray::fromStdString(nodes.dump()));
            },
            [](bool) {});
      },
      [this](const WorkerError& error) { owner_.notice(error.message, true); });
}

void Session::Implementation::takeNodes(const json& nodes) {
  try {
    catalog_ = Catalog(nodes);
  } catch (const std::exception& error) {
    if (worker_.state() == WorkerClient::State::ready)
      owner_.notice(tr("The worker's nodes can't be read: %1").arg(QString::fromUtf8(error.what())), true);
    return;
  }
  Q_EMIT owner_.catalogChanged();
  redraw();
}

// --- the public side: document ---

Session::Session(SessionOptions options, QObject* parent)
    : QObject(parent), implementation_(std::make_unique<Implementation>(*this, options)) {
  implementation_->worker_.start();
}

Session::~Session() {
  // Nobody is told any more: those who listen may be half gone.
  blockSignals(true);
}

const Document& Session::document() const { return implementation_->document(); }
const Undo& Session::undo() const { return implementation_->undo_; }
const std::string& Session::place() const { return implementation_->place_; }
QString Session::file() const { return implementation_->file_; }
bool Session::modified() const { return implementation_->modified_; }
QString Session::folder() const { return implementation_->folder(); }

const std::string& Session::path() const { return implementation_->path_; }

void Session::enter(const std::string& place, const std::string& path) {
  if (place == implementation_->place_ && (path.empty() || path == implementation_->path_)) return;
  if (!place.empty() && !document().groups.contains(place))
    return notice(tr("There is no group \"%1\"").arg(QString::fromStdString(place)), true);
  implementation_->place_ = place;
  implementation_->findPath(path);
  select({});
  Q_EMIT documentChanged();
  implementation_->redraw();
}

bool Session::edit(const QString& name, const std::function<Document(const Document&)>& make,
                   const std::string& merge) {
  try {
    return implementation_->push(name, make(document()), merge);
  } catch (const Error& error) {
    notice(QString::fromStdString(error.full()), true);
  } catch (const std::exception& error) {
    notice(QString::fromUtf8(error.what()), true);
  }
  return false;
}

bool Session::editAndSelect(const QString& name, const std::function<Edited(const Document&)>& make) {
  Ids made;
  const bool done = edit(name, [&](const Document& document) {
    Edited edited = make(document);
    made = std::move(edited.made);
    return std::move(edited.document);
  });
  if (done) select({.nodes = made, .wires = {}, .port = {}});
  return done;
}

void Session::endMerge() { implementation_->undo_.endMerge(); }

void Session::undoOnce() {
  if (!undo().canUndo()) return;
  implementation_->undo_.undo();
  implementation_->documentIsNew();
}

void Session::redoOnce() {
  if (!undo().canRedo()) return;
  implementation_->undo_.redo();
  implementation_->documentIsNew();
}

void Session::goTo(size_t entry) {
  if (entry >= undo().entries().size() || entry == undo().now()) return;
  implementation_->undo_.go(entry);
  implementation_->documentIsNew();
}

WorkerClient& Session::worker() { return implementation_->worker_; }
const Catalog& Session::catalog() const { return implementation_->catalog_; }
const Checked& Session::checked() const { return implementation_->checker_.checked(); }
Runs& Session::runs() { return implementation_->runs_; }
Frames& Session::frames() { return implementation_->frames_; }
QSettings& Session::settings() { return implementation_->settings_; }

void Session::notice(const QString& text, bool error) { Q_EMIT noticed(text, error); }

}  // namespace loom::editor
