#include "app/cli/remade.h"

#include <algorithm>
#include <set>
#include <thread>

#include "app/cli/composite_observer.h"
#include "app/cli/prepared_graph.h"
#include "app/cli/provenance.h"
#include "app/cli/recordings.h"
#include "app/cli/remade_fork.h"
#include "app/cli/resources.h"
#include "app/cli/result_file.h"
#include "engine/run/recorder.h"
#include "engine/run/run.h"
#include "nodes/images/png_file.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

std::string textAt(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// The policy it was made with, as far as this machine has it: what then differs is told with the verdict.
PolicyRequest policyOf(const json& made) {
  PolicyRequest policy;
  policy.device = textAt(made, "device").starts_with("cuda") ? "auto" : "cpu";
  const std::string dtype = textAt(made, "dtype");
  if (dtype == "fp32" || dtype == "bf16" || dtype == "fp16") policy.dtype = dtype;
  const auto threads = made.find("threads");
  const int64_t most = std::max<int64_t>(64, 4 * std::thread::hardware_concurrency());
  if (threads != made.end() && threads->is_number_integer() && *threads > 0 && *threads <= most)
    policy.threads = threads->get<int>();
  return policy;
}

/// Files that the user named outside of the output folder are written into the temporary one all the same.
class OutputsInside {
 public:
  explicit OutputsInside(const Registry& registry) : registry_(registry) {}

  void change(std::vector<NodePtr>& nodes) {
    for (NodePtr& node : nodes) node = std::make_shared<const Node>(changed(*node));
  }

 private:
  Node changed(Node node) {
    if (node.zone) {
      Zone zone = *node.zone;
      change(zone.nodes);
      node.zone = std::make_shared<const Zone>(std::move(zone));
    }
    const NodeType* type = registry_.find(node.type);
    for (auto& [name, value] : node.params) {
      const Port* port = type ? type->input(name) : nullptr;
      if (!port || port->type != &typeOf<FilePath>() || !port->writes || !value.is_string()) continue;
      const fs::path path(value.get<std::string>());
      if (path.is_absolute())
        value = (fs::path("elsewhere-" + std::to_string(count_++)) / path.filename()).string();
    }
    return node;
  }

  const Registry& registry_;
  int count_ = 0;
};

class Pictures final : public Observer {
 public:
  void produced(const std::string& node, const fs::path& file) override {
    if (file.extension() == ".png" || file.extension() == ".PNG") byNode[node].insert(file);
  }
  std::map<std::string, std::set<fs::path>> byNode;
};

GraphRequest requestOf(const GraphSource& source, const json& made, const RemakeOptions& options) {
  GraphRequest request;
  request.file = source.file.string();
  request.allow = options.allow;
  request.out = options.folder.string();
  request.policy = policyOf(made);
  return request;
}

// Which of the pictures that were made is the one: it says of itself what the other says.
at::Tensor pictureFor(const json& saved, const Pictures& pictures) {
  std::vector<fs::path> all;
  for (const auto& [node, files] : pictures.byNode) all.insert(all.end(), files.begin(), files.end());
  if (saved.is_null() && all.size() == 1) return readPng(all.front());
  for (const fs::path& file : all) {
    const json provenance = provenanceIn(textsIn(file).value_or(std::map<std::string, std::string>()));
    if (!saved.is_null() && provenance.is_object() && provenance.value("saved", json()) == saved)
      return readPng(file);
  }
  if (all.empty()) throw Error("its graph saved no PNG");
  throw Error(saved.is_null() ? "it does not say which of the " + std::to_string(all.size()) +
                                    " pictures that its graph saves it is"
                              : "its graph saved no picture that is " + saved.dump());
}

std::string recordedPort(const json& saved) { return saved.is_object() ? textAt(saved, "recorded") : ""; }

}  // namespace

PreparedGraph preparedAgain(const GraphSource& source, const json& made, const RemakeOptions& options,
                            const std::map<std::string, ForkPoint>& forks, const Registry& registry) {
  GraphSource inside = source;
  OutputsInside outputs(registry);
  outputs.change(inside.document.graph.nodes);
  for (auto& [name, group] : inside.document.groups) outputs.change(group.nodes);
  GraphRequest request = requestOf(source, made, options);
  request.forks = forks;
  return prepareGraph(std::move(inside), request, registry);
}

Remade remake(const GraphSource& source, const json& made, const RemakeOptions& options,
              const Registry& registry) {
  std::unique_ptr<RemadeForks> forks;
  if (made.contains("forked")) forks = RemadeForks::make(source, made, options, registry);
  const PreparedGraph graph = preparedAgain(
      source, made, options, forks ? forks->points() : std::map<std::string, ForkPoint>(), registry);

  const json saved = made.value("saved", json());
  const std::string port = recordedPort(saved);
  Pictures pictures;
  Recorder recorder({.record = port.empty() ? std::vector<std::string>() : std::vector{port}});
  CompositeObserver observer;
  observer.add(pictures);
  observer.add(recorder);
  if (options.observer) observer.add(*options.observer);

  Remade remade;
  remade.provenance = provenanceOf(graph, registry, options.cancel);
  RunOptions run;
  run.policy = graph.policy;
  run.files = graph.files;
  run.observer = &observer;
  run.cache = options.cache;
  run.cancel = options.cancel;
  if (!port.empty()) run.probes = {port};
  run.checkpoints = forks.get();
  run.provenance = remade.provenance;
  run.documentText = writeGraph(*graph.document);
  Run(graph.plan, std::move(run)).execute();

  if (port.empty()) {
    remade.pixels = pictureFor(saved, pictures);
    return remade;
  }
  const fs::path strip = options.folder / "recorded.png";
  if (!saveFilmStrip(strip, port, recorder, {}))
    throw Error("what is recorded of " + port + " are no pictures");
  remade.pixels = readPng(strip);
  return remade;
}

std::vector<std::string> missingFiles(const GraphSource& source, const json& made,
                                      const RemakeOptions& options) {
  Files::Options where{.graphFolder = source.file.parent_path(),
                       .resources = resourcesFolder(),
                       .output = options.folder,
                       .readable = {},
                       .writable = {}};
  for (const std::string& folder : options.allow) where.readable.push_back(fs::weakly_canonical(folder));
  const Files files(std::move(where));
  std::vector<std::string> missing;
  const json named = made.value("files", json::object());
  for (const auto& [name, hash] : named.items()) {
    try {
      files.read(name);
    } catch (const Error& error) {
      missing.push_back(error.what());
    }
  }
  return missing;
}

}  // namespace loom
