#include "engine/device/host_copy.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace loom {

HostCopy::HostCopy(const at::Tensor& source) {
  if (source.is_cpu()) {
    here_ = source;
    return;
  }
  there_ = source.detach();
  if (!there_.is_cuda()) {
    here_ = there_.to(at::kCPU);
    there_.reset();
    return;
  }
  const c10::DeviceGuard guard(there_.device());
  // In the source's own order of dimensions, so that the copy is one transfer and no rearrangement before it.
  here_ = at::empty_like(there_, there_.options().device(at::kCPU).pinned_memory(true));
  here_.copy_(there_, /*non_blocking=*/true);
  const c10::impl::VirtualGuardImpl device(there_.device().type());
  copied_.emplace(there_.device().type());
  copied_->record(device.getStream(there_.device()));
}

bool HostCopy::ready() const { return !copied_ || copied_->query(); }

const at::Tensor& HostCopy::wait() {
  if (copied_) {
    copied_->synchronize();
    copied_.reset();
    there_.reset();
  }
  return here_;
}

}  // namespace loom
