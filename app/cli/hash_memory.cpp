#include "app/cli/hash_memory.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>

#include "engine/files/atomic_file.h"
#include "engine/files/cache_folder.h"
#include "engine/files/sha256.h"

namespace loom {
namespace {

using Entry = std::pair<FileIdentity, std::string>;

constexpr const char* kFirstLine = "noiseloom hashes 1";
constexpr size_t kMostBytes = 1 << 20;
constexpr int64_t kTooNew = 2'000'000'000;  // nanoseconds

bool isHash(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::vector<Entry> entriesIn(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return {};
  std::string text(kMostBytes, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  std::istringstream lines(text);
  std::string line;
  std::vector<Entry> entries;
  if (!std::getline(lines, line) || line != kFirstLine) return {};
  while (entries.size() < kMostHashes && std::getline(lines, line)) {
    std::istringstream fields(line);
    FileIdentity is;
    std::string hash;
    if (fields >> is.device >> is.inode >> is.size >> is.modified >> hash && isHash(hash))
      entries.emplace_back(is, hash);
  }
  return entries;
}

int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void add(const std::filesystem::path& file) {
  const std::vector<Entry> before = entriesIn(file);
  std::map<FileIdentity, std::string> there(before.begin(), before.end());
  std::vector<Entry> entries;
  for (const auto& [identity, hash] : knownSha256())
    if (identity.modified < now() - kTooNew && !there.contains(identity))
      entries.emplace_back(identity, hash);
  if (entries.empty()) return;
  entries.insert(entries.end(), before.begin(), before.end());
  if (entries.size() > kMostHashes) entries.resize(kMostHashes);
  std::string text = std::string(kFirstLine) + "\n";
  for (const auto& [is, hash] : entries)
    text += std::to_string(is.device) + " " + std::to_string(is.inode) + " " + std::to_string(is.size) + " " +
            std::to_string(is.modified) + " " + hash + "\n";
  makeCacheFolder(file.parent_path());
  writeAtomically(file, std::string_view(text));
}

}  // namespace

void recallHashes(const std::filesystem::path& file) noexcept {
  try {
    const std::vector<Entry> entries = entriesIn(file);
    learnSha256({entries.begin(), entries.end()});
  } catch (const std::exception&) {
  }
}

void keepHashes(const std::filesystem::path& file) noexcept {
  try {
    add(file);
  } catch (const std::exception&) {
  }
}

}  // namespace loom
