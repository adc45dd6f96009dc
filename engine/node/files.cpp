#include "engine/node/files.h"

#include <algorithm>

#include "engine/core/error.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kResources = "@resources/";

bool isBelow(const fs::path& path, const fs::path& folder) {
  if (folder.empty()) return false;
  std::error_code ignored;
  const fs::path root = fs::weakly_canonical(folder, ignored);
  const auto [end, unused] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return end == root.end() || (std::next(end) == root.end() && end->empty());
}

void checkText(const std::string& text) {
  if (text.empty()) throw Error("no file is named");
  if (text.size() > 4096 || text.find('\0') != std::string::npos) throw Error("this is not a path");
}

}  // namespace

Files::Files(Options options) : options_(std::move(options)) {}

fs::path Files::read(const std::string& text) const {
  checkText(text);
  std::vector<fs::path> candidates;
  if (text.starts_with(kResources)) {
    candidates.push_back(options_.resources / text.substr(kResources.size()));
  } else {
    const fs::path path(text);
    if (path.is_absolute()) {
      candidates.push_back(path);
    } else {
      candidates.push_back(options_.graphFolder / path);
      for (const fs::path& folder : options_.readable) candidates.push_back(folder / path);
    }
  }
  std::error_code error;
  for (const fs::path& candidate : candidates) {
    const fs::path real = fs::weakly_canonical(candidate, error);
    if (error) continue;
    const bool allowed = isBelow(real, options_.graphFolder) || isBelow(real, options_.resources) ||
                         isBelow(real, options_.output) ||
                         std::any_of(options_.readable.begin(), options_.readable.end(),
                                     [&](const fs::path& folder) { return isBelow(real, folder); });
    if (!allowed)
      throw Error(
          text +
          " is outside the folders this graph may read; copy the file beside the graph, or allow its folder: "
          "by choosing the file in the editor, or with --allow on the command line");
    if (fs::exists(real, error)) return real;
  }
  throw Error("there is no file " + text + " (looked in " + candidates.front().parent_path().string() +
              "); check the path, or set it to another file");
}

fs::path Files::writable(const std::string& text) const {
  checkText(text);
  std::error_code error;
  const fs::path path(text);
  const fs::path real = fs::weakly_canonical(path.is_absolute() ? path : options_.output / path, error);
  const bool named =
      std::find(options_.writable.begin(), options_.writable.end(), real) != options_.writable.end();
  if (error || (!isBelow(real, options_.output) && !named))
    throw Error(text + " is outside the output folder " + options_.output.string() + "; use a name below it");
  return real;
}

fs::path Files::write(const std::string& text) const {
  const fs::path real = writable(text);
  std::error_code error;
  fs::create_directories(real.parent_path(), error);
  if (error) throw Error("the folder of " + real.string() + " can't be made: " + error.message());
  return real;
}

}  // namespace loom
