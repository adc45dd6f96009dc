// What watching, forking, keeping results and batching cost and save, on the shipped model.
#include <ATen/ATen.h>

#include <ctime>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "engine/graph/graph_file.h"
#include "engine/live/previewer.h"
#include "engine/live/shared_frames.h"
#include "engine/plan/planner.h"
#include "engine/run/history.h"
#include "engine/run/together.h"
#include "nodes/registry.h"
#include "tests/benchmark/parts.h"
#include "tests/benchmark/timing.h"

namespace loom::bench {
namespace {

namespace fs = std::filesystem;

std::string sampling(int steps, int batch, int seed, double eta) {
  return R"({"noiseloom": 1, "nodes": {
    "weights": {"type": "weights.load", "params": {"path": "ddpm_emoji.safetensors"}},
    "unet": {"type": "ddpm.unet", "inputs": {"weights": "weights.weights"}},
    "schedule": {"type": "schedule.noise", "params": {"kind": "cosine"}},
    "steps": {"type": "schedule.timesteps", "params": {"steps": )" +
         std::to_string(steps) + R"(}, "inputs": {"schedule": "schedule.schedule"}},
    "start": {"type": "noise.gaussian", "params": {"shape": [3, 32, 32], "batch": )" +
         std::to_string(batch) + R"(, "seed": )" + std::to_string(seed) + R"(}},
    "sampling": {"type": "zone", "over": {"t": "steps.timesteps"}, "state": {"x": {"init": "start.noise", "next": "step.x_prev"}}, "nodes": {
      "denoise": {"type": "denoise", "inputs": {"denoiser": "unet.denoiser", "x_t": "sampling.x", "t": "sampling.t"}},
      "predict": {"type": "predict.x0", "inputs": {"prediction": "denoise.prediction", "x_t": "sampling.x", "t": "sampling.t", "schedule": "schedule.schedule"}},
      "noise": {"type": "noise.gaussian", "params": {"seed": 9}, "inputs": {"like": "sampling.x"}},
      "step": {"type": "step.ddim", "params": {"eta": )" +
         std::to_string(eta) +
         R"(}, "inputs": {"x0": "predict.x0", "epsilon": "predict.epsilon", "x_t": "sampling.x", "t": "sampling.t", "schedule": "schedule.schedule", "noise": "noise.noise"}}}},
    "picture": {"type": "image.from_latent", "inputs": {"latent": "sampling.x"}}},
    "outputs": {"x": {"from": "sampling.x"}, "image": {"from": "picture.image"}}})";
}

Files models() {
  Files::Options options;
  options.graphFolder = fs::path(NOISELOOM_SOURCE_DIR) / "resources" / "models";
  return Files(options);
}

std::shared_ptr<const Plan> planOf(const std::string& text, CompileOptions options = {}) {
  options.files = models();
  return std::make_shared<const Plan>(
      compile(std::make_shared<const Document>(parseGraph(text)), registry(), options));
}

RunOptions withCache(Cache& cache) {
  RunOptions options;
  options.files = models();
  options.cache = &cache;
  return options;
}

// The network is loaded before anything is timed.
void warm(Cache& cache, const std::shared_ptr<const Plan>& plan) {
  RunOptions options = withCache(cache);
  options.probes = {"sampling.x"};  // goes round, whatever is known
  Run(plan, options).execute();
}

void printRatio(const char* what, const Spread& ours, const Spread& other, const char* otherName,
                const char* goal) {
  std::printf("%-44s %s; %s %s; ratio %.3f%s\n", what, text(ours, 1e-3, "ms").c_str(), otherName,
              text(other, 1e-3, "ms").c_str(), ours.median / other.median, goal);
}

// x_t and x̂_0 of every step as previews in shared memory, and a client that reads each frame as it comes.
void previewCost() {
  const auto plan = planOf(sampling(50, 4, 1, 0));
  Cache cache;
  warm(cache, plan);
  SharedFrames x(128 * 128 * 4), x0(128 * 128 * 4);
  std::atomic<bool> ending{false};
  std::atomic<int64_t> read{0};
  std::thread client([&] {
    SharedFramesReader first(x.memory().path()), second(x0.memory().path());
    uint64_t seenX = 0, seenX0 = 0;
    while (!ending) {
      if (const auto frame = first.newest(seenX)) seenX = frame->frame.generation, ++read;
      if (const auto frame = second.newest(seenX0)) seenX0 = frame->frame.generation, ++read;
      std::this_thread::sleep_for(std::chrono::milliseconds(4));
    }
  });
  Previewer previewer(
      [&](const std::string& port, const std::vector<int64_t>& iteration, const Preview& preview) {
        SharedFrame frame;
        frame.iteration = iteration;
        frame.width = static_cast<uint32_t>(preview.width);
        frame.height = static_cast<uint32_t>(preview.height);
        (port == "sampling.x" ? x : x0).write(frame, std::as_bytes(std::span(preview.rgba)));
      });
  previewer.add("sampling.x");
  previewer.add("predict.x0");
  Contender processor[2];  // the same runs, by the time that all threads take of the processor
  const auto timed = [&](bool watched) {
    RunOptions options = withCache(cache);
    options.probes = {"sampling.x", "predict.x0"};
    options.observer = watched ? &previewer : nullptr;
    Run run(plan, options);
    const std::clock_t before = std::clock();
    const double seconds = secondsOf([&] { run.execute(); });
    processor[watched].times.push_back(static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC);
    return seconds;
  };
  std::vector<Contender> contenders{{"watched", [&] { return timed(true); }},
                                    {"not", [&] { return timed(false); }}};
  takeTurns(40, contenders);
  ending = true;
  client.join();
  printRatio("50 steps with previews of x_t and x0", contenders[0].spread, contenders[1].spread, "without",
             " (goal 1.01)");
  const auto printPaired = [](const char* what, const Spread& paired) {
    std::printf("%-44s %.3f (%.3f to %.3f)\n", what, paired.median, paired.min, paired.max);
  };
  printPaired("  ratio by pairs, in turns", ratioOf(contenders[0], contenders[1]));
  printPaired("  ratio of processor time, by pairs", ratioOf(processor[1], processor[0]));
  const Previewer::Counts counts = previewer.counts();
  std::printf("%-44s %llu made, %llu dropped for newer ones, %lld read\n", "  previews",
              static_cast<unsigned long long>(counts.made), static_cast<unsigned long long>(counts.dropped),
              static_cast<long long>(read));
}

// A run of 50 steps whose states are kept, and another eta from step 25 on.
void forkCost() {
  const fs::path folder = fs::temp_directory_path() / ("noiseloom-bench-" + std::to_string(getpid()));
  Cache cache;
  const auto whole = planOf(sampling(50, 4, 1, 0));
  warm(cache, whole);
  const auto keptIn = [&](const Plan& plan) {
    return History(History::Options{.folder = folder, .plan = &plan, .registry = &registry()});
  };
  const auto full = [&] {
    fs::remove_all(folder);
    History history = keptIn(*whole);
    RunOptions options = withCache(cache);
    options.probes = {"sampling.x"};
    options.checkpoints = &history;
    Run run(whole, options);
    return secondsOf([&] { run.execute(); });
  };
  const auto fork = [&] {
    const auto zones = History::read(folder);
    CompileOptions options;
    for (const History::Step& step : zones.at(0).steps)
      if (step.done == 25) options.forks["sampling"] = {step.done, step.key};
    RunOptions run = withCache(cache);
    run.probes = {"sampling.x"};
    return secondsOf([&] {
      const auto plan = planOf(sampling(50, 4, 1, 0.7), options);
      History history = keptIn(*plan);
      run.checkpoints = &history;
      Run(plan, run).execute();
    });
  };
  std::vector<Contender> contenders{{"full", full}, {"fork", fork}};
  takeTurns(15, contenders);
  fs::remove_all(folder);
  printRatio("fork of 50 steps at 25, plan and state read", contenders[1].spread, contenders[0].spread,
             "all 50", " (goal 0.51)");
}

// The same again with what an edit at the end asks for: nothing is sampled.
void cachedCost() {
  Cache cache;
  const auto plan = planOf(sampling(50, 4, 1, 0));
  const auto first = [&] {
    Cache fresh;
    Run run(plan, withCache(fresh));
    return secondsOf([&] { run.execute(); });
  };
  Run(plan, withCache(cache)).execute();
  const auto again = [&] {
    Run run(plan, withCache(cache));
    return secondsOf([&] { run.execute(); });
  };
  std::vector<double> times, firsts;
  for (int round = 0; round < 9; ++round) {
    firsts.push_back(first());
    times.push_back(again());
  }
  std::printf("%-44s %s; the first time %s\n", "the same run again, from the cache",
              text(spreadOf(times), 1e-6, "us").c_str(), text(spreadOf(firsts), 1e-3, "ms").c_str());
}

// 64 seeds: runs one after the other, and in step as one batch. Weights are loaded once in both.
void batchCost() {
  constexpr int kSeeds = 64;
  std::vector<std::shared_ptr<const Plan>> plans;
  for (int seed = 0; seed < kSeeds; ++seed) plans.push_back(planOf(sampling(10, 1, seed, 0)));
  Cache weights;
  warm(weights, plans[0]);
  const auto runsOf = [&] {
    std::vector<std::unique_ptr<Run>> runs;
    for (const auto& plan : plans) {
      RunOptions options = withCache(weights);
      options.probes = {"sampling.x"};
      runs.push_back(std::make_unique<Run>(plan, options));
    }
    return runs;
  };
  std::vector<at::Tensor> alone, together;
  const auto keep = [](const auto& runs, std::vector<at::Tensor>& results) {
    results.clear();
    for (const auto& run : runs) results.push_back(run->output("image").tensor()->clone());
  };
  const auto oneByOne = [&] {
    const auto runs = runsOf();
    const double seconds = secondsOf([&] {
      for (const auto& run : runs) run->execute();
    });
    keep(runs, alone);
    return seconds;
  };
  const auto inStep = [&] {
    const auto runs = runsOf();
    const double seconds = secondsOf([&] { executeTogether(runs); });
    keep(runs, together);
    return seconds;
  };
  std::vector<Contender> contenders{{"in step", inStep}, {"one by one", oneByOne}};
  takeTurns(5, contenders);
  double most = 0;
  for (int seed = 0; seed < kSeeds; ++seed)
    most = std::max(most, (alone[seed] - together[seed]).abs().max().item<double>());
  if (most > 1.0 / 255)
    throw std::runtime_error("pictures alone and together differ by " + std::to_string(most));
  printRatio("64 seeds of 10 steps as one batch", contenders[0].spread, contenders[1].spread, "one by one",
             "");
  std::printf("%-44s %.2g of 1\n", "  largest difference of a pixel", most);
}

std::string large(int chains, int length) {
  std::string nodes = R"("n": {"type": "noise.gaussian"})", outputs;
  for (int c = 0; c < chains; ++c) {
    std::string before = "n.noise";
    for (int i = 0; i < length; ++i) {
      const std::string id = "c" + std::to_string(c) + "_" + std::to_string(i);
      nodes += ", \"" + id + R"(": {"type": "tensor.clip", "inputs": {"tensor": ")" + before + "\"}}";
      before = id + ".tensor";
    }
    outputs += (c ? ", \"o" : "\"o") + std::to_string(c) + R"(": {"from": ")" + before + "\"}";
  }
  return R"({"noiseloom": 1, "nodes": {)" + nodes + R"(}, "outputs": {)" + outputs + "}}";
}

// Ten thousand nodes: read, planned, and run again after a parameter has changed.
void largeGraph() {
  const std::string text_ = large(100, 100);
  std::vector<double> reads, plans, edits, runs;
  std::shared_ptr<const Document> document;
  for (int round = 0; round < 9; ++round) {
    reads.push_back(secondsOf([&] { document = std::make_shared<const Document>(parseGraph(text_)); }));
    plans.push_back(secondsOf([&] { compile(document, registry(), {}); }));
  }
  Planner planner(document, registry(), {});
  Cache cache;
  Run(planner.plan(), withCache(cache)).execute();
  planner.set("c0_50.limit", 0.9);  // what the first edit lists is listed
  for (int round = 0; round < 25; ++round) {
    const std::string name = "c" + std::to_string(round * 4) + "_90.limit";
    edits.push_back(secondsOf([&] { planner.set(name, 0.5 + 0.01 * round); }));
    edits.back() += secondsOf([&] { Run(planner.plan(), withCache(cache)).execute(); });
  }
  std::printf("%-44s %s; planned %s\n", "10,000 nodes: read",
              bench::text(spreadOf(reads), 1e-3, "ms").c_str(),
              bench::text(spreadOf(plans), 1e-3, "ms").c_str());
  std::printf("%-44s %s (goal 1)\n", "  a parameter set, 10 nodes run again",
              bench::text(spreadOf(edits), 1e-3, "ms").c_str());
}

}  // namespace

void previewTimes() { previewCost(); }

void steeringTimes() {
  largeGraph();
  previewCost();
  forkCost();
  cachedCost();
  batchCost();
}

}  // namespace loom::bench
