#pragma once
// Loops over both cores and more. at::parallel_for itself is a template that runs on one thread wherever the
// file that uses it is compiled without OpenMP; this is compiled with it, once.
#include <c10/util/FunctionRef.h>

#include <cstdint>

namespace loom {

/// Calls f(first, last) for pieces of [begin, end) of at least `grain` on LibTorch's threads
/// (at::set_num_threads). One that throws ends the loop with its exception. Inside another such loop it runs
/// on the thread it is on.
void parallelFor(int64_t begin, int64_t end, int64_t grain, c10::function_ref<void(int64_t, int64_t)> f);

}  // namespace loom
