#include "app/cli/graph_source.h"

#include "app/cli/result_file.h"
#include "engine/node/result_text.h"

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

std::string graphAmong(const std::map<std::string, std::string>& texts, const std::string& asked) {
  const auto found = texts.find(kGraphKey);
  if (found == texts.end())
    throw Error(asked +
                " holds no graph: it was not saved by Noiseloom, or a program that drops texts rewrote it");
  return found->second;
}

}  // namespace

GraphSource readGraphSource(const std::string& path, const Registry& registry) {
  GraphSource source;
  source.file = fs::absolute(path).lexically_normal();
  requireFile(source.file, path);
  const auto texts = textsIn(source.file);
  if (texts) source.texts = *texts;
  if (const std::string format = texts ? "" : formatWithoutTexts(source.file); !format.empty())
    throw Error(path + ": " + withoutTextsText(format));
  const std::string text = texts ? graphAmong(*texts, path) : readGraphText(source.file);
  try {
    source.document = migrated(parseGraph(text), registry);
  } catch (Error& error) {
    throw Error(error.node, error.port, error.node.empty() ? path + ": " + error.what() : error.what());
  }
  return source;
}

}  // namespace loom
