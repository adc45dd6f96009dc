#include "app/cli/graph_source.h"

#include <array>
#include <fstream>
#include <string_view>

#include "nodes/images/png_file.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

void requireFile(const fs::path& file, const std::string& asked) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status)) throw Error("there is no file " + asked);
  if (fs::is_directory(status)) throw Error(asked + " is a folder, not a graph");
  if (!fs::is_regular_file(status)) throw Error(asked + " is no ordinary file");
}

std::string graphOfPicture(const fs::path& file, const std::string& asked) {
  const PngText text = readPngText(file);
  const auto found = text.find(kPngGraphKey);
  if (found == text.end())
    throw Error(asked +
                " holds no graph: it was not saved by Noiseloom, or a program that drops texts rewrote it");
  return found->second;
}

}  // namespace

bool isPng(const fs::path& file) {
  std::array<char, 8> head{};
  std::ifstream stream(file, std::ios::binary);
  stream.read(head.data(), head.size());
  return stream && std::string_view(head.data(), head.size()) == "\x89PNG\r\n\x1a\n";
}

GraphSource readGraphSource(const std::string& path, const Registry& registry) {
  GraphSource source;
  source.file = fs::absolute(path).lexically_normal();
  requireFile(source.file, path);
  source.picture = isPng(source.file);
  const std::string text = source.picture ? graphOfPicture(source.file, path) : readGraphText(source.file);
  try {
    source.document = migrated(parseGraph(text), registry);
  } catch (Error& error) {
    throw Error(error.node, error.port, error.node.empty() ? path + ": " + error.what() : error.what());
  }
  return source;
}

}  // namespace loom
