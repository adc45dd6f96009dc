#pragma once
// One tensor from or to a file of the containers that many tensors-programs share: safetensors and .npy.
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>

#include "engine/core/cancel.h"
#include "engine/files/tensor_entry.h"

namespace loom {

/// Shape and dtype from the header alone. `key` may be "" where the file holds one tensor; .npy files have no
/// names. Throws Error, naming what is there.
TensorEntry tensorEntry(const std::filesystem::path& path, const std::string& key);

/// The tensor, a view into the mapped file. Throws as tensorEntry() does.
at::Tensor readTensor(const std::filesystem::path& path, const std::string& key);

/// Whether the extension is one that is written: .safetensors or .npy.
bool canWriteTensor(const std::filesystem::path& path);
/// `metadata` goes into safetensors files; .npy has no place for it.
void writeTensor(const std::filesystem::path& path, const std::string& key, const at::Tensor& tensor,
                 const std::map<std::string, std::string>& metadata = {},
                 const CancelToken* cancel = nullptr);

}  // namespace loom
