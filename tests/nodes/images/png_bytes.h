#pragma once
// PNG files put together by hand, for tests of what no writer would write.
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace loom::test {

inline std::string bigEndian(uint32_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
          static_cast<char>(n)};
}
inline std::string chunk(std::string type, const std::string& data) {
  const std::string body = type + data;
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return bigEndian(static_cast<uint32_t>(data.size())) + body + bigEndian(static_cast<uint32_t>(sum));
}
inline std::string deflated(std::string_view data) {
  uLongf size = compressBound(data.size());
  std::string out(size, '\0');
  compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(data.data()),
            data.size(), 9);
  out.resize(size);
  return out;
}
inline std::string header(uint32_t width, uint32_t height, int bits, int kind) {
  return chunk("IHDR", bigEndian(width) + bigEndian(height) +
                           std::string{static_cast<char>(bits), static_cast<char>(kind), 0, 0, 0});
}
/// `rows` hold each row's filter byte and data.
inline std::string png(const std::string& ihdr, const std::string& rows, const std::string& before = "",
                       const std::string& after = "") {
  return std::string("\x89PNG\r\n\x1a\n", 8) + ihdr + before + chunk("IDAT", deflated(rows)) + after +
         chunk("IEND", "");
}
inline std::span<const std::byte> bytesOf(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string textOf(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace loom::test
