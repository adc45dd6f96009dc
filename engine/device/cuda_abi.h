#pragma once
// What libnoiseloom_cuda.so and the program promise each other. C functions, each of which returns 0 or a
// cudaError_t, launches on the current device and the given stream (a cudaStream_t), and does not wait. Their
// types stand beside the structures they take: UnitNormals, PackedPreview, FusedStep.
#include <cstdint>

namespace loom {

/// Counted up with every change of a function or of a structure that one takes. A library of another number
/// is not used.
constexpr uint32_t kCudaAbi = 1;

using CudaAbiFunction = uint32_t();              // noiseloom_cuda_abi: kCudaAbi of the library
using CudaUsableFunction = int();                // noiseloom_cuda_usable: has it code for the current device?
using CudaErrorTextFunction = const char*(int);  // noiseloom_cuda_error_text

}  // namespace loom
