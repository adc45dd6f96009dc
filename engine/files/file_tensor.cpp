#include "engine/files/file_tensor.h"

#include <ATen/ATen.h>

#include <cstring>

namespace loom {

at::Tensor viewOfFile(std::shared_ptr<const MappedFile> file, uint64_t begin, at::ScalarType dtype,
                      at::IntArrayRef shape) {
  const auto options = at::TensorOptions().dtype(dtype);
  const std::byte* data = file->bytes().data() + begin;
  const bool aligned = reinterpret_cast<uintptr_t>(data) % c10::elementSize(dtype) == 0;
  const bool empty = c10::multiply_integers(shape) == 0;
  if (!empty && aligned && dtype != at::kBool)
    return at::from_blob(
        const_cast<std::byte*>(data), shape, [file](void*) {}, options);
  at::Tensor copy = at::empty(shape, options);
  if (!empty) std::memcpy(copy.data_ptr(), data, copy.nbytes());
  if (dtype == at::kBool) copy.view(at::kByte).clamp_max_(1);
  return copy;
}

at::Tensor plainBytes(const at::Tensor& tensor) {
  return tensor.detach().resolve_conj().resolve_neg().to(at::kCPU).contiguous();
}

}  // namespace loom
