#pragma once
// Text for messages.
#include <cstdint>
#include <string>
#include <string_view>

namespace loom {

/// At most `most` bytes of a UTF-8 text, cut where a character ends; "..." stands for what is missing.
std::string shortened(std::string_view text, size_t most = 60);

/// Text of a stranger's file for a terminal: what would move its cursor or end the text is written as \x1b.
std::string printable(std::string_view text);

/// How many letters must be put in, left out or changed to make one of the other (Levenshtein). Takes time
/// and memory in proportion to the product and the sum of the lengths: bound a stranger's first.
size_t editDistance(std::string_view a, std::string_view b);

/// "512 B", "3.4 MiB".
std::string sizeText(uint64_t bytes);

}  // namespace loom
