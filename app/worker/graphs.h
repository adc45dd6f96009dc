#pragma once
// The graphs that a client has submitted, with what was set in them. A graph with errors is held like any
// other. Used on the thread of the calls that deal with graphs, and on no other.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/cli/prepared_graph.h"
#include "app/worker/graph_check.h"
#include "app/worker/params.h"

namespace loom {

struct HeldGraph {
  std::string id;
  GraphSource source;
  std::map<std::string, nlohmann::json> set;  // by exposed name or node.param
  std::vector<std::string> allow;             // further folders it may read
  size_t bytes = 0;                           // of its text
};

class Graphs {
 public:
  static constexpr size_t kMost = 256;
  static constexpr size_t kMostBytes = size_t{512} << 20;  // of texts

  explicit Graphs(const Registry& registry) : registry_(registry) {}

  /// graph.submit: a new one, or the one named by "graph" anew, with what was set in it as far as it still
  /// fits.
  nlohmann::json submit(Params& params);
  /// graph.set; a value of null takes back what was set.
  nlohmann::json set(Params& params);
  /// graph.forget; runs of it go on.
  nlohmann::json forget(Params& params);
  nlohmann::json list() const;

  /// Throws RpcError for an unknown id.
  HeldGraph& find(const std::string& id);

  /// How it is to be run, as the runner's options say it.
  static GraphRequest requestOf(const HeldGraph& graph, const PolicyRequest& policy, const std::string& out);

 private:
  GraphSource sourceFrom(Params& params, size_t& bytes) const;
  nlohmann::json described(const HeldGraph& graph) const;
  AppliedSettings applied(const HeldGraph& graph, const std::string& name, const nlohmann::json& value) const;

  const Registry& registry_;
  std::map<std::string, std::shared_ptr<HeldGraph>> graphs_;
  int64_t count_ = 0;
};

/// "device", "dtype" and "threads" of a request.
PolicyRequest policyFrom(Params& params, const PolicyRequest& usual);

/// The message of an Error that speaks of command line options, as the worker says it.
Error withoutOption(const Error& error);

}  // namespace loom
