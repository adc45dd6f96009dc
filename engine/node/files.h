#pragma once
// Which files a graph may touch. A graph is data from a stranger: it reads below its own folder, the
// program's resources and what the user allowed, and writes below the output folder, and nowhere else.
#include <filesystem>
#include <string>
#include <vector>

namespace loom {

/// The folders a graph may read and write. Throws Error when a path leaves them.
class Files {
 public:
  struct Options {
    std::filesystem::path graphFolder;            // relative paths are looked up here first
    std::filesystem::path resources;              // "@resources/..." stands for this folder
    std::filesystem::path output;                 // all writes go below it
    std::vector<std::filesystem::path> readable;  // further folders, and files, that the user named
    std::vector<std::filesystem::path> writable;  // files outside `output` that the user named
  };
  Files() = default;
  explicit Files(Options options);
  /// An existing file or folder the graph may read.
  std::filesystem::path read(const std::string& text) const;
  /// A file below the output folder; its folders are made.
  std::filesystem::path write(const std::string& text) const;
  /// Throws the Error that write() would, as far as the name tells; touches nothing.
  void checkWrite(const std::string& text) const { writable(text); }
  const Options& options() const { return options_; }

 private:
  std::filesystem::path writable(const std::string& text) const;

  Options options_;
};

}  // namespace loom
