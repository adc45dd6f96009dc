#pragma once
// Python's pickle, as data: what it describes is read into plain values, and nothing it names is ever
// imported, called or run. torch's own ways to write tensors, and Python's containers, are understood; of any
// other class the name and the state stay ("opaque"). Limits hold off pickles made to exhaust memory.
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <deque>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace loom {

/// One value. Owned by its Pickle; a value that the pickle uses twice is one object, and may contain itself.
struct PickleValue {
  enum class Kind : uint8_t {
    none,
    boolean,  // integer
    integer,  // integer
    real,     // real
    text,     // text
    bytes,    // text
    list,     // items
    tuple,    // items
    set,      // items
    dict,     // items: key, value, key, value, ...
    tensor,   // integer: its place in Pickle::tensors
    storage,  // integer: its place in Pickle::storages
    global,   // text: "module.name"
    opaque    // text: its class or maker; items: arguments; state: its attributes and items
  };
  Kind kind = Kind::none;
  union {
    int64_t integer = 0;
    double real;
  };
  std::string text;
  std::vector<PickleValue*> items;
  PickleValue* state = nullptr;
};

/// Elements that a file keeps elsewhere, under `key`.
struct StorageRecord {
  std::string key;
  at::ScalarType dtype = at::kByte;
  int64_t elements = 0;
};

/// A view of a storage, in elements of `dtype`; already checked to lie within it.
struct TensorRecord {
  at::ScalarType dtype = at::kFloat;
  int64_t storage = -1;                  // in Pickle::storages; -1: the data is in `inlined`
  const std::string* inlined = nullptr;  // little endian, contiguous in `stride`'s order
  int64_t offset = 0;
  std::vector<int64_t> size, stride;
};

struct Pickle {
  std::deque<PickleValue> values;
  const PickleValue* root = nullptr;
  std::vector<StorageRecord> storages;
  std::vector<TensorRecord> tensors;
  std::set<std::string> skipped;  // classes and functions that were named and neither known nor run
  size_t bytes = 0;               // length of the pickle in its file
};

struct PickleLimits {
  int64_t operations = 16'000'000;
  int64_t values = 4'000'000;
  int64_t items = 32'000'000;  // in all containers together
};

/// Reads the pickle at the start of `bytes`. Throws Error, whose message goes on after "its pickle ".
Pickle parsePickle(std::span<const std::byte> bytes, PickleLimits limits = {});

}  // namespace loom
