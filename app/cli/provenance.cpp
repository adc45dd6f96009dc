#include "app/cli/provenance.h"

#include <ATen/Parallel.h>
#include <torch/version.h>

#include "engine/files/sha256.h"

namespace loom {
namespace {

using nlohmann::json;

// Files that nodes read, by the text that names them.
class FileList {
 public:
  FileList(const Files& files, const Registry& registry, const CancelToken* cancel)
      : files_(files), registry_(registry), cancel_(cancel) {}

  void visit(const std::vector<NodePtr>& nodes) {
    for (const NodePtr& node : nodes) {
      if (node->zone) visit(node->zone->nodes);
      if (const NodeType* type = registry_.find(node->type)) visit(*node, *type);
    }
  }
  json take() { return std::move(list_); }

 private:
  void visit(const Node& node, const NodeType& type) {
    for (const Port& port : type.inputs) {
      if (port.type != &typeOf<FilePath>() || port.writes) continue;
      const auto param = node.params.find(port.id);
      if (param != node.params.end() && param->second.is_string())
        add(param->second);
      else if (!port.fallback.empty())
        add(port.fallback.as<FilePath>().text);
    }
  }

  void add(const std::string& text) {
    if (list_.contains(text)) return;
    std::filesystem::path file;
    try {
      file = files_.read(text);
    } catch (const Error&) {
      return;  // a file that is not there is for the node to tell, if it ever runs
    }
    std::error_code ignored;
    if (std::filesystem::is_regular_file(file, ignored)) list_[text] = sha256OfFile(file, cancel_);
  }

  const Files& files_;
  const Registry& registry_;
  const CancelToken* cancel_;
  json list_ = json::object();
};

}  // namespace

std::string programVersion() { return NOISELOOM_VERSION; }
std::string torchVersion() { return TORCH_VERSION; }

json provenanceOf(const PreparedGraph& graph, const Registry& registry, const CancelToken* cancel) {
  FileList list(graph.files, registry, cancel);
  list.visit(graph.document->graph.nodes);
  for (const auto& [name, group] : graph.document->groups) list.visit(group.nodes);
  json exposed = json::object();
  for (const ExposedInput& input : graph.document->graph.inputs)
    exposed[input.name] = exposedValue(*graph.document, input, registry);
  return {{"program", "Noiseloom " + programVersion()},
          {"torch", torchVersion()},
          {"device", deviceName(graph.policy)},
          {"dtype", computeName(graph.policy)},
          {"threads", graph.policy.threads > 0 ? graph.policy.threads : at::get_num_threads()},
          {"cpu", cpuFeatures()},
          {"inputs", exposed},
          {"set", graph.set},
          {"files", list.take()}};
}

}  // namespace loom
