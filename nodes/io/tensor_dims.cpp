#include "nodes/io/tensor_dims.h"

#include <string>

#include "engine/core/error.h"

namespace loom {

int64_t dimension(int64_t rank, int64_t wanted, const char* port) {
  const int64_t found = wanted < 0 ? wanted + rank : wanted;
  if (found >= 0 && found < rank) return found;
  const std::string range = rank == 0 ? "it is a single number and has none"
                                      : "it has 0 to " + std::to_string(rank - 1) + ", or -" +
                                            std::to_string(rank) + " to -1 from the end";
  throw Error("", port, "the tensor has no dimension " + std::to_string(wanted) + ": " + range);
}

Range rangeOf(int64_t size, int64_t start, int64_t length, const char* port) {
  const int64_t begin = start < 0 ? start + size : start;
  const bool inside = begin >= 0 && begin <= size;
  const int64_t count = length == 0 && inside ? size - begin : length;
  if (!inside || count > size - begin)
    throw Error("", port,
                std::to_string(count) + " places from " + std::to_string(start) +
                    " are more than the dimension's " + std::to_string(size));
  return {begin, count};
}

}  // namespace loom
