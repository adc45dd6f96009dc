#pragma once
// JSON from strangers: bounded depth, no duplicate keys, key order kept, linear time.
#include <nlohmann/json.hpp>
#include <string_view>

namespace loom {

/// Parses `text`; throws Error with line and column. Depth counts arrays and objects.
nlohmann::ordered_json parseJson(std::string_view text, int mostDepth);

}  // namespace loom
