#include "app/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/batch/batch_command.h"
#include "app/cli/check_command.h"
#include "app/cli/diff_command.h"
#include "app/cli/info_command.h"
#include "app/cli/nodes_command.h"
#include "app/cli/output.h"
#include "app/cli/provenance.h"
#include "app/cli/run_command.h"
#include "app/cli/verify_command.h"
#include "app/worker/worker_command.h"

namespace loom {
namespace {

constexpr const char* kAbout =
    "Noiseloom runs diffusion sampling graphs: the same files that its editor makes.";

constexpr const char* kFooter =
    "Examples:\n"
    "  noiseloom run graphs/ddpm.loom                      sample; pictures come to out/\n"
    "  noiseloom run graphs/ddpm.loom --seed 7 --batch 16\n"
    "  noiseloom run out/ddpm.png --set steps=20           a picture stands for the graph it was made with\n"
    "  noiseloom batch graphs/ddim.loom --sweep seed=0..9 --sweep eta=0,0.5,1    30 runs, each once, and a "
    "grid\n"
    "  noiseloom check graphs/ddpm.loom                    what each node would give, or what is wrong\n"
    "  noiseloom nodes noise.gaussian                      a node's inputs, outputs and defaults\n"
    "  noiseloom info weights.pt                           what a weight file, picture or graph holds\n"
    "  noiseloom verify out/ddpm.png                       made again, does the picture come out the same?\n"
    "\n"
    "Exit codes: 0 done, 1 failed while running, 2 refused before anything ran, 130 stopped.";

constexpr const char* kRunFooter =
    "Values: --set takes what the graph exposes, or node.param; lists as JSON: --set "
    "\"noise.shape=[3,64,64]\".\n"
    "Files named with --set are looked up in the current folder. A graph reads below its own folder, the\n"
    "resources that ship, and what --allow adds; it writes below --out.\n"
    "\n"
    "Examples:\n"
    "  noiseloom run graphs/ddpm.loom --record sampling.x       keep every x_t: out/sampling.x.safetensors "
    "and .png\n"
    "  noiseloom run graphs/ddpm.loom --stats sampling.x        min, max, mean... of every x_t: "
    "out/sampling.x.csv\n"
    "  noiseloom run graphs/train/ddpm_emoji.loom --resume      go on where a stopped run left off\n"
    "  noiseloom run graphs/ddim.loom --keep-steps --out a      keep every step; then, with another eta from "
    "12:\n"
    "  noiseloom run graphs/ddim.loom --fork a --at 12 --set eta=1 --out b\n"
    "  noiseloom run graphs/ddpm.loom --json | jq .event";

constexpr const char* kBatchFooter =
    "Values of a sweep: 1,2,4; 0..99; 0..100:10 (with a step); 0..1:0.25; texts; \"a text, with a comma\"; "
    "[3,32,32],[3,64,64].\n"
    "A file of jobs has a job a row (CSV, with a line of column names) or a line (JSON lines); columns are "
    "what\n--set takes, and `graph` (beside the file of jobs) and `name`. With sweeps: each row at each "
    "point.\n"
    "Every job has a folder below --out. The same command again does what is missing, after a kill, with "
    "more "
    "rows,\nand in several processes and on several machines at once that share the folder.\n"
    "\n"
    "Examples:\n"
    "  noiseloom batch graphs/ddim.loom --sweep seed=0..99 --out seeds\n"
    "  noiseloom batch graphs/ddim.loom --sweep eta=0..1:0.25 --sweep steps=10,25,50 --workers 2\n"
    "  noiseloom batch jobs.csv --graph graphs/ddim.loom --shard 1/3\n"
    "  noiseloom batch jobs.jsonl --dry-run\n"
    "\n"
    "Exit codes: 0 all done, 1 a job failed, 2 refused before anything ran, 130 stopped.";

// CLI11 would take -1 for the largest number there is.
std::string notNegative(const std::string& text) {
  return text.starts_with('-') ? "a seed goes from 0 to 18446744073709551615, not " + text : "";
}

class CommandLine {
 public:
  explicit CommandLine(const Registry& registry);
  int run(int argc, const char* const* argv);

 private:
  CLI::App* command(const char* name, const char* about, std::function<int()> action);
  void addPolicy(CLI::App& command, PolicyRequest& policy);
  void addGraph(CLI::App& command, GraphRequest& request, bool& json);
  void addCacheOptions(CLI::App& command, uint64_t& bytes, bool& none);
  void addRun();
  void addBatch();
  void addCheck();
  void addPlan();
  void addNodes();
  void addInfo();
  void addVerify();
  void addDiff();
  void addCache();
  void addWorker();
  std::string reasonFor(const CLI::ParseError& error, const std::string& first) const;

  const Registry& registry_;
  CLI::App app_{kAbout, "noiseloom"};
  RunRequest run_;
  BatchRequest batch_;
  CheckRequest check_, plan_;
  NodesRequest nodes_;
  InfoRequest info_;
  VerifyRequest verify_;
  DiffRequest diff_;
  CacheRequest cache_;
  WorkerRequest worker_;
  std::function<int()> action_;
};

CommandLine::CommandLine(const Registry& registry) : registry_(registry) {
  app_.require_subcommand(1);
  app_.footer(kFooter);
  app_.get_formatter()->column_width(34);
  app_.set_version_flag("--version", "noiseloom " + programVersion() + " (LibTorch " + torchVersion() + ")");
  addRun();
  addBatch();
  addCheck();
  addPlan();
  addNodes();
  addInfo();
  addVerify();
  addDiff();
  addCache();
  addWorker();
}

CLI::App* CommandLine::command(const char* name, const char* about, std::function<int()> action) {
  CLI::App* command = app_.add_subcommand(name, about);
  command->footer("");  // the program's examples are not repeated for each command
  command->callback([this, action = std::move(action)] { action_ = action; });
  return command;
}

void CommandLine::addPolicy(CLI::App& command, PolicyRequest& policy) {
  command.add_option("--device", policy.device, "auto, cpu or cuda")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}).description(""))
      ->type_name("NAME")
      ->capture_default_str();
  command
      .add_option("--dtype", policy.dtype, "Of networks: auto (bf16 on a GPU, else fp32), fp32, bf16 or fp16")
      ->check(CLI::IsMember({"auto", "fp32", "bf16", "fp16"}).description(""))
      ->type_name("NAME")
      ->capture_default_str();
  command.add_option("--threads", policy.threads, "Cores to use; 0: all")
      ->check(CLI::Range(0, 4096))
      ->type_name("N")
      ->capture_default_str();
}

void CommandLine::addGraph(CLI::App& command, GraphRequest& request, bool& json) {
  command.add_option("FILE", request.file, "Graph (.loom), or a PNG that holds one")->required();
  command.add_option("--set", request.set, "Set an exposed name or node.param; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command.add_option("--seed", request.seed, "Set the exposed name \"seed\"")
      ->check(CLI::Validator(notNegative, "", ""))
      ->type_name("N");
  command.add_option("--batch", request.batch, "Set the exposed name \"batch\"")->type_name("N");
  addPolicy(command, request.policy);
  command.add_option("--out", request.out, "Folder that files are written to")
      ->type_name("DIR")
      ->capture_default_str();
  command.add_option("--allow", request.allow, "A further folder that the graph may read; may be repeated")
      ->type_name("DIR")
      ->allow_extra_args(false);
  command.add_flag("--json", json, "One JSON object a line instead of text");
}

void CommandLine::addCacheOptions(CLI::App& command, uint64_t& bytes, bool& none) {
  command
      .add_option("--cache-size", bytes,
                  "Disk space for results that later runs use again; 0: none are kept or used")
      ->transform(CLI::AsSizeValue(false))
      ->envname("NOISELOOM_CACHE_SIZE")
      ->type_name("SIZE")
      ->default_str("4G");
  command.add_flag("--no-cache", none, "Compute all anew, and keep nothing for later runs");
}

void CommandLine::addRun() {
  CLI::App* command = this->command("run", "Run a graph", [this] { return runCommand(run_, registry_); });
  addGraph(*command, run_.graph, run_.json);
  command->add_option("--record", run_.record, "Keep what a port held at every step; may be repeated")
      ->type_name("NODE.PORT")
      ->allow_extra_args(false);
  command->add_option("--record-every", run_.recordRule.every, "Keep each N-th step of them, and the newest")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}))
      ->type_name("N");
  command->add_option("--record-last", run_.recordRule.last, "Of the others keep the last M steps")
      ->check(CLI::Range(int64_t{0}, int64_t{1'000'000'000}))
      ->type_name("M");
  command
      ->add_option("--record-budget", run_.recordBytes,
                   "Memory for recordings; beyond it they go to disk until the run ends")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE")
      ->default_str("512M");
  command
      ->add_option("--record-disk", run_.recordDiskBytes,
                   "Disk space for that, below --out; beyond it steps are left out")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE")
      ->default_str("16G");
  command->add_option("--stats", run_.statistics, "Statistics of a port at every step; may be repeated")
      ->type_name("NODE.PORT")
      ->allow_extra_args(false);
  command->add_flag("--resume", run_.resume, "Go on where the same run was stopped or killed");
  command
      ->add_option("--checkpoint-every", run_.checkpointEvery, "Seconds of work that a killed run may lose")
      ->check(CLI::Range(0.0, 1e9))
      ->type_name("SECONDS")
      ->capture_default_str();
  addCacheOptions(*command, run_.cacheBytes, run_.noCache);
  command
      ->add_option("--keep-steps", run_.steps.every, "Keep the state of every N-th step, to fork from later")
      ->expected(0, 1)
      ->default_str("1")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}))
      ->type_name("[N]");
  command->add_option("--keep-last", run_.steps.last, "Of the others the states of the last M steps")
      ->check(CLI::Range(int64_t{0}, int64_t{1'000'000'000}))
      ->type_name("M");
  command
      ->add_option("--keep-inner", run_.steps.inner,
                   "Of zones within others each N-th step too, in the steps whose state is kept")
      ->expected(0, 1)
      ->default_str("1")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}))
      ->type_name("[N]");
  command
      ->add_option("--keep-budget", run_.steps.mostBytes, "Disk space for them; beyond it some are left out")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE")
      ->default_str("4G");
  command
      ->add_option("--pause-at", run_.steps.pauseAt,
                   "End after step K of the zone, as if it had been stopped there. I,K: after I steps of a "
                   "zone, step K of one within it")
      ->type_name("[ZONE=][I,]K");
  command->add_option("--fork", run_.steps.fork, "Begin with the steps that a run kept in its --out folder")
      ->type_name("DIR");
  command
      ->add_option("--at", run_.steps.at,
                   "Go on from step K of it, whatever has changed; else from the first "
                   "step that a change reaches. I,K: after I steps of a zone, step K of one within it")
      ->needs("--fork")
      ->type_name("[ZONE=][I,]K");
  command->add_flag("--quiet", run_.quiet, "Say nothing but errors");
  command->footer(kRunFooter);
}

void CommandLine::addBatch() {
  CLI::App* command = this->command("batch", "Run many jobs: sweeps over values, and files of jobs",
                                    [this] { return batchCommand(batch_, registry_); });
  addGraph(*command, batch_.graph, batch_.json);
  command->get_option("FILE")->description("Graph, a PNG that holds one, or a file of jobs (.csv, .jsonl)");
  command->get_option("--out")->description("Folder that the jobs' folders go into");
  command->add_option("--sweep", batch_.sweeps, "Values to go through; several: all combinations")
      ->type_name("NAME=VALUES")
      ->allow_extra_args(false);
  command->add_option("--jobs", batch_.jobs, "File of jobs (.csv, .jsonl) of this graph")->type_name("FILE");
  command->add_option("--graph", batch_.jobsGraph, "Graph of those jobs in a file of jobs that name none")
      ->type_name("FILE");
  command->add_option("--workers", batch_.workers, "Processes that share the jobs, and the cores")
      ->check(CLI::Range(1, 1024))
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option("--together", batch_.together,
                   "How many jobs that differ in seeds and numbers run in step as one batch; 1: none")
      ->type_name("N|auto")
      ->capture_default_str();
  command->add_option("--shard", batch_.shard, "Do the i-th of n parts of the jobs")->type_name("I/N");
  command->add_flag("--redo", batch_.redo, "Do all again, also what is done");
  command->add_flag("--keep-failed", batch_.keepFailed, "Leave jobs that failed before as they are");
  command->add_flag("--dry-run", batch_.dryRun, "Say which jobs there are and which are done; do none");
  command->add_flag("--no-grid", batch_.noGrid, "Make no picture of all pictures");
  command->add_option("--memory", batch_.memoryBytes, "Memory for results that jobs have in common")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE")
      ->default_str("a quarter of the machine's");
  addCacheOptions(*command, batch_.cacheBytes, batch_.noCache);
  command->add_flag("--quiet", batch_.quiet, "Say nothing but errors");
  command->add_option("--as-worker", batch_.asWorker)->group("");
  command->footer(kBatchFooter);
}

void CommandLine::addCheck() {
  CLI::App* command =
      this->command("check", "Say what each node of a graph would give, or what is wrong with it",
                    [this] { return checkCommand(check_, registry_); });
  addGraph(*command, check_.graph, check_.json);
}

void CommandLine::addPlan() {
  CLI::App* command =
      this->command("plan", "Show the order of work: what is taken out of loops, joined, freed",
                    [this] { return planCommand(plan_, registry_); });
  addGraph(*command, plan_.graph, plan_.json);
}

void CommandLine::addNodes() {
  CLI::App* command = this->command("nodes", "List node types, or describe one",
                                    [this] { return nodesCommand(nodes_, registry_); });
  command->add_option("TYPE", nodes_.type, "Node type, such as noise.gaussian");
  command->add_flag("--json", nodes_.json, "One JSON object a line instead of text");
}

void CommandLine::addInfo() {
  CLI::App* command = this->command("info", "Say what a weight file, picture or graph holds",
                                    [this] { return infoCommand(info_, registry_); });
  command->add_option("FILE", info_.file, "The file; its content tells what it is")->required();
  command->add_flag("--tensors", info_.tensors, "Of weights: list every tensor");
  command->add_flag("--json", info_.json, "One JSON object instead of text");
}

void CommandLine::addVerify() {
  CLI::App* command = this->command("verify", "Make pictures again and say whether they come out the same",
                                    [this] { return verifyCommand(verify_, registry_); });
  command->add_option("PICTURE", verify_.pictures, "PNG that holds the graph it was made with")->required();
  command->add_flag("--exact", verify_.exact, "A difference of 1 of 255 levels is one too many");
  command->add_option("--allow", verify_.allow, "A further folder that the graphs may read; may be repeated")
      ->type_name("DIR")
      ->allow_extra_args(false);
  command->add_flag("--json", verify_.json, "One JSON object a picture instead of text");
  command->footer(
      "Each picture's graph runs in a temporary folder, with the seed, dtype, device and threads it was made "
      "with.\nExit codes: 0 all agree, exactly or within 1 of 255 levels; 1 one does not; 2 it can't be "
      "told.");
}

void CommandLine::addDiff() {
  CLI::App* command = this->command("diff", "Say what two graphs, pictures, recordings or folders differ in",
                                    [this] { return diffCommand(diff_, registry_); });
  command->add_option("A", diff_.a, "Graph, picture, tensor file or folder")->required();
  command->add_option("B", diff_.b, "Another of the same kind")->required();
  command->add_option("--bound", diff_.bound, "Differences up to it are none; of pictures in levels of 255")
      ->check(CLI::NonNegativeNumber)
      ->type_name("X")
      ->capture_default_str();
  command->add_flag("--layout", diff_.layout, "Graphs: titles, order and positions too");
  command->add_flag("--json", diff_.json, "One JSON object instead of text");
  command->footer(
      "Graphs are compared by what they mean. Recordings (--record) are compared step by step, folders file "
      "by "
      "file.\nExit codes: 0 equal, 1 different, 2 can't be read or compared.");
}

void CommandLine::addCache() {
  CLI::App* command = this->command("cache", "Show how many results of earlier runs are kept, or remove them",
                                    [this] { return cacheCommand(cache_); });
  command->add_flag("--clear", cache_.clear, "Remove them all");
  command->add_flag("--json", cache_.json, "One JSON object instead of text");
}

void CommandLine::addWorker() {
  CLI::App* command = this->command("worker", "Serve a program that edits, runs and watches graphs",
                                    [this] { return workerCommand(worker_, registry_); });
  command
      ->add_option("--socket", worker_.socket, "Serve a Unix socket made here, not standard input and output")
      ->type_name("PATH");
  addPolicy(*command, worker_.policy);
  command->add_option("--memory-cache", worker_.memoryCacheBytes, "Memory for results that runs share")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE")
      ->default_str("2G");
  command
      ->add_option("--cache-size", worker_.cacheBytes,
                   "Disk space for results that later runs use again; 0: none are kept or used")
      ->transform(CLI::AsSizeValue(false))
      ->envname("NOISELOOM_CACHE_SIZE")
      ->type_name("SIZE")
      ->default_str("4G");
  command->add_flag("--no-cache", worker_.noCache, "Keep no results on disk");
  command->footer(
      "One JSON-RPC 2.0 object a line; app/worker/PROTOCOL.md describes it, app/python/noiseloom.py speaks "
      "it. "
      "It ends\nwith its client.");
}

// Of a word that is no command CLI11 says only that there is none.
std::string CommandLine::reasonFor(const CLI::ParseError& error, const std::string& first) const {
  std::string names;
  for (const CLI::App* command : app_.get_subcommands({})) {
    if (command->get_name() == first) {
      for (const std::string& word : command->remaining())
        if (word.starts_with('-'))
          return first + " has no option " + word + "; --set name=value sets what a graph exposes";
      return error.what();
    }
    names += (names.empty() ? "" : ", ") + command->get_name();
  }
  const bool word = !first.empty() && first[0] != '-';
  return (word ? "there is no command " + first : std::string(error.what())) + "; there are: " + names;
}

int CommandLine::run(int argc, const char* const* argv) {
  const bool json =
      std::any_of(argv, argv + argc, [](const char* text) { return std::string_view(text) == "--json"; });
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app_.exit(error);  // --help, --version
    const Error refusal(reasonFor(error, argc > 1 ? argv[1] : ""));
    report(refusal, kRefused, json);
    if (!json) std::fprintf(stderr, "`noiseloom --help` and `noiseloom COMMAND --help` say what there is.\n");
    return kRefused;
  }
  batch_.arguments.assign(argv + 1, argv + argc);
  return action_();
}

}  // namespace

int runCommandLine(int argc, const char* const* argv, const Registry& registry) {
  return CommandLine(registry).run(argc, argv);
}

}  // namespace loom
