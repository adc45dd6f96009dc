// Where things lie and how they look: frames, notes, colours, alignment, bookmarks.
#include "graph_fixture.h"

using namespace loom;
using namespace loom::editor;
using nlohmann::json;

class PlacesTest : public GraphFixture {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { start(); }
  void cleanupTestCase() { stop(); }
  void init() { begin(); }
  void cleanup() { undoAndRedo(); }

  void framesAndNotes() {
    host_->canvas.setSnapping(false);
    select({"load", "resize"});
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

  void resizesFramesAndNotes() {
    select({"load"});
    host_->canvas.frameSelected();
    host_->frames(2);
    host_->key(Qt::Key_Return);
    const std::string frame = layout().frames.begin()->first;
    const Rect before = layout().frames[frame].rect;
    const QPoint corner = onScreen({before.x + before.width, before.y + before.height});
    host_->drag(corner - QPoint(2, 2), corner + QPoint(28, 38));
    QCOMPARE(layout().frames[frame].rect, (Rect{before.x, before.y, before.width + 30, before.height + 40}));
    session_->undoOnce();
    QCOMPARE(layout().frames[frame].rect, before);
    host_->frames(1);
    host_->moveTo({200, 640});
    host_->canvas.addNote();
    host_->frames(2);
    host_->type("hello");
    host_->click(empty());
    const std::string note = layout().notes.begin()->first;
    const Rect small = layout().notes[note].rect;
    const QPoint end = onScreen({small.x + small.width, small.y + small.height});
    host_->drag(end - QPoint(2, 2), end + QPoint(48, 28));
    QCOMPARE(layout().notes[note].rect, (Rect{small.x, small.y, small.width + 50, small.height + 30}));
    // Never to nothing.
    const Rect large = layout().notes[note].rect;
    const QPoint far = onScreen({large.x + large.width, large.y + large.height});
    host_->drag(far - QPoint(2, 2), onScreen({large.x, large.y}) - QPoint(100, 100));
    QVERIFY(layout().notes[note].rect.width >= 60 && layout().notes[note].rect.height >= 30);
  }

  // A colour from the menu, to all that is selected.
  void colours() {
    select({"load", "resize"});
    host_->click(host_->header("load"), Qt::RightButton);
    host_->frames(3);
    walkInMenu("Colour");
    host_->key(Qt::Key_Right);
    host_->shoot("colours");
    host_->key(Qt::Key_Down);
    host_->key(Qt::Key_Return);
    QVERIFY(!layout().nodes["load"].colour.empty());
    QCOMPARE(layout().nodes["load"].colour, layout().nodes["resize"].colour);
    QVERIFY(layout().nodes["save"].colour.empty());
    QCOMPARE(entries(), size_t(1));
  }

  void aligns_data() {
    QTest::addColumn<int>("how");
    for (int how = 0; how <= static_cast<int>(Align::spreadDown); ++how) QTest::addRow("%d", how) << how;
  }

  void aligns() {
    QFETCH(int, how);
    const Ids ids{"load", "resize", "save"};
    select(ids);
    host_->canvas.alignSelected(static_cast<Align>(how));
    host_->frames(1);
    std::vector<Rect> rects;
    for (const char* id : {"load", "resize", "save"}) rects.push_back(*host_->canvas.rectOf(id));
    const auto same = [&](auto of) {
      return std::abs(of(rects[0]) - of(rects[1])) < 1.1f && std::abs(of(rects[0]) - of(rects[2])) < 1.1f;
    };
    switch (static_cast<Align>(how)) {
      case Align::left:
        QVERIFY(same([](const Rect& r) { return r.x; }));
        break;
      case Align::centre:
        QVERIFY(same([](const Rect& r) { return r.x + r.width / 2; }));
        break;
      case Align::right:
        QVERIFY(same([](const Rect& r) { return r.x + r.width; }));
        break;
      case Align::top:
        QVERIFY(same([](const Rect& r) { return r.y; }));
        break;
      case Align::middle:
        QVERIFY(same([](const Rect& r) { return r.y + r.height / 2; }));
        break;
      case Align::bottom:
        QVERIFY(same([](const Rect& r) { return r.y + r.height; }));
        break;
      case Align::spreadAcross:
        QVERIFY(std::abs((rects[1].x - rects[0].x - rects[0].width) -
                         (rects[2].x - rects[1].x - rects[1].width)) < 1.1f);
        break;
      case Align::spreadDown:
        break;  // all at one height: nothing to spread
    }
    QVERIFY(entries() <= 1);
  }

  void tidiesUp() {
    host_->canvas.tidyUp(false);
    host_->frames(2);
    QCOMPARE(entries(), size_t(1));
    std::vector<Rect> rects;
    for (const char* id : {"load", "resize", "save", "schedule", "start", "loop", "free"})
      rects.push_back(*host_->canvas.rectOf(id));
    for (size_t i = 0; i < rects.size(); ++i)
      for (size_t k = i + 1; k < rects.size(); ++k) {
        const Rect &a = rects[i], &b = rects[k];
        QVERIFY(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y ||
                b.y + b.height <= a.y);
      }
  }

  void bookmarksAreOfTheFile() {
    host_->canvas.zoomTo(0.7f);
    host_->canvas.setBookmark("3");
    const Point centre = host_->canvas.toCanvas({640, 400});
    host_->canvas.zoomTo(2);
    host_->drag({600, 700}, {700, 600}, Qt::MiddleButton);
    host_->canvas.goToBookmark("3");
    host_->frames(1);
    QVERIFY(std::abs(host_->canvas.zoom() - 0.7f) < 0.01f);
    const Point now = host_->canvas.toCanvas({640, 400});
    QVERIFY(std::abs(now.x - centre.x) < 2 && std::abs(now.y - centre.y) < 2);
    QSignalSpy noticed(session_.get(), &Session::noticed);
    host_->canvas.goToBookmark("9");  // there is none: it says so
    QCOMPARE(noticed.count(), 1);
  }
};

QTEST_MAIN(PlacesTest)
#include "places_test.moc"
