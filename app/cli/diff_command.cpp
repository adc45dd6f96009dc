#include "app/cli/diff_command.h"

#include <unistd.h>

#include <map>

#include "app/cli/output.h"

namespace loom {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr size_t kMostFiles = 100'000;

/// Files below a folder by their path in it; hidden ones and links to folders are passed over.
std::map<std::string, fs::path> filesBelow(const fs::path& folder) {
  std::map<std::string, fs::path> files;
  for (auto at = fs::recursive_directory_iterator(folder); at != fs::recursive_directory_iterator(); ++at) {
    if (at->path().filename().string().starts_with('.')) {
      if (at->is_directory()) at.disable_recursion_pending();
      continue;
    }
    if (!at->is_regular_file()) continue;
    if (files.size() >= kMostFiles)
      throw Error(folder.string() + " holds more than " + std::to_string(kMostFiles) + " files");
    files[at->path().lexically_relative(folder).string()] = at->path();
  }
  return files;
}

/// What is known of one file of two folders.
struct Paired {
  enum class State { equal, different, onlyA, onlyB, unreadable } state = State::equal;
  std::string line;
  json details;
};

const char* nameOf(Paired::State state) {
  switch (state) {
    case Paired::State::equal:
      return "equal";
    case Paired::State::different:
      return "different";
    case Paired::State::onlyA:
      return "only in a";
    case Paired::State::onlyB:
      return "only in b";
    case Paired::State::unreadable:
      break;
  }
  return "unreadable";
}

// Kinds that nothing is known of are compared byte by byte.
bool isKnownKind(const fs::path& file) {
  for (const char* extension : {".loom", ".png", ".jpg", ".jpeg", ".webp", ".gif", ".mp4", ".safetensors",
                                ".npy", ".pt", ".pth", ".ckpt"})
    if (file.extension() == extension) return true;
  return false;
}

Paired compareTwo(const fs::path& a, const fs::path& b, const CompareOptions& options,
                  const Registry& registry) {
  Paired pair;
  try {
    if (sameBytes(a, b)) {
      pair.line = "the same bytes";
      return pair;
    }
    if (!isKnownKind(a)) {
      pair.state = Paired::State::different;
      pair.line = "other bytes";
      return pair;
    }
    FileComparison comparison = compareFiles(a.string(), b.string(), options, registry);
    pair.state = comparison.equal ? Paired::State::equal : Paired::State::different;
    pair.line = std::move(comparison.line);
    pair.details = std::move(comparison.details);
  } catch (const std::exception& error) {
    pair.state = Paired::State::unreadable;
    pair.line = plainError(error).full();
  }
  return pair;
}

std::map<std::string, Paired> compareFolders(const fs::path& a, const fs::path& b,
                                             const CompareOptions& options, const Registry& registry) {
  const auto was = filesBelow(a), is = filesBelow(b);
  std::map<std::string, Paired> pairs;
  for (const auto& [name, file] : was) {
    const auto other = is.find(name);
    pairs[name] = other == is.end() ? Paired{Paired::State::onlyA, "only in the first", {}}
                                    : compareTwo(file, other->second, options, registry);
  }
  for (const auto& [name, file] : is)
    if (!was.contains(name)) pairs[name] = {Paired::State::onlyB, "only in the second", {}};
  return pairs;
}

void print(const std::map<std::string, Paired>& pairs) {
  size_t equal = 0;
  for (const auto& [name, pair] : pairs) {
    if (pair.state == Paired::State::equal) ++equal;
    const char* mark = pair.state == Paired::State::equal        ? "="
                       : pair.state == Paired::State::onlyA      ? "-"
                       : pair.state == Paired::State::onlyB      ? "+"
                       : pair.state == Paired::State::unreadable ? "?"
                                                                 : "≠";
    std::printf("%s %s: %s\n", mark, name.c_str(), pair.line.c_str());
  }
  std::printf("%zu of %zu files are equal\n", equal, pairs.size());
}

int diffFolders(const DiffRequest& request, const CompareOptions& options, const Registry& registry) {
  const auto pairs = compareFolders(request.a, request.b, options, registry);
  bool different = false, unreadable = false;
  json files = json::array();
  for (const auto& [name, pair] : pairs) {
    unreadable |= pair.state == Paired::State::unreadable;
    different |= pair.state != Paired::State::unreadable && pair.state != Paired::State::equal;
    json file{{"file", name}, {"state", nameOf(pair.state)}, {"summary", pair.line}};
    if (!pair.details.is_null()) file["comparison"] = pair.details;
    files.push_back(std::move(file));
  }
  if (request.json)
    writeJsonLine(stdout, {{"kind", "folders"}, {"equal", !different && !unreadable}, {"files", files}});
  else
    print(pairs);
  return different ? kFailed : unreadable ? kRefused : kDone;
}

}  // namespace

int diffCommand(const DiffRequest& request, const Registry& registry) {
  try {
    const CompareOptions options{
        .bound = request.bound, .layout = request.layout, .thin = isatty(fileno(stdout)) == 1};
    std::error_code error;
    const bool folderA = fs::is_directory(request.a, error), folderB = fs::is_directory(request.b, error);
    if (folderA != folderB)
      throw Error((folderA ? request.a : request.b) + " is a folder and " +
                  (folderA ? request.b : request.a) + " is not: these can't be compared");
    if (folderA) return diffFolders(request, options, registry);
    const FileComparison comparison = compareFiles(request.a, request.b, options, registry);
    if (request.json)
      writeJsonLine(stdout, comparison.details);
    else
      std::fputs(comparison.text.c_str(), stdout);
    std::fflush(stdout);
    return comparison.equal ? kDone : kFailed;
  } catch (const std::exception& error) {
    return report(plainError(error), kRefused, request.json);
  }
}

}  // namespace loom
