#pragma once
// Counting dimensions and places from the front or, below 0, from the end; refused with the port that is
// wrong.
#include <cstdint>

namespace loom {

/// 0 <= result < rank. Throws Error on `port`.
int64_t dimension(int64_t rank, int64_t wanted, const char* port);

struct Range {
  int64_t begin = 0, length = 0;
};
/// `length` places from `start` of `size`; length 0 means all that follow. Throws Error on `port`.
Range rangeOf(int64_t size, int64_t start, int64_t length, const char* port);

}  // namespace loom
