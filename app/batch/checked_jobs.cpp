#include "app/batch/checked_jobs.h"

#include <algorithm>

#include "app/cli/memory.h"
#include "app/cli/provenance.h"
#include "engine/core/text.h"
#include "engine/device/gpu.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kMostTogether = 16;  // more gain nothing, and more is lost with a job that is stopped

void addParameters(const std::vector<NodePtr>& nodes, const Registry& registry,
                   std::vector<std::string>& names) {
  for (const NodePtr& node : nodes) {
    if (node->zone) addParameters(node->zone->nodes, registry, names);
    if (const NodeType* type = registry.find(node->type))
      for (const Port& port : type->inputs)
        if (port.type->isScalar()) names.push_back(node->id + "." + port.id);
  }
}

std::string suggestion(const std::string& name, const Document& document, const Registry& registry) {
  std::vector<std::string> known{kGraphColumn, kNameColumn};
  std::string exposed;
  for (const ExposedInput& input : document.graph.inputs) {
    known.push_back(input.name);
    exposed += (exposed.empty() ? "" : ", ") + input.name;
  }
  addParameters(document.graph.nodes, registry, known);
  const std::string asked = name.substr(0, 64);
  std::string nearest;
  size_t least = asked.size() / 3 + 2;
  for (const std::string& each : known)
    if (const size_t distance = editDistance(asked, each); distance < least) {
      least = distance;
      nearest = each;
    }
  return "the graph has nothing of that name" +
         (nearest.empty() ? std::string(".") : "; did you mean \"" + nearest + "\"?") +
         " It exposes: " + (exposed.empty() ? "none" : exposed) + ". A parameter is named node.param";
}

int64_t freeMemory(const Policy& policy) {
  if (!policy.device.is_cpu()) return freeGpuMemory(policy.device).value_or(0);
  const MemoryFigures figures = memoryFigures();
  return static_cast<int64_t>(figures.available ? figures.available : figures.total / 2);
}

// How many fit into half of the memory that is free, of which several processes take equal parts; the other
// half is for what a forecast does not know. Networks are there once.
int togetherFor(const Plan& plan, const Forecast& forecast, const Policy& policy, int processes) {
  int64_t shared = 0;
  for (const Slot& slot : plan.slots)
    if (slot.zone < 0) shared += slot.spec.heldBytes.value_or(0);
  shared = std::min(shared, forecast.peakBytes);
  const int64_t one = std::max<int64_t>(forecast.peakBytes - shared, 1);
  int64_t budget = freeMemory(policy) / 2 / std::max(processes, 1) - shared;
  if (!forecast.unknown.empty()) budget /= 4;
  return static_cast<int>(std::clamp<int64_t>(budget / one, 1, kMostTogether));
}

bool allOf(const std::vector<const Port*>& ports, const std::initializer_list<const TypeInfo*>& types) {
  return std::all_of(ports.begin(), ports.end(), [&](const Port* port) {
    return !port || std::find(types.begin(), types.end(), port->type) != types.end();
  });
}

}  // namespace

CheckedJobs::CheckedJobs(const JobList& jobs, GraphRequest common, const Registry& registry,
                         const CancelToken& cancel, int processes)
    : jobs_(jobs), common_(std::move(common)), registry_(registry), cancel_(cancel), processes_(processes) {
  const RememberedHashes hashes;
  checked_.reserve(jobs.size());
  for (size_t job = 0; job < jobs.size(); ++job) {
    cancel.check();
    checked_.push_back(check(job));
  }
}

CheckedJobs::OneGraph& CheckedJobs::graphAt(const std::string& path, size_t job) {
  std::unique_ptr<OneGraph>& graph = graphs_[path];
  if (graph) return *graph;
  auto made = std::make_unique<OneGraph>();
  try {
    made->source = readGraphSource(path, registry_);
    made->common = settingsOf(common_, made->source.document);
    for (const Setting& setting : made->common) resolveSetting(made->source.document, setting, registry_, {});
  } catch (const Error& error) {
    if (!jobs_.namesGraph(job)) throw;
    throw Error(error.node, error.port, jobs_.place(job) + ": " + error.what());
  }
  graph = std::move(made);
  return *graph;
}

const CheckedJobs::Name& CheckedJobs::nameIn(OneGraph& graph, const std::string& setting, size_t job) {
  if (const auto known = graph.names.find(setting); known != graph.names.end()) return known->second;
  ResolvedSetting resolved;
  try {
    resolved = resolveSetting(graph.source.document, {setting, "0"}, registry_, {});
  } catch (const Error&) {
    throw Error(jobs_.place(job) + ", " + jobs_.origin(setting) + ": " +
                printable(suggestion(setting, graph.source.document, registry_)));
  }
  Name name{resolved.to, resolved.ports, false, false};
  name.seed = std::find(name.ports.begin(), name.ports.end(), nullptr) == name.ports.end() &&
              allOf(name.ports, {&typeOf<Seed>()});
  name.number = allOf(name.ports, {&typeOf<Seed>(), &typeOf<Int>(), &typeOf<Real>(), &typeOf<Bool>()});
  return graph.names.emplace(setting, std::move(name)).first->second;
}

// The settings of a seed are looked at one by one, all others by compiling, once for each set of values.
CheckedJobs::Job CheckedJobs::check(size_t job) {
  const std::string path = jobs_.graph(job);
  OneGraph& graph = graphAt(path, job);
  std::vector<Setting> settings = graph.common, compiledWith;
  for (Setting& setting : jobs_.settings(job)) settings.push_back(std::move(setting));
  std::map<std::string, std::string> seeds;
  std::string signature = path;
  KeyBuilder kind("kind of job");
  kind.add(path);
  for (size_t i = 0; i < settings.size(); ++i) {
    const Setting& setting = settings[i];
    const Name& name = nameIn(graph, setting.name, job);
    if (!name.number) kind.add(setting.name).add(setting.text);
    if (name.seed) {
      checkSeed(job, name, setting, graph, seeds);
      continue;
    }
    for (const std::string* part : {&setting.name, &setting.text}) {
      signature += '\0';
      signature += *part;
    }
    compiledWith.push_back(setting);
  }
  auto known = compiled_.find(signature);
  if (known == compiled_.end())
    known = compiled_.emplace(std::move(signature), compiled(job, graph, compiledWith)).first;
  Job checked = known->second;
  checked.kind = kind.key();
  KeyBuilder identity("job");
  identity.add(checked.identity);
  for (const auto& [target, value] : seeds) identity.add(target).add(value);
  checked.identity = identity.key();
  return checked;
}

void CheckedJobs::checkSeed(size_t job, const Name& name, const Setting& setting, const OneGraph& graph,
                            std::map<std::string, std::string>& seeds) const {
  const nlohmann::json parsed = nlohmann::json::parse(setting.text, nullptr, false);
  const nlohmann::json value = parsed.is_discarded() ? nlohmann::json(setting.text) : parsed;
  for (size_t i = 0; i < name.to.size(); ++i) {
    try {
      name.ports[i]->parse(value);
    } catch (const Error& error) {
      refuse(job, graph, Error(name.to[i].node, name.to[i].port, error.what()));
    }
    seeds[name.to[i].text()] = value.dump();
  }
}

CheckedJobs::Job CheckedJobs::compiled(size_t job, const OneGraph& graph,
                                       const std::vector<Setting>& settings) {
  try {
    const PreparedGraph ready = prepared(graph, settings, fs::path(common_.out) / jobs_.name(job));
    if (!ready.files.options().writable.empty())
      throw Error("a job writes below its own folder: \"" + ready.files.options().writable[0].string() +
                  "\" would be each job's; give a path without a folder in front");
    KeyBuilder identity("compiled job");
    identity.add(meaningOf(*ready.document));
    identity.add(deviceName(ready.policy)).add(computeName(ready.policy));
    identity.add(fileHashes(ready, registry_, &cancel_).dump());
    const Forecast forecast = forecastOf(*ready.plan);
    requireMemory(ready, forecast);
    return {identity.key(), {}, togetherFor(*ready.plan, forecast, ready.policy, processes_)};
  } catch (const Error& error) {
    refuse(job, graph, error);
  }
}

PreparedGraph CheckedJobs::prepared(const OneGraph& graph, std::vector<Setting> settings,
                                    const fs::path& out) const {
  GraphRequest request;
  request.allow = common_.allow;
  request.out = out.string();
  request.decided = common_.decided;
  request.job = std::move(settings);
  return prepareGraph(graph.source, request, registry_);
}

PreparedGraph CheckedJobs::prepare(size_t job, const fs::path& out) const {
  const OneGraph& graph = graphOf(job);
  std::vector<Setting> settings = graph.common;
  for (Setting& setting : jobs_.settings(job)) settings.push_back(std::move(setting));
  return prepared(graph, std::move(settings), out);
}

// Names the column that set what is wrong.
void CheckedJobs::refuse(size_t job, const OneGraph& graph, const Error& error) const {
  std::string from;
  for (const Setting& setting : jobs_.settings(job))
    if (const auto name = graph.names.find(setting.name); name != graph.names.end())
      for (const Link& to : name->second.to)
        if (to.node == error.node && to.port == error.port) from = ", " + jobs_.origin(setting.name);
  if (from.empty() && job == 0) throw error;  // of the graph itself
  throw Error(error.node, error.port, jobs_.place(job) + from + ": " + error.what());
}

}  // namespace loom
