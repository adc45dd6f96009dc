#include "engine/core/key.h"

#include <xxhash.h>

#include <charconv>
#include <cstdio>

namespace loom {

std::string Key::hex() const {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(high),
                static_cast<unsigned long long>(low));
  return text;
}

Key Key::fromHex(std::string_view digits) {
  if (digits.size() != 32 || digits.find_first_not_of("0123456789abcdef") != std::string_view::npos)
    return {};
  Key key;
  const char* text = digits.data();
  std::from_chars(text, text + 16, key.high, 16);
  std::from_chars(text + 16, text + 32, key.low, 16);
  return key;
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
