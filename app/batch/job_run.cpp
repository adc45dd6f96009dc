#include "app/batch/job_run.h"

#include <algorithm>

#include "app/cli/output.h"
#include "app/cli/provenance.h"
#include "engine/node/result_text.h"
#include "nodes/images/image_file.h"
#include "nodes/images/picture_header.h"
#include "nodes/images/sheet.h"
#include "nodes/types/types.h"

namespace loom {
namespace fs = std::filesystem;

/// Tells the job when its run begins and is through.
class JobRun::Watch final : public Observer {
 public:
  explicit Watch(JobRun& job) : job_(job) {}
  void runStarted(const Plan&) override { job_.start_ = std::chrono::steady_clock::now(); }
  // Here, not when all that run in step with it are through: a kill in between costs no finished job.
  void runFinished() override { job_.finished(); }

 private:
  JobRun& job_;
};

namespace {

JobRecord recordFor(const JobSurroundings& around, size_t job, const std::string& name) {
  JobRecord record;
  record.name = name;
  record.identity = around.checked[job].identity;
  record.graph = around.jobs.graph(job);
  record.session = around.session;
  record.settings = around.jobs.settingsJson(job);
  return record;
}

}  // namespace

JobRun::JobRun(const JobSurroundings& around, size_t job, std::string name, int together, bool shown)
    : around_(around), job_(job), record_(recordFor(around, job, name)) {
  record_.together = together;
  graph_ = around.checked.prepare(job, around.out / name);
  record_.settings = graph_.set;
  if (const auto old = readRecord(around.out, name); old && !(old->identity == record_.identity))
    removeResult(around.out, *old);
  shown_ = around.report.watch(name, shown);
  watch_ = std::make_unique<Watch>(*this);
  observer_.add(*shown_);
  observer_.add(files_);
  observer_.add(*watch_);  // last: what is shown of it has been said by then
  checkpoints_ = std::make_unique<DiskCheckpoints>(DiskCheckpoints::Options{
      .folder = graph_.files.options().output / ".checkpoints",
      .resume = fs::exists(graph_.files.options().output / ".checkpoints"),  // it was stopped before
      .device = graph_.policy.device,
      .plan = graph_.plan.get(),
      .registry = &around.registry,
      .cancel = &around.cancel,
      .say = [this](const std::string& zone, const std::string& text) { shown_->log(zone, text); }});
  documentText_ = writeGraph(*graph_.document);
  provenance_ = provenanceOf(graph_, around.registry, &around.cancel);
}

JobRun::~JobRun() = default;

std::unique_ptr<Run> JobRun::makeRun() {
  RunOptions options;
  options.policy = graph_.policy;
  options.files = graph_.files;
  options.cache = around_.cache;
  options.observer = &observer_;
  options.cancel = &around_.cancel;
  options.checkpoints = checkpoints_.get();
  options.provenance = provenance_;
  options.documentText = documentText_;
  auto run = std::make_unique<Run>(graph_.plan, std::move(options));
  run_ = run.get();
  around_.report.jobStarted(record_.name, record_.settings);
  return run;
}

double JobRun::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

// A graph that shows a picture and saves none has it saved, or the batch would leave nothing of it.
void JobRun::savePicture() {
  for (const auto& [name, slot] : graph_.plan->outputs) {
    const Value& value = run_->output(name);
    if (value.empty() || !value.is<Image>()) continue;
    const at::Tensor& pixels = value.as<Image>().pixels;
    if (!pixels.defined() || pixels.dim() != 4 || pixels.size(0) < 1) continue;
    const fs::path file = graph_.files.write(name + ".png");
    SaveOptions options;
    options.text = resultTexts(documentText_, provenance_, {{"output", name}});
    writePicture(file, toBytes(sheet(pixels, {.gap = 2})).cpu(), options);
    observer_.produced("", file);
    return;
  }
}

void JobRun::finished() {
  const auto isPicture = [](const fs::path& file) { return formatOf(file).has_value(); };
  if (std::none_of(files_.files.begin(), files_.files.end(), isPicture)) savePicture();
  const fs::path folder = fs::weakly_canonical(graph_.files.options().output);
  for (const fs::path& file : files_.files) {
    const fs::path below = file.lexically_relative(folder);
    if (below.empty() || *below.begin() == "..") continue;
    std::error_code error;
    const uintmax_t size = fs::file_size(file, error);
    if (error) continue;  // a node may have replaced it by another
    record_.files.push_back({below.string(), size});
    if (record_.picture.empty() && isPicture(file)) record_.picture = below.string();
  }
  record_.seconds = seconds();
  record_.done = true;
  writeRecord(around_.out, record_);
  recorded_ = true;
  checkpoints_->remove();
  around_.report.jobEnded(record_, around_.out);
}

void JobRun::fail(const Error& error) {
  record_.done = false;
  record_.files.clear();
  record_.picture.clear();
  record_.seconds = seconds();
  record_.error = error.what();
  record_.errorNode = error.node;
  record_.errorPort = error.port;
  try {
    writeRecord(around_.out, record_);
  } catch (const std::exception& other) {
    around_.report.say(record_.name, other.what());  // a full disk; the job is then one that is not done
  }
  around_.report.jobEnded(record_, around_.out);
}

bool JobRun::ended(std::exception_ptr failure) {
  if (recorded_ || !failure) return true;
  try {
    std::rethrow_exception(failure);
  } catch (const Cancelled&) {
    return false;
  } catch (const std::exception& error) {
    fail(plainError(error));
  }
  return true;
}

void recordFailure(const JobSurroundings& around, size_t job, const std::string& name, const Error& error) {
  JobRecord record = recordFor(around, job, name);
  record.error = error.what();
  record.errorNode = error.node;
  record.errorPort = error.port;
  try {
    writeRecord(around.out, record);
  } catch (const std::exception& other) {
    around.report.say(name, other.what());
  }
  around.report.jobEnded(record, around.out);
}

}  // namespace loom
