// series.append: one more point of a curve.
#include "engine/node/exec.h"
#include "nodes/plots/series.h"

namespace loom {
namespace {

constexpr In<Series> series{"series", "Curve so far"};
constexpr In<Any> y{"y", "Height of the point: a number, or a tensor with one element"};
constexpr In<Int> x_{"x", "Where on the x axis: the zone's index"};
constexpr In<Int> every{"every", "Only where x is a multiple of this", {.value = 1, .min = 1}};
constexpr Out<Series> longer{"series", "With the point"};

void execute(Exec& x) {
  const Int at = x.get(x_);
  // Where this was the last reader the curve grows in place.
  Value curve = x.take(series);
  if (at % x.get(every) != 0) return x.setValue(longer, std::move(curve));
  const double height = numberOf(x.value(y));
  Series* own = curve.unique<Series>();
  Series grown = own ? std::move(*own) : curve.as<Series>();
  grown.x.push_back(static_cast<double>(at));
  grown.y.push_back(height);
  x.set(longer, std::move(grown));
}

}  // namespace

NodeType seriesAppend() {
  return makeNode("series.append", "Append to series",
                  "Adds a point to a curve, in a zone's state: a plot while it runs.", execute, series, y, x_,
                  every, longer);
}

}  // namespace loom
