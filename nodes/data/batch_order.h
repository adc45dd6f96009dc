#pragma once
// Which pictures a training step sees: an endless sequence of epochs, each in an order of its own, any place
// of which can be asked for without what came before. A resumed training sees what an uninterrupted one would
// have.
#include <cstdint>
#include <span>
#include <vector>

namespace loom {

/// The permutation of [0, n) that `seed` gives epoch `epoch`: at place i in [0, n). A Feistel network over
/// the next power of four, its rounds Philox, walked until it falls below n (Black and Rogaway, "Ciphers with
/// arbitrary finite domains", CT-RSA 2002).
class EpochOrder {
 public:
  EpochOrder(int64_t n, uint64_t seed, uint64_t epoch);
  int64_t at(int64_t place) const;

 private:
  uint64_t permuted(uint64_t value) const;
  uint64_t n_, seed_, epoch_;
  int halfBits_;
};

struct Pick {
  int64_t index = 0;      // of the picture
  bool mirrored = false;  // by a coin of its own; the caller may ignore it
};

/// The `batch` picks of iteration `iteration` (0 or more) from n pictures (n >= 1): places iteration * batch
/// and on of the epochs laid end to end, so that every picture is seen once before any is seen again.
std::vector<Pick> batchPicks(int64_t n, int64_t batch, uint64_t seed, int64_t iteration);

/// The seed of a zone inside zones: `iteration` holds their indices, outermost first, the last of which
/// counts batches and is left out. In a zone of its own: the seed as it is.
uint64_t seedInside(uint64_t seed, std::span<const int64_t> iteration);

}  // namespace loom
