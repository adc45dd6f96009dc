#pragma once
// Where a node's random numbers come from. A stream is named by seed, node and step; in it every sample of a
// batch has numbers of its own, which depend neither on the batch around it nor on the number of threads.
// Free functions, safe on any thread.
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/random/philox.h"
#include "engine/values/scalars.h"

namespace loom {

class Exec;

struct Stream {
  uint64_t seed = 0;
  uint32_t node = 0;        // nodeHash of the node's path
  uint32_t step = 0;        // stepOf the zone's iteration; 0 outside zones
  int64_t firstSample = 0;  // number of the batch's first sample
};

/// FNV-1a of "group/node", with a final mix. `purpose` keeps two streams of one node apart.
uint32_t nodeHash(std::string_view path, std::string_view purpose = {});

/// 0 outside zones; in one zone index + 1; in nested zones a mix of all indices, outermost first:
/// s <- mix(s) + index + 1, where mix is MurmurHash3's finaliser.
uint32_t stepOf(std::span<const int64_t> iteration);

/// The stream of the node that is running: its path, its iteration.
Stream streamOf(const Exec& x, Seed seed, std::string_view purpose = {}, int64_t firstSample = 0);

/// The four words number `block` of a sample: counter (block, sample, step, node), key seed.
/// `sample` counts from the start of the stream, not of the batch, and is below 2^32.
PhiloxWords wordsOf(const Stream& stream, int64_t sample, uint32_t block);

/// Unit normal numbers, float32 [B, ...] on the CPU, by the Box-Muller transform: words 0 and 1 of a block
/// give elements 0 and 1, words 2 and 3 give elements 2 and 3. Own logarithm and sine, so that the bytes are
/// the same on every machine; largest magnitude 6.76. Throws Error on a shape without batch or a sample
/// number above 2^32.
at::Tensor gaussian(const Stream& stream, const std::vector<int64_t>& shape);

/// The same on a device: the same bytes, drawn there where our CUDA kernels are, else drawn here and copied.
at::Tensor gaussian(const Stream& stream, const std::vector<int64_t>& shape, c10::Device device);

/// Uniform in [0, 1), float32 [B, ...] on the CPU, multiples of 2^-24.
at::Tensor uniform(const Stream& stream, const std::vector<int64_t>& shape);

/// Uniform integers in [low, high), int64 [B, ...] on the CPU, from 64 bits each. Throws Error if high <=
/// low.
at::Tensor integers(const Stream& stream, int64_t low, int64_t high, const std::vector<int64_t>& shape);

}  // namespace loom
