#include "engine/run/disk_cache.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include "engine/files/cache_folder.h"
#include "engine/run/saved_value.h"
#include "engine/run/state_file.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

constexpr int kFormat = 1;
constexpr const char* kExtension = ".safetensors";
constexpr uint64_t kHeaderBytes = 4096;
constexpr size_t kMostOutputs = 10'000;

struct Entry {
  fs::path path;
  uint64_t bytes;
  fs::file_time_type used;
};

// Only what the cache itself names so is ever removed: the folder is the user's.
bool isEntryName(const std::string& name) {
  return name.size() == 32 + std::string_view(kExtension).size() && name.ends_with(kExtension) &&
         name.find_first_not_of("0123456789abcdef") == 32;
}

// What an AtomicFile of an entry is called until it is whole.
bool isPartialName(const std::string& name) {
  const size_t at = name.find(".partial-");
  return name.starts_with('.') && at != std::string::npos && isEntryName(name.substr(1, at - 1));
}

// Its writer holds a lock on it for as long as it lives.
void removeIfAbandoned(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return;
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
  ::close(file);
}

// Other processes add and remove meanwhile: what is gone when looked at is passed over.
std::vector<Entry> entriesIn(const fs::path& folder) {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (isPartialName(name)) removeIfAbandoned(at->path());
    if (!isEntryName(name)) continue;
    std::error_code gone;
    if (!fs::is_regular_file(at->symlink_status(gone)) || gone) continue;
    const uint64_t bytes = at->file_size(gone);
    if (gone) continue;
    const auto used = at->last_write_time(gone);
    if (!gone) entries.push_back({at->path(), bytes, used});
  }
  return entries;
}

void removeOldest(const fs::path& folder, uint64_t most) {
  std::vector<Entry> entries = entriesIn(folder);
  uint64_t total = 0;
  for (const Entry& entry : entries) total += entry.bytes;
  if (total <= most) return;
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  std::error_code ignored;
  for (const Entry& entry : entries) {
    if (total <= most) return;
    fs::remove(entry.path, ignored);
    total -= entry.bytes;
  }
}

uint64_t bytesOf(const Archive& archive) {
  uint64_t bytes = kHeaderBytes;
  for (const auto& [name, tensor] : archive.tensors) bytes += static_cast<uint64_t>(tensor.nbytes());
  return bytes;
}

}  // namespace

DiskCache::DiskCache(Options options) : options_(std::move(options)) {}

fs::path DiskCache::fileOf(const Key& key) const {
  const Key named = KeyBuilder("noiseloom result").add(kFormat).add(options_.program).add(key).key();
  return options_.folder / (named.hex() + kExtension);
}

std::optional<std::vector<Value>> DiskCache::find(const Key& key) {
  if (!key) return std::nullopt;
  std::error_code error;
  const fs::path file = fileOf(key);
  if (!fs::is_regular_file(file, error)) return std::nullopt;
  try {
    std::vector<Value> outputs = read(file, key);
    fs::last_write_time(file, fs::file_time_type::clock::now(), error);
    return outputs;
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  } catch (const std::exception&) {
    fs::remove(file, error);
    return std::nullopt;
  }
}

std::vector<Value> DiskCache::read(const fs::path& file, const Key& key) const {
  const Archive archive = readSealed(file);
  if (archive.meta.value("result", 0) != kFormat || archive.meta.value("key", "") != key.hex() ||
      archive.meta.value("program", "") != options_.program)
    throw Error("it is no result of this program");
  const size_t count = archive.meta.value("outputs", size_t{0});
  if (count > kMostOutputs) throw Error("its count of outputs is damaged");
  std::vector<Value> outputs;
  for (size_t i = 0; i < count; ++i)
    outputs.push_back(
        valueOf(takePart(archive, "out" + std::to_string(i)), *options_.registry, options_.device));
  return outputs;
}

bool DiskCache::worthKeeping(double seconds, uint64_t bytes) const {
  return seconds >= options_.leastSeconds && bytes <= options_.mostBytes &&
         seconds > static_cast<double>(bytes) / options_.readBytesPerSecond;
}

void DiskCache::put(const Key& key, const std::vector<Value>& outputs, double seconds) {
  if (!key || refused_ || seconds < options_.leastSeconds) return;
  std::error_code error;
  const fs::path file = fileOf(key);
  if (fs::exists(file, error)) return;
  Archive archive;
  try {
    for (size_t i = 0; i < outputs.size(); ++i)
      addPart(archive, "out" + std::to_string(i), archiveOf(outputs[i], *options_.registry));
  } catch (const std::exception&) {
    return;  // a network, say, has no form in a file: it is made anew
  }
  if (!worthKeeping(seconds, bytesOf(archive))) return;
  archive.meta["outputs"] = outputs.size();
  try {
    write(file, key, std::move(archive), seconds);
  } catch (const std::exception& failure) {
    refused_ = true;
    if (options_.say) options_.say(std::string("results are not kept for later runs: ") + failure.what());
  }
}

void DiskCache::write(const fs::path& file, const Key& key, Archive archive, double seconds) {
  archive.meta["result"] = kFormat;
  archive.meta["key"] = key.hex();
  archive.meta["program"] = options_.program;
  archive.meta["seconds"] = seconds;
  makeCacheFolder(options_.folder);
  // Room is made before, so that the budget holds at every moment; and after, for what others wrote
  // meanwhile.
  removeOldest(options_.folder, options_.mostBytes - bytesOf(archive));
  // After a power cut a file may be damaged: that is told when it is read, and costs no more than computing.
  writeSealed(file, std::move(archive), Durability::kill);
  removeOldest(options_.folder, options_.mostBytes);
}

DiskCache::Contents DiskCache::contentsOf(const fs::path& folder) {
  Contents contents;
  for (const Entry& entry : entriesIn(folder)) {
    contents.bytes += entry.bytes;
    ++contents.entries;
  }
  return contents;
}

DiskCache::Contents DiskCache::clear(const fs::path& folder) {
  const Contents contents = contentsOf(folder);
  removeOldest(folder, 0);
  return contents;
}

}  // namespace loom
