#include "nodes/plots/series.h"

#include <ATen/ATen.h>

#include <charconv>
#include <map>

#include "engine/run/recorder.h"

namespace loom {
namespace {

void append(std::string& text, double value) {
  char digits[32];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

/// A field of a CSV file (RFC 4180).
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

double numberOf(const Value& value) {
  if (value.empty()) throw Error("there is no value");
  const at::Tensor tensor = tensorFor(value);
  if (tensor.defined() && tensor.numel() == 1) return tensor.item<double>();
  throw Error("a curve is made of single numbers, not of " + value.type().name + " (" + value.summary() +
              ")");
}

Series seriesOf(const Recording& recording, const std::string& name) {
  Series series{.name = name, .x = {}, .y = {}};
  for (const Recording::Frame& frame : recording.frames) {
    series.x.push_back(frame.iteration.empty() ? static_cast<double>(series.x.size())
                                               : static_cast<double>(frame.iteration.back()));
    series.y.push_back(numberOf(frame.value));
  }
  return series;
}

std::string csvOf(const std::vector<Series>& series) {
  std::map<double, std::vector<std::optional<double>>> rows;
  for (size_t i = 0; i < series.size(); ++i)
    for (size_t k = 0; k < series[i].x.size(); ++k) {
      auto& row = rows[series[i].x[k]];
      row.resize(series.size());
      row[i] = series[i].y[k];
    }
  std::string text = "x";
  for (const Series& s : series) text += "," + field(s.name);
  text += "\n";
  for (const auto& [x, row] : rows) {
    append(text, x);
    for (const auto& value : row) {
      text += ",";
      if (value) append(text, *value);
    }
    text += "\n";
  }
  return text;
}

}  // namespace loom
