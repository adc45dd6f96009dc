// What live watching costs a run: its time, and the processor's time of both processes while it goes, which
// says more on a machine where other programs run.
#include <unistd.h>

#include <QFile>
#include <cstdio>
#include <map>

#include "app/editor/document/document_file.h"
#include "tests/benchmark/editor_parts.h"
#include "tests/benchmark/timing.h"

namespace loom::bench {

using namespace loom::editor;

namespace {

constexpr int kSettle = 300;  // milliseconds between runs: what was not fetched while one went comes then

double processorSeconds(qint64 process) {
  QFile file(QStringLiteral("/proc/%1/stat").arg(process));
  if (!file.open(QIODevice::ReadOnly)) return 0;
  const QByteArray line = file.readAll();
  const QList<QByteArray> fields = line.mid(line.lastIndexOf(')') + 2).split(' ');  // from the third on
  if (fields.size() < 13) return 0;
  return static_cast<double>(fields[11].toLongLong() + fields[12].toLongLong()) /
         static_cast<double>(sysconf(_SC_CLK_TCK));
}

struct Used {
  std::vector<double> editor, worker, frames;
};

}  // namespace

// Steps of the zone alone, as the worker tells them, with all that the window shows and with nothing watched.
void watchingCost(MainWindow& window, int rounds) {
  Session& session = window.session();
  std::map<bool, Used> used;
  const auto once = [&](bool watched) {
    QTest::qWait(kSettle);
    RunRequest request;
    request.document = readDocument(NOISELOOM_SOURCE_DIR "/graphs/ddim.loom");
    static int seed = 100;  // what the cache holds would take no time
    for (const auto& [node, port, value] :
         {std::tuple{"timesteps", "steps", 50}, std::tuple{"start", "batch", 4},
          std::tuple{"start", "seed", ++seed}})
      request.document = setParam(request.document, "", session.catalog(), node, port, value);
    request.folder = NOISELOOM_SOURCE_DIR "/graphs";
    if (watched) request.watched = request.shown = {"sampling.x", "predict.x0"};
    const double editor = processorSeconds(getpid()), worker = processorSeconds(session.worker().pid());
    const int64_t frames = window.central().framesPainted();
    const QString id = session.runs().start(request);
    waitFor([&] { return session.runs().find(id)->over(); });
    used[watched].editor.push_back(processorSeconds(getpid()) - editor);
    used[watched].worker.push_back(processorSeconds(session.worker().pid()) - worker);
    used[watched].frames.push_back(static_cast<double>(window.central().framesPainted() - frames));
    return session.runs().find(id)->seconds;
  };
  std::vector<Contender> contenders{{"watched", [&] { return once(true); }},
                                    {"not watched", [&] { return once(false); }}};
  takeTurns(rounds, contenders);
  const Spread paired = ratioOf(contenders[0], contenders[1]);
  std::printf(
      "50 steps, x_t and x0 of each on the timeline: %s against %s; by pairs %.3f (%.3f to %.3f; goal "
      "1.01)\n",
      text(contenders[0].spread, 1, "s").c_str(), text(contenders[1].spread, 1, "s").c_str(), paired.median,
      paired.min, paired.max);
  for (const bool watched : {true, false}) {
    const Used& of = used[watched];
    std::printf("  processor time of a run %s: editor %s, worker %s; %.0f frames painted\n",
                watched ? "watched" : "not watched", text(spreadOf(of.editor), 1, "s").c_str(),
                text(spreadOf(of.worker), 1, "s").c_str(), spreadOf(of.frames).median);
  }
}

}  // namespace loom::bench
