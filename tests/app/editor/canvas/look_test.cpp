// How the canvas looks: at several sizes and pixel ratios, dark and light; what it costs; that it rests.
// LOOM_SHOTS: a folder for pictures of what was drawn.
#include "app/editor/canvas/camera.h"
#include "app/editor/gl/textures.h"
#include "canvas_host.h"

using namespace loom;
using namespace loom::editor;

// Every way that a node can be, at once: muted, bypassed, collapsed, unknown, wrong, in zones in zones.
static const char* const kStates = R"({
  "noiseloom": 1, "title": "States",
  "nodes": {
    "load": {"type": "image.load", "version": 1, "params": {"path": "missing.png"}},
    "muted": {"type": "image.resize", "version": 1, "mode": "muted", "inputs": {"image": "load.image"}},
    "bypassed": {"type": "image.resize", "version": 1, "mode": "bypassed", "inputs": {"image": "muted.image"}},
    "strange": {"type": "acme.sharpen", "version": 3, "params": {"amount": 2}, "inputs": {"image": "bypassed.image"}},
    "start": {"type": "noise.gaussian", "version": 1},
    "small": {"type": "image.to_latent", "version": 1, "inputs": {"image": "load.image"}},
    "outer": {"type": "zone", "count": 4, "state": {"x": {"init": "start.noise", "next": "inner.y"}},
      "collect": {"all": {"from": "inner.y"}},
      "nodes": {
        "once": {"type": "noise.gaussian", "version": 1, "params": {"seed": 3}},
        "inner": {"type": "zone", "count": 3, "state": {"y": {"init": "outer.x", "next": "clip.tensor"}},
          "nodes": {"clip": {"type": "tensor.clip", "version": 1, "title": "A name that is much too long for the node",
            "inputs": {"tensor": "inner.y", "limit": "outer.index"}}}}
      }}
  },
  "layout": {
    "frames": {"f": {"rect": [-30, -50, 560, 330], "title": "Where it begins", "colour": "#4F86C6"}},
    "notes": {"n": {"rect": [820, 40, 230, 90], "text": "Notes may have\nseveral lines."}},
    "nodes": {"load": {"at": [0, 0]}, "muted": {"at": [260, 0]}, "bypassed": {"at": [560, 0]},
      "strange": {"at": [820, 160]}, "start": {"at": [0, 360]}, "small": {"at": [260, 300], "collapsed": true},
      "outer": {"at": [280, 380]}, "once": {"at": [420, 460], "colour": "#5DA271"}, "inner": {"at": [640, 460]},
      "clip": {"at": [800, 540]}}
  }
})";

// A picture of four pixels, larger and smaller than it is.
class PictureHost : public ImGuiWidget {
 public:
  PictureHost() { resize(300, 200); }
  PicturePtr picture = [] {
    auto made = std::make_shared<Picture>();
    made->id = nextPictureId();
    made->width = made->height = 2;
    made->rgba = {255, 0, 0, 255, 0, 0, 255, 255, 0, 0, 255, 255, 255, 0, 0, 255};
    return made;
  }();

 protected:
  void drawFrame() override {
    ImDrawList* list = ImGui::GetBackgroundDrawList();
    textures().draw(list, picture, {10, 10}, {110, 110});
    textures().draw(list, picture, {150, 10}, {151, 11});
    ImVec2 low(200, 10), high(280, 50);
    fitPicture(*picture, low, high);
    textures().draw(list, picture, low, high);
    list->AddText({10, 150}, 0xFFFFFFFF, "text after it");
  }
};

class LookTest : public QObject {
  Q_OBJECT
 private:
  QTemporaryDir folder_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<CanvasHost> host_;

  // A chain of many nodes, laid out in rows.
  static Document large(int nodes) {
    Document document;
    Layout layout;
    for (int i = 0; i < nodes; ++i) {
      auto node = std::make_shared<Node>();
      node->id = "n" + std::to_string(i);
      node->type = i % 3 == 0 ? "image.resize" : i % 3 == 1 ? "image.contact_sheet" : "image.from_latent";
      if (i % 3 == 0) node->params["width"] = 16 + i;
      if (i % 3 != 2 && i > 0)
        node->inputs[i % 3 == 0 ? "image" : "images"] = {{{"n" + std::to_string(i - 1), "image"}},
                                                         i % 3 == 1};
      layout.nodes[node->id].at = Point{static_cast<float>(i % 50) * 260, static_cast<float>(i / 50) * 260};
      document.graph.nodes.push_back(node);
    }
    return withLayout(document, "", layout);
  }

 private Q_SLOTS:
  void initTestCase() { openCanvas(folder_.path(), session_, host_); }
  void cleanupTestCase() {
    host_.reset();
    session_.reset();
  }

  void drawsAnExample() {
    QVERIFY(session_->open(NOISELOOM_SOURCE_DIR "/graphs/ddpm.loom"));
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current && session_->checked().ok, 20000);
    host_->frames(4);
    host_->shoot("ddpm");
    host_->resize(2200, 1300);
    host_->canvas.fitAll();
    host_->shoot("ddpm_large");
    // All of it lies within the view.
    for (const char* id : {"weights", "sampling", "denoise", "save_strip"}) {
      const auto rect = host_->canvas.rectOf(id);
      QVERIFY2(rect, id);
      QVERIFY2(rect->x >= 0 && rect->y >= 0 && rect->x + rect->width <= host_->width() &&
                   rect->y + rect->height <= host_->height(),
               id);
    }
    host_->canvas.zoomTo(1.6f);
    host_->canvas.centreOn("denoise");
    host_->shoot("ddpm_close");
    host_->resize(1280, 800);
  }

  // A first look in a small window: what stands on nodes can be read, around the zone.
  void beginsReadable() {
    host_->resize(760, 480);
    host_->frames(3);
    QVERIFY(session_->open(NOISELOOM_SOURCE_DIR "/graphs/ddpm.loom"));
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current && session_->checked().ok, 20000);
    host_->frames(3);
    QVERIFY(host_->canvas.zoom() >= Camera::kReadable);
    const auto zone = host_->canvas.rectOf("sampling");
    QVERIFY(zone->x >= 0 && zone->x + zone->width <= host_->width() + 1);
    host_->shoot("first_look");
    // It follows the window's size until somebody went elsewhere.
    host_->resize(1900, 1000);
    host_->frames(3);
    QVERIFY(host_->canvas.rectOf("weights")->x >= 0);
    host_->canvas.zoomTo(0.9f);
    host_->frames(2);
    host_->resize(1280, 800);
    host_->frames(3);
    QVERIFY(std::abs(host_->canvas.zoom() - 0.9f) < 0.001f);
    for (const float zoom : {0.35f, 0.2f}) {
      host_->canvas.zoomTo(zoom);
      host_->shoot(QString("far_%1").arg(zoom));
    }
  }

  // The text size of the settings: 100 % has texts of that size.
  void growsWithTheTextSize() {
    host_->canvas.zoomTo(1);
    host_->frames(2);
    const float before = host_->canvas.rectOf("denoise")->width;
    QFont font = host_->font();
    font.setPixelSize(26);
    host_->setFont(font);
    host_->frames(3);
    QCOMPARE(host_->canvas.zoom(), 1.f);
    QVERIFY(std::abs(host_->canvas.rectOf("denoise")->width - 2 * before) < 0.5f);
    host_->canvas.openSearch();
    host_->frames(3);
    QVERIFY(std::abs(ImGui::GetStyle().FontScaleMain - 2) < 0.01f);
    host_->shoot("large_text");
    host_->key(Qt::Key_Escape);
    font.setPixelSize(13);
    host_->setFont(font);
    host_->frames(3);
    QVERIFY(std::abs(host_->canvas.rectOf("denoise")->width - before) < 0.5f);
  }

  // In a zone's header, as one does not see all of the zone.
  void saysWhatIsWrongWithAZone() {
    QVERIFY(session_->open(NOISELOOM_SOURCE_DIR "/graphs/ddpm.loom"));
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current && session_->checked().ok, 20000);
    host_->canvas.zoomTo(1);
    host_->canvas.centreOn("sampling");
    host_->frames(3);
    QVERIFY(host_->canvas.rectOf("sampling")->height > 400);
    host_->resize(1280, 400);
    host_->frames(2);
    host_->canvas.centreOn("sampling");  // taller than the view: its header is seen
    host_->frames(2);
    QVERIFY(host_->canvas.rectOf("sampling")->y > 0 && host_->canvas.rectOf("sampling")->y < 200);
    host_->resize(1280, 800);
    host_->canvas.centreOn("denoise");
    host_->frames(3);
    const auto marked = [&] {  // pixels of the mark beside the text, within the border
      const QImage seen = host_->grabFramebuffer();
      const Rect zone = *host_->canvas.rectOf("sampling");
      int count = 0;
      for (int y = static_cast<int>(zone.y) + 4; y < static_cast<int>(zone.y) + 28; ++y)
        for (int x = std::max(static_cast<int>(zone.x) + 4, 0);
             x < std::min(static_cast<int>(zone.x + zone.width) - 4, seen.width()); ++x)
          count += y >= 0 && seen.pixelColor(x, y) == QColor(0xEE, 0, 0);
      return count;
    };
    QCOMPARE(marked(), 0);
    session_->edit("Cut", [&](const Document& document) {
      return removeNodes(document, "", session_->catalog(), {"timesteps"});
    });
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current && !session_->checked().errors.empty(), 20000);
    host_->frames(3);
    host_->shoot("zone_wrong");
    QVERIFY(marked() > 30);  // it is 3 by 20
  }

  void drawsPixelsAsSquares() {
    PictureHost pictures;
    pictures.show();
    QVERIFY(QTest::qWaitForWindowExposed(&pictures));
    QTRY_VERIFY_WITH_TIMEOUT(pictures.framesPainted() > 3, 20000);
    const QImage seen = pictures.grabFramebuffer();
    const double ratio = pictures.devicePixelRatioF();
    const auto at = [&](double x, double y) {
      return seen.pixelColor(static_cast<int>(x * ratio), static_cast<int>(y * ratio));
    };
    for (const double x : {12., 58., 62., 108.})
      for (const double y : {12., 58., 62., 108.}) {
        const bool red = (x < 60) == (y < 60);
        QCOMPARE(at(x, y), red ? QColor(255, 0, 0) : QColor(0, 0, 255));
      }
    // Smaller than its pixels it is their mean.
    const QColor mean = at(150.5, 10.5);
    QVERIFY(std::abs(mean.red() - 127) < 12 && std::abs(mean.blue() - 127) < 12);
    // As wide as it is high, in the middle of a wider place.
    QCOMPARE(at(222, 12), QColor(255, 0, 0));
    QCOMPARE(at(258, 48), QColor(255, 0, 0));
    QVERIFY(at(214, 30) != QColor(255, 0, 0) && at(214, 30) != QColor(0, 0, 255));
    host_->frames(1);  // this one's context is the current one again
  }

  void showsARun() {
    QVERIFY(session_->open(NOISELOOM_SOURCE_DIR "/graphs/ddpm.loom"));
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current && session_->checked().ok, 20000);
    host_->resize(1700, 1000);
    host_->canvas.fitAll();
    const QString run = session_->run(6);
    QVERIFY(!run.isEmpty());
    QTRY_VERIFY_WITH_TIMEOUT(
        session_->runs().find(run)->state == RunInfo::State::paused || session_->runs().find(run)->over(),
        60000);
    QVERIFY2(!session_->runs().find(run)->over(), "it waits after six steps");
    QTest::qWait(500);
    host_->frames(4);
    QVERIFY(session_->pictureOf("predict.x0"));
    host_->shoot("running");
    host_->canvas.zoomTo(1.3f);
    host_->canvas.centreOn("predict");
    host_->moveTo(host_->at("sampling", ">x:inside"));
    QTest::qWait(600);
    host_->frames(4);
    host_->shoot("running_close");
    session_->runs().stop(run);
    host_->resize(1280, 800);
  }

  void drawsEveryState_data() {
    QTest::addColumn<bool>("dark");
    QTest::newRow("dark") << true;
    QTest::newRow("light") << false;
  }
  void drawsEveryState() {
    QFETCH(bool, dark);
    Theme::use(dark ? Theme::darkTheme() : Theme::lightTheme());
    const QString file = folder_.filePath("states.loom");
    QFile out(file);
    QVERIFY(out.open(QIODevice::WriteOnly));
    out.write(kStates);
    out.close();
    QVERIFY(session_->open(file));
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current, 20000);
    host_->resize(1500, 1000);
    host_->canvas.fitAll();
    host_->frames(4);
    host_->shoot(dark ? "states" : "states_light");
    const auto outer = host_->canvas.rectOf("outer"), inner = host_->canvas.rectOf("inner"),
               clip = host_->canvas.rectOf("clip");
    QVERIFY(outer && inner && clip);
    QVERIFY(inner->x > outer->x && inner->x + inner->width < outer->x + outer->width);
    QVERIFY(clip->x > inner->x && clip->y + clip->height < inner->y + inner->height);
    // Sockets: a field is none while it is linked; inside and outside are two places.
    QVERIFY(host_->canvas.rectOf("clip", "limit")->width < 20);
    QVERIFY(host_->canvas.rectOf("outer", ">x")->x > host_->canvas.rectOf("outer", ">x:inside")->x);
    QVERIFY(host_->canvas.rectOf("outer", "next.x") && host_->canvas.rectOf("outer", "init.x") &&
            host_->canvas.rectOf("outer", "collect.all") && host_->canvas.rectOf("outer", "@count"));
    QVERIFY(!host_->canvas.rectOf("nobody") && !host_->canvas.rectOf("load", "nothing"));
    Theme::use(Theme::darkTheme());
  }

  void rests() {
    host_->moveTo({5, 5});
    host_->frames(4);
    QTest::qWait(1500);
    const int64_t before = host_->framesPainted();
    QTest::qWait(3000);
    QCOMPARE(host_->framesPainted(), before);
  }

  void isFast_data() {
    QTest::addColumn<int>("nodes");
    QTest::addColumn<double>("most");  // ms a frame, at any zoom
    QTest::newRow("2000") << 2000 << 33.0;
    QTest::newRow("10000") << 10000 << 120.0;
  }
  void isFast() {
    QFETCH(int, nodes);
    QFETCH(double, most);
    host_->resize(1920, 1080);
    session_->openDocument(large(nodes), {}, "Large");
    host_->frames(5);
    double worst = 0;
    for (const float zoom : {0.0f, 0.25f, 0.45f, 1.0f}) {
      if (zoom == 0)
        host_->canvas.fitAll();
      else
        host_->canvas.zoomTo(zoom);
      host_->frames(3);
      double sum = 0;
      const int64_t begin = host_->framesPainted();
      QTest::mousePress(host_.get(), Qt::MiddleButton, {}, {900, 500});
      for (int i = 0; i < 12; ++i) {
        host_->moveTo({900 + 4 * i, 500}, Qt::MiddleButton);
        sum += host_->lastPaintMs();
      }
      QTest::mouseRelease(host_.get(), Qt::MiddleButton, {}, {950, 500});
      host_->frames(2);
      worst = std::max(worst, sum / 12);
      qInfo("%d nodes, zoom %.3f: %.1f ms a frame (%lld frames)", nodes, host_->canvas.zoom(), sum / 12,
            static_cast<long long>(host_->framesPainted() - begin));
      host_->shoot(QString("large_%1_%2").arg(nodes).arg(zoom));
    }
    double edit = 1e9, shapes = 1e9;  // the best of some: others use this machine too
    for (int i = 0; i < 8; ++i) {
      QElapsedTimer clock;
      clock.start();
      session_->edit("Set width", [&](const Document& document) {
        return setParam(document, "", session_->catalog(), "n0", "width", 99 + i);
      });
      edit = std::min(edit, clock.nsecsElapsed() * 1e-6);
      clock.restart();
      host_->canvas.rectOf("n0");
      shapes = std::min(shapes, clock.nsecsElapsed() * 1e-6);
    }
    qInfo("%d nodes: an edit %.1f ms, shapes after it %.1f ms", nodes, edit, shapes);
    double cut = 1e9;  // another structure: all shapes
    for (int i = 0; i < 4; ++i) {
      QElapsedTimer clock;
      clock.start();
      session_->edit("Cut", [&](const Document& document) {
        return loom::editor::disconnect(document, "", {wiresOf(document.graph)[i]});
      });
      host_->canvas.rectOf("n0");
      cut = std::min(cut, clock.nsecsElapsed() * 1e-6);
    }
    double drag = 0;
    const QPoint header = host_->header("n0");
    host_->canvas.centreOn("n0");
    host_->frames(2);
    host_->press(host_->header("n0"));
    for (int i = 0; i < 6; ++i) {
      host_->moveTo(header + QPoint(20 * i, 10), Qt::LeftButton);
      drag = std::max(drag, host_->lastPaintMs());
    }
    host_->release(header);
    qInfo("%d nodes: a link cut and seen %.1f ms, a node dragged %.1f ms a frame at most", nodes, cut, drag);
    QVERIFY2(worst < most, "too slow");  // goals for two cores without a GPU
    host_->resize(1280, 800);
  }
};

QTEST_MAIN(LookTest)
#include "look_test.moc"
