#pragma once
// Times, rates and counts as a person reads them.
#include <cstdint>
#include <string>

#include "engine/core/text.h"

namespace loom {

std::string clockText(double seconds);     // "0:38", "1:02:03"
std::string durationText(double seconds);  // "3.4 s", "2:05"
/// "12 steps/s", "3.4 steps/s", "2.3 s/step"; or of another unit.
std::string rateText(double perSecond, const std::string& unit = "step");
std::string countText(uint64_t count);  // "35.7 M", "1,234"

}  // namespace loom
