#pragma once
// Every job looked at before the first one runs: its settings fit its graph, the graph compiles with them.
// Jobs that differ in nothing but seeds are compiled once.
#include <unordered_map>

#include "app/batch/job_list.h"
#include "app/cli/prepared_graph.h"
#include "engine/core/cancel.h"
#include "engine/core/key.h"

namespace loom {

class CheckedJobs {
 public:
  struct Job {
    Key identity;  // of the graph's meaning, settings, policy and the content of all files read
    Key kind;      // equal for jobs that differ in seeds and numbers alone
    int together;  // how many such jobs fit into memory in step
  };

  /// `common`: what holds for all jobs; its `decided` is set. `processes` share the machine. The list
  /// outlives this. Throws Error that names the job's place and its column; Cancelled.
  CheckedJobs(const JobList& jobs, GraphRequest common, const Registry& registry, const CancelToken& cancel,
              int processes);

  const Job& operator[](size_t job) const { return checked_[job]; }
  /// Ready to run, writing below the given folder.
  PreparedGraph prepare(size_t job, const std::filesystem::path& out) const;
  /// The job's graph as the list names it; its file.
  const GraphSource& source(size_t job) const { return graphOf(job).source; }

 private:
  struct Name {
    std::vector<Link> to;
    std::vector<const Port*> ports;
    bool seed = false, number = false;
  };
  struct OneGraph {
    GraphSource source;
    std::vector<Setting> common;
    std::unordered_map<std::string, Name> names;
  };

  OneGraph& graphAt(const std::string& path, size_t job);
  const OneGraph& graphOf(size_t job) const { return *graphs_.at(jobs_.graph(job)); }
  const Name& nameIn(OneGraph& graph, const std::string& setting, size_t job);
  Job check(size_t job);
  Job compiled(size_t job, const OneGraph& graph, const std::vector<Setting>& settings);
  void checkSeed(size_t job, const Name& name, const Setting& setting, const OneGraph& graph,
                 std::map<std::string, std::string>& seeds) const;
  PreparedGraph prepared(const OneGraph& graph, std::vector<Setting> settings,
                         const std::filesystem::path& out) const;
  [[noreturn]] void refuse(size_t job, const OneGraph& graph, const Error& error) const;

  const JobList& jobs_;
  GraphRequest common_;
  const Registry& registry_;
  const CancelToken& cancel_;
  const int processes_;
  std::unordered_map<std::string, std::unique_ptr<OneGraph>> graphs_;  // by the path that jobs name
  std::unordered_map<std::string, Job> compiled_;                      // by all settings but seeds
  std::vector<Job> checked_;
};

}  // namespace loom
