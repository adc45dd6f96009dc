#pragma once
// What a result was made with, beside its graph: programs, machine, seeds, and the content of every file
// read.
#include <nlohmann/json.hpp>

#include "app/cli/prepared_graph.h"
#include "engine/core/cancel.h"

namespace loom {

/// "0.1.0".
std::string programVersion();
/// "2.11.0".
std::string torchVersion();
/// What computes, beside LibTorch itself: {"oneDNN": "v3.7.1", ...}.
nlohmann::json libraryVersions();
/// {"model": "AMD EPYC", "features": ["avx2", ...]}.
nlohmann::json processor();
/// {"name": "NVIDIA H100 80GB HBM3", "capability": "9.0", "memory": bytes, "driver": "580.65.06"}; null where
/// the device is no GPU.
nlohmann::json graphicsProcessor(c10::Device device);

/// "path in the graph": SHA-256 of every regular file that the graph names to read and that is there. Throws
/// Error, Cancelled.
nlohmann::json fileHashes(const PreparedGraph& graph, const Registry& registry, const CancelToken* cancel);

/// Hashes that earlier calls of the program learnt are there while it lives; what this one learns stays when
/// it goes.
class RememberedHashes {
 public:
  RememberedHashes();
  ~RememberedHashes();
  RememberedHashes(const RememberedHashes&) = delete;
  RememberedHashes& operator=(const RememberedHashes&) = delete;

 private:
  std::filesystem::path file_;
};

/// The same for the same graph, files and machine: no times, no host names.
///   program, torch, libraries, device, dtype, threads, cpu, gpu where one was used: where it ran
///   inputs: the exposed values; set: those given for this run; seeds: "node.port": seed
///   files: "path in the graph": SHA-256
/// Nodes add "saved", which of the run's results a file is (engine/node/result_text.h). Hashes are remembered
/// in the user's cache folder. Throws Error, Cancelled.
nlohmann::json provenanceOf(const PreparedGraph& graph, const Registry& registry, const CancelToken* cancel);

}  // namespace loom
