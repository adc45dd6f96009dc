#include "app/batch/job_file.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "engine/core/error.h"
#include "engine/core/text.h"
#include "engine/graph/json_reader.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

std::string extensionOf(const fs::path& file) {
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension;
}

std::string_view withoutMark(std::string_view text) {
  return text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
}

/// Rows as they come, with all the bounds.
class Table {
 public:
  explicit Table(const std::string& name) : name_(name) { table_.file = name; }

  [[noreturn]] void refuse(int64_t line, const std::string& message) const {
    throw Error(name_ + ", line " + std::to_string(line) + ": " + message);
  }

  size_t column(const std::string& name, int64_t line) {
    const auto [at, isNew] = byName_.try_emplace(name, table_.columns.size());
    if (!isNew) return at->second;
    if (name.empty()) refuse(line, "a column has no name");
    if (table_.columns.size() == kMostJobColumns)
      refuse(line, "there are more than " + std::to_string(kMostJobColumns) + " columns");
    table_.columns.push_back(name);
    return at->second;
  }
  bool hasColumn(const std::string& name) const { return byName_.contains(name); }
  size_t columns() const { return table_.columns.size(); }

  void beginRow(int64_t line) {
    if (table_.rows.size() == kMostJobs)
      refuse(line, "there are more than " + std::to_string(kMostJobs) + " jobs; give them in several files");
    table_.rows.push_back({line, {}});
  }

  void cell(size_t column, std::string text, std::string label, int64_t line) {
    if (text.size() > kMostCellBytes)
      refuse(line, "the cell in column " + table_.columns[column] + " has more than " +
                       std::to_string(kMostCellBytes) + " bytes");
    if (++cells_ > kMostJobCells)
      refuse(line, "there are more than " + std::to_string(kMostJobCells) + " cells");
    if (text.find('\0') != std::string::npos) refuse(line, "there is a NUL byte; this is no text");
    table_.rows.back().cells.push_back({column, std::move(text), std::move(label)});
  }

  JobFile take() {
    if (table_.rows.empty()) throw Error(name_ + " holds no jobs");
    return std::move(table_);
  }

 private:
  const std::string& name_;
  JobFile table_;
  std::unordered_map<std::string, size_t> byName_;
  size_t cells_ = 0;
};

/// Records of RFC 4180, one after the other; quotes may hold commas, line ends and doubled quotes.
class CsvReader {
 public:
  CsvReader(std::string_view text, const Table& table) : text_(text), table_(table) {}

  int64_t line() const { return recordLine_; }

  /// False at the end of the text.
  bool next(std::vector<std::string>& cells) {
    cells.clear();
    if (at_ >= text_.size()) return false;
    recordLine_ = line_;
    while (true) {
      cells.push_back(at_ < text_.size() && text_[at_] == '"' ? quoted() : plain());
      if (cells.size() > kMostJobColumns) tooMany();
      if (at_ < text_.size() && text_[at_] == ',') {
        ++at_;
        continue;
      }
      endOfLine();
      return true;
    }
  }

 private:
  [[noreturn]] void tooMany() const {
    table_.refuse(recordLine_, "there are more than " + std::to_string(kMostJobColumns) + " columns");
  }

  std::string plain() {
    const size_t end = std::min(text_.find_first_of(",\r\n\"", at_), text_.size());
    if (end < text_.size() && text_[end] == '"')
      table_.refuse(line_,
                    "a quote stands within a cell that does not begin with one; a cell with quotes is "
                    "put in quotes, and each of its own is doubled");
    std::string cell(text_.substr(at_, end - at_));
    at_ = end;
    return cell;
  }

  std::string quoted() {
    const int64_t begun = line_;
    std::string cell;
    for (++at_;; ++at_) {
      const size_t end = text_.find('"', at_);
      if (end == std::string_view::npos) table_.refuse(begun, "a quote is opened here and never closed");
      const std::string_view part = text_.substr(at_, end - at_);
      if (cell.size() + part.size() > kMostCellBytes)
        table_.refuse(begun, "a cell has more than " + std::to_string(kMostCellBytes) +
                                 " bytes; is a quote not closed?");
      cell += part;
      line_ += std::count(part.begin(), part.end(), '\n');
      at_ = end + 1;
      if (at_ >= text_.size() || text_[at_] != '"') break;
      cell += '"';
    }
    if (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\r' && text_[at_] != '\n')
      table_.refuse(line_, "after a cell in quotes comes a comma or the end of the line");
    return cell;
  }

  void endOfLine() {
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] == '\n') ++at_;
    ++line_;
  }

  std::string_view text_;
  const Table& table_;
  size_t at_ = 0;
  int64_t line_ = 1, recordLine_ = 1;
};

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

void readHeader(const std::vector<std::string>& cells, Table& table, int64_t line) {
  for (const std::string& cell : cells) {
    const std::string name = trimmed(cell);
    if (cells.size() == 1 && (name.find(';') != std::string::npos || name.find('\t') != std::string::npos))
      table.refuse(line, "the columns \"" + shortened(printable(name)) + "\" are not separated by commas");
    if (table.hasColumn(name)) table.refuse(line, "the column \"" + shortened(name) + "\" is there twice");
    table.column(name, line);
  }
}

// What a value of JSON is as --set takes it: numbers, lists and the like as JSON, and so are texts, which are
// then texts whatever they look like.
void addValue(Table& table, const std::string& key, const nlohmann::ordered_json& value, int64_t line) {
  if (value.is_null()) return void(table.column(key, line));
  if (value.is_object())
    table.refuse(line, "\"" + shortened(key) + "\" is an object, which nothing can be set to");
  const bool plain = value.is_string() && (key == "name" || key == "graph");
  const std::string text = plain ? value.get<std::string>() : value.dump();
  table.cell(table.column(key, line), text, value.is_string() ? value.get<std::string>() : text, line);
}

std::string readBytes(const fs::path& file) {
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (!fs::exists(status)) throw Error("there is no file " + file.string());
  if (!fs::is_regular_file(status)) throw Error(file.string() + " is no ordinary file");
  const uintmax_t size = fs::file_size(file, error);
  if (error || size > kMostJobFileBytes)
    throw Error(file.string() + " has more than the " + std::to_string(kMostJobFileBytes >> 20) +
                " MiB that a file of jobs may have");
  std::string text(size, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(text.data(), static_cast<std::streamsize>(size));
  if (!stream) throw Error(file.string() + " can't be read");
  return text;
}

}  // namespace

bool isJobFile(const fs::path& file) {
  const std::string extension = extensionOf(file);
  return extension == ".csv" || extension == ".jsonl" || extension == ".ndjson";
}

JobFile readJobFile(const fs::path& file) {
  if (!isJobFile(file)) throw Error(file.string() + ": jobs are read from .csv, .jsonl and .ndjson files");
  const std::string text = readBytes(file);
  return extensionOf(file) == ".csv" ? parseJobsCsv(text, file.string())
                                     : parseJobsJsonLines(text, file.string());
}

JobFile parseJobsCsv(std::string_view text, const std::string& name) {
  Table table(name);
  CsvReader reader(withoutMark(text), table);
  std::vector<std::string> cells;
  bool header = true;
  while (reader.next(cells)) {
    if (cells.size() == 1 && trimmed(cells[0]).empty()) continue;  // a blank line
    if (header) {
      readHeader(cells, table, reader.line());
      header = false;
      continue;
    }
    if (cells.size() != table.columns())
      table.refuse(reader.line(), "it has " + std::to_string(cells.size()) + " cells, the header names " +
                                      std::to_string(table.columns()) + " columns");
    table.beginRow(reader.line());
    for (size_t column = 0; column < cells.size(); ++column)
      if (!cells[column].empty()) {
        std::string label = cells[column];
        table.cell(column, std::move(cells[column]), std::move(label), reader.line());
      }
  }
  return table.take();
}

JobFile parseJobsJsonLines(std::string_view text, const std::string& name) {
  Table table(name);
  text = withoutMark(text);
  for (int64_t line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    nlohmann::ordered_json row;
    try {
      row = parseJson(one, kMostJobDepth);
    } catch (const Error& error) {
      std::string what = error.what();  // it counts lines within this one
      if (const size_t at = what.find("line 1, "); at != std::string::npos) what.erase(at, 8);
      table.refuse(line, what);
    }
    if (!row.is_object()) table.refuse(line, "a job is an object such as {\"seed\": 7}");
    table.beginRow(line);
    for (const auto& [key, value] : row.items()) addValue(table, key, value, line);
  }
  return table.take();
}

}  // namespace loom
