#pragma once
// The files that a run has produced, each once, in the order of their making.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/run/observer.h"

namespace loom {

class FileCollector final : public Observer {
 public:
  void produced(const std::string& /*node*/, const std::filesystem::path& file) override {
    if (std::find(files.begin(), files.end(), file) == files.end()) files.push_back(file);
  }
  std::vector<std::filesystem::path> files;
};

}  // namespace loom
