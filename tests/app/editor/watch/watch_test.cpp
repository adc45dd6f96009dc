// The timeline in a window, over a run of the shipped model: by mouse, wheel and keys.
// LOOM_KEEP_PICTURES=FOLDER keeps what they look like.
#include "tests/app/editor/watch/stage.h"

#include "app/editor/watch/ink.h"
#include "app/editor/watch/series.h"
#include "app/editor/watch/tensor_picture.h"

namespace loom::editor {

class WatchTest : public SamplingTest {
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
  void noiseIsTheSchedules();
  void plotGoesToItsStep();
  void pausedRunHasStepsToCome();
  void forkIsComparedStepByStep();
  void selectedWireIsKept();
  void watchedFromNowOn();
  void restsWhenIdle();
  void picturesToLookAt();
  void cleanupTestCase();

 private:
  QString run_;
};

void WatchTest::initTestCase() {
  openSampling();
  openStage(qEnvironmentVariableIsSet("LOOM_LARGE") ? QSize(1600, 1100) : QSize(1100, 780));
}

void WatchTest::init() {
  if (stage_) stage_->timeline.toEnd();
}

void WatchTest::emptyOnesSpeakAndRest() {
  settle(400);
  keep("empty");
  QVERIFY(!stage_->timeline.placeOnScreen(kXt, {0}));
  QVERIFY(stage_->timeline.stepAtCursor().empty());
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
  QVERIFY(stage_->timeline.savePlots(csv));
  auto columns = table(csv);
  QCOMPARE(columns["step"].size(), size_t{kSteps});
  // What the table says is what the values are.
  for (const std::string& port : {kXt, kX0})
    for (const int64_t step : {0, 3, kSteps - 1}) {
      const Summary summary = summaryOf(values(run_, port, {step})->data);
      const double written = columns[QString::fromStdString(port) + " norm"].at(static_cast<size_t>(step));
      QVERIFY(std::abs(written - summary.norm) < 1e-4 * summary.norm);
    }
  QVERIFY(stage_->timeline.savePlots(png));
  QVERIFY(QImage(png).width() >= 1000);
  QVERIFY(!stage_->timeline.savePlots(folder_.filePath("no/such/folder.csv")));
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
      if (!stage.timeline.savePlots(csv) || !file.open(QIODevice::ReadOnly)) return qsizetype{-1};
      return QString::fromUtf8(file.readAll()).trimmed().split('\n').size() - 1;
    };
    if (scalars)
      QCOMPARE(rows(), 0);
    else
      QTRY_VERIFY_WITH_TIMEOUT(rows() >= kSteps - 1, 10000);
    QTest::qWait(150);
    const QString folder = qEnvironmentVariable("LOOM_KEEP_PICTURES");
    if (!folder.isEmpty()) stage.grabFramebuffer().save(folder + QString("/plot_%1.png").arg(kind));
    QVERIFY(stage.timeline.savePlots(folder_.filePath("kind.png")));
    if (!folder.isEmpty())
      QFile::copy(folder_.filePath("kind.png"), folder + QString("/export_%1.png").arg(kind));
    QFile::remove(folder_.filePath("kind.png"));
  }
  session_->settings().setValue("timeline/plot", 0);
}

// Exact where the worker hands out timesteps; else estimated, and said to be.
void WatchTest::noiseIsTheSchedules() {
  const auto ports = schedulePorts(session_->document(), session_->catalog());
  QCOMPARE(ports.size(), size_t{1});
  QVERIFY((ports[0] == SchedulePorts{"sampling", "schedule.schedule", "timesteps.timesteps"}));
  session_->settings().setValue("timeline/plot", static_cast<int>(PlotKind::noise));
  openStage(stage_->size());
  const ValueType* timesteps = session_->catalog().type("timesteps");
  if (!timesteps || !timesteps->numbers) {
    QTRY_VERIFY_WITH_TIMEOUT(plotted().contains("sampling.x (estimated) noise level"), 10000);
  } else {
    QTRY_VERIFY_WITH_TIMEOUT(plotted().contains("sampling noise level"), 10000);
    auto columns = plotted();
    const auto &t = columns["t"], &noise = columns["sampling noise level"];
    QCOMPARE(noise.size(), size_t{kSteps});
    for (size_t i = 0; i < noise.size(); ++i) {
      // Nichol & Dhariwal 2021, eq. 17, with each beta at most 0.999: that bites at the last of 1,000 alone.
      const auto f = [](double at) { return std::pow(std::cos((at / 1000 + 0.008) / 1.008 * M_PI / 2), 2); };
      const double exact = std::sqrt(1 - f(t[i] + 1) / f(0));
      QVERIFY2(std::abs(noise[i] - exact) < 1e-3, qPrintable(QString::number(i)));
      if (i > 0) QVERIFY(t[i] < t[i - 1] && noise[i] < noise[i - 1]);
    }
    keep("noise");
  }
  session_->settings().setValue("timeline/plot", 0);
  openStage(stage_->size());
}

void WatchTest::plotGoesToItsStep() {
  settle(200);
  const auto found = stage_->timeline.placeInPlot("sampling", 2);
  QVERIFY(found);
  click(*found);
  QCOMPARE(session_->cursor().iteration, Iteration{2});
  drag(*found, *stage_->timeline.placeInPlot("sampling", 6));
  QCOMPARE(session_->cursor().iteration, Iteration{6});
  wheel(*found, -1);
  QCOMPARE(session_->cursor().iteration, Iteration{7});
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
  // A step that is still to come looks like none of the pictures: nothing is painted but its outline.
  Theme::use(Theme::lightTheme());
  settle(300);
  keep("paused_light");
  const QImage seen = stage_->grabFramebuffer();
  const double ratio = stage_->devicePixelRatioF();
  const ImVec2 empty = at(9), full = at(2);
  const auto pixel = [&](ImVec2 where) {
    return seen.pixelColor(static_cast<int>(where.x * ratio), static_cast<int>(where.y * ratio));
  };
  QCOMPARE(pixel({empty.x + 6, empty.y + 6}), Theme::lightTheme().window);
  QVERIFY(pixel({full.x + 6, full.y + 6}) != Theme::lightTheme().window);
  Theme::use(Theme::darkTheme());
  session_->runs().runTo(run, stage_->timeline.stepAtCursor());
  QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(run, kXt).size(), size_t{8}, 20000);
  session_->runs().proceed(run);
  waitFor(run);
  stage_->timeline.toEnd();
  settle();
  QCOMPARE(stage_->timeline.stepAtCursor(), kSteps);
  run_ = run;
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
  QVERIFY(plotted().contains("sampling.x norm (B)"));
  // By how much they differ, at each step, as the values have it.
  session_->settings().setValue("timeline/plot", static_cast<int>(PlotKind::apart));
  openStage(stage_->size());
  QTRY_VERIFY_WITH_TIMEOUT(plotted()["predict.x0 max |A - B|"].size() == kSteps, 20000);
  settle(200);
  keep("apart");
  auto columns = plotted();
  for (const std::string& port : {kXt, kX0})
    for (int64_t step = 0; step < kSteps; ++step) {
      const Summary summary =
          summaryOf(difference(*values(fork, port, {step}), *values(run_, port, {step}))->data);
      const QString name = QString::fromStdString(port);
      const double max = columns[name + " max |A - B|"].at(static_cast<size_t>(step)),
                   mean = columns[name + " mean |A - B|"].at(static_cast<size_t>(step));
      QVERIFY(std::abs(max - summary.max) <= 1e-6 * summary.max);
      QVERIFY(std::abs(mean - summary.mean) <= 1e-5 * summary.mean);
    }
  // The last that is the same, and the first that is not.
  QCOMPARE(columns["sampling.x max |A - B|"].at(5), 0.0);
  QVERIFY(columns["sampling.x max |A - B|"].at(6) > 0);
  session_->settings().setValue("timeline/plot", 0);
  openStage(stage_->size());
  session_->compareWith({});
}

void WatchTest::selectedWireIsKept() {
  const std::string port = "step.x_prev";
  session_->edit("Another seed", [](const Document& d) { return withValue(d, "seed", 11); });
  const QString run = session_->run(3);
  QTRY_COMPARE_WITH_TIMEOUT(session_->runs().find(run)->state, RunInfo::State::paused, 30000);
  session_->select({.nodes = {"step"}, .wires = {}, .port = port});
  session_->runs().proceed(run);
  waitFor(run);
  // From the step at which it was selected, at the latest the one after.
  QTRY_VERIFY_WITH_TIMEOUT(session_->frames().iterations(run, port).size() >= kSteps - 4, 20000);
  settle(200);
  QVERIFY(stage_->timeline.placeOnScreen(port, {kSteps - 1}));
  // It is a port of nothing else: no number and no picture has come of what is not one.
  session_->select({.nodes = {"unet"}, .wires = {}, .port = "unet.denoiser"});
  settle();
  const auto ports = session_->frames().ports(run);
  QVERIFY(std::find(ports.begin(), ports.end(), "unet.denoiser") == ports.end());
  session_->select({});
}

// What another step was asked to keep is kept by the next run, though nothing else has changed.
void WatchTest::watchedFromNowOn() {
  Layout layout = *layoutOf(session_->document(), "");
  layout.watched = {kXt, kX0, "predict.epsilon"};
  session_->edit("Watch", [&](const Document& d) { return withLayout(d, "", layout); });
  const QString run = session_->run();
  waitFor(run);
  QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(run, "predict.epsilon").size(), size_t{kSteps},
                            20000);
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
  QTRY_VERIFY_WITH_TIMEOUT(session_->frames().iterations(run, kX0).size() > 40, 180000);
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
