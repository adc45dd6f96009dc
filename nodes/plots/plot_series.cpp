// plot.series: curves as a picture.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/plots/line_plot.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

constexpr InMany<Series> series{"series", "Curves to draw, each in a colour of its own"};
constexpr In<Text> title{"title", "Written above"};
constexpr In<Int> width{"width", "Pixels", {.value = 720, .min = 120, .max = 16384}};
constexpr In<Int> height{"height", "Pixels", {.value = 420, .min = 90, .max = 16384}};
constexpr In<Choice> xScale{"x_scale", "Scale of the x axis", {.value = 0, .names = {"linear", "log"}}};
constexpr In<Choice> yScale{"y_scale", "Scale of the y axis", {.value = 0, .names = {"linear", "log"}}};
constexpr In<Int> smooth{"smooth",
                         "Points that a running mean takes in, at most a tenth of all; 1: the curves alone",
                         {.value = 1, .min = 1, .max = 1000000}};
constexpr Out<Image> image{"image", "The plot, float32 [1, 3, height, width]"};

void execute(Exec& x) {
  std::vector<Series> curves;
  for (const Value& value : x.values(series)) curves.push_back(value.as<Series>());
  const at::Tensor picture = linePlot(curves, {.width = x.get(width),
                                               .height = x.get(height),
                                               .x = x.get(xScale).as<Scale>(),
                                               .y = x.get(yScale).as<Scale>(),
                                               .smooth = x.get(smooth),
                                               .title = x.get(title)});
  x.set(image, Image{picture.unsqueeze(0).to(x.policy().device)});
}

void infer(Infer& i) {
  const Int *w = i.constant(width), *h = i.constant(height);
  i.out(image).shape = {{1, 3, h ? Dim(*h) : Dim("height"), w ? Dim(*w) : Dim("width")}};
  i.out(image).dtype = at::kFloat;
}

}  // namespace

NodeType plotSeries() {
  NodeType type = makeNode("plot.series", "Plot", "Draws curves with axes, a grid and a legend.", execute,
                           series, title, width, height, xScale, yScale, smooth, image);
  type.infer = infer;
  return type;
}

}  // namespace loom
