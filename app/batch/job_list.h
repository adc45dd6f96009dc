#pragma once
// The jobs of a batch: each row of a file of jobs at each point of the sweeps. Jobs are made on demand from
// their number; what is kept of each is its name.
#include <optional>
#include <unordered_map>

#include "app/batch/job_file.h"
#include "app/batch/sweep.h"
#include "app/cli/settings.h"

namespace loom {

inline constexpr const char* kGraphColumn = "graph";
inline constexpr const char* kNameColumn = "name";

class JobList {
 public:
  /// `graph`: of jobs that name none; may be empty. Throws Error for what can't be told apart: a name that is
  /// given twice, a column that is a sweep too.
  JobList(std::optional<JobFile> file, std::vector<Sweep> sweeps, std::string graph);

  size_t size() const { return rows_ * points_; }
  /// What the job sets, columns first; paths of a file of jobs are relative to its folder.
  std::vector<Setting> settings(size_t job) const;
  /// The same by name, for records and summaries.
  nlohmann::json settingsJson(size_t job) const;
  /// The graph as it is to be opened.
  std::string graph(size_t job) const;
  /// Of the job's folder: its own name, or its varying values, "seed=3,eta=0.5"; safe, and no other job has
  /// it.
  const std::string& name(size_t job) const { return names_[job]; }
  /// Whether the job itself names its graph.
  bool namesGraph(size_t job) const { return graphColumn_ && cell(job, *graphColumn_); }
  /// Whether the name came from a file of jobs, not from its values.
  bool named(size_t job) const;
  /// "jobs.csv, line 57", or "the sweep at seed=3".
  std::string place(size_t job) const;
  /// Where a setting comes from: "column eta", "--sweep eta".
  std::string origin(const std::string& setting) const;

  /// Settings that are not the same for all jobs, in the order of columns and sweeps.
  const std::vector<std::string>& varying() const { return varying_; }
  /// A setting's value as a person reads it; empty where this job does not set it.
  std::string label(size_t job, const std::string& setting) const;

 private:
  std::optional<size_t> columnOf(const std::string& name) const;
  const JobFile::Cell* cell(size_t job, size_t column) const;
  const Sweep::Point& point(size_t job, size_t sweep) const;
  void findVarying();
  void giveNames();
  std::string nameOf(size_t job) const;

  std::optional<JobFile> file_;
  std::vector<Sweep> sweeps_;
  std::string graph_;
  std::filesystem::path folder_;  // of the file of jobs
  std::unordered_map<std::string, size_t> columns_;
  std::optional<size_t> graphColumn_, nameColumn_;
  size_t rows_ = 1, points_ = 1;
  std::vector<std::string> varying_, names_;
};

/// Throws Error unless the text can be the name of one folder: no slash, no leading dot, at most 120 bytes.
void checkJobName(const std::string& name);

}  // namespace loom
