#pragma once
// The form of recordings on disk while a run goes on, for the Recorder that writes them and for any other
// process that reads them meanwhile.
//
//   FOLDER/<port, '/' as '.'>/<n>.safetensors
//
// is a chunk: some frames of one port. Each frame is a tensor, named by its number: 0 for the first value the
// port had, 1 for the next, kept or not. The metadata has
//   "recording"   "1", this format
//   "port"        the port's full name
//   "iterations"  JSON: a frame's number -> its iteration, outermost zone first ({"7": [0, 7]})
// A chunk appears whole, in one step, and never changes. When frames are let go, a new chunk takes over those
// of an old one that stay, and the old one goes: for a moment a frame can be in two chunks, and a chunk that
// a reader has seen in the folder may be gone. The numbers of chunks only grow; they say nothing of order.
// What is in the writer's memory still, the newest frames, is in no chunk.
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "engine/files/safetensors.h"

namespace loom {

/// "group/sampling.x" -> "group.sampling.x": a port as the stem of a file's name.
std::string portStem(const std::string& port);

struct FolderFrame {
  int64_t number = 0;
  std::vector<int64_t> iteration;
  at::Tensor tensor;
};

/// All frames of a port that lie in the folder at one moment, by number; their tensors are views of the
/// mapped files. Empty where there are none. Files that are no sound chunks of this port are left out.
std::vector<FolderFrame> readRecordingFolder(const std::filesystem::path& folder, const std::string& port);

/// Where each frame's bytes lie, in the order given, and how large the file is.
struct Chunk {
  std::vector<SafetensorsHeader::Item> items;
  uint64_t bytes = 0;
};
/// Writes one chunk, which survives a kill, and makes its folder. Throws Error; then nothing is left of it.
Chunk writeChunk(const std::filesystem::path& file, const std::string& port,
                 std::span<const FolderFrame> frames);

/// Removes chunks and what killed writers left of them, and folders that are empty then. Nothing else.
void clearRecordingFolder(const std::filesystem::path& folder);

}  // namespace loom
