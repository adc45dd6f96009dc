#include "nodes/data/batch_order.h"

#include "engine/core/error.h"
#include "engine/random/philox.h"

namespace loom {
namespace {

constexpr int kRounds = 6;
constexpr uint32_t kOrder = 0x6F726465, kMirror = 0x6D697272,
                   kInside = 0x696E7369;  // streams of the seed kept apart

PhiloxWords words(uint64_t seed, uint64_t a, uint32_t b, uint32_t stream) {
  return philox4x32({static_cast<uint32_t>(a), static_cast<uint32_t>(a >> 32), b, stream},
                    {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
}

}  // namespace

EpochOrder::EpochOrder(int64_t n, uint64_t seed, uint64_t epoch)
    : n_(static_cast<uint64_t>(n)), seed_(seed), epoch_(epoch), halfBits_(1) {
  if (n < 1 || n > int64_t{1} << 40)
    throw Error("an order is over 1 to 2^40 pictures, not " + std::to_string(n));
  while ((uint64_t{1} << (2 * halfBits_)) < n_) ++halfBits_;
}

uint64_t EpochOrder::permuted(uint64_t value) const {
  const uint64_t mask = (uint64_t{1} << halfBits_) - 1;
  uint64_t left = value >> halfBits_, right = value & mask;
  for (uint32_t round = 0; round < kRounds; ++round) {
    const PhiloxWords mixed = words(seed_, epoch_, static_cast<uint32_t>(right) ^ (round << 24), kOrder);
    const uint64_t next = left ^ (mixed[0] & mask);
    left = right;
    right = next;
  }
  return left << halfBits_ | right;
}

int64_t EpochOrder::at(int64_t place) const {
  uint64_t value = static_cast<uint64_t>(place);
  do value = permuted(value);
  while (value >= n_);
  return static_cast<int64_t>(value);
}

std::vector<Pick> batchPicks(int64_t n, int64_t batch, uint64_t seed, int64_t iteration) {
  std::vector<Pick> picks;
  picks.reserve(static_cast<size_t>(batch));
  for (int64_t i = 0; i < batch; ++i) {
    const int64_t position = iteration * batch + i;
    const auto epoch = static_cast<uint64_t>(position / n);
    const PhiloxWords coin = words(seed, static_cast<uint64_t>(position), 0, kMirror);
    picks.push_back({EpochOrder(n, seed, epoch).at(position % n), (coin[0] & 1) != 0});
  }
  return picks;
}

uint64_t seedInside(uint64_t seed, std::span<const int64_t> iteration) {
  for (size_t depth = 0; depth + 1 < iteration.size(); ++depth) {
    const PhiloxWords mixed = words(seed, static_cast<uint64_t>(iteration[depth]), 0, kInside);
    seed = uint64_t{mixed[0]} << 32 | mixed[1];
  }
  return seed;
}

}  // namespace loom
