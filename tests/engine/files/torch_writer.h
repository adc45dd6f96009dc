#pragma once
// Pickles and zip archives put together by hand, to write what torch.save never would.
#include <string>
#include <utility>
#include <vector>

#include "tests/engine/files/scratch.h"

namespace loom::test {

// Pieces of a protocol 2 pickle; each pushes one value.
inline std::string op(const char* code, const std::string& rest) { return std::string(code).append(rest); }
inline std::string text(const std::string& value) { return op("X", little(uint32_t(value.size())) + value); }
inline std::string integer(int32_t value) { return op("J", little(value)); }
inline std::string integer64(int64_t value) { return op("\x8a\x08", little(value)); }
inline std::string global(const std::string& module, const std::string& name) {
  return op("c", module + "\n" + name + "\n");
}
inline std::string tuple(const std::vector<std::string>& items) {
  std::string all = "(";
  for (const std::string& item : items) all += item;
  return all + "t";
}
inline std::string sizes(const std::vector<int64_t>& values) {
  std::vector<std::string> items;
  for (const int64_t value : values) items.push_back(integer64(value));
  return tuple(items);
}
inline std::string call(const std::string& callable, const std::vector<std::string>& arguments) {
  return callable + tuple(arguments) + "R";
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string all = "}(";
  for (const auto& [key, value] : items) all += key + value;
  return all + "u";
}
inline std::string list(const std::vector<std::string>& items) {
  std::string all = "](";
  for (const std::string& item : items) all += item;
  return all + "e";
}
inline std::string pickle(const std::string& value) { return op("\x80\x02", value + "."); }

inline std::string storage(const std::string& key, int64_t elements,
                           const std::string& type = "FloatStorage") {
  return tuple({text("storage"), global("torch", type), text(key), text("cpu"), integer64(elements)}) + "Q";
}
inline std::string tensor(const std::string& place, int64_t offset, const std::vector<int64_t>& size,
                          const std::vector<int64_t>& stride) {
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              {place, integer64(offset), sizes(size), sizes(stride), "\x89", "}"});
}

struct Entry {
  std::string name, bytes;
  uint16_t method = 0;
  int64_t claimed = -1;  // size that the directory claims; -1: the true one
};

/// A zip archive of stored entries.
inline std::string zip(const std::vector<Entry>& entries) {
  std::string all, directory;
  for (const Entry& entry : entries) {
    const auto size = static_cast<uint32_t>(entry.claimed < 0 ? entry.bytes.size() : entry.claimed);
    const std::string common = little(uint16_t(0)) + little(entry.method) + little(uint32_t(0)) +
                               little(uint32_t(0)) + little(size) + little(size) +
                               little(uint16_t(entry.name.size()));
    directory += "PK\1\2" + little(uint16_t(20)) + little(uint16_t(20)) + common + little(uint16_t(0)) +
                 little(uint16_t(0)) + little(uint16_t(0)) + little(uint16_t(0)) + little(uint32_t(0)) +
                 little(uint32_t(all.size())) + entry.name;
    all += "PK\3\4" + little(uint16_t(20)) + common + little(uint16_t(0)) + entry.name + entry.bytes;
  }
  const auto count = static_cast<uint16_t>(entries.size());
  return all + directory + "PK\5\6" + little(uint32_t(0)) + little(count) + little(count) +
         little(uint32_t(directory.size())) + little(uint32_t(all.size())) + little(uint16_t(0));
}

/// A checkpoint of one pickled value and storages "0", "1", ...
inline std::string checkpoint(const std::string& value, const std::vector<std::string>& storages = {}) {
  std::vector<Entry> entries{{"archive/data.pkl", pickle(value)}, {"archive/byteorder", "little"}};
  for (size_t i = 0; i < storages.size(); ++i)
    entries.push_back({"archive/data/" + std::to_string(i), storages[i]});
  return zip(entries);
}

}  // namespace loom::test
