// series.new: a curve without points.
#include "engine/node/exec.h"

namespace loom {
namespace {

constexpr In<Text> name{"name", "As the legend shows it"};
constexpr Out<Series> series{"series", "A curve without points, for a zone's state to begin with"};

void execute(Exec& x) { x.set(series, Series{.name = x.get(name), .x = {}, .y = {}}); }

}  // namespace

NodeType seriesNew() {
  return makeNode("series.new", "New series", "A curve without points yet.", execute, name, series);
}

}  // namespace loom
