#include "engine/run/recording_folder.h"

#include <algorithm>
#include <map>
#include <optional>

#include "engine/core/key.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr const char* kFormat = "1";
constexpr const char* kExtension = ".safetensors";
constexpr size_t kLongestStem = 150;
constexpr size_t kDeepestZone = 64;
constexpr int kTries = 100;

bool allDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool isChunk(const fs::path& file) {
  return file.extension() == kExtension && allDigits(file.stem().string());
}

// As AtomicFile names what it has not finished.
bool isPartial(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.starts_with(".") && name.find(".safetensors.partial-") != std::string::npos;
}

// A number as a tensor's name; empty for any other text.
std::optional<int64_t> numberOf(const std::string& name) {
  if (!allDigits(name) || name.size() > 18) return {};
  return std::stoll(name);
}

std::vector<int64_t> iterationOf(const json& steps) {
  if (!steps.is_array() || steps.size() > kDeepestZone) throw Error("an iteration is a list of steps");
  return steps.get<std::vector<int64_t>>();
}

// By their numbers.
std::map<int64_t, fs::path> chunksIn(const fs::path& folder) {
  std::map<int64_t, fs::path> chunks;
  std::error_code gone;
  for (fs::directory_iterator each(folder, gone), end; !gone && each != end; each.increment(gone))
    if (const auto number = numberOf(each->path().stem().string()); number && isChunk(each->path()))
      chunks[*number] = each->path();
  return chunks;
}

// What a folder had at one moment. While the writer goes on, a listing may miss a chunk and have one that
// came later; the next listing has all of those. Empty where chunks were removed meanwhile.
std::optional<std::map<int64_t, fs::path>> chunksAtOnce(const fs::path& folder) {
  const std::map<int64_t, fs::path> before = chunksIn(folder);
  std::map<int64_t, fs::path> chunks = chunksIn(folder);
  for (const auto& [number, path] : before)
    if (!chunks.contains(number)) return {};
  chunks.erase(chunks.upper_bound(before.empty() ? -1 : before.rbegin()->first), chunks.end());
  return chunks;
}

void readChunk(const fs::path& path, const std::string& port, std::map<int64_t, FolderFrame>& frames) {
  const std::shared_ptr<const MappedFile> file = MappedFile::open(path);
  const SafetensorsHeader header = readSafetensorsHeader(*file);
  const auto text = [&](const char* key) {
    const auto found = header.metadata.find(key);
    return found == header.metadata.end() ? std::string() : found->second;
  };
  if (text("recording") != kFormat || text("port") != port) return;
  const json iterations = json::parse(text("iterations"));
  std::map<int64_t, FolderFrame> found;
  for (const auto& item : header.tensors) {
    const std::optional<int64_t> number = numberOf(item.name);
    if (!number) throw Error("\"" + item.name + "\" is no frame's number");
    found[*number] = {*number, iterationOf(iterations.at(item.name)), viewTensor(file, item)};
  }
  frames.merge(found);
}

}  // namespace

std::string portStem(const std::string& port) {
  std::string stem = port;
  for (char& c : stem)
    if (c == '/' || c == ':') c = '.';
  // A file's name has at most 255 bytes, and one that begins with a dot is hidden or leads elsewhere.
  if (stem.size() > kLongestStem)
    stem = stem.substr(0, kLongestStem) + "-" + KeyBuilder("port").add(port).key().hex();
  return stem.starts_with('.') ? "_" + stem : stem;
}

std::vector<FolderFrame> readRecordingFolder(const fs::path& folder, const std::string& port) {
  std::map<int64_t, FolderFrame> frames;
  for (int i = 0; i < kTries; ++i) {
    const auto chunks = chunksAtOnce(folder / portStem(port));
    if (!chunks) continue;
    frames.clear();
    bool gone = false;
    for (const auto& [number, chunk] : *chunks) {
      try {
        readChunk(chunk, port, frames);
      } catch (const std::exception&) {
        gone = gone || !fs::exists(chunk);  // else it is damaged: the others still tell what they hold
      }
    }
    if (!gone) break;
  }
  std::vector<FolderFrame> sorted;
  for (auto& [number, frame] : frames) sorted.push_back(std::move(frame));
  return sorted;
}

Chunk writeChunk(const fs::path& file, const std::string& port, std::span<const FolderFrame> frames) {
  TensorMap tensors;
  json iterations = json::object();
  for (const FolderFrame& frame : frames) {
    const std::string name = std::to_string(frame.number);
    tensors[name] = frame.tensor;
    iterations[name] = frame.iteration;
  }
  std::error_code failed;
  fs::create_directories(file.parent_path(), failed);
  if (failed)
    throw Error("cannot make the folder \"" + file.parent_path().string() + "\": " + failed.message());
  writeSafetensors(file, tensors, {{"recording", kFormat}, {"port", port}, {"iterations", iterations.dump()}},
                   nullptr, Durability::kill);
  std::map<std::string, SafetensorsHeader::Item> items;
  const std::shared_ptr<const MappedFile> written = MappedFile::open(file);
  for (SafetensorsHeader::Item& item : readSafetensorsHeader(*written).tensors) items[item.name] = item;
  Chunk chunk{{}, written->bytes().size()};
  for (const FolderFrame& frame : frames) chunk.items.push_back(items.at(std::to_string(frame.number)));
  return chunk;
}

void clearRecordingFolder(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> ports;
  for (fs::directory_iterator each(folder, ignored), end; !ignored && each != end; each.increment(ignored))
    if (each->is_directory(ignored) && !each->is_symlink(ignored)) ports.push_back(each->path());
  for (const fs::path& port : ports) {
    std::vector<fs::path> files;
    for (fs::directory_iterator each(port, ignored), end; !ignored && each != end; each.increment(ignored))
      if (isChunk(each->path()) || isPartial(each->path())) files.push_back(each->path());
    for (const fs::path& file : files) fs::remove(file, ignored);
    fs::remove(port, ignored);  // where it is empty
  }
  if (fs::symlink_status(folder, ignored).type() == fs::file_type::directory) fs::remove(folder, ignored);
}

}  // namespace loom
