#pragma once
// All pictures of a batch as one, with the values that made them: OUT/grid.png.
#include <filesystem>
#include <functional>
#include <optional>

#include "app/batch/job_list.h"

namespace loom {

/// What stands in a job's cell.
struct GridPicture {
  std::filesystem::path file;  // empty: there is none, and `instead` is written there
  std::string instead;         // "failed", "not done"
};

/// With one varying setting: its values in order, as near to a square as it goes, each with its caption. With
/// two: the last one across, the first one down. With more: the last one across, and a row for each
/// combination of the others. Where less than half of such a table would be filled (rows of a file at random
/// values), in order as with one. Pictures are enlarged by whole numbers up to 96 pixels at least and made
/// smaller where the grid would have more than kMostGridSide pixels a side; of more than kMostGridJobs jobs
/// the first ones are shown. False, and nothing is written, where there is no picture. Throws Error where it
/// can't be written.
inline constexpr int64_t kMostGridSide = 4096;
inline constexpr size_t kMostGridJobs = 4'000;
bool writeGrid(const std::filesystem::path& file, const JobList& jobs,
               const std::function<GridPicture(size_t job)>& picture);

}  // namespace loom
