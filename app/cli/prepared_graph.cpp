#include "app/cli/prepared_graph.h"

#include "app/cli/resources.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

void requireExposed(const Document& document, const std::string& name, const std::string& option) {
  std::string names;
  for (const ExposedInput& input : document.graph.inputs) {
    if (input.name == name) return;
    names += (names.empty() ? "" : ", ") + input.name;
  }
  throw Error(option + " sets the exposed name \"" + name +
              "\", which this graph does not have; it exposes: " + (names.empty() ? "none" : names) +
              ". --set node.param=value sets any parameter");
}

Files filesOf(const GraphRequest& request, const GraphSource& source, const AppliedSettings& applied) {
  Files::Options options;
  options.graphFolder = source.file.parent_path();
  options.resources = resourcesFolder();
  options.output = fs::absolute(request.out).lexically_normal();
  options.readable = applied.readable;
  options.writable = applied.writable;
  for (const std::string& folder : request.allow) {
    if (!fs::exists(folder)) throw Error("--allow " + folder + ": there is no such folder");
    options.readable.push_back(fs::canonical(folder));
  }
  return Files(std::move(options));
}

}  // namespace

std::vector<Setting> settingsOf(const GraphRequest& request, const Document& document) {
  std::vector<Setting> settings;
  for (const std::string& text : request.set) settings.push_back(parseSetting(text));
  if (request.seed) {
    requireExposed(document, "seed", "--seed");
    settings.push_back({"seed", std::to_string(*request.seed)});
  }
  if (request.batch) {
    requireExposed(document, "batch", "--batch");
    settings.push_back({"batch", std::to_string(*request.batch)});
  }
  settings.insert(settings.end(), request.job.begin(), request.job.end());
  return settings;
}

PreparedGraph prepareGraph(const GraphRequest& request, const Registry& registry) {
  return prepareGraph(readGraphSource(request.file, registry), request, registry);
}

PreparedGraph settledGraph(GraphSource source, const GraphRequest& request, const Registry& registry) {
  PreparedGraph graph;
  graph.source = std::move(source);
  AppliedSettings applied =
      applySettings(graph.source.document, settingsOf(request, graph.source.document), registry,
                    {.current = fs::current_path(), .graph = graph.source.file.parent_path()});
  graph.set = applied.values;
  graph.files = filesOf(request, graph.source, applied);
  graph.policy = request.decided ? *request.decided : decidePolicy(request.policy);
  graph.document = std::make_shared<const Document>(std::move(applied.document));
  return graph;
}

PreparedGraph prepareGraph(GraphSource source, const GraphRequest& request, const Registry& registry) {
  PreparedGraph graph = settledGraph(std::move(source), request, registry);
  CompileOptions options;
  options.policy = graph.policy;
  options.files = graph.files;
  options.forks = request.forks;
  graph.plan = std::make_shared<const Plan>(compile(graph.document, registry, options));
  return graph;
}

}  // namespace loom
