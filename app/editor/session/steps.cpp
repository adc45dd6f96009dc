#include "app/editor/session/steps.h"

#include <QCoreApplication>

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr size_t kMostDepth = 64;  // of zones within zones: the worker's own limit

}  // namespace

Steps Steps::after(Iteration iteration, std::vector<std::string> zones) {
  if (!iteration.empty()) ++iteration.back();
  return Steps(std::move(iteration), std::move(zones));
}

QString textOf(const Steps& steps) {
  QString text;
  for (size_t i = 0; i < steps.depth(); ++i) {
    const bool last = i + 1 == steps.depth();
    const int64_t step = steps.done[i] + (last ? 0 : 1);
    text += i ? QCoreApplication::translate("Steps", ", inner step %1").arg(step)
              : QCoreApplication::translate("Steps", "step %1").arg(step);
  }
  return text;
}

json placeJson(const char* name, const Steps& steps) {
  json place{{name, steps.done}};
  if (steps.depth() == 1) place[name] = steps.outer();
  if (!steps.zones.empty()) place["zone"] = steps.zones.back();
  return place;
}

json jsonOf(const Steps& steps) {
  if (steps.depth() == 1 && steps.zones.empty()) return steps.outer();
  return {{"done", steps.done}, {"zones", steps.zones}};
}

Steps stepsFrom(const json& from) try {
  if (from.is_number_integer()) return from.get<int64_t>() < 0 ? Steps() : Steps(from.get<int64_t>());
  if (!from.is_object()) return {};
  Steps steps(from.value("done", std::vector<int64_t>{}), from.value("zones", std::vector<std::string>{}));
  const bool fits =
      steps.depth() <= kMostDepth && (steps.zones.empty() || steps.zones.size() == steps.depth());
  for (const int64_t done : steps.done)
    if (done < 0) return {};
  return fits ? steps : Steps();
} catch (const json::exception&) {
  return {};
}

}  // namespace loom::editor
