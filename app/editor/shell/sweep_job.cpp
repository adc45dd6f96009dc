#include "app/editor/shell/sweep_job.h"

#include <QFileInfo>
#include <nlohmann/json.hpp>

#include "app/batch/job_file.h"
#include "engine/core/error.h"

namespace loom::editor {
namespace {

using nlohmann::json;

// The index into each sweep of job `job`; the first sweep changes slowest.
std::vector<size_t> pointOf(const SweepJob& batch, size_t job) {
  std::vector<size_t> indices(batch.sweeps.size());
  for (size_t i = batch.sweeps.size(); i-- > 0;) {
    indices[i] = job % batch.sweeps[i].points.size();
    job /= batch.sweeps[i].points.size();
  }
  return indices;
}

QByteArray cellOf(const std::string& text) {
  QByteArray cell = QByteArray::fromStdString(text);
  if (!cell.contains(',') && !cell.contains('"') && !cell.contains('\n') && cell.trimmed() == cell)
    return cell;
  return '"' + cell.replace("\"", "\"\"") + '"';
}

void requireBounded(const SweepJob& batch) {
  if (batch.count() == 0) throw Error("nothing to go through: give at least one parameter its values");
  if (batch.count() > kMostJobs)
    throw Error("these are " + std::to_string(batch.count()) + " jobs; a batch has at most " +
                std::to_string(kMostJobs));
}

}  // namespace

size_t SweepJob::count() const {
  if (sweeps.empty()) return 0;
  size_t count = 1;
  for (const Sweep& sweep : sweeps) {
    if (!sweep.points.empty() && count > SIZE_MAX / sweep.points.size()) return SIZE_MAX;
    count *= sweep.points.size();
  }
  return count;
}

QByteArray SweepJob::jsonLines() const {
  requireBounded(*this);
  QByteArray lines;
  for (size_t job = 0; job < count(); ++job) {
    nlohmann::ordered_json row = nlohmann::ordered_json::object();
    row["graph"] = graph.toStdString();
    const std::vector<size_t> at = pointOf(*this, job);
    for (size_t i = 0; i < sweeps.size(); ++i) {
      const std::string& text = sweeps[i].points[at[i]].text;
      const auto value = nlohmann::ordered_json::parse(text, nullptr, false);
      row[sweeps[i].name] = value.is_discarded() ? nlohmann::ordered_json(text) : value;
    }
    lines += QByteArray::fromStdString(row.dump()) + '\n';
  }
  return lines;
}

QByteArray SweepJob::csv() const {
  requireBounded(*this);
  QByteArray lines = "graph";
  for (const Sweep& sweep : sweeps) lines += ',' + cellOf(sweep.name);
  lines += "\r\n";
  for (size_t job = 0; job < count(); ++job) {
    lines += cellOf(graph.toStdString());
    const std::vector<size_t> at = pointOf(*this, job);
    for (size_t i = 0; i < sweeps.size(); ++i) lines += ',' + cellOf(sweeps[i].points[at[i]].text);
    lines += "\r\n";
  }
  return lines;
}

Sweep sweepOf(const QString& name, const QString& values) {
  if (values.trimmed().isEmpty())
    throw Error(name.toStdString() + ": values are wanted, such as 1,2,4 or 0..9");
  return parseSweep(name.toStdString() + "=" + values.trimmed().toStdString());
}

}  // namespace loom::editor
