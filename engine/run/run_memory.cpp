// Running out of memory: what is said of it, and what is let go.
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>

#include "engine/core/text.h"
#include "engine/run/implementation.h"

namespace loom {
namespace {

constexpr size_t kMostHolders = 4;
constexpr std::string_view kTried = "ried to allocate ";  // "you tried", "Tried"

// Of LibTorch's texts: "not enough memory: you tried to allocate 123 bytes", "CUDA out of memory. Tried to
// allocate 20.00 MiB". Empty where the error is another one.
std::optional<std::string> askedFor(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error)) return "";
  const auto* torch = dynamic_cast<const c10::Error*>(&error);
  if (!torch) return {};
  const std::string text = torch->what_without_backtrace();
  const size_t at = text.find(kTried);
  if (at == std::string::npos || text.find("memory") > at) return {};
  const char* number = text.c_str() + at + kTried.size();
  char* unit = nullptr;
  const double bytes = std::strtod(number, &unit);
  const std::string_view rest(unit);
  const double scale = rest.starts_with(" GiB")   ? 30
                       : rest.starts_with(" MiB") ? 20
                       : rest.starts_with(" KiB") ? 10
                                                  : 0;
  return sizeText(static_cast<uint64_t>(std::clamp(std::ldexp(bytes, static_cast<int>(scale)), 0.0, 1e18)));
}

}  // namespace

// Torch's own texts carry a C++ backtrace; a person needs the first paragraph.
std::string Run::Implementation::messageOf(const std::exception& error) {
  if (const auto asked = askedFor(error))
    return "out of memory" + (asked->empty() ? "" : ": " + *asked + " more were asked for") +
           "; a smaller batch or size needs less";
  const auto* torch = dynamic_cast<const c10::Error*>(&error);
  return torch ? torch->what_without_backtrace() : error.what();
}

// ". Held at that time: unet.denoiser 34.1 MiB, ..." where memory ran out, else nothing. What the cache keeps
// is let go of at once: it is there for speed alone.
std::string Run::Implementation::whoHolds(const std::exception& error) const {
  if (!askedFor(error)) return "";
  std::map<const void*, std::pair<std::string, size_t>> byObject;
  for (size_t i = 0; i < slots_.size(); ++i)
    if (!slots_[i].empty())
      byObject.try_emplace(slots_[i].data(), plan_->slots[i].node + "." + plan_->slots[i].port,
                           slots_[i].bytes());
  std::vector<std::pair<std::string, size_t>> holders;
  for (const auto& [object, holder] : byObject)
    if (holder.second >= size_t{1} << 20) holders.push_back(holder);
  size_t tables = 0;
  for (const auto& [slot, values] : tables_)
    for (const Value& value : values) tables += value.bytes();
  if (tables >= size_t{1} << 20) holders.emplace_back("what was computed for all steps", tables);
  if (options_.cache && options_.cache->bytes() > 0) {
    holders.emplace_back("results kept for later runs, now let go of", options_.cache->bytes());
    options_.cache->clear();
  }
  std::sort(holders.begin(), holders.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (holders.size() > kMostHolders) holders.resize(kMostHolders);
  std::string text;
  for (const auto& [what, bytes] : holders)
    text += (text.empty() ? ". Held at that time: " : ", ") + what + " " + sizeText(bytes);
  return text;
}

// After a failure nobody reads the values any more, and somebody may want their memory.
void Run::Implementation::release() {
  for (Value& value : slots_) value = {};
  tables_.clear();
  std::fill(tableFilled_.begin(), tableFilled_.end(), char{0});
}

}  // namespace loom
