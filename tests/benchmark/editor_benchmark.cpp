// Figures of the editor, in a window of its own: what a frame takes by the number of nodes, what an idle
// window paints, how long an edit takes to be seen, and what live watching costs a run. Prints; asserts
// nothing.
#include <QApplication>
#include <QElapsedTimer>
#include <QSurfaceFormat>
#include <QTemporaryDir>
#include <QTest>
#include <cstdio>

#include "app/editor/document/document_file.h"
#include "app/editor/shell/main_window.h"
#include "tests/benchmark/timing.h"

using namespace loom;
using namespace loom::bench;
using namespace loom::editor;

namespace {

constexpr int kPanned = 60;
constexpr int kRounds = 20;

bool waitFor(const std::function<bool()>& done, int milliseconds = 60'000) {
  return QTest::qWaitFor(done, milliseconds);
}

// Rows of small nodes, each feeding the next: a parameter, an input and an output a node, as real graphs
// have.
Document chains(int nodes) {
  constexpr int kLong = 40;
  Document document;
  document.title = "Chains";
  Layout layout;
  for (int i = 0; i < nodes; ++i) {
    auto node = std::make_shared<Node>();
    node->id = "clip_" + std::to_string(i);
    node->type = "tensor.clip";
    if (i % kLong) node->inputs["tensor"] = Input{{{"clip_" + std::to_string(i - 1), "tensor"}}, false};
    layout.nodes[node->id].at =
        Point{static_cast<float>(i % kLong) * 240, static_cast<float>(i / kLong) * 170};
    document.graph.nodes.push_back(std::move(node));
  }
  return withLayout(document, "", layout);
}

// Seconds from one frame asked for to its end, pixels there.
double frame(CentralWidget& central) {
  const int64_t before = central.framesPainted();
  return secondsOf([&] {
    central.redraw();
    while (central.framesPainted() == before) QCoreApplication::processEvents(QEventLoop::AllEvents, 5);
  });
}

void paintTimes(MainWindow& window) {
  CentralWidget& central = window.central();
  for (const int nodes : {100, 1000, 2000, 10'000}) {
    window.session().openDocument(chains(nodes), {}, "Benchmark");
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
          return setParam(document, "", window.session().catalog(), "clip_" + std::to_string(i), "limit",
                          0.5 + i);
        });
        if (!done) qFatal("the edit was refused");
        while (central.framesPainted() == before) QCoreApplication::processEvents(QEventLoop::AllEvents, 5);
      }));
    std::printf("%6d nodes, an edit until it is seen   %s\n", nodes,
                text(spreadOf(edits), 1e-3, "ms").c_str());
  }
}

void idlePaints(MainWindow& window) {
  window.session().open(NOISELOOM_SOURCE_DIR "/graphs/ddpm.loom");
  // The worker may still be at the large graphs of before.
  waitFor([&] { return window.session().checked().current; });
  QTest::qWait(3000);
  const int64_t before = window.central().framesPainted();
  QTest::qWait(10'000);
  std::printf("idle for 10 s: %lld frames painted (goal 0)\n",
              static_cast<long long>(window.central().framesPainted() - before));
}

// Steps of the zone alone, as the worker tells them, with all that the window shows and with nothing watched.
void watchingCost(MainWindow& window) {
  Session& session = window.session();
  const auto once = [&](bool watched) {
    RunRequest request;
    request.document = readDocument(NOISELOOM_SOURCE_DIR "/graphs/ddim.loom");
    static int seed = 100;  // what the cache holds would take no time
    for (const auto& [node, port, value] :
         {std::tuple{"timesteps", "steps", 50}, std::tuple{"start", "batch", 4},
          std::tuple{"start", "seed", ++seed}})
      request.document = setParam(request.document, "", session.catalog(), node, port, value);
    request.folder = NOISELOOM_SOURCE_DIR "/graphs";
    if (watched) request.watched = request.shown = {"sampling.x", "predict.x0"};
    const QString id = session.runs().start(request);
    waitFor([&] { return session.runs().find(id)->over(); });
    return session.runs().find(id)->seconds;
  };
  std::vector<Contender> contenders{{"watched", [&] { return once(true); }},
                                    {"not watched", [&] { return once(false); }}};
  takeTurns(kRounds, contenders);
  const Spread paired = ratioOf(contenders[0], contenders[1]);
  std::printf(
      "50 steps, x_t and x0 of each on the timeline: %s against %s; by pairs %.3f (%.3f to %.3f; goal "
      "1.01)\n",
      text(contenders[0].spread, 1, "s").c_str(), text(contenders[1].spread, 1, "s").c_str(), paired.median,
      paired.min, paired.max);
}

}  // namespace

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
  paintTimes(window);
  idlePaints(window);
  watchingCost(window);
  return 0;
}
