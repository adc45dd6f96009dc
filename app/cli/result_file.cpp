#include "app/cli/result_file.h"

#include <cstring>

#include "engine/core/error.h"
#include "engine/files/npy.h"
#include "engine/files/safetensors.h"
#include "engine/graph/json_reader.h"
#include "engine/node/result_text.h"
#include "nodes/images/gif_file.h"
#include "nodes/images/mp4_text.h"
#include "nodes/images/picture_header.h"
#include "nodes/images/png_file.h"

namespace loom {
namespace {

// Text may happen to have a brace at the right place; its first eight bytes then make no length.
bool isSafetensors(std::span<const std::byte> bytes) {
  uint64_t length = 0;
  if (bytes.size() < sizeof length || !looksLikeSafetensors(bytes)) return false;
  std::memcpy(&length, bytes.data(), sizeof length);
  return length <= bytes.size() - sizeof length;
}

}  // namespace

std::optional<std::map<std::string, std::string>> textsIn(const std::filesystem::path& file) {
  const auto mapped = MappedFile::open(file);
  const auto bytes = mapped->bytes();
  const auto picture = readPictureHeader(bytes.first(std::min<size_t>(bytes.size(), 64)));
  if (picture && picture->format == PictureFormat::png) return readPngText(file);
  if (looksLikeGif(bytes)) return decodeGifText(bytes);
  if (looksLikeMp4(bytes)) return decodeMp4Text(bytes);
  if (isSafetensors(bytes)) return readSafetensorsHeader(*mapped).metadata;
  return std::nullopt;
}

std::string formatWithoutTexts(const std::filesystem::path& file) {
  const auto mapped = MappedFile::open(file);
  const auto bytes = mapped->bytes();
  const auto picture = readPictureHeader(bytes.first(std::min<size_t>(bytes.size(), 1 << 20)));
  if (picture && picture->format == PictureFormat::jpeg) return "JPEG";
  if (picture && picture->format == PictureFormat::webp) return "WebP";
  if (looksLikeNpy(bytes)) return "npy";
  return file.extension() == ".csv" ? "CSV" : "";
}

std::string withoutTextsText(const std::string& format) {
  return format +
         " files carry no graph, nor what they were made with. Save as .png, .gif, .mp4 or .safetensors, "
         "which "
         "carry both, or ask one of these of the same run";
}

nlohmann::json provenanceIn(const std::map<std::string, std::string>& texts) {
  const auto found = texts.find(kProvenanceKey);
  if (found == texts.end()) return nullptr;
  try {
    nlohmann::json provenance(parseJson(found->second, kMostProvenanceDepth));
    return provenance.is_object() ? provenance : nullptr;
  } catch (const Error&) {
    return nullptr;
  }
}

}  // namespace loom
