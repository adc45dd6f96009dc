#pragma once
// Which dtype is worth computing in.
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace loom {

/// `asked` where the device has units for it, else float32: a CPU without them emulates the dtype, and
/// float32 is then both faster and more exact.
c10::ScalarType computeType(c10::ScalarType asked, c10::Device device);

}  // namespace loom
