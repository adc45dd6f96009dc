#include "nodes/kernels/parallel.h"

#include <ATen/Parallel.h>

#ifndef _OPENMP
#error "Compile this file with OpenMP: without, every loop runs on one thread."
#endif

namespace loom {

void parallelFor(int64_t begin, int64_t end, int64_t grain, c10::function_ref<void(int64_t, int64_t)> f) {
  at::parallel_for(begin, end, grain, [&](int64_t first, int64_t last) { f(first, last); });
}

}  // namespace loom
