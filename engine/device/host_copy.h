#pragma once
// A tensor on its way from an accelerator to the CPU while both go on computing. One thread at a time.
#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>

#include <optional>

namespace loom {

class HostCopy {
 public:
  /// Starts the copy of `source` as it is now in the order of this thread's stream, into page-locked memory;
  /// does not wait. A tensor on the CPU is taken as it is. What is `source` later doesn't matter, but it may
  /// not be written on another stream meanwhile.
  explicit HostCopy(const at::Tensor& source);

  bool ready() const;
  /// Waits until it is there. The same tensor each time, on the CPU.
  const at::Tensor& wait();

 private:
  at::Tensor there_, here_;  // there_ is kept until it has been copied
  std::optional<c10::Event> copied_;
};

}  // namespace loom
