#include "app/batch/job_queue.h"

#include <algorithm>

#include "app/cli/output.h"
#include "engine/run/together.h"

namespace loom {

JobQueue::JobQueue(const JobSurroundings& around, const JobStates& states, Claims& claims, Options options)
    : around_(around), states_(states), claims_(claims), options_(options), pending_(states.missing()) {}

size_t JobQueue::most(size_t job) const {
  const auto asked = static_cast<size_t>(options_.together);
  const size_t allowed = asked ? asked : static_cast<size_t>(around_.checked[job].together);
  // Nobody is left without work because another took all of it.
  const size_t share =
      (pending_.size() + static_cast<size_t>(options_.workers) - 1) / static_cast<size_t>(options_.workers);
  return std::clamp<size_t>(allowed, 1, std::max<size_t>(share, 1));
}

std::vector<JobQueue::Taken> JobQueue::take() {
  std::vector<Taken> taken;
  std::vector<size_t> left;
  size_t at = 0;
  for (; at < pending_.size(); ++at) {
    const size_t job = pending_[at];
    if (!taken.empty() && taken.size() >= most(taken[0].job)) break;
    if (!taken.empty() && !(around_.checked[job].kind == around_.checked[taken[0].job].kind)) {
      left.push_back(job);
      continue;
    }
    if (states_.state(job) != JobStates::State::missing) {  // by another process, since we looked
      around_.report.jobKnown();
      continue;
    }
    auto claim = claims_.claim(states_.folder(job));
    if (!claim) {
      left.push_back(job);
      continue;
    }
    if (states_.state(job) != JobStates::State::missing) {
      around_.report.jobKnown();
      continue;
    }
    taken.push_back({job, std::move(claim)});
  }
  left.insert(left.end(), pending_.begin() + static_cast<std::ptrdiff_t>(at), pending_.end());
  pending_ = std::move(left);
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
    }
  }
  const std::vector<std::exception_ptr> failures = executeTogether(runs);
  bool all = true;
  for (size_t i = 0; i < jobs.size(); ++i) all = jobs[i]->ended(failures[i]) && all;
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
