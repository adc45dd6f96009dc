#pragma once
// A small graph on a canvas of its own, for tests of what one does to it. After each test everything is
// undone and done again: the documents must be what they were.
#include <QClipboard>

#include "canvas_host.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {

inline const char* const kGraph = R"({
  "noiseloom": 1, "title": "Test",
  "nodes": {
    "load": {"type": "image.load", "version": 1, "params": {"path": "a.png"}},
    "resize": {"type": "image.resize", "version": 1, "params": {"width": 32, "height": 32}, "inputs": {"image": "load.image"}},
    "save": {"type": "image.save", "version": 1, "inputs": {"image": "resize.image"}},
    "schedule": {"type": "schedule.noise", "version": 1},
    "start": {"type": "noise.gaussian", "version": 1, "params": {"seed": 7}},
    "loop": {"type": "zone", "count": 5, "state": {"x": {"init": "start.noise", "next": "clip.tensor"}},
      "nodes": {"clip": {"type": "tensor.clip", "version": 1, "inputs": {"tensor": "loop.x"}}}},
    "free": {"type": "image.resize", "version": 1}
  },
  "layout": {"nodes": {
    "load": {"at": [0, 0]}, "resize": {"at": [240, 0]}, "save": {"at": [560, 0]},
    "schedule": {"at": [0, 240]}, "start": {"at": [240, 260]},
    "loop": {"at": [520, 320], "size": [520, 300]}, "clip": {"at": [700, 420]},
    "free": {"at": [860, 0]}
  }}
})";

class GraphFixture : public QObject {
 protected:
  QTemporaryDir folder_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<CanvasHost> host_;

  const Graph& graph() const { return session_->document().graph; }
  const Node* node(const std::string& id) const { return findNode(graph(), id); }
  const nlohmann::json& param(const char* id, const char* name) const { return node(id)->params.at(name); }
  Layout layout() const { return *layoutOf(session_->document(), session_->place()); }
  std::string linkOf(const std::string& id, const char* slot) const {
    const auto links = linksInto(graph(), {id, slot});
    return links.empty() ? "" : links.back().text();
  }
  size_t entries() const { return session_->undo().now(); }
  QPoint empty() const { return {1150, 760}; }
  void select(const Ids& nodes) {
    session_->select({.nodes = nodes, .wires = {}, .port = {}});
    host_->frames(2);
  }
  QPoint onScreen(Point canvas) const {
    const ImVec2 at = host_->canvas.toScreen(canvas);
    return {qRound(at.x), qRound(at.y)};
  }
  /// But for the grid that things snap to.
  static bool nearby(QPoint a, QPoint b) { return (a - b).manhattanLength() <= 12; }
  /// By keys, in the menu that is open.
  void walkInMenu(const char* item) {
    for (int i = 0; i < 40 && !host_->standsOn(item); ++i) host_->key(Qt::Key_Down);
    QVERIFY2(host_->standsOn(item), item);
  }
  std::string text() const { return writeGraph(session_->document()); }
  bool openText(const char* graph) {
    const QString file = folder_.filePath("test.loom");
    QFile out(file);
    if (!out.open(QIODevice::WriteOnly)) return false;
    out.write(graph);
    out.close();
    if (!session_->open(file)) return false;
    host_->canvas.showMinimap(false);
    host_->canvas.setSnapping(true);
    host_->frames(2);
    host_->canvas.zoomTo(1);
    host_->frames(2);
    host_->forgetClicks();
    return true;
  }

  void start() {
    openCanvas(folder_.path(), session_, host_);
    host_->setFocus();
  }
  void stop() {
    host_.reset();
    session_.reset();
  }
  void begin() { QVERIFY(openText(kGraph)); }
  void undoAndRedo() {
    if (QTest::currentTestFailed()) return;
    const std::string first = writeGraph(session_->undo().entries().front().document), last = text();
    while (session_->undo().canUndo()) session_->undoOnce();
    QCOMPARE(QString::fromStdString(text()), QString::fromStdString(first));
    host_->frames(1);
    while (session_->undo().canRedo()) session_->redoOnce();
    QCOMPARE(QString::fromStdString(text()), QString::fromStdString(last));
    host_->frames(1);
  }
};

}  // namespace loom::editor
