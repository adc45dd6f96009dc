#include "nodes/images/mp4_text.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/core/error.h"
#include "nodes/images/png_file.h"

namespace loom {
namespace {

constexpr std::string_view kOurs("noiseloom.texts\0", 16);

uint64_t bigEndian(std::string_view bytes) {
  uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

std::map<std::string, std::string> textsOf(std::string_view payload) {
  std::map<std::string, std::string> texts;
  if (payload.size() > kMostPngText) throw Error("the texts in this MP4 are larger than any graph");
  const auto json = nlohmann::json::parse(payload, nullptr, false);
  if (json.is_object())
    for (const auto& [key, value] : json.items())
      if (value.is_string()) texts[key] = value;
  return texts;
}

}  // namespace

bool looksLikeMp4(std::span<const std::byte> bytes) {
  return bytes.size() >= 8 && std::string_view(reinterpret_cast<const char*>(bytes.data()) + 4, 4) == "ftyp";
}

std::string mp4TextBox(const std::map<std::string, std::string>& texts) {
  const std::string payload =
      nlohmann::json(texts).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  if (payload.size() > kMostPngText) throw Error("the texts are too large to be put into a video");
  const size_t size = 8 + kOurs.size() + payload.size();
  std::string box;
  for (int shift = 24; shift >= 0; shift -= 8) box += static_cast<char>(size >> shift & 0xFF);
  return box.append("uuid").append(kOurs).append(payload);
}

std::map<std::string, std::string> decodeMp4Text(std::span<const std::byte> bytes) {
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (rest.size() >= 8) {
    uint64_t size = bigEndian(rest.substr(0, 4)), head = 8;
    if (size == 1 && rest.size() >= 16) {  // larger than 4 GB: the size follows
      size = bigEndian(rest.substr(8, 8));
      head = 16;
    }
    if (size == 0) size = rest.size();  // to the end of the file
    if (size < head || size > rest.size()) throw Error("this MP4 is damaged or cut off");
    const std::string_view body = rest.substr(head, size - head);
    if (rest.substr(4, 4) == "uuid" && body.starts_with(kOurs)) return textsOf(body.substr(kOurs.size()));
    rest.remove_prefix(size);
  }
  return {};
}

}  // namespace loom
