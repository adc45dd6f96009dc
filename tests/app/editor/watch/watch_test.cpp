// The timeline and the viewer in a window, over a run of the shipped model: by mouse, wheel and keys.
// LOOM_KEEP_PICTURES=FOLDER keeps what they look like.
#include <imgui.h>

#include <QClipboard>
#include <QTemporaryDir>
#include <QtTest>
#include <cmath>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/theme.h"
#include "app/editor/watch/tensor_picture.h"
#include "app/editor/watch/timeline.h"
#include "app/editor/watch/viewer.h"

namespace loom::editor {
namespace {

constexpr int kSteps = 12;
const std::string kXt = "sampling.x", kX0 = "predict.x0";

// The viewer above, the timeline below.
class Stage : public ImGuiWidget {
 public:
  explicit Stage(Session& session) : timeline(session, *this), viewer(session, *this) {}
  Timeline timeline;
  Viewer viewer;

 protected:
  void drawFrame() override {
    const auto wide = static_cast<float>(width()), high = static_cast<float>(height());
    const float under = std::floor(high * 0.36f);
    viewer.draw({0, 0}, {wide, high - under});
    timeline.draw({0, high - under}, {wide, under});
  }
  void themeColours() override {
    const Theme& theme = Theme::current();
    theme.dark ? ImGui::StyleColorsDark() : ImGui::StyleColorsLight();
    const auto vec = [](const QColor& c, float alpha = 1) {
      return ImVec4(static_cast<float>(c.redF()), static_cast<float>(c.greenF()),
                    static_cast<float>(c.blueF()), alpha);
    };
    ImVec4* colours = ImGui::GetStyle().Colors;
    colours[ImGuiCol_Text] = vec(theme.text);
    colours[ImGuiCol_WindowBg] = colours[ImGuiCol_ChildBg] = vec(theme.window);
    colours[ImGuiCol_PopupBg] = vec(theme.panel);
    colours[ImGuiCol_Button] = colours[ImGuiCol_Header] = vec(theme.raised);
    colours[ImGuiCol_FrameBg] = vec(theme.field);
    ImGui::GetStyle().FrameRounding = 4;
    ImGui::GetStyle().WindowBorderSize = 0;
    ImGui::GetStyle().FramePadding = ImVec2(7, 4);
  }
};

}  // namespace

class WatchTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase();
  void init();
  void emptyOnesSpeakAndRest();
  void runFillsTheStrip();
  void clickMovesCursor();
  void wheelMovesZoomsAndScrolls();
  void keysMoveCursor();
  void playsToTheEnd();
  void plotsAreKept();
  void everyPlotHasNumbers();
  void pausedRunHasStepsToCome();
  void viewerShowsTheNumbers();
  void viewerZoomsAndPans();
  void differenceFromPinnedStep();
  void forkIsComparedStepByStep();
  void wipeFollowsTheMouse();
  void viewerSavesAndCopies();
  void unwatchedPortCanBeWatched();
  void restsWhenIdle();
  void picturesToLookAt();
  void cleanupTestCase();

 private:
  // Until what was done is drawn, and nothing more moves.
  void settle(int least = 40) {
    QTest::qWait(least);
    for (int i = 0; i < 40; ++i) {
      const int64_t before = stage_->framesPainted();
      QTest::qWait(35);
      if (stage_->framesPainted() == before) return;
    }
  }
  QPoint point(ImVec2 at) {
    return {static_cast<int>(std::lround(at.x)), static_cast<int>(std::lround(at.y))};
  }
  void click(ImVec2 at) {
    QTest::mouseMove(stage_.get(), point(at));
    settle();
    QTest::mousePress(stage_.get(), Qt::LeftButton, {}, point(at));
    settle();
    QTest::mouseRelease(stage_.get(), Qt::LeftButton, {}, point(at));
    settle();
  }
  void drag(ImVec2 from, ImVec2 to) {
    QTest::mouseMove(stage_.get(), point(from));
    settle();
    QTest::mousePress(stage_.get(), Qt::LeftButton, {}, point(from));
    settle();
    for (const float part : {0.3f, 0.7f, 1.f}) {
      const QPointF at = point({from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part});
      QMouseEvent move(QEvent::MouseMove, at, stage_->mapToGlobal(at), Qt::NoButton, Qt::LeftButton, {});
      QCoreApplication::sendEvent(stage_.get(), &move);
      settle(40);
    }
    QTest::mouseRelease(stage_.get(), Qt::LeftButton, {}, point(to));
    settle();
  }
  void wheel(ImVec2 at, int notches, Qt::KeyboardModifiers with = {}) {
    QTest::mouseMove(stage_.get(), point(at));
    settle();
    const QPointF where = point(at);
    QWheelEvent event(where, stage_->mapToGlobal(where), {}, {0, notches * 120}, Qt::NoButton, with,
                      Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(stage_.get(), &event);
    settle();
  }
  ImVec2 at(int64_t step, const std::string& port = kXt) {
    const auto found = stage_->timeline.placeOnScreen(port, {step});
    return found ? *found : ImVec2(-1, -1);
  }
  void keep(const char* name) {
    const QString folder = qEnvironmentVariable("LOOM_KEEP_PICTURES");
    if (!folder.isEmpty()) stage_->grabFramebuffer().save(folder + "/" + name + ".png");
  }
  ValuesPtr values(const QString& run, const std::string& port, const Iteration& iteration) {
    ValuesPtr found;
    [&] { QTRY_VERIFY_WITH_TIMEOUT((found = session_->frames().values(run, port, iteration)), 10000); }();
    return found;
  }
  void waitFor(const QString& run) {
    QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(run) && session_->runs().find(run)->over(), 60000);
    QCOMPARE(session_->runs().find(run)->state, RunInfo::State::finished);
    for (const std::string& port : {kXt, kX0})
      QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(run, port).size(), size_t{kSteps}, 20000);
  }

  QTemporaryDir folder_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Stage> stage_;
  QString run_;
};

void WatchTest::initTestCase() {
  session_ = std::make_unique<Session>(SessionOptions{NOISELOOM_RUNNER, folder_.filePath("data")});
  session_->worker().start();
  QTRY_VERIFY_WITH_TIMEOUT(!session_->catalog().empty(), 30000);
  QVERIFY(session_->open(NOISELOOM_SOURCE_DIR "/graphs/ddpm.loom"));
  session_->edit("Few steps",
                 [](const Document& d) { return withValue(withValue(d, "steps", kSteps), "batch", 2); });
  stage_ = std::make_unique<Stage>(*session_);
  const QSize size = qEnvironmentVariableIsSet("LOOM_LARGE") ? QSize(1600, 1100) : QSize(1100, 780);
  stage_->resize(size);
  stage_->show();
  QVERIFY(QTest::qWaitForWindowExposed(stage_.get()));
  connect(session_.get(), &Session::redraw, stage_.get(), &ImGuiWidget::redraw);
}

void WatchTest::init() {
  if (stage_) stage_->timeline.toEnd();
}

void WatchTest::emptyOnesSpeakAndRest() {
  settle(400);
  keep("empty");
  QVERIFY(!stage_->timeline.placeOnScreen(kXt, {0}));
  QCOMPARE(stage_->timeline.stepAtCursor(), 0);
  QVERIFY(stage_->viewer.image().isNull());
  QVERIFY(!stage_->viewer.save(folder_.filePath("none.png")));
  QVERIFY(!QFile::exists(folder_.filePath("none.png")));
  stage_->timeline.togglePlay();
  QVERIFY(!stage_->timeline.playing());
}

void WatchTest::runFillsTheStrip() {
  run_ = session_->run();
  waitFor(run_);
  settle(300);
  keep("run");
  for (const std::string& port : {kXt, kX0}) {
    QVERIFY(stage_->timeline.placeOnScreen(port, {0}));
    // Every step is right of the one before.
    for (int64_t step = 1; step < kSteps; ++step) QVERIFY(at(step, port).x > at(step - 1, port).x);
  }
  QVERIFY(at(0, kXt).y < at(0, kX0).y);
  QCOMPARE(stage_->timeline.stepAtCursor(), kSteps);
  QVERIFY(session_->cursor().live);
  // The strip shows pictures: the middle of the last x0 is no background.
  QTRY_VERIFY(session_->frames().thumbnail(run_, kX0, {kSteps - 1}));
}

void WatchTest::clickMovesCursor() {
  click(at(3));
  QCOMPARE(session_->cursor().iteration, Iteration{3});
  QVERIFY(!session_->cursor().live);
  QCOMPARE(stage_->timeline.stepAtCursor(), 4);
  drag(at(3, kX0), at(8, kX0));
  QCOMPARE(session_->cursor().iteration, Iteration{8});
  keep("cursor");
  click(at(kSteps - 1));
  QVERIFY(session_->cursor().live);  // at the newest: follows again
}

void WatchTest::wheelMovesZoomsAndScrolls() {
  click(at(5));
  wheel(at(5), -2);
  QCOMPARE(session_->cursor().iteration, Iteration{7});
  wheel(at(5), 3);
  QCOMPARE(session_->cursor().iteration, Iteration{4});
  wheel(at(5), 99);
  QCOMPARE(session_->cursor().iteration, Iteration{0});
  const float apart = at(1).x - at(0).x, before = at(5).x;
  wheel(at(5), 3, Qt::ControlModifier);
  QVERIFY(at(1).x - at(0).x > 1.5f * apart);
  QVERIFY(std::abs(at(5).x - before) < 3);  // zooms about the mouse
  QCOMPARE(session_->cursor().iteration, Iteration{0});
  wheel(at(5), -2, Qt::ShiftModifier);
  QVERIFY(at(5).x < before);
  wheel(ImVec2(before, at(5).y), -9, Qt::ControlModifier);
  QVERIFY(std::abs(at(1).x - at(0).x - apart) < 1);
}

void WatchTest::keysMoveCursor() {
  click(at(5));
  const auto key = [&](int which, Qt::KeyboardModifiers with = {}) {
    QTest::keyClick(stage_.get(), static_cast<Qt::Key>(which), with);
    settle();
  };
  key(Qt::Key_Right);
  QCOMPARE(session_->cursor().iteration, Iteration{6});
  key(Qt::Key_Left);
  key(Qt::Key_Left);
  QCOMPARE(session_->cursor().iteration, Iteration{4});
  key(Qt::Key_Home);
  QCOMPARE(session_->cursor().iteration, Iteration{0});
  key(Qt::Key_Left);
  QCOMPARE(session_->cursor().iteration, Iteration{0});
  key(Qt::Key_End);
  QVERIFY(session_->cursor().live);
  key(Qt::Key_Right);
  QCOMPARE(stage_->timeline.stepAtCursor(), kSteps);
}

void WatchTest::playsToTheEnd() {
  stage_->timeline.setSpeed(50);
  stage_->timeline.setLoop(false);
  QSignalSpy moved(session_.get(), &Session::cursorChanged);
  stage_->timeline.togglePlay();  // from its end: from the beginning
  QVERIFY(stage_->timeline.playing());
  QVERIFY(stage_->timeline.stepAtCursor() < kSteps);
  QTRY_VERIFY_WITH_TIMEOUT(!stage_->timeline.playing(), 5000);
  QCOMPARE(stage_->timeline.stepAtCursor(), kSteps);
  QVERIFY(moved.count() >= 2);
  stage_->timeline.setLoop(true);
  stage_->timeline.togglePlay();
  settle(1000);
  QVERIFY(stage_->timeline.playing());
  stage_->timeline.togglePlay();
  QVERIFY(!stage_->timeline.playing());
  stage_->timeline.setLoop(false);
}

void WatchTest::plotsAreKept() {
  QTRY_COMPARE_WITH_TIMEOUT(session_->frames().statistics(run_, kXt).size(), size_t{kSteps}, 5000);
  const QString csv = folder_.filePath("plot.csv"), png = folder_.filePath("plot.png");
  settle();
  QVERIFY(stage_->timeline.exportCsv(csv));
  QFile file(csv);
  QVERIFY(file.open(QIODevice::ReadOnly));
  const QStringList lines = QString::fromUtf8(file.readAll()).trimmed().split('\n');
  QCOMPARE(lines.size(), kSteps + 1);
  QCOMPARE(lines[0], QString("step,sampling.x norm,predict.x0 norm"));
  // What the table says of step 4 is what the values are.
  const Summary summary = summaryOf(values(run_, kXt, {3})->data);
  QVERIFY(std::abs(lines[4].split(',')[1].toDouble() - summary.norm) < 1e-4 * summary.norm);
  QVERIFY(stage_->timeline.exportPng(png));
  QVERIFY(QImage(png).width() >= 1000);
  QVERIFY(!stage_->timeline.exportCsv(folder_.filePath("no/such/folder.csv")));
}

void WatchTest::everyPlotHasNumbers() {
  for (int kind = 0; kind < 8; ++kind) {
    session_->settings().setValue("timeline/plot", kind);
    Stage stage(*session_);
    stage.resize(640, 440);
    stage.show();
    QVERIFY(QTest::qWaitForWindowExposed(&stage));
    connect(session_.get(), &Session::redraw, &stage, &ImGuiWidget::redraw);
    const QString csv = folder_.filePath("kind.csv");
    const bool scalars = kind == 5;  // this graph has none
    const auto rows = [&] {
      QFile file(csv);
      if (!stage.timeline.exportCsv(csv) || !file.open(QIODevice::ReadOnly)) return qsizetype{-1};
      return QString::fromUtf8(file.readAll()).trimmed().split('\n').size() - 1;
    };
    if (scalars)
      QCOMPARE(rows(), 0);
    else
      QTRY_VERIFY_WITH_TIMEOUT(rows() >= kSteps - 1, 10000);
    QTest::qWait(150);
    const QString folder = qEnvironmentVariable("LOOM_KEEP_PICTURES");
    if (!folder.isEmpty()) stage.grabFramebuffer().save(folder + QString("/plot_%1.png").arg(kind));
    QVERIFY(stage.timeline.exportPng(folder_.filePath("kind.png")));
    if (!folder.isEmpty())
      QFile::copy(folder_.filePath("kind.png"), folder + QString("/export_%1.png").arg(kind));
    QFile::remove(folder_.filePath("kind.png"));
  }
  session_->settings().setValue("timeline/plot", 0);
}

void WatchTest::pausedRunHasStepsToCome() {
  session_->edit("Another seed", [](const Document& d) { return withValue(d, "seed", 4); });
  const QString run = session_->run(4);
  QTRY_COMPARE_WITH_TIMEOUT(session_->runs().find(run)->state, RunInfo::State::paused, 30000);
  QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(run, kXt).size(), size_t{4}, 5000);
  settle(300);
  QCOMPARE(stage_->timeline.stepAtCursor(), 4);
  click(at(7));  // not computed yet: can be looked forward to
  QCOMPARE(stage_->timeline.stepAtCursor(), 8);
  QVERIFY(!session_->cursor().live);
  keep("paused");
  session_->runs().runTo(run, stage_->timeline.stepAtCursor());
  QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(run, kXt).size(), size_t{8}, 20000);
  session_->runs().proceed(run);
  waitFor(run);
  stage_->timeline.toEnd();
  settle();
  QCOMPARE(stage_->timeline.stepAtCursor(), kSteps);
  run_ = run;
}

void WatchTest::viewerShowsTheNumbers() {
  stage_->viewer.show(kX0);
  for (const int64_t step : {2, kSteps - 1}) {
    session_->setCursor({{}, {step}, false});
    const ValuesPtr numbers = values(run_, kX0, {step});
    settle(150);
    for (const int sample : {0, 1}) {
      stage_->viewer.setSample(sample);
      const QImage image = stage_->viewer.image();
      QCOMPARE(image.size(), QSize(32, 32));
      const auto planes = planesOf(*numbers);
      for (const QPoint& pixel : {QPoint(0, 0), QPoint(7, 19), QPoint(31, 31)}) {
        const float red =
            planeOf(*numbers, planes, sample, 0)[static_cast<size_t>(pixel.y() * 32 + pixel.x())];
        QVERIFY(std::abs(image.pixelColor(pixel).red() - std::clamp((red + 1) / 2, 0.f, 1.f) * 255) <= 1);
      }
    }
  }
  stage_->viewer.setMode(Viewer::Mode::channels);
  settle(150);
  keep("channels");
  QCOMPARE(stage_->viewer.image().size(), QSize(65, 65));  // three tiles, two a line
  stage_->viewer.setSample(-1);
  QCOMPARE(stage_->viewer.image().size(), QSize(98, 65));  // a line a sample
  stage_->viewer.setMode(Viewer::Mode::falseColour);
  stage_->viewer.setSample(0);
  stage_->viewer.setRange(std::pair{-1000.f, 1000.f});
  const Rgb middle = falseColour(0.5);
  QVERIFY(std::abs(stage_->viewer.image().pixelColor(5, 5).green() - middle[1]) <= 3);
  settle(150);
  keep("false_colour");
  stage_->viewer.setRange({});
  stage_->viewer.setMode(Viewer::Mode::picture);
}

void WatchTest::viewerZoomsAndPans() {
  stage_->viewer.fit();
  settle();
  const float fitted = stage_->viewer.zoom();
  const ImVec2 pixel = stage_->viewer.pixelOnScreen(10, 12);
  wheel(pixel, 9);
  QVERIFY(stage_->viewer.zoom() > 3 * fitted);
  const ImVec2 after = stage_->viewer.pixelOnScreen(10, 12);
  QVERIFY(std::abs(after.x - pixel.x) < stage_->viewer.zoom() &&
          std::abs(after.y - pixel.y) < stage_->viewer.zoom());
  settle(150);
  keep("pixels");
  drag(after, {after.x + 60, after.y + 25});
  const ImVec2 moved = stage_->viewer.pixelOnScreen(10, 12);
  QVERIFY(std::abs(moved.x - after.x - 60) < 2 && std::abs(moved.y - after.y - 25) < 2);
  stage_->viewer.fit();
  settle();
  QCOMPARE(stage_->viewer.zoom(), fitted);
}

void WatchTest::differenceFromPinnedStep() {
  session_->setCursor({{}, {4}, false});
  values(run_, kX0, {4});
  settle(150);
  stage_->viewer.pinStep();
  settle(150);
  // From itself: nothing, in the darkest colour.
  const QImage none = stage_->viewer.image();
  const Rgb dark = falseColour(0);
  for (const QPoint& pixel : {QPoint(0, 0), QPoint(16, 16), QPoint(31, 31)})
    QCOMPARE(none.pixelColor(pixel), QColor(dark[0], dark[1], dark[2]));
  session_->setCursor({{}, {kSteps - 1}, false});
  values(run_, kX0, {kSteps - 1});
  settle(200);
  keep("difference");
  QVERIFY(stage_->viewer.image() != none);
  const QString file = folder_.filePath("difference.npy");
  QVERIFY(stage_->viewer.save(file));
  const ValuesPtr a = values(run_, kX0, {kSteps - 1}), b = values(run_, kX0, {4});
  QFile read(file);
  QVERIFY(read.open(QIODevice::ReadOnly));
  const QByteArray bytes = read.readAll();
  const auto* numbers = reinterpret_cast<const float*>(bytes.constData() + bytes.size() -
                                                       static_cast<qsizetype>(a->data.size()) * 4);
  for (size_t i = 0; i < a->data.size(); i += 101) QCOMPARE(numbers[i], std::abs(a->data[i] - b->data[i]));
  stage_->viewer.pinStep();
  stage_->viewer.setCompare(Viewer::Compare::none);
}

void WatchTest::forkIsComparedStepByStep() {
  session_->edit("Another seed", [](const Document& d) { return withValue(d, "seed", 99); });
  const QString fork = session_->forkFrom(run_, 6);
  waitFor(fork);
  session_->compareWith(run_);
  settle(400);
  keep("fork");
  QCOMPARE(session_->shownRun()->id, fork);
  // Up to the fork the two are the same, after it they are not.
  QCOMPARE(values(fork, kXt, {3})->data, values(run_, kXt, {3})->data);
  QVERIFY(values(fork, kXt, {9})->data != values(run_, kXt, {9})->data);
  const QString csv = folder_.filePath("both.csv");
  QVERIFY(stage_->timeline.exportCsv(csv));
  QFile file(csv);
  QVERIFY(file.open(QIODevice::ReadOnly));
  QVERIFY(file.readLine().contains("(B)"));
}

void WatchTest::wipeFollowsTheMouse() {
  stage_->viewer.show(kX0);
  stage_->viewer.setCompare(Viewer::Compare::wipe);
  const QString fork = session_->shownRun()->id;
  values(fork, kX0, {kSteps - 1});
  values(run_, kX0, {kSteps - 1});
  settle(250);
  keep("wipe");
  const QImage half = stage_->viewer.image();
  const ImVec2 middle = stage_->viewer.dividerOnScreen();
  drag(middle, {middle.x + 400, middle.y});
  QVERIFY(stage_->viewer.dividerOnScreen().x > middle.x + 20);
  const QImage all = stage_->viewer.image();
  QVERIFY(all != half);
  stage_->viewer.setCompare(Viewer::Compare::none);
  QCOMPARE(all, stage_->viewer.image());  // the divider at the end: A alone
  stage_->viewer.setCompare(Viewer::Compare::sideBySide);
  settle(250);
  keep("side_by_side");
  QCOMPARE(stage_->viewer.image().size(), QSize(65, 32));
  stage_->viewer.setCompare(Viewer::Compare::none);
  session_->compareWith({});
}

void WatchTest::viewerSavesAndCopies() {
  settle(100);
  const QString png = folder_.filePath("view.png"), npy = folder_.filePath("view.npy");
  QVERIFY(stage_->viewer.save(png) && stage_->viewer.save(npy));
  QCOMPARE(QImage(png).convertToFormat(QImage::Format_RGBA8888), stage_->viewer.image());
  const ValuesPtr numbers = values(session_->shownRun()->id, kX0, {kSteps - 1});
  QVERIFY(QFileInfo(npy).size() > static_cast<qint64>(numbers->data.size() * 4));
  stage_->viewer.copy();
  QCOMPARE(QGuiApplication::clipboard()->image().convertToFormat(QImage::Format_RGBA8888),
           stage_->viewer.image());
  QVERIFY(!stage_->viewer.save(folder_.filePath("no/such/folder.png")));
}

void WatchTest::unwatchedPortCanBeWatched() {
  stage_->viewer.show("denoise.prediction");
  settle(150);
  keep("unwatched");
  QVERIFY(stage_->viewer.image().isNull());
  stage_->viewer.show(kX0);
}

void WatchTest::restsWhenIdle() {
  QTest::mouseMove(stage_.get(), QPoint(5, 5));
  settle(1500);
  const int64_t before = stage_->framesPainted();
  settle(1500);
  QCOMPARE(stage_->framesPainted(), before);
  // Light, too, for those who look at the pictures.
  if (qEnvironmentVariableIsSet("LOOM_KEEP_PICTURES")) {
    Theme::use(Theme::lightTheme());
    settle(400);
    keep("light");
    Theme::use(Theme::darkTheme());
  }
}

// Nothing that a test could tell: how it looks with a hundred steps, while it goes and after.
void WatchTest::picturesToLookAt() {
  if (!qEnvironmentVariableIsSet("LOOM_KEEP_PICTURES")) return;
  stage_->resize(1280, 800);
  session_->edit("Many steps",
                 [](const Document& d) { return withValue(withValue(d, "steps", 100), "batch", 24); });
  const QString run = session_->run();
  QTRY_VERIFY_WITH_TIMEOUT(session_->frames().iterations(run, kX0).size() > 40, 60000);
  QTest::qWait(200);
  keep("large_running");
  QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(run)->over(), 90000);
  stage_->resize(1800, 1200);
  session_->setCursor({{}, {55}, false});
  session_->settings().setValue("timeline/plot", 4);
  settle(1500);
  keep("large");
}

void WatchTest::cleanupTestCase() {
  stage_.reset();
  session_.reset();
}

}  // namespace loom::editor

QTEST_MAIN(loom::editor::WatchTest)
#include "watch_test.moc"
