#include "app/batch/sweep.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_set>

#include "app/batch/job_file.h"
#include "engine/core/error.h"
#include "engine/core/text.h"

namespace loom {
namespace {

/// A decimal number as it was written: digits times a power of ten, so that 0..1:0.1 has 0.3 in it and not
/// 0.30000000000000004.
struct Decimal {
  __int128 units = 0;
  int decimals = 0;
};

std::optional<Decimal> decimalOf(std::string_view text) {
  Decimal number;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  bool digits = false, point = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    digits = true;
    number.units = number.units * 10 + (c - '0');
    number.decimals += point;
    // 2^64 - 1, the largest seed, has 20 digits; 21 and 15 more stay within 128 bits.
    if (number.units >= static_cast<__int128>(1e21) || number.decimals > 15) return std::nullopt;
  }
  if (!digits || text.ends_with('.')) return std::nullopt;
  if (negative) number.units = -number.units;
  return number;
}

__int128 unitsAt(const Decimal& number, int decimals) {
  __int128 units = number.units;
  for (int i = number.decimals; i < decimals; ++i) units *= 10;
  return units;
}

std::string textOf(__int128 units, int decimals) {
  const bool negative = units < 0;
  if (negative) units = -units;
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(units % 10)));
    units /= 10;
  } while (units > 0);
  while (digits.size() <= static_cast<size_t>(decimals)) digits.insert(digits.begin(), '0');
  if (decimals > 0) {
    digits.insert(digits.end() - decimals, '.');
    while (digits.ends_with('0')) digits.pop_back();
    if (digits.ends_with('.')) digits.pop_back();
  }
  if (negative && digits != "0") digits.insert(digits.begin(), '-');
  return digits;
}

/// Elements of a list: commas within quotes and brackets part nothing.
std::vector<std::string> elementsOf(const std::string& text, const std::string& whole) {
  std::vector<std::string> elements(1);
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size()) {
      elements.back() += c;
      elements.back() += text[++i];
      continue;
    }
    if (c == '"' && (quoted || elements.back().empty() || depth > 0)) quoted = !quoted;
    if (!quoted && (c == '[' || c == '{')) ++depth;
    if (!quoted && (c == ']' || c == '}')) --depth;
    if (c == ',' && !quoted && depth <= 0)
      elements.emplace_back();
    else
      elements.back() += c;
  }
  if (quoted || depth != 0)
    throw Error("--sweep " + shortened(whole) + ": a quote or bracket is opened and not closed");
  return elements;
}

class SweepReader {
 public:
  explicit SweepReader(const std::string& text) : text_(text) {}

  Sweep read() {
    const size_t equals = text_.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error("--sweep takes name=values, such as --sweep seed=0..9 or --sweep eta=0,0.5,1; got " +
                  shortened(text_));
    sweep_.name = text_.substr(0, equals);
    for (const std::string& element : elementsOf(text_.substr(equals + 1), text_)) {
      if (element.empty()) refuse("there is an empty value; an empty text is written \"\"");
      if (!range(element)) add(element, labelOf(element));
    }
    return std::move(sweep_);
  }

 private:
  [[noreturn]] void refuse(const std::string& message) const {
    throw Error("--sweep " + shortened(text_) + ": " + message);
  }

  [[noreturn]] void tooMany() const { refuse("more than " + std::to_string(kMostJobs) + " values"); }

  void add(std::string text, std::string label) {
    if (sweep_.points.size() == kMostJobs) tooMany();
    if (!texts_.insert(text).second) refuse("the value " + shortened(label) + " is there twice");
    sweep_.points.push_back({std::move(text), std::move(label)});
  }

  static std::string labelOf(const std::string& element) {
    const nlohmann::json parsed = nlohmann::json::parse(element, nullptr, false);
    return parsed.is_string() ? parsed.get<std::string>() : element;
  }

  /// False for what is no range: then it is a value.
  bool range(const std::string& element) {
    const size_t dots = element.find("..");
    if (dots == std::string::npos) return false;
    const size_t colon = element.find(':', dots);
    const auto first = decimalOf(std::string_view(element).substr(0, dots));
    const auto last = decimalOf(std::string_view(element).substr(
        dots + 2, colon == std::string::npos ? std::string::npos : colon - dots - 2));
    if (!first || !last) return false;
    if (colon == std::string::npos && (first->decimals || last->decimals))
      refuse("a range of fractions needs its step: " + element + ":0.1");
    Decimal step{first->units <= last->units ? 1 : -1, 0};
    if (colon != std::string::npos) {
      const auto given = decimalOf(std::string_view(element).substr(colon + 1));
      if (!given || given->units == 0) refuse("\"" + element.substr(colon + 1) + "\" is no step to go by");
      step = *given;
    }
    const int decimals = std::max({first->decimals, last->decimals, step.decimals});
    const __int128 by = unitsAt(step, decimals), end = unitsAt(*last, decimals);
    if ((end - unitsAt(*first, decimals)) * (by > 0 ? 1 : -1) < 0)
      refuse(element + " holds nothing: its step leads away from its end");
    if ((end - unitsAt(*first, decimals)) / by >= static_cast<__int128>(kMostJobs)) tooMany();
    for (__int128 at = unitsAt(*first, decimals); by > 0 ? at <= end : at >= end; at += by) {
      const std::string text = textOf(at, decimals);
      add(text, text);
    }
    return true;
  }

  const std::string& text_;
  Sweep sweep_;
  std::unordered_set<std::string> texts_;
};

}  // namespace

Sweep parseSweep(const std::string& text) { return SweepReader(text).read(); }

}  // namespace loom
