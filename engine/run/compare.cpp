#include "engine/run/compare.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "engine/core/error.h"
#include "engine/graph/json_reader.h"
#include "engine/values/tensors.h"

namespace loom {
namespace {

constexpr int64_t kPiece = int64_t{1} << 20;  // elements at a time
constexpr size_t kMostFrames = size_t{1} << 24;

std::string shapeText(const at::Tensor& tensor) {
  std::string text;
  for (const int64_t size : tensor.sizes()) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "[" + text + "]";
}

at::Tensor flat(const at::Tensor& tensor) {
  const at::Tensor host = tensor.detach().to(at::kCPU);
  return (host.is_complex() ? at::view_as_real(host.resolve_conj()) : host).reshape({-1});
}

// |a - b| in float64: 0 where both are the same, infinities and NaN included, infinite where only one is
// finite.
at::Tensor distance(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = a.to(at::kDouble), y = b.to(at::kDouble);
  const at::Tensor apart = (x - y).abs();
  const at::Tensor same = (x == y) | (x.isnan() & y.isnan());
  return at::where(
      same, 0.0,
      apart.nan_to_num(std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()));
}

// Two 64-bit integers may differ where their float64 do not.
int64_t unequal(const at::Tensor& a, const at::Tensor& b, const at::Tensor& apart) {
  if (a.scalar_type() == at::kLong && b.scalar_type() == at::kLong) return a.ne(b).sum().item<int64_t>();
  return apart.gt(0).sum().item<int64_t>();
}

std::vector<std::vector<int64_t>> iterationsIn(const std::string& text) {
  const nlohmann::json json(parseJson(text, 2));
  if (!json.is_array() || json.size() > kMostFrames) throw Error("its list of iterations is damaged");
  std::vector<std::vector<int64_t>> all;
  for (const nlohmann::json& one : json) {
    if (!one.is_array() || one.size() > 32) throw Error("its list of iterations is damaged");
    std::vector<int64_t>& iteration = all.emplace_back();
    for (const nlohmann::json& step : one) {
      if (!step.is_number_integer()) throw Error("its list of iterations is damaged");
      iteration.push_back(step.get<int64_t>());
    }
  }
  return all;
}

template <class Key, class Make>
std::vector<ComparedTensor> compareMaps(const std::map<Key, at::Tensor>& a,
                                        const std::map<Key, at::Tensor>& b, const Make& make) {
  std::vector<ComparedTensor> rows;
  auto was = a.begin();
  auto is = b.begin();
  while (was != a.end() || is != b.end()) {
    const bool onlyA = is == b.end() || (was != a.end() && was->first < is->first);
    const bool onlyB = !onlyA && (was == a.end() || is->first < was->first);
    ComparedTensor& row = rows.emplace_back(make(onlyB ? is->first : was->first));
    row.where = onlyA   ? ComparedTensor::Where::onlyA
                : onlyB ? ComparedTensor::Where::onlyB
                        : ComparedTensor::Where::both;
    if (row.where == ComparedTensor::Where::both) row.difference = tensorDifference(was->second, is->second);
    if (!onlyB) ++was;
    if (!onlyA) ++is;
  }
  return rows;
}

}  // namespace

TensorDifference tensorDifference(const at::Tensor& a, const at::Tensor& b) {
  TensorDifference difference;
  if (a.sizes() != b.sizes() || a.is_complex() != b.is_complex()) {
    difference.mismatch = a.sizes() != b.sizes() ? "shapes " + shapeText(a) + " and " + shapeText(b)
                                                 : "real and complex numbers";
    return difference;
  }
  if (a.scalar_type() != b.scalar_type())
    difference.dtypes =
        std::string(c10::toString(a.scalar_type())) + " and " + c10::toString(b.scalar_type());
  const at::Tensor x = flat(a), y = flat(b);
  difference.count = x.numel();
  double sum = 0;
  int64_t finite = 0;
  for (int64_t at = 0; at < x.numel(); at += kPiece) {
    const int64_t size = std::min(kPiece, x.numel() - at);
    const at::Tensor p = x.narrow(0, at, size), q = y.narrow(0, at, size);
    const at::Tensor apart = distance(p, q);
    difference.max = std::max(difference.max, apart.max().item<double>());
    difference.differing += unequal(p, q, apart);
    const at::Tensor isFinite = apart.isfinite();
    finite += isFinite.sum().item<int64_t>();
    sum += at::where(isFinite, apart, 0.0).sum().item<double>();
  }
  if (finite > 0) difference.mean = sum / static_cast<double>(finite);
  return difference;
}

std::vector<ComparedTensor> compareTensors(const std::map<std::string, at::Tensor>& a,
                                           const std::map<std::string, at::Tensor>& b) {
  return compareMaps(a, b, [](const std::string& name) {
    ComparedTensor row;
    row.name = name;
    return row;
  });
}

std::vector<ComparedTensor> compareFrames(const RecordedFrames& a, const RecordedFrames& b) {
  return compareMaps(a.frames, b.frames, [](const std::vector<int64_t>& iteration) {
    ComparedTensor row;
    row.iteration = iteration;
    return row;
  });
}

std::optional<RecordedFrames> framesIn(const std::map<std::string, at::Tensor>& tensors,
                                       const std::map<std::string, std::string>& metadata) {
  const auto port = metadata.find("port"), listed = metadata.find("iterations");
  if (port == metadata.end() || listed == metadata.end()) return std::nullopt;
  const auto iterations = iterationsIn(listed->second);
  RecordedFrames recorded;
  recorded.port = port->second;
  const auto stack = tensors.find("values");
  const size_t count = stack == tensors.end()     ? tensors.size()
                       : stack->second.dim() == 0 ? 0
                                                  : static_cast<size_t>(stack->second.size(0));
  if (count != iterations.size())
    throw Error("it lists " + std::to_string(iterations.size()) + " iterations and holds " +
                std::to_string(count) + " frames");
  for (size_t i = 0; i < count; ++i) {
    if (stack != tensors.end()) {
      recorded.frames[iterations[i]] = stack->second[static_cast<int64_t>(i)];
      continue;
    }
    const auto frame = tensors.find("values." + std::to_string(i));
    if (frame == tensors.end()) throw Error("its frame " + std::to_string(i) + " is not there");
    recorded.frames[iterations[i]] = frame->second;
  }
  return recorded;
}

ComparisonSummary summaryOf(const std::vector<ComparedTensor>& rows, double bound) {
  ComparisonSummary summary;
  double weighted = 0, count = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const TensorDifference& each = rows[i].difference;
    if (rows[i].where != ComparedTensor::Where::both || each.beyond(bound)) {
      ++summary.beyond;
      if (!summary.first) summary.first = i;
    }
    if (rows[i].where != ComparedTensor::Where::both || !each.mismatch.empty()) continue;
    if (each.max > summary.max) {
      summary.max = each.max;
      summary.worst = i;
    }
    weighted += each.mean * static_cast<double>(each.count);
    count += static_cast<double>(each.count);
  }
  if (count > 0) summary.mean = weighted / count;
  return summary;
}

}  // namespace loom
