#pragma once
// Texts in an MP4: a box of a kind of our own (ISO/IEC 14496-12, 4.2 and 11.1: type "uuid") behind all
// others, which players pass over.
#include <cstddef>
#include <map>
#include <span>
#include <string>

namespace loom {

bool looksLikeMp4(std::span<const std::byte> bytes);

/// The box, to be appended to a finished file. Throws Error for texts of more than kMostPngText bytes.
std::string mp4TextBox(const std::map<std::string, std::string>& texts);

/// The texts of such a box; empty where there is none. Boxes' insides are not looked at. Throws Error on a
/// file whose boxes don't fit it.
std::map<std::string, std::string> decodeMp4Text(std::span<const std::byte> bytes);

}  // namespace loom
