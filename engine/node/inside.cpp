#include "engine/node/inside.h"

#include <algorithm>

#include "engine/core/error.h"

namespace loom {

void JoinedInside::add(InsideWatch* watch, int64_t rows) {
  calls_.emplace_back(watch, rows);
  if (!watch) return;
  for (const std::string& name : watch->names())
    if (!wants(name)) names_.push_back(name);
}

void JoinedInside::show(const std::string& name, at::Tensor value) {
  int64_t begin = 0;
  for (const auto& [watch, rows] : calls_) {
    if (watch && watch->wants(name)) watch->show(name, value.narrow(0, begin, rows));
    begin += rows;
  }
}

void requireInsides(const InsideWatch& watch, const std::vector<std::string>& there) {
  for (const std::string& name : watch.names()) {
    if (!watch.isRequired(name) || std::find(there.begin(), there.end(), name) != there.end()) continue;
    std::string all;
    for (const std::string& each : there) all += (all.empty() ? "" : ", ") + each;
    throw Error("shows nothing called " + name +
                " of its inside; there is: " + (all.empty() ? "nothing" : all));
  }
}

}  // namespace loom
