#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "engine/graph/graph_file.h"
#include "engine/node/node_type.h"
#include "engine/run/run.h"
#include "tests/benchmark/parts.h"
#include "tests/benchmark/timing.h"

namespace loom::bench {
namespace {

namespace add {
constexpr In<Int> a{"a", "One number", {}};
constexpr In<Int> b{"b", "The other", {.value = 1}};
constexpr Out<Int> sum{"sum", "Their sum"};
void execute(Exec& x) { x.set(sum, x.get(a) + x.get(b)); }
}  // namespace add

// A sampler's step in closed form: x_t drawn towards a point, with the arithmetic of DDIM and no network.
namespace drift {
constexpr In<at::Tensor> x{"x", "x_t"};
constexpr In<Int> index{"index", "Which step", {}};
constexpr Out<at::Tensor> next{"next", "x of the next step"};
at::Tensor step(const at::Tensor& x_t, int64_t i) {
  const double a = 0.999 - 1e-4 * static_cast<double>(i % 7);
  const at::Tensor epsilon = (x_t - 0.25).mul_(0.5);
  const at::Tensor x0 = (x_t - epsilon * std::sqrt(1 - a)).mul_(1 / std::sqrt(a)).clamp_(-1, 1);
  return x0 * std::sqrt(a) + epsilon * std::sqrt(1 - a);
}
void execute(Exec& e) { e.set(next, step(e.get(x), e.get(index))); }
}  // namespace drift

namespace start {
constexpr Out<at::Tensor> out{"x", "The first x"};
void execute(Exec& x) { x.set(out, at::full({4, 3, 32, 32}, 0.5)); }
}  // namespace start

const Registry& nodes() {
  static const Registry registry = [] {
    Registry all;
    all.add(makeNode("bench.add", "Add", "", add::execute, add::a, add::b, add::sum));
    all.add(makeNode("bench.drift", "Step", "", drift::execute, drift::x, drift::index, drift::next));
    all.add(makeNode("bench.start", "Start", "", start::execute, start::out));
    return all;
  }();
  return registry;
}

std::shared_ptr<const Plan> planOf(const std::string& text) {
  return std::make_shared<const Plan>(
      compile(std::make_shared<const Document>(parseGraph(text)), nodes(), CompileOptions{}));
}

std::string chainOf(int length) {
  std::string text = R"({"noiseloom": 1, "nodes": {"n0": {"type": "bench.add", "version": 1})";
  for (int i = 1; i < length; ++i)
    text += ", \"n" + std::to_string(i) + R"(": {"type": "bench.add", "version": 1, "inputs": {"a": "n)" +
            std::to_string(i - 1) + ".sum\"}}";
  return text + R"(}, "outputs": {"sum": {"from": "n)" + std::to_string(length - 1) + ".sum\"}}}";
}

// Engine time of a node: a chain of additions, whose own work is next to nothing.
void nodeTimes() {
  constexpr int kNodes = 10'000;
  const auto plan = planOf(chainOf(kNodes));
  std::vector<double> warm, cached;
  Cache cache;
  RunOptions cachedOptions;
  cachedOptions.cache = &cache;
  Run(plan, cachedOptions).execute();
  for (int round = 0; round < 15; ++round) {
    Run fresh(plan, RunOptions{});
    warm.push_back(secondsOf([&] { fresh.execute(); }) / kNodes);
    Run again(plan, cachedOptions);
    cached.push_back(secondsOf([&] { again.execute(); }) / kNodes);
  }
  std::printf("%-44s %s (goal 300)\n", "engine time a warm node", text(spreadOf(warm), 1e-9, "ns").c_str());
  std::printf("%-44s %s (goal 20)\n", "engine time a cached node",
              text(spreadOf(cached), 1e-9, "ns").c_str());
}

void zoneTimes() {
  const auto plan = planOf(R"({"noiseloom": 1, "nodes": {
    "start": {"type": "bench.start", "version": 1},
    "loop": {"type": "zone", "count": 1000, "state": {"x": {"init": "start.x", "next": "step.next"}},
      "nodes": {"step": {"type": "bench.drift", "version": 1, "inputs": {"x": "loop.x", "index": "loop.index"}}}}},
    "outputs": {"x": {"from": "loop.x"}}})");
  at::Tensor byZone, byHand;
  const auto zone = [&] {
    Run run(plan, RunOptions{});
    const double seconds = secondsOf([&] { run.execute(); });
    byZone = run.output("x").as<at::Tensor>();
    return seconds;
  };
  const auto loop = [&] {
    c10::InferenceMode inference(false);
    at::NoGradGuard noGradients;
    return secondsOf([&] {
      byHand = at::full({4, 3, 32, 32}, 0.5);
      for (int64_t i = 0; i < 1000; ++i) byHand = drift::step(byHand, i);
    });
  };
  std::vector<Contender> contenders{{"zone", zone}, {"by hand", loop}};
  takeTurns(25, contenders);
  const Spread ours = contenders[0].spread, theirs = contenders[1].spread;
  if (!at::equal(byZone, byHand)) throw std::runtime_error("zone and loop do not agree");
  std::printf("%-44s %s; by hand %s; %+.2f %% (goal 1)\n", "zone of 1,000 steps, [4, 3, 32, 32]",
              text(ours, 1e-3, "ms").c_str(), text(theirs, 1e-3, "ms").c_str(),
              100 * (ours.median / theirs.median - 1));
}

}  // namespace

void engineTimes() {
  nodeTimes();
  zoneTimes();
}

}  // namespace loom::bench
