#include "engine/random/stream.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "engine/device/cuda_library.h"
#include "engine/node/exec.h"
#include "engine/random/unit_normal.h"
#include "engine/random/vector_blocks.h"

namespace loom {
namespace {

constexpr int64_t kChunk = 256;  // blocks computed together: 16 KiB, in the first-level cache

uint32_t mix(uint32_t h) {
  h ^= h >> 16;
  h *= 0x85EBCA6B;
  h ^= h >> 13;
  h *= 0xC2B2AE35;
  return h ^ (h >> 16);
}

std::array<uint32_t, 2> keyOf(uint64_t seed) {
  return {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
}

/// Words of many blocks, one array a word, so that the rounds run in vector registers.
struct Chunk {
  uint32_t word[4][kChunk];

  void fill(const Stream& stream, uint32_t sample, uint32_t firstBlock, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      word[0][i] = firstBlock + static_cast<uint32_t>(i);
      word[1][i] = sample;
      word[2][i] = stream.step;
      word[3][i] = stream.node;
    }
    const auto key = keyOf(stream.seed);
    uint32_t* const words[4] = {word[0], word[1], word[2], word[3]};
    philoxBlocks(words, key.data(), count);
  }
};

struct Extent {
  int64_t batch, elements;  // elements a sample
};

Extent extentOf(const Stream& stream, const std::vector<int64_t>& shape) {
  if (shape.empty())
    throw Error("a random tensor needs a shape with a batch in front, such as [4, 3, 32, 32]");
  Extent extent{shape[0], 1};
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0) throw Error("a random tensor's sizes can't be negative");
    if (i && __builtin_mul_overflow(extent.elements, shape[i], &extent.elements))
      throw Error("a random tensor's shape is too large");
  }
  constexpr int64_t kMost = int64_t{1} << 32;
  if (stream.firstSample < 0 || stream.firstSample > kMost - extent.batch)
    throw Error("sample numbers go from 0 to 2^32 - 1; first_sample is " +
                std::to_string(stream.firstSample));
  if (extent.elements > kMost) throw Error("a sample of a random tensor has at most 2^32 elements");
  return extent;
}

/// Calls write(chunk, blocks, out, elements) for pieces of all samples. `perBlock`: elements a block gives.
template <class T, class Write>
at::Tensor generate(const Stream& stream, const std::vector<int64_t>& shape, at::ScalarType dtype,
                    int64_t perBlock, Write write) {
  const Extent extent = extentOf(stream, shape);
  at::Tensor out = at::empty(shape, at::TensorOptions(dtype));
  T* data = out.mutable_data_ptr<T>();
  const int64_t blocks = (extent.elements + perBlock - 1) / perBlock;
  const int64_t chunks = (blocks + kChunk - 1) / kChunk;
  at::parallel_for(0, extent.batch * chunks, 8, [&](int64_t begin, int64_t end) {
    Chunk chunk;
    for (int64_t at = begin; at < end; ++at) {
      const int64_t sample = at / chunks, first = at % chunks * kChunk;
      const int64_t count = std::min(kChunk, blocks - first);
      chunk.fill(stream, static_cast<uint32_t>(stream.firstSample + sample), static_cast<uint32_t>(first),
                 count);
      const int64_t element = first * perBlock;
      write(chunk, count, data + sample * extent.elements + element,
            std::min(count * perBlock, extent.elements - element));
    }
  });
  return out;
}

void writeGaussian(const Chunk& chunk, int64_t count, float* out, int64_t elements) {
  float z[4][kChunk];
  boxMuller(chunk.word[0], chunk.word[1], z[0], z[1], count);
  boxMuller(chunk.word[2], chunk.word[3], z[2], z[3], count);
  const int64_t whole = elements / 4;
  for (int64_t i = 0; i < whole; ++i)
    for (int lane = 0; lane < 4; ++lane) out[4 * i + lane] = z[lane][i];
  for (int64_t e = 4 * whole; e < elements; ++e) out[e] = z[e % 4][whole];
}

}  // namespace

uint32_t nodeHash(std::string_view path, std::string_view purpose) {
  uint32_t h = 0x811C9DC5;
  const auto add = [&h](std::string_view text) {
    for (const unsigned char c : text) h = (h ^ c) * 0x01000193;
  };
  add(path);
  if (!purpose.empty()) {
    add(std::string_view("\0", 1));
    add(purpose);
  }
  return mix(h);
}

uint32_t stepOf(std::span<const int64_t> iteration) {
  uint32_t step = 0;
  for (size_t level = 0; level < iteration.size(); ++level)
    step = (level ? mix(step) : 0) + static_cast<uint32_t>(iteration[level]) + 1;
  return step;
}

Stream streamOf(const Exec& x, Seed seed, std::string_view purpose, int64_t firstSample) {
  return {seed.value, nodeHash(x.path(), purpose), stepOf(x.iteration()), firstSample};
}

PhiloxWords wordsOf(const Stream& stream, int64_t sample, uint32_t block) {
  return philox4x32({block, static_cast<uint32_t>(sample), stream.step, stream.node}, keyOf(stream.seed));
}

at::Tensor gaussian(const Stream& stream, const std::vector<int64_t>& shape) {
  return generate<float>(stream, shape, at::kFloat, 4, writeGaussian);
}

at::Tensor gaussian(const Stream& stream, const std::vector<int64_t>& shape, c10::Device device) {
  const CudaLibrary* library = cudaLibraryFor(device);
  if (!library) return gaussian(stream, shape).to(device);
  const Extent extent = extentOf(stream, shape);
  at::Tensor out = at::empty(shape, at::TensorOptions(at::kFloat).device(device));
  if (out.numel() == 0) return out;
  const UnitNormals normals{stream.seed,
                            stream.node,
                            stream.step,
                            static_cast<uint32_t>(stream.firstSample),
                            extent.batch,
                            extent.elements,
                            out.mutable_data_ptr<float>()};
  constexpr const char* kKernel = "noiseloom_cuda_unit_normals";
  const auto launch = library->find<UnitNormalsFunction>(kKernel);
  launchCuda(out.device(), kKernel, [&](void* on) { return launch(&normals, on); });
  return out;
}

at::Tensor uniform(const Stream& stream, const std::vector<int64_t>& shape) {
  return generate<float>(stream, shape, at::kFloat, 4,
                         [](const Chunk& chunk, int64_t, float* out, int64_t elements) {
                           for (int64_t e = 0; e < elements; ++e)
                             out[e] = static_cast<float>(chunk.word[e % 4][e / 4] >> 8) * 0x1p-24f;
                         });
}

at::Tensor integers(const Stream& stream, int64_t low, int64_t high, const std::vector<int64_t>& shape) {
  if (high <= low)
    throw Error("random integers need a range: low is " + std::to_string(low) + ", high " +
                std::to_string(high));
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  return generate<int64_t>(
      stream, shape, at::kLong, 2, [&](const Chunk& chunk, int64_t, int64_t* out, int64_t elements) {
        for (int64_t e = 0; e < elements; ++e) {
          const uint64_t word =
              uint64_t{chunk.word[e % 2 * 2 + 1][e / 2]} << 32 | chunk.word[e % 2 * 2][e / 2];
          // The high half of word · range: even to within range / 2^64.
          const uint64_t drawn = static_cast<uint64_t>((static_cast<unsigned __int128>(word) * range) >> 64);
          out[e] = static_cast<int64_t>(static_cast<uint64_t>(low) + drawn);
        }
      });
}

}  // namespace loom
