#pragma once
// Text for messages.
#include <string>
#include <string_view>

namespace loom {

/// At most `most` bytes of a UTF-8 text, cut where a character ends; "..." stands for what is missing.
std::string shortened(std::string_view text, size_t most = 60);

}  // namespace loom
