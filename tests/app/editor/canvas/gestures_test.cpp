// Each gesture on the canvas, by real mouse and keys, and what became of the document.
#include "canvas_host.h"

#include <QClipboard>

using namespace loom;
using namespace loom::editor;
using nlohmann::json;

namespace {

const char* const kGraph = R"({
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

}  // namespace

class GesturesTest : public QObject {
  Q_OBJECT
 private:
  QTemporaryDir folder_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<CanvasHost> host_;

  const Graph& graph() const { return session_->document().graph; }
  const Node* node(const char* id) const { return findNode(graph(), id); }
  Layout layout() const { return layoutOf(session_->document(), session_->place()); }
  std::string linkOf(const char* id, const char* slot) const {
    const auto links = linksInto(graph(), {id, slot});
    return links.empty() ? "" : links.back().text();
  }
  size_t entries() const { return session_->undo().now(); }
  QPoint empty() const { return {1150, 760}; }

 private Q_SLOTS:
  void initTestCase() {
    SessionOptions options;
    options.runner = NOISELOOM_RUNNER;
    options.dataFolder = folder_.path();
    session_ = std::make_unique<Session>(options);
    host_ = std::make_unique<CanvasHost>(*session_);
    host_->show();
    QVERIFY(QTest::qWaitForWindowExposed(host_.get()));
    host_->setFocus();
    QTRY_VERIFY_WITH_TIMEOUT(!session_->catalog().empty(), 20000);
  }
  void cleanupTestCase() {
    host_.reset();
    session_.reset();
  }
  void init() {
    const QString file = folder_.filePath("test.loom");
    QFile out(file);
    QVERIFY(out.open(QIODevice::WriteOnly));
    out.write(kGraph);
    out.close();
    QVERIFY(session_->open(file));
    host_->canvas.showMinimap(false);
    host_->canvas.setSnapping(true);
    host_->frames(3);
    host_->canvas.zoomTo(1);
    host_->frames(2);
    QTest::qWait(320);  // so that the next click is no double one
  }

  void selects() {
    host_->click(host_->header("resize"));
    QCOMPARE(session_->selection().nodes, Ids{"resize"});
    host_->click(host_->header("load"), Qt::LeftButton, Qt::ShiftModifier);
    QCOMPARE(session_->selection().nodes, (Ids{"load", "resize"}));
    host_->click(host_->header("resize"), Qt::LeftButton, Qt::ControlModifier);
    QCOMPARE(session_->selection().nodes, Ids{"load"});
    host_->click(empty());
    QVERIFY(session_->selection().nodes.empty());
    // A box, then another added to it.
    const QPoint from = host_->at("load", {}, 0, 0) - QPoint(15, 15);
    host_->drag(from, host_->at("resize", {}, 0.5f, 0.2f));
    QCOMPARE(session_->selection().nodes, (Ids{"load", "resize"}));
    host_->drag(host_->at("start", {}, 0, 1) + QPoint(-12, 12), host_->at("start", {}, 0.5f, 0.9f),
                Qt::LeftButton, Qt::ShiftModifier);
    QCOMPARE(session_->selection().nodes, (Ids{"load", "resize", "start"}));
    host_->click(host_->at("loop", {}, 0.5f, 0.95f));
    QCOMPARE(session_->selection().nodes, Ids{"loop"});
    QCOMPARE(entries(), size_t(0));
  }

  void pansAndZooms() {
    const Point before = host_->canvas.toCanvas({600, 700});
    host_->drag({600, 700}, {650, 660}, Qt::MiddleButton);
    const Point after = host_->canvas.toCanvas({650, 660});
    QVERIFY(std::abs(before.x - after.x) < 0.5f && std::abs(before.y - after.y) < 0.5f);
    const Point under = host_->canvas.toCanvas({300, 300});
    QWheelEvent wheel(QPointF(300, 300), host_->mapToGlobal(QPointF(300, 300)), {}, {0, 120}, Qt::NoButton,
                      {}, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(host_.get(), &wheel);
    host_->frames();
    QVERIFY(host_->canvas.zoom() > 1.05f);
    const Point still = host_->canvas.toCanvas({300, 300});
    QVERIFY(std::abs(under.x - still.x) < 0.5f && std::abs(under.y - still.y) < 0.5f);
    QCOMPARE(entries(), size_t(0));
  }

  void dragsNodes() {
    host_->drag(host_->header("resize"), host_->header("resize") + QPoint(43, -28));
    QCOMPARE(*layout().nodes["resize"].at, (Point{280, -30}));
    QCOMPARE(entries(), size_t(1));
    session_->undoOnce();
    QCOMPARE(*layout().nodes["resize"].at, (Point{240, 0}));
    // A zone takes along what is in it.
    host_->drag(host_->header("loop"), host_->header("loop") + QPoint(20, 10));
    QCOMPARE(*layout().nodes["loop"].at, (Point{540, 330}));
    QCOMPARE(*layout().nodes["clip"].at, (Point{720, 430}));
  }

  void cancelsADrag() {
    const QPoint from = host_->header("resize");
    host_->press(from);
    host_->moveTo(from + QPoint(60, 30), Qt::LeftButton);
    QTest::mousePress(host_.get(), Qt::RightButton, {}, from + QPoint(60, 30));
    host_->frames();
    QTest::mouseRelease(host_.get(), Qt::RightButton, {}, from + QPoint(60, 30));
    host_->release(from + QPoint(60, 30));
    QCOMPARE(*layout().nodes["resize"].at, (Point{240, 0}));
    QCOMPARE(entries(), size_t(0));
  }

  void movesIntoZonesAndOut() {
    host_->drag(host_->header("free"), host_->at("loop", {}, 0.3f, 0.85f));
    QCOMPARE(zonesAround(graph(), "free"), std::vector<std::string>{"loop"});
    host_->drag(host_->header("free"), QPoint(900, 100));
    QVERIFY(zonesAround(graph(), "free").empty());
    host_->drag(host_->header("free"), host_->at("loop", {}, 0.3f, 0.85f), Qt::LeftButton, Qt::AltModifier);
    QVERIFY(zonesAround(graph(), "free").empty());
  }

  void links() {
    QCOMPARE(linkOf("free", "image"), std::string());
    host_->drag(host_->at("resize", ">image"), host_->at("free", "image"));
    QCOMPARE(linkOf("free", "image"), std::string("resize.image"));
    QCOMPARE(linkOf("save", "image"), std::string("resize.image"));
    // From the input: it detaches, and goes elsewhere.
    session_->undoOnce();
    host_->frames();
    host_->drag(host_->at("save", "image"), host_->at("free", "image"));
    QCOMPARE(linkOf("free", "image"), std::string("resize.image"));
    QCOMPARE(linkOf("save", "image"), std::string());
    // Dropped on nothing it is cut.
    host_->drag(host_->at("free", "image"), QPoint(1150, 620));
    QCOMPARE(linkOf("free", "image"), std::string());
    // On a node's body it finds the port.
    host_->drag(host_->at("resize", ">image"), host_->header("save"));
    QCOMPARE(linkOf("save", "image"), std::string("resize.image"));
  }

  void movesAllLinks() {
    host_->drag(host_->at("resize", ">image"), host_->at("free", "image"));
    host_->drag(host_->at("resize", ">image"), host_->at("load", ">image"), Qt::LeftButton,
                Qt::ShiftModifier);
    QCOMPARE(linkOf("free", "image"), std::string("load.image"));
    QCOMPARE(linkOf("save", "image"), std::string("load.image"));
  }

  void refusesWithTheReason() {
    QSignalSpy noticed(session_.get(), &Session::noticed);
    const size_t before = entries();
    host_->drag(host_->at("schedule", ">schedule"), host_->at("free", "image"));
    QCOMPARE(entries(), before);
    QCOMPARE(noticed.count(), 1);
    QVERIFY(noticed.at(0).at(1).toBool());
    QVERIFY(!noticed.at(0).at(0).toString().isEmpty());
  }

  void linksIntoParameters() {
    // The iteration drives a parameter: how large a picture becomes.
    host_->drag(host_->at("loop", ">index:inside"), host_->at("clip", "limit"));
    QCOMPARE(linkOf("clip", "limit"), std::string());  // a whole number is none for a number: refused
    host_->drag(host_->header("free"), host_->at("loop", {}, 0.3f, 0.6f));
    host_->canvas.fitAll();
    host_->frames();
    host_->drag(host_->at("loop", ">index:inside"), host_->at("free", "width"));
    QCOMPARE(linkOf("free", "width"), std::string("loop.index"));
    QVERIFY(host_->canvas.rectOf("free", "width")->width < 20);  // a socket now, no field
  }

  void cutsLinks() {
    const QPoint a = host_->at("resize", ">image"), b = host_->at("save", "image");
    const QPoint middle = (a + b) / 2;
    host_->click(middle, Qt::LeftButton, Qt::AltModifier);
    QCOMPARE(linkOf("save", "image"), std::string());
    session_->undoOnce();
    host_->frames();
    host_->drag(middle + QPoint(0, -30), middle + QPoint(0, 30), Qt::RightButton, Qt::ControlModifier);
    QCOMPARE(linkOf("save", "image"), std::string());
    session_->undoOnce();
    host_->frames();
    host_->click(middle);
    QCOMPARE(session_->selection().wires.size(), size_t(1));
    host_->canvas.removeSelected(false);
    QCOMPARE(linkOf("save", "image"), std::string());
  }

  void addsAndDragsCorners() {
    const QPoint middle = (host_->at("resize", ">image") + host_->at("save", "image")) / 2;
    host_->doubleClick(middle);
    QCOMPARE(layout().reroutes.size(), size_t(1));
    QCOMPARE(layout().reroutes.begin()->first, std::string("resize.image>save.image"));
    const Point corner = layout().reroutes.begin()->second.front();
    const ImVec2 at = host_->canvas.toScreen(corner);
    const QPoint from(qRound(at.x), qRound(at.y));
    host_->drag(from, from + QPoint(0, 60));
    QVERIFY(layout().reroutes.begin()->second.front().y > corner.y + 40);
    const ImVec2 now = host_->canvas.toScreen(layout().reroutes.begin()->second.front());
    QTest::qWait(320);
    host_->doubleClick({qRound(now.x), qRound(now.y)});
    QVERIFY(layout().reroutes.empty());
    host_->click(middle, Qt::MiddleButton);
    QCOMPARE(layout().reroutes.size(), size_t(1));
  }

  void insertsOnAWire() {
    const QPoint middle = (host_->at("resize", ">image") + host_->at("save", "image")) / 2;
    host_->drag(host_->header("free"), middle);
    QCOMPARE(linkOf("free", "image"), std::string("resize.image"));
    QCOMPARE(linkOf("save", "image"), std::string("free.image"));
    QCOMPARE(entries(), size_t(1));
  }

  void searchesAndAdds() {
    host_->doubleClick(empty());
    host_->frames(4);
    host_->type("concat");
    host_->key(Qt::Key_Return);
    QCOMPARE(session_->selection().nodes.size(), size_t(1));
    const std::string made = *session_->selection().nodes.begin();
    QCOMPARE(findNode(graph(), made)->type, std::string("tensor.concat"));
    QVERIFY(layout().nodes[made].at);
    // From a link: filtered, wired, the best first.
    QTest::qWait(320);
    host_->drag(host_->at("load", ">image"), QPoint(60, 740));
    host_->frames(4);
    host_->shoot("search");
    host_->type("latent");
    host_->key(Qt::Key_Return);
    const std::string wired = *session_->selection().nodes.begin();
    QCOMPARE(findNode(graph(), wired)->type, std::string("image.to_latent"));
    QCOMPARE(linkOf(wired.c_str(), "image"), std::string("load.image"));
    // Esc leaves all as it is.
    const size_t before = entries();
    host_->canvas.openSearch();
    host_->frames(4);
    host_->type("zone");
    host_->key(Qt::Key_Escape);
    QCOMPARE(entries(), before);
    // In a zone's region it becomes a member.
    host_->doubleClick(host_->at("loop", {}, 0.6f, 0.92f));
    host_->frames(4);
    host_->type("slice");
    host_->key(Qt::Key_Return);
    const std::string member = *session_->selection().nodes.begin();
    QCOMPARE(zonesAround(graph(), member), std::vector<std::string>{"loop"});
  }

  void dragsNumbers() {
    const QPoint field = host_->at("resize", "width", 0.7f);
    host_->drag(field, field + QPoint(60, 0));
    const json wide = node("resize")->params.at("width");
    QVERIFY(wide.is_number_integer());
    QVERIFY2(wide.get<int>() > 36 && wide.get<int>() < 50, wide.dump().c_str());
    QCOMPARE(entries(), size_t(1));  // many steps, one entry
    session_->undoOnce();
    QCOMPARE(node("resize")->params.at("width").get<int>(), 32);
    // Never out of its range.
    host_->frames();
    host_->drag(host_->at("resize", "width", 0.9f), QPoint(5, 300));
    QVERIFY(node("resize")->params.at("width").get<int>() >= 1);
  }

  void typesNumbers() {
    host_->doubleClick(host_->at("resize", "width", 0.7f));
    host_->type("2**6+1");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("resize")->params.at("width"), json(65));
    QSignalSpy noticed(session_.get(), &Session::noticed);
    QTest::qWait(320);
    host_->doubleClick(host_->at("resize", "width", 0.7f));
    host_->type("-3");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("resize")->params.at("width"), json(65));
    QVERIFY(noticed.count() >= 1);
    host_->key(Qt::Key_Escape);
    QTest::qWait(320);
    host_->doubleClick(host_->at("resize", "height", 0.7f));
    host_->type("99");
    host_->key(Qt::Key_Escape);
    QCOMPARE(node("resize")->params.at("height"), json(32));
  }

  void editsByKeyboardAlone() {
    session_->select({.nodes = {"resize"}, .wires = {}, .port = {}});
    host_->canvas.editSelected();
    host_->frames(4);
    host_->type("48");
    host_->key(Qt::Key_Tab);
    host_->type("24");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("resize")->params.at("width"), json(48));
    QCOMPARE(node("resize")->params.at("height"), json(24));
  }

  void choosesTogglesAndDraws() {
    const QPoint kind = host_->at("schedule", "kind", 0.7f);
    host_->click(kind);
    host_->frames(3);
    host_->shoot("choices");
    host_->key(Qt::Key_Down);
    host_->key(Qt::Key_Return);
    QVERIFY(node("schedule")->params.count("kind"));
    host_->click(host_->at("schedule", "zero_terminal_snr", 0.9f));
    QCOMPARE(node("schedule")->params.at("zero_terminal_snr"), json(true));
    const auto seed = host_->canvas.rectOf("start", "seed");
    QVERIFY(seed);
    host_->click({qRound(seed->x + seed->width - 12), qRound(seed->y + seed->height / 2)});
    QVERIFY(node("start")->params.at("seed") != json(7));
    host_->click(host_->at("start", "shape", 0.8f));
    host_->frames(3);
    host_->key(Qt::Key_A, Qt::ControlModifier);
    host_->type("3x8x8");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("start")->params.at("shape"), json({3, 8, 8}));
  }

  void picksFiles() {
    std::string asked;
    host_->canvas.openFilePicker = [&](const std::string& id, const std::string& port) {
      asked = id + "." + port;
    };
    const auto path = host_->canvas.rectOf("load", "path");
    host_->click({qRound(path->x + path->width - 11), qRound(path->y + path->height / 2)});
    QCOMPARE(asked, std::string("load.path"));
    host_->click(host_->at("load", "path", 0.6f));
    host_->frames(3);
    host_->key(Qt::Key_A, Qt::ControlModifier);
    host_->type("b.png");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("load")->params.at("path"), json("b.png"));
  }

  void renames() {
    host_->doubleClick(host_->header("load"));
    host_->frames(3);
    host_->type("Picture");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("load")->title, std::string("Picture"));
    session_->select({.nodes = {"save"}, .wires = {}, .port = {}});
    host_->canvas.renameSelected();
    host_->frames(3);
    host_->type("Result");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("save")->title, std::string("Result"));
  }

  void opensTheViewer() {
    std::string port;
    host_->canvas.openViewer = [&](const std::string& each) { port = each; };
    host_->click(host_->header("resize"), Qt::LeftButton, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(port, std::string("resize.image"));
  }

  void framesAndNotes() {
    host_->canvas.setSnapping(false);
    session_->select({.nodes = {"load", "resize"}, .wires = {}, .port = {}});
    host_->canvas.frameSelected();
    host_->frames(3);
    host_->type("Input");
    host_->key(Qt::Key_Return);
    QCOMPARE(layout().frames.size(), size_t(1));
    const std::string id = layout().frames.begin()->first;
    QCOMPARE(layout().frames[id].title, std::string("Input"));
    const auto rect = host_->canvas.rectOf(id);
    const QPoint title(qRound(rect->x + rect->width * 0.8f), qRound(rect->y + 12));
    host_->drag(title, title + QPoint(30, 40));
    QCOMPARE(*layout().nodes["load"].at, (Point{30, 40}));
    QCOMPARE(*layout().nodes["resize"].at, (Point{270, 40}));
    QCOMPARE(*layout().nodes["save"].at, (Point{560, 0}));
    host_->moveTo(empty());
    host_->canvas.addNote();
    host_->frames(3);
    host_->type("two");
    host_->key(Qt::Key_Return);
    host_->type("lines");
    host_->click(QPoint(60, 760));
    QCOMPARE(layout().notes.size(), size_t(1));
    QCOMPARE(layout().notes.begin()->second.text, std::string("two\nlines"));
  }

  void commands() {
    session_->select({.nodes = {"resize"}, .wires = {}, .port = {}});
    host_->canvas.muteSelected();
    QCOMPARE(node("resize")->mode, NodeMode::muted);
    host_->canvas.muteSelected();
    QCOMPARE(node("resize")->mode, NodeMode::on);
    host_->canvas.bypassSelected();
    QCOMPARE(node("resize")->mode, NodeMode::bypassed);
    host_->canvas.collapseSelected();
    QVERIFY(layout().nodes["resize"].collapsed);
    host_->frames();
    QVERIFY(!host_->canvas.rectOf("resize", "width"));
    QVERIFY(host_->canvas.rectOf("resize", "image"));
    host_->canvas.collapseSelected();
    host_->canvas.removeSelected(true);
    QVERIFY(!node("resize"));
    QCOMPARE(linkOf("save", "image"), std::string("load.image"));
    session_->undoOnce();
    QVERIFY(node("resize"));

    session_->select({.nodes = {"load", "resize"}, .wires = {}, .port = {}});
    host_->canvas.copySelected();
    QVERIFY(QGuiApplication::clipboard()->text().contains("image.resize"));
    host_->moveTo(QPoint(400, 720));
    host_->canvas.paste();
    QCOMPARE(session_->selection().nodes.size(), size_t(2));
    const size_t nodes = graph().nodes.size();
    host_->canvas.duplicateSelected(false);
    QCOMPARE(graph().nodes.size(), nodes + 2);
    host_->canvas.removeSelected(false);
    QCOMPARE(graph().nodes.size(), nodes);

    session_->select({.nodes = {"load", "resize"}, .wires = {}, .port = {}});
    host_->canvas.groupSelected();
    QCOMPARE(session_->document().groups.size(), size_t(1));
    host_->frames();
    host_->shoot("group");
    const std::string group = *session_->selection().nodes.begin();
    QTest::qWait(320);
    host_->doubleClick(host_->header(group));
    QCOMPARE(session_->place(), session_->document().groups.begin()->first);
    host_->frames(3);
    host_->shoot("in_group");
    host_->canvas.leaveGroup();
    QCOMPARE(session_->place(), std::string());
    session_->select({.nodes = {group}, .wires = {}, .port = {}});
    host_->canvas.expandSelected();
    QVERIFY(node("save") && !linkOf("save", "image").empty());

    session_->select({.nodes = {"schedule"}, .wires = {}, .port = {}});
    host_->canvas.wrapSelectedInZone();
    QCOMPARE(zonesAround(graph(), "schedule").size(), size_t(1));
  }

  void walksByKeys() {
    session_->select({.nodes = {"load"}, .wires = {}, .port = {}});
    host_->canvas.selectNeighbour(ImGuiDir_Right);
    QCOMPARE(session_->selection().nodes, Ids{"resize"});
    host_->canvas.selectNeighbour(ImGuiDir_Right);
    QCOMPARE(session_->selection().nodes, Ids{"save"});
    host_->canvas.selectLinked(true, false);
    QCOMPARE(session_->selection().nodes, (Ids{"load", "resize", "save"}));
    host_->canvas.moveSelected(10, 0);
    host_->canvas.moveSelected(10, 0);
    QCOMPARE(*layout().nodes["load"].at, (Point{20, 0}));
    QCOMPARE(entries(), size_t(1));
    host_->canvas.alignSelected(Align::bottom);
    QVERIFY(entries() == 2);
    host_->canvas.setBookmark("1");
    host_->canvas.zoomTo(0.5f);
    host_->canvas.goToBookmark("1");
    QVERIFY(std::abs(host_->canvas.zoom() - 1) < 0.01f);
  }

  void minimapMovesTheView() {
    host_->canvas.showMinimap(true);
    host_->frames();
    const Point before = host_->canvas.toCanvas({640, 400});
    host_->click({host_->width() - 160, host_->height() - 100});
    const Point after = host_->canvas.toCanvas({640, 400});
    QVERIFY(length(before, after) > 20);
    QVERIFY(session_->selection().nodes.empty());
  }

  void menus() {
    QTest::qWait(100);
    host_->click(host_->header("resize"), Qt::RightButton);
    host_->frames(4);
    host_->shoot("menu");
    QCOMPARE(session_->selection().nodes, Ids{"resize"});
    host_->key(Qt::Key_Escape);
    host_->frames(3);
    const size_t before = entries();
    host_->click(empty());
    QCOMPARE(entries(), before);
  }

  void writesAllPlacesWithTheFirstMove() {
    session_->openDocument(
        [] {
          Document document;
          for (const char* id : {"a", "b"}) {
            auto node = std::make_shared<Node>();
            node->id = id;
            node->type = "image.load";
            document.graph.nodes.push_back(node);
          }
          return document;
        }(),
        {}, "Unplaced");
    host_->frames(4);
    QVERIFY(layout().nodes.empty());
    QVERIFY(host_->canvas.rectOf("a") && host_->canvas.rectOf("b"));
    host_->drag(host_->header("a"), host_->header("a") + QPoint(50, 80));
    QVERIFY(layout().nodes["a"].at && layout().nodes["b"].at);
  }

 private:
  static float length(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }
};

QTEST_MAIN(GesturesTest)
#include "gestures_test.moc"
