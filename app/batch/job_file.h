#pragma once
// A table of jobs from a stranger: CSV (RFC 4180) or JSON lines, one row a job, one column a setting. Reading
// is bounded in bytes, rows, columns, cells and depth; what is wrong is told with the file's name and line.
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace loom {

inline constexpr size_t kMostJobs = 1'000'000;
inline constexpr size_t kMostJobFileBytes = size_t{256} << 20;
inline constexpr size_t kMostJobColumns = 1'000;
inline constexpr size_t kMostJobCells = 10'000'000;
inline constexpr size_t kMostCellBytes = 64 << 10;
inline constexpr int kMostJobDepth = 8;  // of arrays and objects in a line of JSON

struct JobFile {
  struct Cell {
    size_t column;
    std::string text;   // as --set takes it
    std::string label;  // as a person reads it
  };
  struct Row {
    int64_t line;             // where it begins, from 1
    std::vector<Cell> cells;  // those that are set
  };
  std::filesystem::path file;  // as named
  std::vector<std::string> columns;
  std::vector<Row> rows;
};

/// By the name's extension: .csv, .jsonl, .ndjson.
bool isJobFile(const std::filesystem::path& file);

/// Throws Error.
JobFile readJobFile(const std::filesystem::path& file);

/// The same from text; `name` begins what is said. An empty cell, and null in JSON, is one that is not set.
JobFile parseJobsCsv(std::string_view text, const std::string& name);
JobFile parseJobsJsonLines(std::string_view text, const std::string& name);

}  // namespace loom
