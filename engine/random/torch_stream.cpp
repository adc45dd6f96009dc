#include "engine/random/torch_stream.h"

#include <ATen/CPUGeneratorImpl.h>

#include <list>
#include <mutex>

#include "engine/core/error.h"

namespace loom {
namespace {

struct Progress {
  uint64_t seed;
  std::vector<int64_t> shape;
  int64_t next;  // the draw the generator will give
  at::Generator generator;
};

constexpr size_t kKept = 32;  // streams in use at once; 5 KiB each

std::mutex mutex;
std::list<Progress> recent;  // newest first

/// The stream that is nearest before `position`, taken out of the cache, or a new one.
Progress nearest(uint64_t seed, int64_t position, const std::vector<int64_t>& shape) {
  auto best = recent.end();
  for (auto it = recent.begin(); it != recent.end(); ++it)
    if (it->seed == seed && it->shape == shape && it->next <= position &&
        (best == recent.end() || it->next > best->next))
      best = it;
  if (best == recent.end()) return {seed, shape, 0, at::make_generator<at::CPUGeneratorImpl>(seed)};
  Progress found = std::move(*best);
  recent.erase(best);
  return found;
}

}  // namespace

at::Tensor torchGaussian(uint64_t seed, int64_t position, const std::vector<int64_t>& shape) {
  if (position < 0) throw Error("a draw's number can't be negative");
  std::unique_lock lock(mutex);
  Progress stream = nearest(seed, position, shape);
  lock.unlock();
  at::Tensor z;
  for (; stream.next <= position; ++stream.next)
    z = at::randn(shape, stream.generator, at::TensorOptions(at::kFloat));
  lock.lock();
  recent.push_front(std::move(stream));
  if (recent.size() > kKept) recent.pop_back();
  return z;
}

}  // namespace loom
