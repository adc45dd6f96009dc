#include "app/batch/job_states.h"

#include <algorithm>
#include <unordered_set>

namespace loom {
namespace fs = std::filesystem;

JobStates::JobStates(const JobList& jobs, const CheckedJobs& checked, Options options)
    : jobs_(jobs),
      checked_(checked),
      options_(std::move(options)),
      failedBefore_(jobs.size(), 0),
      tried_(jobs.size(), 0) {
  for (size_t job = 0; job < jobs.size(); ++job) folders_.push_back(jobs.name(job));
  adopt();
  for (size_t job = 0; job < jobs.size(); ++job) {
    byFolder_.emplace(folders_[job], job);
    const auto found = record(job);
    failedBefore_[job] = found && !found->done && found->session != options_.session;
  }
}

// A column that was the same in all rows is not part of the names; with more rows it may become one. What was
// done under the shorter name is the same work.
void JobStates::adopt() {
  std::vector<size_t> without;
  for (size_t job = 0; job < jobs_.size(); ++job)
    if (!jobs_.named(job) && !record(job)) without.push_back(job);
  std::error_code error;
  if (without.empty() || !fs::exists(recordFolder(options_.out), error)) return;
  const std::unordered_set<std::string> ours(folders_.begin(), folders_.end());
  std::unordered_map<Key, std::vector<std::string>> byIdentity;
  for (const auto& entry : fs::directory_iterator(recordFolder(options_.out), error)) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() != ".json" || name.starts_with('.') || ours.contains(name)) continue;
    const auto found = readRecord(options_.out, name);
    if (found && found->done) byIdentity[found->identity].push_back(name);
  }
  for (auto& [key, names] : byIdentity) std::sort(names.rbegin(), names.rend());
  for (const size_t job : without) {
    const auto found = byIdentity.find(checked_[job].identity);
    if (found == byIdentity.end() || found->second.empty()) continue;
    folders_[job] = found->second.back();
    found->second.pop_back();
  }
}

std::optional<JobRecord> JobStates::record(size_t job) const {
  auto found = readRecord(options_.out, folders_[job]);
  if (found && found->identity != checked_[job].identity) return std::nullopt;
  return found;
}

JobStates::State JobStates::state(size_t job) const {
  const auto found = record(job);
  if (!found) return tried_[job] ? State::failed : State::missing;
  if (found->done) {
    const bool counts = !options_.redo || found->session == options_.session;
    if (counts && filesAreWhole(options_.out, *found)) return State::done;
    return tried_[job] ? State::failed : State::missing;
  }
  // What failed while this call went on, here or in another process, has been tried.
  const bool tried = found->session == options_.session || !failedBefore_[job];
  return tried || (options_.keepFailed && !options_.redo) ? State::failed : State::missing;
}

std::optional<size_t> JobStates::jobIn(const std::string& folder) const {
  const auto found = byFolder_.find(folder);
  return found == byFolder_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<size_t> JobStates::missing() const {
  std::vector<size_t> jobs;
  for (size_t job = 0; job < jobs_.size(); ++job)
    if (mine(job) && state(job) == State::missing) jobs.push_back(job);
  return jobs;
}

size_t JobStates::countMine() const {
  size_t count = 0;
  for (size_t job = 0; job < jobs_.size(); ++job) count += mine(job);
  return count;
}

}  // namespace loom
