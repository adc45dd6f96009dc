#pragma once
// The safetensors container (huggingface.co/docs/safetensors): 8 bytes of header length, a JSON header,
// then the tensors, little endian and row major. A file is a stranger's: the whole header is checked
// against the file's size before any tensor is made.
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/core/cancel.h"
#include "engine/files/atomic_file.h"
#include "engine/files/mapped_file.h"
#include "engine/files/tensor_entry.h"
#include "engine/values/value.h"

namespace loom {

using TensorMap = std::map<std::string, at::Tensor>;
using TextMap = std::map<std::string, std::string>;

struct SafetensorsHeader {
  struct Item : TensorEntry {
    uint64_t begin = 0, end = 0;  // bytes of the file
  };
  std::vector<Item> tensors;  // by name
  TextMap metadata;
};

/// Whether a file begins as a safetensors file does.
bool looksLikeSafetensors(std::span<const std::byte> bytes);

/// Names, shapes and dtypes; touches no tensor data. Throws Error on anything the format forbids.
SafetensorsHeader readSafetensorsHeader(const MappedFile& file);
SafetensorsHeader readSafetensorsHeader(const std::filesystem::path& path);

/// One tensor as a view into the mapped file, which it keeps (a copy where the data lies unaligned).
at::Tensor viewTensor(std::shared_ptr<const MappedFile> file, const SafetensorsHeader::Item& item);

struct Safetensors {
  TensorMap tensors;
  TextMap metadata;
};
Safetensors readSafetensors(const std::filesystem::path& path);
Safetensors readSafetensors(std::shared_ptr<const MappedFile> file);

/// Writes atomically, a tensor at a time, from any device. Equal input gives equal bytes.
/// Throws Error (names what can't be written, a full disk) and Cancelled; then nothing is left behind.
void writeSafetensors(const std::filesystem::path& path, const TensorMap& tensors,
                      const TextMap& metadata = {}, const CancelToken* cancel = nullptr,
                      Durability durability = Durability::power_cut);

/// The same for tensors that are not all there at once: declared first, then given one after the other, each
/// whole or in pieces of its rows. Gone without commit(), it leaves nothing.
class SafetensorsWriter {
 public:
  SafetensorsWriter(const std::filesystem::path& path, std::vector<TensorEntry> entries,
                    const TextMap& metadata = {}, Durability durability = Durability::power_cut);
  /// In which order write() wants their bytes.
  const std::vector<TensorEntry>& order() const { return order_; }
  /// Of the dtype declared, which is not checked; throws Error where it is more than was declared in all.
  void write(const at::Tensor& piece, const CancelToken* cancel = nullptr);
  /// Throws Error where something is missing.
  void commit();

 private:
  std::vector<TensorEntry> order_;
  std::string header_;
  uint64_t left_;
  AtomicFile file_;
};

/// An Archive is a safetensors file whose metadata key "noiseloom" holds `meta`.
Archive readArchive(const std::filesystem::path& path);
/// `more` is put beside it, in keys of their own.
void writeArchive(const std::filesystem::path& path, const Archive& archive,
                  const CancelToken* cancel = nullptr, TextMap more = {},
                  Durability durability = Durability::power_cut);

}  // namespace loom
