#include "app/batch/job_queue.h"

#include <algorithm>

#include "app/cli/output.h"
#include "engine/run/together.h"

namespace loom {
namespace {

constexpr size_t kMostPassed = 256;  // jobs of other kinds that are gone over to find some of one kind

}  // namespace

JobQueue::JobQueue(const JobSurroundings& around, JobStates& states, Claims& claims, Options options)
    : around_(around), states_(states), claims_(claims), options_(options) {
  for (const size_t job : states.missing()) pending_.push_back(job);
}

size_t JobQueue::most(size_t job, size_t left) const {
  const auto asked = static_cast<size_t>(options_.together), workers = static_cast<size_t>(options_.workers);
  const size_t allowed = asked ? asked : static_cast<size_t>(around_.checked[job].together);
  // Nobody is left without work because another took all of it.
  const size_t share = (left + workers - 1) / workers;
  return std::clamp<size_t>(allowed, 1, std::max<size_t>(share, 1));
}

std::vector<JobQueue::Taken> JobQueue::take() {
  std::vector<Taken> taken;
  std::vector<size_t> passed;
  const size_t before = pending_.size();
  size_t wanted = 1;
  while (!pending_.empty() && taken.size() < wanted && (taken.empty() || passed.size() < kMostPassed)) {
    const size_t job = pending_.front();
    pending_.pop_front();
    if (!taken.empty() && !(around_.checked[job].kind == around_.checked[taken[0].job].kind)) {
      passed.push_back(job);
      continue;
    }
    auto claim = claims_.claim(states_.folder(job));
    if (!claim)
      passed.push_back(job);
    else if (states_.state(job) != JobStates::State::missing)
      around_.report.jobKnown();  // by another process, since we looked
    else
      taken.push_back({job, std::move(claim)});
    if (taken.size() == 1) wanted = most(taken[0].job, before);
  }
  pending_.insert(pending_.begin(), passed.begin(), passed.end());
  return taken;
}

// Every job is recorded before its claim goes. False: stopped.
bool JobQueue::runTogether(std::vector<Taken> taken) {
  std::vector<std::unique_ptr<JobRun>> jobs;
  std::vector<std::unique_ptr<Run>> runs;
  for (const Taken& one : taken) {
    const std::string& name = states_.folder(one.job);
    try {
      auto job =
          std::make_unique<JobRun>(around_, one.job, name, static_cast<int>(taken.size()), jobs.empty());
      runs.push_back(job->makeRun());
      jobs.push_back(std::move(job));
    } catch (const Cancelled&) {
      return false;
    } catch (const std::exception& error) {  // a file that has gone since it was checked
      recordFailure(around_, one.job, name, plainError(error));
      states_.setTried(one.job);
    }
  }
  const std::vector<std::exception_ptr> failures = executeTogether(runs);
  bool all = true;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const bool ended = jobs[i]->ended(failures[i]);
    if (ended) states_.setTried(jobs[i]->job());
    all = all && ended;
  }
  return all;
}

JobQueue::End JobQueue::run() {
  while (!pending_.empty()) {
    if (around_.cancel.requested()) return End::stopped;
    std::vector<Taken> taken = take();
    if (taken.empty()) return pending_.empty() ? End::done : End::held;
    if (!runTogether(std::move(taken))) return End::stopped;
  }
  return End::done;
}

}  // namespace loom
