#include "nodes/io/tensor_file.h"

#include <algorithm>

#include "engine/core/error.h"
#include "engine/files/npy.h"
#include "engine/files/safetensors.h"

namespace loom {
namespace {

std::string namesIn(const SafetensorsHeader& header) {
  std::string text;
  for (const auto& item : header.tensors) {
    if (text.size() > 400) return text + ", ...";
    text += (text.empty() ? "" : ", ") + item.name;
  }
  return text.empty() ? "nothing" : text;
}

const SafetensorsHeader::Item& itemNamed(const SafetensorsHeader& header, const std::string& key,
                                         const MappedFile& file) {
  if (key.empty() && header.tensors.size() == 1) return header.tensors.front();
  for (const auto& item : header.tensors)
    if (item.name == key) return item;
  const std::string wanted = key.empty() ? "needs a key" : "has no tensor \"" + key + "\"";
  throw Error(file.name() + " " + wanted + "; it holds " + namesIn(header));
}

void needNoKey(const std::string& key, const MappedFile& file) {
  if (!key.empty()) throw Error(file.name() + " is a .npy file, which has no names; leave the key empty");
}

}  // namespace

TensorEntry tensorEntry(const std::filesystem::path& path, const std::string& key) {
  const auto file = MappedFile::open(path);
  if (!looksLikeNpy(file->bytes())) return itemNamed(readSafetensorsHeader(*file), key, *file);
  needNoKey(key, *file);
  return readNpyHeader(*file);
}

at::Tensor readTensor(const std::filesystem::path& path, const std::string& key) {
  const auto file = MappedFile::open(path);
  if (!looksLikeNpy(file->bytes()))
    return viewTensor(file, itemNamed(readSafetensorsHeader(*file), key, *file));
  needNoKey(key, *file);
  return readNpy(path);
}

bool canWriteTensor(const std::filesystem::path& path) {
  return path.extension() == ".safetensors" || path.extension() == ".npy";
}

void writeTensor(const std::filesystem::path& path, const std::string& key, const at::Tensor& tensor,
                 const std::map<std::string, std::string>& metadata, const CancelToken* cancel) {
  if (path.extension() == ".npy") return writeNpy(path, tensor);
  if (path.extension() != ".safetensors")
    throw Error("tensors are saved as .safetensors or .npy, not as \"" + path.filename().string() + "\"");
  writeSafetensors(path, {{key.empty() ? "tensor" : key, tensor}}, metadata, cancel);
}

}  // namespace loom
