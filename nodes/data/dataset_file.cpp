#include "nodes/data/dataset_file.h"

#include <ATen/ATen.h>

#include "engine/files/safetensors.h"

namespace loom {
namespace fs = std::filesystem;

void writeDatasetFile(const Dataset& dataset, const fs::path& path) {
  check(dataset);
  if (path.has_parent_path()) fs::create_directories(path.parent_path());
  Archive archive;
  archive.tensors = {{"images", dataset.images.contiguous()}, {"labels", dataset.labels.contiguous()}};
  archive.meta = {{"dataset", 1},
                  {"source", dataset.source},
                  {"names", dataset.names},
                  {"groups", dataset.groups},
                  {"subgroups", dataset.subgroups},
                  {"classes", dataset.classes}};
  writeArchive(path, archive);
}

std::optional<Dataset> readDatasetFile(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return std::nullopt;
  try {
    const Archive archive = readArchive(path);
    if (archive.meta.at("dataset") != 1) return std::nullopt;
    Dataset dataset;
    // Copies: the file may be replaced while the pictures are in use.
    dataset.images = archive.tensors.at("images").clone();
    dataset.labels = archive.tensors.at("labels").clone();
    archive.meta.at("source").get_to(dataset.source);
    archive.meta.at("names").get_to(dataset.names);
    archive.meta.at("groups").get_to(dataset.groups);
    archive.meta.at("subgroups").get_to(dataset.subgroups);
    archive.meta.at("classes").get_to(dataset.classes);
    check(dataset);
    return dataset;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace loom
