// The viewer in a window, over runs of the shipped model: numbers, zoom, difference, wipe, what it keeps.
#include "tests/app/editor/watch/stage.h"

#include <QClipboard>

#include "app/editor/watch/tensor_picture.h"

namespace loom::editor {

class ViewerTest : public SamplingTest {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase();
  void viewerShowsTheNumbers();
  void viewerZoomsAndPans();
  void differenceFromPinnedStep();
  void wipeFollowsTheMouse();
  void viewerSavesAndCopies();
  void unwatchedPortCanBeWatched();
  void largeTensorsDoNotWait();
  void cleanupTestCase();

 private:
  QString run_;
};

void ViewerTest::initTestCase() {
  openSampling();
  openStage(QSize(1100, 780));
  run_ = session_->run();
  waitFor(run_);
  settle(200);
}

void ViewerTest::viewerShowsTheNumbers() {
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

void ViewerTest::viewerZoomsAndPans() {
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

void ViewerTest::differenceFromPinnedStep() {
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

void ViewerTest::wipeFollowsTheMouse() {
  session_->edit("Another seed", [](const Document& d) { return withValue(d, "seed", 99); });
  waitFor(session_->forkFrom(run_, 6));
  session_->compareWith(run_);
  stage_->timeline.toEnd();
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

void ViewerTest::viewerSavesAndCopies() {
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

// A wire that a run did not keep: one click, and the same run has it, at the step that was looked at.
void ViewerTest::unwatchedPortCanBeWatched() {
  const std::string port = "denoise.prediction";
  const auto again = [&](const QString& run) {
    session_->setCursor({run, {2}, false});
    settle(150);
    const auto button = stage_->viewer.runAgainOnScreen();
    [&] { QVERIFY(button); }();
    if (button) click(*button);
    const QString id = session_->shownRun()->id;
    [&] {
      QVERIFY(id != run);
      waitFor(id);
      QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(id, port).size(), size_t{kSteps}, 20000);
    }();
    return id;
  };
  stage_->viewer.show(port);
  session_->setCursor({run_, {2}, false});
  settle(150);
  keep("unwatched");
  QVERIFY(stage_->viewer.image().isNull());
  const QString same = again(run_);
  QCOMPARE(session_->cursor().iteration, Iteration{2});
  values(same, port, {2});
  settle(150);
  keep("run_again");
  QTRY_VERIFY(!stage_->viewer.image().isNull());
  QVERIFY(!stage_->viewer.runAgainOnScreen());
  for (const int64_t step : {int64_t{0}, int64_t{2}, int64_t{kSteps - 1}})
    QCOMPARE(values(same, kX0, {step})->data, values(run_, kX0, {step})->data);
  const auto watched = watchedPorts(session_->document(), session_->catalog());
  QVERIFY(std::find(watched.begin(), watched.end(), port) != watched.end());
  // A fork: its parent's steps are those of another run, which did not keep the wire either.
  const auto forked = [&] {
    for (const auto& run : session_->runs().all())
      if (run->forkAsked && run->forkedAt == 6) return run->id;
    return QString();
  }();
  QVERIFY(!forked.isEmpty());
  const QString fork = again(forked);
  for (const int64_t step : {int64_t{2}, int64_t{kSteps - 1}})
    QCOMPARE(values(fork, kX0, {step})->data, values(forked, kX0, {step})->data);
  QCOMPARE(values(fork, port, {2})->data, values(same, port, {2})->data);
  stage_->viewer.show(kX0);
  session_->setCursor({});
}

// Looked at on another thread: the window goes on.
void ViewerTest::largeTensorsDoNotWait() {
  session_->edit("Large", [](const Document& d) { return withValue(d, "batch", 100); });  // 300,000 numbers
  const QString run = session_->run(1);
  QTRY_VERIFY_WITH_TIMEOUT(session_->frames().iterations(run, kXt).size() >= 1, 60000);
  session_->setCursor({run, {0}, false});
  const ValuesPtr large = values(run, kXt, {0});
  QVERIFY(large->data.size() > size_t{1} << 18);
  Viewer other(*session_, *stage_);
  other.show(kXt);
  other.setSample(-1);
  QVERIFY(other.image().isNull());  // is being made
  QTRY_VERIFY_WITH_TIMEOUT(!other.image().isNull(), 20000);
  QCOMPARE(other.image().width(), 10 * 33 - 1);
  other.setMode(Viewer::Mode::falseColour);
  const QImage before = other.image();
  QVERIFY(!before.isNull());  // the one before, until the other is made
  QTRY_VERIFY_WITH_TIMEOUT(other.image() != before, 20000);
  session_->runs().stop(run);
  QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(run)->over(), 20000);
}

void ViewerTest::cleanupTestCase() {
  stage_.reset();
  session_.reset();
}

}  // namespace loom::editor

QTEST_MAIN(loom::editor::ViewerTest)
#include "viewer_test.moc"
