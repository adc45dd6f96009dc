#pragma once
// Content keys: 128-bit hashes of what a value was computed from. Equal keys mean equal values, so
// nothing with a known key is computed twice.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace loom {

struct Key {
  uint64_t low = 0, high = 0;
  bool operator==(const Key&) const = default;
  explicit operator bool() const { return low | high; }
  std::string hex() const;  // 32 digits
  /// What hex() gave; zero for anything else.
  static Key fromHex(std::string_view digits);
};

/// Collects bytes and hashes them with XXH3-128. Every field is length-prefixed, so that
/// ("ab","c") and ("a","bc") differ.
class KeyBuilder {
 public:
  explicit KeyBuilder(std::string_view domain) { add(domain); }
  KeyBuilder& add(std::string_view bytes);
  KeyBuilder& add(const char* text) { return add(std::string_view(text)); }
  KeyBuilder& add(Key key) { return raw(&key, sizeof key); }
  template <class T>
  requires std::is_arithmetic_v<T> KeyBuilder& add(T number) { return raw(&number, sizeof number); }
  Key key() const;

 private:
  KeyBuilder& raw(const void* data, size_t size) {
    buffer_.append(static_cast<const char*>(data), size);
    return *this;
  }
  std::string buffer_;
};

/// A fast combination of two keys, for the chain that runs through a zone's steps.
Key chain(Key first, Key second);

}  // namespace loom

template <>
struct std::hash<loom::Key> {
  size_t operator()(const loom::Key& key) const noexcept { return key.low; }
};
