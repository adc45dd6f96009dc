#pragma once
// What torch.save wrote: the zip form (torch >= 1.6) and the older form of pickles one after another, read
// without Python and without running anything. Tensors that shared memory when saved share it again.
#include <ATen/core/Tensor.h>
#include <c10/core/Storage.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/files/mapped_file.h"
#include "engine/files/pickle_names.h"

namespace loom {

/// One opened checkpoint; its tensors keep the mapped file alive after it is gone. For one thread at a time.
class TorchFile {
 public:
  static bool recognises(std::span<const std::byte> bytes);
  /// Reads and checks the pickle and where every storage lies; touches no tensor data. Throws Error.
  explicit TorchFile(std::shared_ptr<const MappedFile> file);

  const Pickle& pickle() const { return pickle_; }
  const std::vector<NamedTensor>& tensors() const { return tensors_; }
  /// What a person should know: classes that were skipped, names that clash.
  const std::vector<std::string>& notes() const { return notes_; }
  const char* container() const { return container_; }

  const TensorRecord& record(const NamedTensor& named) const { return pickle_.tensors[named.tensor]; }
  /// A view into the mapped file (a copy where the data lies unaligned, and of bools).
  at::Tensor tensor(const NamedTensor& named);

 private:
  struct Place {
    uint64_t begin = 0, end = 0;  // bytes of the file
    uint64_t alignment = 1;       // of the widest dtype that a tensor reads it as
    bool bools = false;
  };
  void readZip();
  void readLegacy();
  void findLegacyStorages(std::span<const std::byte> rest);
  void checkStorages();
  c10::Storage storage(const std::string& key);

  std::shared_ptr<const MappedFile> file_;
  const char* container_ = "";
  Pickle pickle_;
  std::map<std::string, Place> places_;  // storages by key
  std::map<std::string, c10::Storage> storages_;
  std::vector<NamedTensor> tensors_;
  std::vector<std::string> notes_;
};

}  // namespace loom
