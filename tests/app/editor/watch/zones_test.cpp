// Zones beside, in and around each other, and those that train: each has its own steps on the timeline.
#include "tests/app/editor/watch/stage.h"

#include "app/editor/document/zone_places.h"
#include "app/editor/watch/tensor_numbers.h"
#include "app/editor/watch/transport.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {
namespace {

using nlohmann::json;

json graphJson(const char* name) {
  QFile file(QString(NOISELOOM_SOURCE_DIR "/graphs/") + name);
  if (!file.open(QIODevice::ReadOnly)) return {};
  return json::parse(file.readAll().toStdString());
}

constexpr int kOuter = 3, kInner = 4;

// DDPM's loop within one that begins it again with what it came to.
Document nested() {
  json graph = graphJson("ddpm.loom");
  json sampling = graph["nodes"]["sampling"];
  json nodes;
  for (const char* name : {"weights", "unet", "schedule", "timesteps", "start"})
    nodes[name] = graph["nodes"][name];
  nodes["timesteps"]["params"]["steps"] = kInner;
  nodes["start"]["params"]["batch"] = 1;
  sampling.erase("collect");
  sampling["state"]["x"]["init"] = "again.y";
  nodes["again"] = {{"type", "zone"},
                    {"count", kOuter},
                    {"state", {{"y", {{"init", "start.noise"}, {"next", "sampling.x"}}}}},
                    {"nodes", {{"sampling", sampling}}}};
  graph["nodes"] = nodes;
  graph["inputs"] = json::object();
  graph["outputs"] = {{"last", {{"from", "again.y"}}}};
  graph["layout"] = {{"watched", {"again.y", "sampling.x", "predict.x0"}}};
  return parseGraph(graph.dump());
}

}  // namespace

class ZonesTest : public StageTest {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { startSession(); }
  void init() {
    for (const auto& run : session_->runs().all()) QVERIFY(run->over());
    session_->settings().setValue("timeline/plot", 0);
  }

  void places() {
    using Places = std::vector<std::vector<std::string>>;
    QCOMPARE(zonePlaces(nested()), (Places{{"again"}, {"again", "sampling"}}));
    const std::vector<Steps> inOrder{1, Steps({1, 1}), Steps({1, 4}), 2, Steps({2, 1}, {"again", "sampling"}),
                                     3};
    for (size_t i = 0; i < inOrder.size(); ++i) {
      QCOMPARE(stepsFrom(jsonOf(inOrder[i])), inOrder[i]);
      QCOMPARE(stepsFrom(jsonOf(inOrder[i])).zones, inOrder[i].zones);
      if (i > 0) QVERIFY(inOrder[i - 1] < inOrder[i]);
    }
    QCOMPARE(textOf(3), QString("step 3"));
    QCOMPARE(textOf(Steps({3, 5})), QString("step 4, inner step 5"));
    QCOMPARE(Steps::after({3, 4}), Steps({3, 5}));
    for (const char* bad : {"-1", "\"three\"", "null", R"({"done": "x"})", R"({"done": [1, -2]})",
                            R"({"done": [1], "zones": ["a", "b"]})", R"({"done": [[1]]})"})
      QVERIFY2(stepsFrom(json::parse(bad)).empty(), bad);
  }

  void besideEachOther() {
    const std::map<std::string, int> steps{
        {"steps_4", 2}, {"steps_10", 3}, {"steps_25", 4}, {"steps_100", 6}};
    QVERIFY(session_->open(NOISELOOM_SOURCE_DIR "/graphs/compare_steps.loom"));
    session_->edit("Few", [&](const Document& d) {
      Document few = d;
      for (const auto& [node, count] : steps) few = withValue(few, node + ".steps", count);
      return few;
    });
    openStage(QSize(1100, 1000));
    stage_->part = 0.7f;
    const QString run = finished();
    settle(300);
    keep("zones_beside");
    float right = -1;
    for (const auto& [node, count] : steps) {
      const std::string port = node + "/sampling.x";
      QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(run, port).size(), static_cast<size_t>(count),
                                20000);
      settle();
      // All of the line's width is its own, however many steps the others take.
      const auto last = stage_->timeline.placeOnScreen(port, {count - 1});
      QVERIFY(last);
      if (right >= 0) QVERIFY(std::abs(last->x - right) < 2);
      right = last->x;
      // And so is its plot's.
      const std::string zone = node + "/sampling";
      const auto first = stage_->timeline.placeInPlot(zone, 0),
                 end = stage_->timeline.placeInPlot(zone, count - 1);
      QVERIFY(first && end && end->x - first->x > 60);
      click(*end);
      QCOMPARE(session_->cursor().iteration, Iteration{count - 1});
    }
    click(*stage_->timeline.placeOnScreen("steps_25/sampling.x", {1}));
    QCOMPARE(session_->cursor().iteration, Iteration{1});
    QCOMPARE(plotted()["steps_10/sampling.x norm"].size(), size_t{6});  // a row a step of the longest
    // Of several zones the one that is meant is named, or the worker would not know it.
    QCOMPARE(stage_->timeline.stepAtCursor().zones, std::vector<std::string>{"steps_25/sampling"});
    session_->edit("Others", [](const Document& d) { return withValue(d, "seed", 8); });
    const QString paused = session_->run(1);
    QTRY_VERIFY_WITH_TIMEOUT(state(paused) == RunInfo::State::paused, 60000);
    session_->runTo(Steps({3}, {"steps_25/sampling"}));
    QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(paused)->at({"steps_25/sampling"}) == 3 &&
                                 state(paused) == RunInfo::State::paused,
                             60000);
    session_->runs().stop(paused);
    QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(paused)->over(), 20000);
    session_->setCursor({.run = run, .iteration = {1}, .live = false});
    layouts();
  }

  void inEachOther() {
    session_->openDocument(nested(), {}, "Nested");
    openStage(QSize(1100, 900));
    stage_->part = 0.6f;
    const QString run = finished();
    QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(run, "sampling.x").size(),
                              size_t{kOuter * kInner}, 20000);
    session_->setCursor({{}, {1}, false});
    settle(400);
    keep("zones_nested");
    // Outer steps and, under them, the inner ones of the outer step that is looked at.
    for (int64_t step = 0; step < kOuter; ++step) QVERIFY(stage_->timeline.placeOnScreen("again.y", {step}));
    for (int64_t step = 0; step < kInner; ++step) {
      QVERIFY(stage_->timeline.placeOnScreen("sampling.x", {1, step}));
      QVERIFY(!stage_->timeline.placeOnScreen("sampling.x", {2, step}));
    }
    click(*stage_->timeline.placeOnScreen("sampling.x", {1, 2}));
    QCOMPARE(session_->cursor().iteration, (Iteration{1, 2}));
    stage_->viewer.show("sampling.x");
    const ValuesPtr numbers = values(run, "sampling.x", {1, 2});
    settle(150);
    keep("zones_nested_inner");
    const float red = planeOf(*numbers, planesOf(*numbers), 0, 0)[5 * 32 + 7];
    QTRY_VERIFY(std::abs(stage_->viewer.image().pixelColor(7, 5).red() -
                         std::clamp((red + 1) / 2, 0.f, 1.f) * 255) <= 1);
    // From one inner step to the next, over the ends of outer ones.
    key(Qt::Key_Right);
    QCOMPARE(session_->cursor().iteration, (Iteration{1, 3}));
    key(Qt::Key_Right);
    QCOMPARE(session_->cursor().iteration, (Iteration{2, 0}));
    key(Qt::Key_Left);
    QCOMPARE(session_->cursor().iteration, (Iteration{1, 3}));
    wheel(*stage_->timeline.placeOnScreen("sampling.x", {1, 3}), 2);
    QCOMPARE(session_->cursor().iteration, (Iteration{1, 1}));
    // In the plots inner steps lie between two outer ones.
    auto columns = plotted();
    QVERIFY(columns["step"].size() >= kOuter * kInner);
    for (size_t row = 0; row < columns["step"].size(); ++row) {
      const double step = columns["step"][row] - 1, inner = (step - std::floor(step)) * kInner;
      QCOMPARE(inner, std::round(inner));
      const Iteration place{static_cast<int64_t>(step), std::lround(inner)};
      const Summary summary = summaryOf(values(run, "sampling.x", place)->data);
      QVERIFY(std::abs(columns["sampling.x norm"][row] - summary.norm) < 1e-4 * summary.norm);
    }
  }

  // Steering by inner steps, by mouse: pause, step, run to a step that is still to come, fork.
  void withinEachOther() {
    session_->openDocument(nested(), {}, "Nested");
    openStage(QSize(1100, 900));
    stage_->part = 0.6f;
    const QString run = session_->run(Steps(std::vector<int64_t>{1, 2}));
    const auto paused = [&](std::vector<int64_t> at) {
      const auto info = session_->runs().find(run);
      return info->state == RunInfo::State::paused && info->at() == Steps(at) &&
             session_->runs().forkable(run).size() > 0 && session_->runs().forkable(run).back() == Steps(at);
    };
    QTRY_VERIFY_WITH_TIMEOUT(paused({1, 2}), 120000);
    QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(run, "sampling.x").size(), size_t{kInner + 2},
                              20000);
    Reels reels(*session_);
    QVERIFY2(QString::fromStdString(progressText(reels.shown(), session_->runs()))
                 .startsWith("paused after 1 of 3 steps, 2 of 4 within"),
             progressText(reels.shown(), session_->runs()).c_str());
    settle(300);
    keep("zones_paused_within");
    // A step: of the zone that it is paused in, then of the one whose line is looked at.
    press(Icon::oneStep);
    QTRY_VERIFY_WITH_TIMEOUT(paused({1, 3}), 60000);
    click(*stage_->timeline.placeOnScreen("again.y", {0}));
    press(Icon::oneStep);
    QTRY_VERIFY_WITH_TIMEOUT(paused({2}), 60000);
    click(*stage_->timeline.placeOnScreen("sampling.x", {0, 1}));
    press(Icon::oneStep);
    QTRY_VERIFY_WITH_TIMEOUT(paused({2, 1}), 60000);
    // To an inner step that is still to come.
    click(*stage_->timeline.placeOnScreen("again.y", {2}));
    QVERIFY(stage_->timeline.placeOnScreen("sampling.x", {2, kInner - 1}));
    click(*stage_->timeline.placeOnScreen("sampling.x", {2, 2}));
    QCOMPARE(stage_->timeline.stepAtCursor(), Steps(std::vector<int64_t>{2, 3}));
    keep("zones_to_come");
    press(Icon::runTo);
    QTRY_VERIFY_WITH_TIMEOUT(paused({2, 3}), 60000);
    session_->runTo(Steps(std::vector<int64_t>{1, 1}));  // is over: said, and nothing happens
    QVERIFY(paused({2, 3}));
    session_->runs().proceed(run);
    QTRY_COMPARE_WITH_TIMEOUT(state(run), RunInfo::State::finished, 60000);
    // A fork from an inner step: what comes before is the parent's, and the same seeds give the same.
    click(*stage_->timeline.placeOnScreen("again.y", {1}));
    click(*stage_->timeline.placeOnScreen("sampling.x", {1, 1}));
    QTRY_COMPARE_WITH_TIMEOUT(session_->runs().forkable(run).size(), size_t{kOuter + kOuter * kInner}, 20000);
    press(Icon::fork);
    const QString fork = session_->shownRun()->id;
    QVERIFY(fork != run);
    QTRY_COMPARE_WITH_TIMEOUT(state(fork), RunInfo::State::finished, 60000);
    const auto info = session_->runs().find(fork);
    QCOMPARE(info->forkedAt, Steps(std::vector<int64_t>{1, 2}));
    QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(fork, "sampling.x").size(),
                              size_t{kOuter * kInner}, 20000);
    QCOMPARE(values(fork, "sampling.x", {1, 1}), values(run, "sampling.x", {1, 1}));  // the parent's own
    QVERIFY(values(fork, "sampling.x", {1, 2}) != values(run, "sampling.x", {1, 2}));
    for (const Iteration& at : {Iteration{1, 2}, Iteration{2, kInner - 1}})
      QCOMPARE(values(fork, "sampling.x", at)->data, values(run, "sampling.x", at)->data);
    session_->setCursor({{}, {1}, false});
    settle(200);
    keep("zones_fork_within");
  }

  void training() {
    QVERIFY(session_->open(NOISELOOM_SOURCE_DIR "/graphs/train/ddpm_emoji.loom"));
    constexpr int kTraining = 6, kLook = 3, kSampling = 4;
    session_->edit("Small", [=](const Document& d) {
      Document small = d;
      const std::vector<std::pair<const char*, json>> set{{"steps", kTraining},
                                                          {"step.warmup", 1},
                                                          {"batch", 2},
                                                          {"size", 16},
                                                          {"ch", 16},
                                                          {"look", kLook},
                                                          {"preview_steps.steps", kSampling},
                                                          {"preview_like.batch", 2}};
      for (const auto& [name, value] : set) small = withValue(small, name, value);
      return small;
    });
    openStage(QSize(1100, 900));
    stage_->part = 0.5f;
    const QString run = session_->run(4);
    QTRY_VERIFY_WITH_TIMEOUT(state(run) == RunInfo::State::paused || session_->runs().find(run)->over(),
                             120000);
    const auto info = session_->runs().find(run);
    QVERIFY2(state(run) == RunInfo::State::paused, info->error ? qPrintable(info->error->message) : "");
    // The loss so far, unasked, and the samples that were drawn by then.
    QTRY_COMPARE_WITH_TIMEOUT(plotted()["loss.value value"].size(), size_t{4}, 20000);
    QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(run, "sampling.x").size(), size_t{kSampling},
                              20000);
    settle(300);
    keep("training_paused");
    session_->runs().proceed(run);
    QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(run)->over(), 120000);
    QCOMPARE(state(run), RunInfo::State::finished);
    QTRY_COMPARE_WITH_TIMEOUT(plotted()["loss.value value"].size(), size_t{kTraining}, 20000);
    QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(run, "sampling.x").size(), size_t{2 * kSampling},
                              20000);
    settle(300);
    keep("training");
    const auto rows = session_->frames().statistics(run, "loss.value");
    for (size_t i = 0; i < rows.size(); ++i)
      QVERIFY(std::abs(plotted()["loss.value value"][i] - rows[i].mean) <= 1e-6 * rows[i].mean);
    const int64_t looked = session_->frames().iterations(run, "sampling.x").back().front();
    session_->setCursor({{}, {looked}, false});
    settle(200);
    keep("training_samples");
    for (int64_t step = 0; step < kSampling; ++step)
      QVERIFY(stage_->timeline.placeOnScreen("sampling.x", {looked, step}));
    QTRY_VERIFY(session_->frames().thumbnail(run, "sampling.x", {looked, kSampling - 1}));
  }

  void cleanupTestCase() {
    stage_.reset();
    session_.reset();
  }

 private:
  // However low and narrow, and however large the text: nothing is shown in part.
  void layouts() {
    for (const QSize size : {QSize(740, 232), QSize(1000, 420), QSize(1720, 640)})
      for (const int text : {13, 20, 26})
        layout(size, text, text == 20 ? Theme::lightTheme() : Theme::darkTheme());
    Theme::use(Theme::darkTheme());
  }
  void layout(QSize size, int text, const Theme& theme) {
    Theme::use(theme);
    QFont font = stage_->font();
    font.setPixelSize(text);
    stage_->setFont(font);
    const int all = size.height() + 40;
    stage_->part = static_cast<float>(size.height()) / static_cast<float>(all);
    stage_->resize(size.width(), all);
    settle(150);
    keep(qPrintable(QString("zones_%1x%2_%3").arg(size.width()).arg(size.height()).arg(text)));
    const auto lineOf = [&](const char* node) {
      return stage_->timeline.placeOnScreen(std::string(node) + "/sampling.x", {0});
    };
    std::optional<ImVec2> first;
    for (const char* node : {"steps_4", "steps_10", "steps_25", "steps_100"}) {
      const auto line = lineOf(node);
      const auto plot = stage_->timeline.placeInPlot(std::string(node) + "/sampling", 0);
      if (line) QVERIFY(line->y > 40 && line->y + 15 < static_cast<float>(all));
      if (line) QVERIFY(line->x > 96.f * static_cast<float>(text) / 13);  // beside its name
      if (plot) QVERIFY(plot->y + 15 < static_cast<float>(all));
      if (!first) first = line;
    }
    QVERIFY(first);
    // What is not there comes by the wheel over the names.
    for (int i = 0; i < 8 && !lineOf("steps_4"); ++i) wheel({30, first->y}, -1);
    const auto last = lineOf("steps_4");
    QVERIFY(last && last->y + 15 < static_cast<float>(all));
    click(*last);
    QCOMPARE(session_->cursor().iteration, Iteration{0});
    for (int i = 0; i < 8 && !lineOf("steps_10"); ++i) wheel({30, last->y}, 1);
    keep(qPrintable(QString("zones_end_%1x%2_%3").arg(size.width()).arg(size.height()).arg(text)));
    QVERIFY2(lineOf("steps_10"),
             qPrintable(QString("%1x%2 at %3").arg(size.width()).arg(size.height()).arg(text)));
  }
  void press(Icon icon) {
    settle();
    const auto at = stage_->timeline.placeOfButton(icon);
    QVERIFY(at);
    click(*at);
  }
  RunInfo::State state(const QString& run) { return session_->runs().find(run)->state; }
  QString finished() {
    const QString run = session_->run();
    [&] {
      QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(run)->over(), 120000);
      const auto info = session_->runs().find(run);
      QVERIFY2(info->state == RunInfo::State::finished, info->error ? qPrintable(info->error->message) : "");
    }();
    return run;
  }
  ValuesPtr values(const QString& run, const std::string& port, const Iteration& iteration) {
    ValuesPtr found;
    [&] { QTRY_VERIFY_WITH_TIMEOUT((found = session_->frames().values(run, port, iteration)), 10000); }();
    return found;
  }
};

}  // namespace loom::editor

QTEST_MAIN(loom::editor::ZonesTest)
#include "zones_test.moc"
