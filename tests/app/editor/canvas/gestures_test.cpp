// Each gesture of the mouse on the canvas, and what became of the document.
#include "graph_fixture.h"

using namespace loom;
using namespace loom::editor;
using nlohmann::json;

class GesturesTest : public GraphFixture {
  Q_OBJECT
 private:
  static float length(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

 private Q_SLOTS:
  void initTestCase() { start(); }
  void cleanupTestCase() { stop(); }
  void init() { begin(); }
  void cleanup() { undoAndRedo(); }

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
    host_->forgetClicks();
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

  void opensTheViewer() {
    std::string port;
    host_->canvas.openViewer = [&](const std::string& each) { port = each; };
    host_->click(host_->header("resize"), Qt::LeftButton, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(port, std::string("resize.image"));
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

  // From an input: the output that it is dropped on feeds it.
  void linksFromTheInput() {
    host_->drag(host_->at("free", "image"), host_->at("load", ">image"));
    QCOMPARE(linkOf("free", "image"), std::string("load.image"));
    QCOMPARE(entries(), size_t(1));
  }

  // To a zone's "+ state": what is dropped there goes round.
  void linksMakeStates() {
    host_->drag(host_->at("start", ">noise"), host_->at("loop", "init."));
    QCOMPARE(node("loop")->zone->state.size(), size_t(2));
    QCOMPARE(entries(), size_t(1));
  }

  void resizesZones() {
    const Rect before = *host_->canvas.rectOf("loop");
    const QPoint corner(qRound(before.x + before.width), qRound(before.y + before.height));
    host_->drag(corner - QPoint(1, 1), corner + QPoint(59, 39));
    QCOMPARE(entries(), size_t(1));
    QCOMPARE(*layout().nodes["loop"].size, (Point{580, 340}));
    QCOMPARE(*layout().nodes["loop"].at, (Point{520, 320}));
    // By its left border it grows to the left.
    const Rect now = *host_->canvas.rectOf("loop");
    const QPoint left(qRound(now.x), qRound(now.y + now.height * 0.8f));
    host_->drag(left, left - QPoint(40, 0));
    QCOMPARE(*layout().nodes["loop"].at, (Point{480, 320}));
    QCOMPARE(*layout().nodes["loop"].size, (Point{620, 340}));
    // Never smaller than what is in it.
    const Rect whole = *host_->canvas.rectOf("loop");
    const QPoint end(qRound(whole.x + whole.width) - 1, qRound(whole.y + whole.height) - 1);
    host_->drag(end, QPoint(qRound(whole.x) + 20, qRound(whole.y) + 20));
    const auto clip = host_->canvas.rectOf("clip"), zone = host_->canvas.rectOf("loop");
    QVERIFY(zone->x + zone->width > clip->x + clip->width && zone->y + zone->height > clip->y + clip->height);
  }

  // Many at once, by one of them.
  void dragsManyAtOnce() {
    select({"load", "save"});
    host_->drag(host_->header("load"), host_->header("load") + QPoint(30, 40));
    QCOMPARE(*layout().nodes["load"].at, (Point{30, 40}));
    QCOMPARE(*layout().nodes["save"].at, (Point{590, 40}));
    QCOMPARE(*layout().nodes["resize"].at, (Point{240, 0}));
    QCOMPARE(entries(), size_t(1));
  }

  // Space and the left button pan too; Shift and the wheel go sideways.
  void pansOtherwise() {
    const Point before = host_->canvas.toCanvas({600, 700});
    host_->moveTo({600, 700});
    QTest::keyPress(host_.get(), Qt::Key_Space);
    host_->frames(1);
    host_->drag({600, 700}, {640, 690});
    QTest::keyRelease(host_.get(), Qt::Key_Space);
    host_->frames(1);
    const Point after = host_->canvas.toCanvas({640, 690});
    QVERIFY(length(before, after) < 0.5f);
    QWheelEvent wheel(QPointF(300, 300), host_->mapToGlobal(QPointF(300, 300)), {}, {0, 120}, Qt::NoButton,
                      Qt::ShiftModifier, Qt::NoScrollPhase, false);
    const float zoom = host_->canvas.zoom(), x = host_->canvas.toCanvas({0, 0}).x;
    QCoreApplication::sendEvent(host_.get(), &wheel);
    host_->frames(4);  // keys, place and wheel come one after another
    QCOMPARE(host_->canvas.zoom(), zoom);
    QVERIFY(host_->canvas.toCanvas({0, 0}).x < x - 10);
    QCOMPARE(entries(), size_t(0));
  }
};

QTEST_MAIN(GesturesTest)
#include "gestures_test.moc"
