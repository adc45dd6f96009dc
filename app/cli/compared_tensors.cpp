#include "app/cli/compared_tensors.h"

#include <ATen/ATen.h>

#include <cmath>
#include <cstdio>
#include <set>

#include "engine/core/text.h"
#include "engine/files/npy.h"
#include "engine/files/safetensors.h"
#include "engine/files/weights_file.h"

namespace loom {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr size_t kLongTable = 40;  // rows
constexpr size_t kThinned = 24;

struct TensorFile {
  TensorMap tensors;
  TextMap metadata;
};

TensorFile readTensors(const fs::path& file) {
  const auto mapped = MappedFile::open(file);
  if (looksLikeNpy(mapped->bytes())) return {{{"", readNpy(file)}}, {}};
  if (looksLikeSafetensors(mapped->bytes())) {
    Safetensors read = readSafetensors(mapped);
    return {std::move(read.tensors), std::move(read.metadata)};
  }
  return {readWeights(file).tensors, {}};
}

// A .npy file's tensor has no name: it takes the other's, where that has one tensor.
void giveName(TensorFile& file, const TensorFile& other) {
  if (file.tensors.size() != 1 || other.tensors.size() != 1 || !file.tensors.begin()->first.empty()) return;
  auto node = file.tensors.extract(file.tensors.begin());
  node.key() = other.tensors.begin()->first;
  file.tensors.insert(std::move(node));
}

std::string numberText(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", number);
  return text;
}

json number(double value) { return std::isfinite(value) ? json(value) : json(numberText(value)); }

std::string nameOf(const ComparedTensor& row) {
  if (row.iteration.empty()) return row.name.empty() ? "tensor" : shortened(row.name, 80);
  std::string text;
  for (const int64_t step : row.iteration) text += (text.empty() ? "" : ".") + std::to_string(step);
  return text;
}

std::string remarkOf(const ComparedTensor& row) {
  if (row.where == ComparedTensor::Where::onlyA) return "only in the first";
  if (row.where == ComparedTensor::Where::onlyB) return "only in the second";
  if (!row.difference.mismatch.empty()) return row.difference.mismatch;
  return row.difference.dtypes;
}

// Some of a long table: evenly, and those that matter.
std::set<size_t> shownRows(size_t count, const ComparisonSummary& summary, bool thin) {
  std::set<size_t> shown;
  const size_t wanted = thin && count > kLongTable ? kThinned : count;
  for (size_t i = 0; i < wanted; ++i) shown.insert(wanted < 2 ? 0 : i * (count - 1) / (wanted - 1));
  if (summary.first) shown.insert({*summary.first, *summary.first == 0 ? 0 : *summary.first - 1});
  if (summary.worst) shown.insert(*summary.worst);
  return shown;
}

std::string rowText(const ComparedTensor& row, int width) {
  const TensorDifference& d = row.difference;
  const bool compared = row.where == ComparedTensor::Where::both && d.mismatch.empty();
  char text[512];
  if (!compared)
    std::snprintf(text, sizeof text, "%*s  %s", width, nameOf(row).c_str(), remarkOf(row).c_str());
  else
    std::snprintf(text, sizeof text, "%*s  %-10s  %-10s  %s%s", width, nameOf(row).c_str(),
                  numberText(d.max).c_str(), numberText(d.mean).c_str(),
                  (std::to_string(d.differing) + " of " + std::to_string(d.count)).c_str(),
                  d.dtypes.empty() ? "" : ("  " + d.dtypes).c_str());
  return std::string(text) + "\n";
}

std::string tableText(const std::vector<ComparedTensor>& rows, const ComparisonSummary& summary,
                      bool recordings, bool thin) {
  const std::set<size_t> shown = shownRows(rows.size(), summary, thin);
  size_t width = 6;
  for (const size_t i : shown) width = std::max(width, nameOf(rows[i]).size());
  char head[512];
  std::snprintf(head, sizeof head, "%*s  %-10s  %-10s  %s\n", static_cast<int>(width),
                recordings ? "step" : "tensor", "max", "mean", "differing");
  std::string text = head;
  for (const size_t i : shown) text += rowText(rows[i], static_cast<int>(width));
  if (shown.size() < rows.size())
    text.append("(").append(std::to_string(shown.size()) + " of " + std::to_string(rows.size()) + " rows)\n");
  return text;
}

std::string summaryText(const std::vector<ComparedTensor>& rows, const ComparisonSummary& summary,
                        bool recordings, double bound) {
  const std::string kind = recordings ? "step " : "";
  const std::string most = "at most " + numberText(summary.max) +
                           (summary.worst ? " at " + kind + nameOf(rows[*summary.worst]) : "") + ", " +
                           numberText(summary.mean) + " in the mean";
  if (!summary.first) {
    if (summary.max == 0) return "equal";
    return "equal within " + numberText(bound) + ": " + most;
  }
  return "first differs at " + kind + nameOf(rows[*summary.first]) + "; " + most + "; " +
         std::to_string(summary.beyond) + " of " + std::to_string(rows.size()) +
         (recordings ? " steps differ" : " tensors differ");
}

json rowJson(const ComparedTensor& row) {
  json object = json::object();
  if (row.iteration.empty())
    object["name"] = row.name;
  else
    object["iteration"] = row.iteration;
  if (row.where != ComparedTensor::Where::both) {
    object["only"] = row.where == ComparedTensor::Where::onlyA ? "a" : "b";
    return object;
  }
  const TensorDifference& d = row.difference;
  if (!d.dtypes.empty()) object["dtypes"] = d.dtypes;
  if (!d.mismatch.empty())
    object["mismatch"] = d.mismatch;
  else
    object.update(
        {{"max", number(d.max)}, {"mean", number(d.mean)}, {"differing", d.differing}, {"count", d.count}});
  return object;
}

}  // namespace

FileComparison tableOf(const std::vector<ComparedTensor>& rows, bool recordings,
                       const CompareOptions& options) {
  const ComparisonSummary summary = summaryOf(rows, options.bound);
  FileComparison comparison;
  comparison.equal = !summary.first;
  comparison.line = summaryText(rows, summary, recordings, options.bound);
  comparison.text = tableText(rows, summary, recordings, options.thin) + comparison.line + "\n";
  json list = json::array();
  for (const ComparedTensor& row : rows) list.push_back(rowJson(row));
  comparison.details = {{"kind", recordings ? "recordings" : "tensors"},
                        {"equal", comparison.equal},
                        {"bound", options.bound},
                        {"max", number(summary.max)},
                        {"mean", number(summary.mean)},
                        {"beyond", summary.beyond},
                        {"rows", list}};
  if (summary.first) comparison.details["first"] = list[*summary.first];
  return comparison;
}

FileComparison compareTensorFiles(const fs::path& first, const fs::path& second,
                                  const CompareOptions& options) {
  TensorFile a = readTensors(first), b = readTensors(second);
  const auto was = framesIn(a.tensors, a.metadata), is = framesIn(b.tensors, b.metadata);
  if (was && is) {
    FileComparison comparison = tableOf(compareFrames(*was, *is), true, options);
    const std::string ports = was->port == is->port ? was->port : was->port + " and " + is->port;
    comparison.text = "recordings of " + shortened(ports, 200) + "\n" + comparison.text;
    comparison.details["ports"] = {was->port, is->port};
    return comparison;
  }
  giveName(a, b);
  giveName(b, a);
  return tableOf(compareTensors(a.tensors, b.tensors), false, options);
}

}  // namespace loom
