#include "app/batch/grid.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "engine/core/error.h"
#include "engine/core/text.h"
#include "engine/files/mapped_file.h"
#include "nodes/images/caption.h"
#include "nodes/images/film_strip_layout.h"
#include "nodes/images/image_file.h"
#include "nodes/images/picture_header.h"
#include "nodes/images/resample.h"
#include "nodes/images/sheet.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kLeastCell = 96;  // pixels, for a caption to fit
constexpr int64_t kGap = 10;

struct Row {
  std::string name;
  std::vector<std::string> labels;
  std::vector<std::optional<size_t>> jobs;  // a cell may be empty
};

std::string valueAt(const JobList& jobs, size_t job, const std::string& setting) {
  std::string value = jobs.label(job, setting);
  if (setting == kGraphColumn) value = fs::path(value).stem().string();
  return value.empty() ? "" : setting + "=" + printable(shortened(value, 28));
}

std::string combined(const JobList& jobs, size_t job, size_t settings) {
  std::string text;
  for (size_t i = 0; i < settings; ++i) {
    const std::string value = valueAt(jobs, job, jobs.varying()[i]);
    if (!value.empty()) text += (text.empty() ? "" : ", ") + value;
  }
  return text;
}

/// Labels in the order in which they first come.
class Axis {
 public:
  size_t at(const std::string& label) {
    const auto [found, isNew] = index_.try_emplace(label, labels.size());
    if (isNew) labels.push_back(label);
    return found->second;
  }
  std::vector<std::string> labels;

 private:
  std::map<std::string, size_t> index_;
};

std::vector<Row> inOrder(const JobList& jobs, size_t count) {
  std::vector<Row> rows;
  const auto columns = static_cast<size_t>(squareColumns(static_cast<int64_t>(count)));
  for (size_t job = 0; job < count; ++job) {
    if (job % columns == 0) rows.emplace_back();
    const std::string values = combined(jobs, job, jobs.varying().size());
    rows.back().labels.push_back(values.empty() || jobs.named(job) ? jobs.name(job) : values);
    rows.back().jobs.push_back(job);
  }
  return rows;
}

// None where the table would be half empty, or one cell would stand for two jobs.
std::optional<std::vector<Row>> asTable(const JobList& jobs, size_t count) {
  if (jobs.varying().size() < 2) return std::nullopt;
  Axis down, across;
  std::vector<std::pair<size_t, size_t>> places;
  for (size_t job = 0; job < count; ++job)
    places.emplace_back(down.at(combined(jobs, job, jobs.varying().size() - 1)),
                        across.at(valueAt(jobs, job, jobs.varying().back())));
  if (down.labels.size() * across.labels.size() > 2 * count) return std::nullopt;
  std::vector<Row> rows(down.labels.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].name = down.labels[i];
    rows[i].labels = across.labels;
    rows[i].jobs.resize(across.labels.size());
  }
  for (size_t job = 0; job < count; ++job) {
    std::optional<size_t>& cell = rows[places[job].first].jobs[places[job].second];
    if (cell) return std::nullopt;
    cell = job;
  }
  return rows;
}

struct Cell {
  int64_t height = 0, width = 0;
};

/// Pictures brought to the size of a cell, one at a time.
class Cells {
 public:
  Cells(const std::vector<Row>& rows, const std::function<GridPicture(size_t)>& picture) : picture_(picture) {
    int64_t height = 0, width = 0, columns = 1;
    for (const Row& row : rows) {
      columns = std::max(columns, static_cast<int64_t>(row.jobs.size()));
      for (const auto& job : row.jobs)
        if (job)
          if (const auto size = sizeOf(picture_(*job).file)) {
            any_ = true;
            height = std::max(height, size->height);
            width = std::max(width, size->width);
          }
    }
    if (!any_) return;
    const int64_t larger = std::max(height, width);
    if (larger < kLeastCell) scale_ = static_cast<double>((kLeastCell + larger - 1) / larger);
    int64_t names = 0;
    for (const Row& row : rows) names = std::max(names, captionWidth(row.name));
    const auto fits = [](int64_t cell, int64_t count, int64_t beside) {
      return static_cast<double>((kMostGridSide - beside) / count - kGap) / static_cast<double>(cell);
    };
    const auto count = static_cast<int64_t>(rows.size());
    scale_ =
        std::min({scale_, fits(width, columns, std::min<int64_t>(names * 4, kMostGridSide / 2) + 4 * kGap),
                  fits(height, count, count * (4 * kCaptionHeight + kGap))});
    cell_ = {scaled(height), scaled(width)};
  }

  bool any() const { return any_; }
  int64_t width() const { return cell_.width; }

  at::Tensor operator()(const std::optional<size_t>& job) const {
    at::Tensor cell = at::full({3, cell_.height, cell_.width}, job ? 0.93 : 1.0);
    if (!job) return cell;
    GridPicture picture = picture_(*job);
    if (!picture.file.empty()) {
      try {
        return place(cell.fill_(1), readPictureAsFloat(picture.file));
      } catch (const std::exception&) {
        picture.instead = "not readable";
      }
    }
    const int64_t wide = captionWidth(picture.instead);
    drawCaption(cell, picture.instead, (cell_.width - wide) / 2, (cell_.height - kCaptionHeight) / 2, 1,
                0.3f);
    return cell;
  }

 private:
  static std::optional<Cell> sizeOf(const fs::path& file) {
    if (file.empty()) return std::nullopt;
    try {
      const auto mapped = MappedFile::open(file);
      const auto header = readPictureHeader(mapped->bytes());
      if (header && header->height > 0 && header->width > 0) return Cell{header->height, header->width};
    } catch (const Error&) {
    }
    return std::nullopt;
  }

  int64_t scaled(int64_t size) const {
    return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(size) * scale_));
  }

  at::Tensor place(const at::Tensor& cell, const at::Tensor& pixels) const {
    const int64_t height = std::min(scaled(pixels.size(1)), cell_.height);
    const int64_t width = std::min(scaled(pixels.size(2)), cell_.width);
    const Filter filter = scale_ < 1 ? Filter::area : Filter::nearest;
    cell.narrow(1, (cell_.height - height) / 2, height)
        .narrow(2, (cell_.width - width) / 2, width)
        .copy_(resample(pixels, height, width, filter).expand({3, -1, -1}));
    return cell;
  }

  const std::function<GridPicture(size_t)>& picture_;
  bool any_ = false;
  double scale_ = 1;
  Cell cell_;
};

// As much of a caption as fits above a picture: the value alone where its name does not.
std::string fitted(std::string label, int64_t width) {
  const int64_t letter = std::clamp<int64_t>(width / 48, 1, 4);
  const auto fits = [&](const std::string& text) { return captionWidth(text) * letter <= width + kGap; };
  if (fits(label)) return label;
  if (const size_t equals = label.find('=');
      label.find(", ") == std::string::npos && equals != std::string::npos)
    label = label.substr(equals + 1);
  for (size_t most = label.size(); most > 3 && !fits(label); --most) label = shortened(label, most);
  return label;
}

}  // namespace

bool writeGrid(const fs::path& file, const JobList& jobs,
               const std::function<GridPicture(size_t job)>& picture) {
  const size_t count = std::min(jobs.size(), kMostGridJobs);
  const auto table = asTable(jobs, count);
  const std::vector<Row> rows = table ? *table : inOrder(jobs, count);
  const Cells cells(rows, picture);
  if (!cells.any()) return false;
  std::vector<StripRow> strip;
  for (const Row& row : rows) {
    StripRow one{.name = row.name, .labels = {}, .pictures = {}};
    for (const std::string& label : row.labels) one.labels.push_back(fitted(label, cells.width()));
    for (const auto& job : row.jobs) one.pictures.push_back(cells(job));
    strip.push_back(std::move(one));
  }
  writePicture(file, toBytes(filmStrip(strip, {.gap = kGap})), {});
  return true;
}

}  // namespace loom
