#include "app/batch/job_list.h"

#include <algorithm>

#include "engine/core/error.h"
#include "engine/core/key.h"
#include "engine/core/text.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMostNameBytes = 120;
constexpr size_t kMostValueBytes = 40;

// What any file system and shell takes; the rest becomes "_".
bool isSafe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._-+=").find(c) != std::string_view::npos;
}

std::string safeText(const std::string& text) {
  std::string safe = text.substr(0, kMostValueBytes);
  std::replace_if(
      safe.begin(), safe.end(), [](char c) { return !isSafe(c); }, '_');
  return safe;
}

bool isBefore(const JobFile::Cell& a, const JobFile::Cell& b) { return a.column < b.column; }

}  // namespace

void checkJobName(const std::string& name) {
  const bool odd = std::any_of(name.begin(), name.end(), [](char c) {
    return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  std::string shown = shortened(printable(name));
  shown.insert(shown.begin(), '"');
  shown += '"';
  if (name.empty() || odd || name[0] == '.')
    throw Error(shown +
                " is no name for a job: it is the name of a folder, without slashes and with no dot "
                "in front");
  if (name.size() > kMostNameBytes)
    throw Error("the name " + shown + " has more than " + std::to_string(kMostNameBytes) + " bytes");
  if (name == "summary.json" || (name.starts_with("grid") && name.ends_with(".png")))
    throw Error(shown + " is a file that the batch itself writes; choose another name");
}

JobList::JobList(std::optional<JobFile> file, std::vector<Sweep> sweeps, std::string graph)
    : file_(std::move(file)), sweeps_(std::move(sweeps)), graph_(std::move(graph)) {
  if (file_) {
    for (size_t i = 0; i < file_->columns.size(); ++i) columns_.emplace(file_->columns[i], i);
    for (JobFile::Row& row : file_->rows) std::stable_sort(row.cells.begin(), row.cells.end(), isBefore);
    graphColumn_ = columnOf(kGraphColumn);
    nameColumn_ = columnOf(kNameColumn);
    rows_ = file_->rows.size();
    folder_ = fs::absolute(file_->file).lexically_normal().parent_path();
  }
  for (size_t i = 0; i < sweeps_.size(); ++i) {
    const std::string& name = sweeps_[i].name;
    if (name == kGraphColumn || name == kNameColumn)
      throw Error("--sweep " + name + ": this is for files of jobs; a sweep goes over a graph's values");
    if (columnOf(name))
      throw Error("--sweep " + name + ": " + file_->file.string() + " has a column of that name too");
    for (size_t k = 0; k < i; ++k)
      if (sweeps_[k].name == name) throw Error("--sweep " + name + " is there twice; give all values in one");
    points_ *= sweeps_[i].points.size();
    if (points_ > kMostJobs || points_ * rows_ > kMostJobs)
      throw Error("the sweeps make more than " + std::to_string(kMostJobs) + " jobs");
  }
  findVarying();
  giveNames();
}

std::optional<size_t> JobList::columnOf(const std::string& name) const {
  const auto found = columns_.find(name);
  return found == columns_.end() ? std::nullopt : std::optional(found->second);
}

const JobFile::Cell* JobList::cell(size_t job, size_t column) const {
  if (!file_) return nullptr;
  const std::vector<JobFile::Cell>& cells = file_->rows[job / points_].cells;
  const auto found = std::lower_bound(cells.begin(), cells.end(), JobFile::Cell{column, {}, {}}, isBefore);
  return found == cells.end() || found->column != column ? nullptr : &*found;
}

// The last sweep goes fastest.
const Sweep::Point& JobList::point(size_t job, size_t sweep) const {
  size_t at = job % points_;
  for (size_t i = sweeps_.size() - 1; i > sweep; --i) at /= sweeps_[i].points.size();
  return sweeps_[sweep].points[at % sweeps_[sweep].points.size()];
}

std::vector<Setting> JobList::settings(size_t job) const {
  std::vector<Setting> settings;
  if (file_)
    for (const JobFile::Cell& cell : file_->rows[job / points_].cells)
      if (cell.column != graphColumn_ && cell.column != nameColumn_)
        settings.push_back({file_->columns[cell.column], cell.text, folder_});
  for (size_t i = 0; i < sweeps_.size(); ++i) settings.push_back({sweeps_[i].name, point(job, i).text});
  return settings;
}

nlohmann::json JobList::settingsJson(size_t job) const {
  nlohmann::json settings = nlohmann::json::object();
  for (const Setting& setting : this->settings(job)) {
    const nlohmann::json parsed = nlohmann::json::parse(setting.text, nullptr, false);
    settings[setting.name] = parsed.is_discarded() ? nlohmann::json(setting.text) : parsed;
  }
  return settings;
}

std::string JobList::graph(size_t job) const {
  const JobFile::Cell* own = graphColumn_ ? cell(job, *graphColumn_) : nullptr;
  if (!own) {
    if (!graph_.empty()) return graph_;
    throw Error(place(job) + ": it names no graph; fill in its column \"graph\", or give --graph");
  }
  const fs::path path(own->text);
  return path.is_absolute() ? own->text : (folder_ / path).lexically_normal().string();
}

bool JobList::named(size_t job) const { return nameColumn_ && cell(job, *nameColumn_); }

std::string JobList::place(size_t job) const {
  if (file_)
    return file_->file.string() + ", line " + std::to_string(file_->rows[job / points_].line) +
           (points_ > 1 ? " at " + name(job) : "");
  return "the job " + name(job);
}

std::string JobList::origin(const std::string& setting) const {
  return (columnOf(setting) ? "column " : "--sweep ") + setting;
}

std::string JobList::label(size_t job, const std::string& setting) const {
  if (const auto column = columnOf(setting)) {
    const JobFile::Cell* one = cell(job, *column);
    return one ? one->label : "";
  }
  for (size_t i = 0; i < sweeps_.size(); ++i)
    if (sweeps_[i].name == setting) return point(job, i).label;
  return "";
}

void JobList::findVarying() {
  if (file_) {
    std::vector<const std::string*> first(file_->columns.size(), nullptr);
    std::vector<char> differs(file_->columns.size(), 0);
    std::vector<size_t> count(file_->columns.size(), 0);
    for (const JobFile::Row& row : file_->rows)
      for (const JobFile::Cell& cell : row.cells) {
        ++count[cell.column];
        if (!first[cell.column]) first[cell.column] = &cell.text;
        if (*first[cell.column] != cell.text) differs[cell.column] = 1;
      }
    for (size_t i = 0; i < file_->columns.size(); ++i)
      if (i != nameColumn_ && (differs[i] || (count[i] && count[i] != rows_)))
        varying_.push_back(file_->columns[i]);
  }
  for (const Sweep& sweep : sweeps_)
    if (sweep.points.size() > 1) varying_.push_back(sweep.name);
}

std::string JobList::nameOf(size_t job) const {
  const JobFile::Cell* own = nameColumn_ ? cell(job, *nameColumn_) : nullptr;
  std::string whole = own ? own->text : "", name = whole;
  for (const std::string& setting : varying_) {
    if (own && columnOf(setting)) continue;
    std::string value = label(job, setting);
    if (value.empty()) continue;
    if (setting == kGraphColumn) value = fs::path(value).stem().string();
    const std::string comma = name.empty() ? "" : ",";
    whole += comma + (setting == kGraphColumn ? "" : setting + "=") + value;
    name += comma + (setting == kGraphColumn ? "" : setting + "=") + safeText(value);
  }
  if (name.empty()) return "job";
  if (own) {
    checkJobName(own->text);
    if (name.size() <= kMostNameBytes) return name;
  }
  // A name that does not say all of the values ends with what tells it from others that say as much.
  if (name[0] == '.') name[0] = '_';
  if (name == whole && name.size() <= kMostNameBytes) return name;
  return name.substr(0, kMostNameBytes - 7) + "~" +
         KeyBuilder("job name").add(whole).key().hex().substr(0, 6);
}

void JobList::giveNames() {
  std::unordered_map<std::string, size_t> taken;
  names_.resize(size());
  for (size_t job = 0; job < size(); ++job) {
    try {
      names_[job] = nameOf(job);
    } catch (const Error& error) {
      throw Error(place(job) + ", column name: " + error.what());
    }
    auto [at, isNew] = taken.try_emplace(names_[job], job);
    if (isNew) continue;
    if (named(job))
      throw Error(place(job) + ": the name " + names_[job] + " is that of line " +
                  std::to_string(file_->rows[at->second / points_].line) + " too");
    for (int copy = 2; !isNew; ++copy) {
      const std::string other = names_[job] + "-" + std::to_string(copy);
      if (taken.try_emplace(other, job).second) {
        names_[job] = other;
        isNew = true;
      }
    }
  }
}

}  // namespace loom
