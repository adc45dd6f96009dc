#pragma once
// A tensor over bytes of a mapped file.
#include <ATen/core/Tensor.h>

#include <memory>

#include "engine/files/mapped_file.h"

namespace loom {

/// Contiguous, from byte `begin` of the file, which the tensor keeps open; the caller has checked that it
/// lies within the file. A copy where the data lies unaligned, and of bools, of which only 0 and 1 are
/// defined.
at::Tensor viewOfFile(std::shared_ptr<const MappedFile> file, uint64_t begin, at::ScalarType dtype,
                      at::IntArrayRef shape);

/// The tensor's bytes in row order, on the CPU: what every container writes. The tensor itself where it is
/// so.
at::Tensor plainBytes(const at::Tensor& tensor);

}  // namespace loom
