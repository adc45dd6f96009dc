#include "engine/run/history_folder.h"

#include <cstdio>
#include <fstream>

#include "engine/core/error.h"
#include "engine/files/atomic_file.h"
#include "engine/files/safetensors.h"
#include "engine/run/state_file.h"

namespace loom::steps {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr const char* kLatest = "latest.json";
constexpr uintmax_t kMostLatest = 4096;
constexpr size_t kKeyDigits = 32;
constexpr size_t kMostDigits = 18;

std::string numbered(int64_t done) {
  char number[24];
  std::snprintf(number, sizeof number, "%08lld", static_cast<long long>(done));
  return number;
}

std::optional<int64_t> parseNumber(std::string_view digits) {
  if (digits.empty() || digits.size() > kMostDigits) return {};
  int64_t number = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return {};
    number = number * 10 + (digit - '0');
  }
  return number <= kMostSteps ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string stemOf(int64_t done, const Key& key) { return numbered(done) + "-" + key.hex(); }

// It is a file's name, so nothing else is taken for one.
std::optional<Named> parseStem(const std::string& stem) {
  const size_t dash = stem.find('-');
  if (dash == std::string::npos || stem.size() != dash + 1 + kKeyDigits) return {};
  const std::optional<int64_t> done = parseNumber(std::string_view(stem).substr(0, dash));
  const Key key = Key::fromHex(std::string_view(stem).substr(dash + 1));
  if (!key || done.value_or(0) < 1) return {};
  return Named{*done, key};
}

fs::path stateFile(const fs::path& loop, const std::string& stem) {
  return loop / (stem + ".state.safetensors");
}
fs::path framesFile(const fs::path& loop, const std::string& stem) {
  return loop / (stem + ".frames.safetensors");
}

fs::path loopFolder(const fs::path& folder, const Plan& plan, const PlanZone& zone,
                    std::span<const int64_t> around) {
  if (zone.parent < 0 || around.empty()) return folder / zoneFileStem(zone.path);
  const fs::path outer =
      loopFolder(folder, plan, plan.zones[static_cast<size_t>(zone.parent)], around.first(around.size() - 1));
  return stepFolder(outer, around.back()) / zoneFileStem(zone.path);
}
fs::path stepFolder(const fs::path& loop, int64_t done) { return loop / numbered(done); }
std::optional<int64_t> parseStepFolder(const fs::path& folder) {
  std::error_code ignored;
  if (fs::symlink_status(folder, ignored).type() != fs::file_type::directory) return {};
  return parseNumber(folder.filename().string());
}

std::optional<Latest> readLatest(const fs::path& loop) {
  std::error_code ignored;
  const uintmax_t size = fs::file_size(loop / kLatest, ignored);
  if (ignored || size > kMostLatest) return {};
  std::ifstream file(loop / kLatest);
  const json latest = json::parse(file, nullptr, false);
  if (!latest.is_object() || latest.value("history", json(0)) != kFormat) return {};
  try {
    return Latest{latest.at("zone"), latest.at("step"), latest.at("count"), latest.value("after", ""),
                  latest.value("is", "")};
  } catch (const json::exception&) {
    return {};
  }
}

void writeLatest(const fs::path& loop, const Latest& latest) {
  json description{
      {"history", kFormat}, {"zone", latest.zone}, {"step", latest.step}, {"count", latest.count}};
  if (!latest.is.empty()) description.update({{"after", latest.after}, {"is", latest.is}});
  fs::create_directories(loop);
  AtomicFile file(loop / kLatest, {.durability = Durability::kill});
  file.write(description.dump());
  file.commit();
}

void forgetLatest(const fs::path& step) {
  if (!parseStepFolder(step)) return;
  std::error_code ignored;
  for (const fs::directory_entry& loop : fs::directory_iterator(step, ignored))
    if (!loop.is_symlink(ignored)) fs::remove(loop.path() / kLatest, ignored);
}

std::vector<KeptStep> chainTo(const fs::path& loop, std::string stem) {
  std::vector<KeptStep> links;
  int64_t before = kMostSteps + 1;  // each is a lesser one, so this ends
  while (!stem.empty()) {
    const std::optional<Named> named = parseStem(stem);
    if (!named || named->done >= before) throw Error("its steps do not follow from each other");
    before = named->done;
    const SafetensorsHeader header = readSafetensorsHeader(framesFile(loop, stem));
    const json meta = json::parse(header.metadata.at("noiseloom"), nullptr, false);
    if (!meta.is_object() || meta.value("history", json(0)) != kFormat)
      throw Error("it is no history of this version");
    links.push_back({stem, meta.value("inner", std::map<std::string, std::string>())});
    stem = meta.value("previous", "");
  }
  return links;
}

}  // namespace loom::steps
