#pragma once
// Private to engine/run: a history on disk, as names and descriptions. A loop's steps follow from each other:
// each says which one came before it, latest.json which is the last. What a stranger wrote is left out.
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/plan/plan.h"

namespace loom::steps {

inline constexpr int kFormat = 1;
inline constexpr int kMostDepth = 64;  // of zones within zones, where a folder says so

/// A stem is "<done>-<key>", a file's name up to its kind.
struct Named {
  int64_t done = 0;
  Key key;
};
std::string stemOf(int64_t done, const Key& key);
std::optional<Named> parseStem(const std::string& stem);

std::filesystem::path stateFile(const std::filesystem::path& loop, const std::string& stem);
std::filesystem::path framesFile(const std::filesystem::path& loop, const std::string& stem);

/// FOLDER/<zone>/<done>/<zone within>/...: where a loop is, in those steps of the zones around it.
std::filesystem::path loopFolder(const std::filesystem::path& folder, const Plan& plan, const PlanZone& zone,
                                 std::span<const int64_t> around);
/// Below a loop's folder: the loops that its step after `done` steps holds.
std::filesystem::path stepFolder(const std::filesystem::path& loop, int64_t done);
std::optional<int64_t> parseStepFolder(const std::filesystem::path& folder);

/// latest.json of a loop.
struct Latest {
  std::string zone;
  std::string step;   // stem of the last step; empty: none has been kept
  int64_t count = 0;  // steps that the loop takes
  std::string after,
      is;  // of an inner loop: stem of the step before the one it lies in, empty: none; its key
};
std::optional<Latest> readLatest(const std::filesystem::path& loop);
void writeLatest(const std::filesystem::path& loop, const Latest& latest);
/// Makes the loops in a step no part of a history. Their states stay, to be found by their keys.
void forgetLatest(const std::filesystem::path& step);

/// A step as its frames' file describes it.
struct KeptStep {
  std::string stem;
  std::map<std::string, std::string>
      inner;  // key by zone: loops since the step before, kept in that one's folder
};
/// The steps that led to one, last to first. Throws Error where they are none.
std::vector<KeptStep> chainTo(const std::filesystem::path& loop, std::string stem);

}  // namespace loom::steps
