#pragma once
// numpy's .npy files (numpy.org/neps/nep-0001-npy-format), versions 1 to 3: one tensor, little endian, in row
// or column order. Objects and records are refused: the first are pickles, the second no tensors.
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>

#include "engine/files/mapped_file.h"
#include "engine/files/tensor_entry.h"

namespace loom {

struct NpyHeader : TensorEntry {  // the name stays empty
  bool columnsFirst = false;      // Fortran order
  uint64_t begin = 0;             // where the data starts in the file
};

bool looksLikeNpy(std::span<const std::byte> bytes);

/// Throws Error on anything the format forbids, or that torch has no dtype for.
NpyHeader readNpyHeader(const MappedFile& file);

/// A view into the mapped file (a copy where the data lies unaligned, and of bools).
at::Tensor readNpy(const std::filesystem::path& path);

/// Writes atomically, version 1, row order. Throws Error: bfloat16 and float8 are not numpy's.
void writeNpy(const std::filesystem::path& path, const at::Tensor& tensor);

}  // namespace loom
