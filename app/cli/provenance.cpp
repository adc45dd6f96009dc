#include "app/cli/provenance.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/version.h>

#include <fstream>

#include "app/cli/hash_memory.h"
#include "app/cli/parameters.h"
#include "engine/device/cuda_library.h"
#include "engine/device/gpu.h"
#include "engine/files/cache_folder.h"
#include "engine/files/sha256.h"

namespace loom {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// Seeds, and files that nodes read.
class Sources {
 public:
  Sources(const Files& files, const CancelToken* cancel) : files_(files), cancel_(cancel) {}

  void add(const std::string& path, const Port& port, const json& value) {
    if (port.type == &typeOf<Seed>()) seeds[path + "." + port.id] = value;
    if (port.type == &typeOf<FilePath>() && !port.writes && value.is_string()) addFile(value);
  }

  json seeds = json::object(), files = json::object();

 private:
  void addFile(const std::string& text) {
    if (text.empty() || files.contains(text)) return;
    fs::path file;
    try {
      file = files_.read(text);
    } catch (const Error&) {
      return;  // a file that is not there is for the node to tell, if it ever runs
    }
    std::error_code ignored;
    if (fs::is_regular_file(file, ignored)) files[text] = sha256OfFile(file, cancel_);
  }

  const Files& files_;
  const CancelToken* cancel_;
};

fs::path hashFile() {
  const fs::path folder = cacheFolder();
  return folder.empty() ? fs::path() : folder / "hashes";
}

// "Intel(R) MKL-DNN v3.7.1 (Git Hash ...)" -> "v3.7.1": the hash tells nobody anything.
std::string versionIn(const std::string& text) {
  for (size_t at = 0; at < text.size(); ++at) {
    const bool begins = at == 0 || text[at - 1] == ' ';
    const size_t digit = text[at] == 'v' ? at + 1 : at;
    if (begins && digit < text.size() && std::isdigit(static_cast<unsigned char>(text[digit])))
      return text.substr(at, text.find(' ', at) - at);
  }
  return text;
}

// Of a zone within others with those, outermost first: a fork begins in the step they begin with.
json describeFork(const Plan& plan, const PlanZone& zone) {
  json fork{{"step", zone.fork->done}, {"state", zone.fork->state.hex()}};
  json around = json::array();
  for (int at = zone.parent; at >= 0; at = plan.zones[static_cast<size_t>(at)].parent) {
    const PlanZone& each = plan.zones[static_cast<size_t>(at)];
    const json step{{"zone", each.path}, {"step", each.fork ? each.fork->done : 0}};
    around.insert(around.begin(), step);
  }
  if (!around.empty()) fork["within"] = around;
  return fork;
}

std::string processorModel() {
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  while (std::getline(info, line))
    if (line.starts_with("model name") || line.starts_with("Model"))
      if (const size_t colon = line.find(": "); colon != std::string::npos) return line.substr(colon + 2);
  return "unknown";
}

}  // namespace

std::string programVersion() { return NOISELOOM_VERSION; }
std::string torchVersion() { return TORCH_VERSION; }

json libraryVersions() {
  json libraries = json::object();
  const auto add = [&](const char* name, const std::string& text) {
    if (text.find("not found") == std::string::npos) libraries[name] = versionIn(text);
  };
  add("MKL", at::get_mkl_version());
  add("oneDNN", at::get_mkldnn_version());
  libraries["kernels"] = at::get_cpu_capability();  // which of its own LibTorch takes: "AVX2"
  return libraries;
}

RememberedHashes::RememberedHashes() : file_(hashFile()) {
  if (!file_.empty()) recallHashes(file_);
}

RememberedHashes::~RememberedHashes() {
  if (!file_.empty()) keepHashes(file_);
}

json fileHashes(const PreparedGraph& graph, const Registry& registry, const CancelToken* cancel) {
  Sources sources(graph.files, cancel);
  forEachParameter(
      *graph.document, registry,
      [&](const std::string& path, const Port& port, const json& value) { sources.add(path, port, value); });
  return sources.files;
}

json processor() { return {{"model", processorModel()}, {"features", cpuFeatures()}}; }

json graphicsProcessor(c10::Device device) {
  const std::optional<Gpu> gpu = gpuOf(device);
  if (!gpu) return {};
  json told{{"name", gpu->name}, {"capability", gpu->capability}, {"memory", gpu->memory}};
  if (!gpu->driver.empty()) told["driver"] = gpu->driver;
  return told;
}

json provenanceOf(const PreparedGraph& graph, const Registry& registry, const CancelToken* cancel) {
  const RememberedHashes hashes;
  Sources sources(graph.files, cancel);
  forEachParameter(
      *graph.document, registry,
      [&](const std::string& path, const Port& port, const json& value) { sources.add(path, port, value); });
  json exposed = json::object();
  for (const ExposedInput& input : graph.document->graph.inputs)
    exposed[input.name] = exposedValue(*graph.document, input, registry);
  json provenance{{"program", "Noiseloom " + programVersion()},
                  {"torch", torchVersion()},
                  {"libraries", libraryVersions()},
                  {"device", deviceName(graph.policy)},
                  {"dtype", computeName(graph.policy)},
                  {"threads", graph.policy.threads > 0 ? graph.policy.threads : at::get_num_threads()},
                  {"cpu", processor()},
                  {"inputs", exposed},
                  {"set", graph.set},
                  {"seeds", sources.seeds},
                  {"files", sources.files}};
  for (const PlanZone& zone : graph.plan->zones)
    if (zone.fork) provenance["forked"][zone.path] = describeFork(*graph.plan, zone);
  if (graph.policy.device.is_cuda()) {
    provenance["libraries"]["CUDA"] = at::detail::getCUDAHooks().showConfig();
    provenance["libraries"]["CUDA kernels"] = cudaLibraryFor(graph.policy.device) ? "own" : "LibTorch's";
    if (const json gpu = graphicsProcessor(graph.policy.device); !gpu.is_null()) provenance["gpu"] = gpu;
  }
  return provenance;
}

}  // namespace loom
