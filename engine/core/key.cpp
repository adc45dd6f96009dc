#include "engine/core/key.h"

#include <xxhash.h>

#include <cstdio>

namespace loom {

std::string Key::hex() const {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(high),
                static_cast<unsigned long long>(low));
  return text;
}

KeyBuilder& KeyBuilder::add(std::string_view bytes) {
  const uint64_t size = bytes.size();
  raw(&size, sizeof size);
  return raw(bytes.data(), bytes.size());
}

Key KeyBuilder::key() const {
  const XXH128_hash_t hash = XXH3_128bits(buffer_.data(), buffer_.size());
  return {hash.low64, hash.high64};
}

Key chain(Key first, Key second) {
  const Key both[2] = {first, second};
  const XXH128_hash_t hash = XXH3_128bits(both, sizeof both);
  return {hash.low64, hash.high64};
}

}  // namespace loom
