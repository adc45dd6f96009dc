#pragma once
// LibTorch's CUDA part, which the program does not link: loaded where a driver is there.
#include <string>

namespace loom {

/// Empty when tensors can be on GPUs from now on, else what is missing. libtorch_cpu looks for its CUDA hooks
/// once, on first use: called before any tensor is made.
std::string startCuda();

}  // namespace loom
