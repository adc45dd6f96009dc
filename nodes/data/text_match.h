#pragma once
// How a person names groups and pictures in a filter: "Smileys, face-*, cat".
#include <string>
#include <string_view>
#include <vector>

namespace loom {

/// The parts of a comma-separated list, trimmed; empty parts are dropped.
std::vector<std::string> commaList(std::string_view text);

/// Whether `pattern` names `text`: equal without regard to (ASCII) case; or the text's first whole words; or
/// with * standing for anything.
bool textMatches(std::string_view pattern, std::string_view text);
bool anyMatches(const std::vector<std::string>& patterns, std::string_view text);

/// "a, b, c", the first `most` of them.
std::string listed(const std::vector<std::string>& texts, size_t most = 12);

}  // namespace loom
