#include "app/cli/duration.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace loom {
namespace {

template <class... Args>
std::string formatted(const char* format, Args... args) {
  char text[96];
  std::snprintf(text, sizeof text, format, args...);
  return text;
}

}  // namespace

std::string clockText(double seconds) {
  const auto whole = static_cast<long long>(std::clamp(std::round(seconds), 0.0, 3.6e9));
  if (whole < 3600) return formatted("%lld:%02lld", whole / 60, whole % 60);
  return formatted("%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string durationText(double seconds) {
  if (seconds < 0.995) return formatted("%.2f s", std::max(seconds, 0.0));
  if (seconds < 59.95) return formatted("%.1f s", seconds);
  return clockText(seconds);
}

std::string rateText(double perSecond, const std::string& unit) {
  if (!(perSecond > 0)) return "";
  if (perSecond >= 9.95) return formatted("%.0f ", std::min(perSecond, 1e12)) + unit + "s/s";
  if (perSecond >= 0.995) return formatted("%.1f ", perSecond) + unit + "s/s";
  return formatted(perSecond > 0.1 ? "%.1f s/" : "%.0f s/", 1 / perSecond) + unit;
}

std::string countText(uint64_t count) {
  if (count >= 999'950'000) return formatted("%.2f G", static_cast<double>(count) / 1e9);
  if (count >= 999'950) return formatted("%.1f M", static_cast<double>(count) / 1e6);
  if (count >= 1000)
    return formatted("%llu,%03llu", static_cast<unsigned long long>(count / 1000),
                     static_cast<unsigned long long>(count % 1000));
  return std::to_string(count);
}

}  // namespace loom
