// Figures of the editor, in a window of its own: what a frame takes by the number of nodes, what an idle
// window paints, how long an edit takes to be seen, how long anything holds the window up, and what live
// watching costs a run. Prints; asserts nothing.
#include <QApplication>
#include <QCommandLineParser>
#include <QElapsedTimer>
#include <QSurfaceFormat>
#include <QTemporaryDir>
#include <algorithm>
#include <cstdio>

#include "tests/app/editor/large.h"
#include "tests/benchmark/editor_parts.h"
#include "tests/benchmark/timing.h"

using namespace loom;
using namespace loom::bench;
using namespace loom::editor;

namespace {

constexpr int kPanned = 60;

// Seconds from one frame asked for to its end, pixels there.
double frame(CentralWidget& central) {
  const int64_t before = central.framesPainted();
  return secondsOf([&] {
    central.redraw();
    while (central.framesPainted() == before) QCoreApplication::processEvents(QEventLoop::AllEvents, 5);
  });
}

}  // namespace

void bench::paintTimes(MainWindow& window) {
  CentralWidget& central = window.central();
  for (const int nodes : {100, 1000, 2000, 10'000}) {
    window.session().openDocument(testing::largeChains(nodes), {}, "Benchmark");
    QTest::qWait(500);
    for (const auto& [name, zoom] : {std::pair{"everything in view", 0.f}, std::pair{"at zoom 1", 1.f}}) {
      if (zoom) {
        central.canvas().zoomTo(zoom);
      } else {
        central.canvas().fitAll();
      }
      QTest::qWait(300);
      std::vector<double> times;
      QPoint at(central.width() / 2, central.height() / 4);
      QTest::mousePress(&central, Qt::MiddleButton, {}, at);
      for (int i = 0; i < kPanned; ++i) {
        at += QPoint(i % 20 < 10 ? 4 : -4, 1);
        QTest::mouseMove(&central, at, 0);
        times.push_back(frame(central));
      }
      QTest::mouseRelease(&central, Qt::MiddleButton, {}, at);
      const Spread spread = spreadOf(times);
      std::printf("%6d nodes, %-18s  %s a frame, %.0f frames/s\n", nodes, name,
                  text(spread, 1e-3, "ms").c_str(), 1 / spread.median);
    }
    std::vector<double> edits;
    for (int i = 0; i < 20; ++i)
      edits.push_back(secondsOf([&] {
        const int64_t before = central.framesPainted();
        const bool done = window.session().edit("Set limit", [&](const Document& document) {
          return setParam(document, "", window.session().catalog(), testing::largeId(i + 1), "limit",
                          0.5 + i);
        });
        if (!done) qFatal("the edit was refused");
        while (central.framesPainted() == before) QCoreApplication::processEvents(QEventLoop::AllEvents, 5);
      }));
    std::printf("%6d nodes, an edit until it is seen   %s\n", nodes,
                text(spreadOf(edits), 1e-3, "ms").c_str());
  }
}

void bench::idlePaints(MainWindow& window) {
  window.session().open(NOISELOOM_SOURCE_DIR "/graphs/ddpm.loom");
  // The worker may still be at the large graphs of before.
  waitFor([&] { return window.session().checked().current; });
  QTest::qWait(3000);
  const int64_t before = window.central().framesPainted();
  QTest::qWait(10'000);
  std::printf("idle for 10 s: %lld frames painted (goal 0)\n",
              static_cast<long long>(window.central().framesPainted() - before));
}

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  QSurfaceFormat format;
  format.setSwapInterval(0);
  QSurfaceFormat::setDefaultFormat(format);
  QApplication application(argc, argv);
  QCoreApplication::setApplicationName("noiseloom");
  QTemporaryDir data;
  MainWindow window({.runner = NOISELOOM_RUNNER, .dataFolder = data.path()});
  window.resize(1280, 800);
  window.show();
  if (!waitFor([&] { return !window.session().catalog().empty(); })) {
    std::fprintf(stderr, "the worker does not answer\n");
    return 1;
  }
  QCommandLineParser options;
  options.addOptions({{"only", "Part: paint, idle, holdups or watching.", "part"},
                      {"rows", "Of holdups those with this in their name.", "text"},
                      {"nodes", "Of the graphs that holdups edits; 10000.", "number"},
                      {"rounds", "Times that each of them, and each run of watching, is done.", "number"}});
  options.process(application);
  const QString only = options.value("only");
  const int rounds = std::max(0, options.value("rounds").toInt());
  const auto wanted = [&](const char* part) { return only.isEmpty() || only == part; };
  if (wanted("paint")) paintTimes(window);
  if (wanted("idle")) idlePaints(window);
  if (wanted("holdups"))
    holdUps(window, options.value("rows"), rounds ? rounds : 3,
            options.isSet("nodes") ? std::clamp(options.value("nodes").toInt(), 1000, 100'000) : 10'000);
  if (wanted("watching")) watchingCost(window, rounds ? rounds : 20);
  return 0;
}
