#pragma once
// Draws a plot: by ImPlot in the timeline, and as a picture to keep.
#include <imgui.h>

#include <QImage>
#include <optional>
#include <set>

#include "app/editor/watch/series.h"
#include "app/editor/watch/step_axis.h"

namespace loom::editor {

/// Which part of a plot, and on what.
struct PlotLook {
  const StepAxis* axis = nullptr;     // of plots by step: theirs; null: from the first to the last
  bool labelled = false;              // steps are written under it; else they stand above it already
  const std::string* zone = nullptr;  // only what is of this zone
  const std::set<std::string>* hidden = nullptr;  // names that are not drawn
  std::optional<double> cursor;                   // where its line stands

  static constexpr float kTicksWidth = 40;  // left of a plot with an axis of its own: the numbers of y
  bool shows(const Series& series) const {
    return (!zone || series.zone == *zone) && !(hidden && hidden->contains(series.name));
  }
};

struct PlotGesture {
  std::optional<double> step;  // clicked or dragged to
  float wheel = 0;             // notches
};

/// Into this part of the window. The numbers of the upright axis stand left of the plot; where that shares
/// the strip's axis and must begin there, inside at its left edge. Names stand outside, where they cover
/// nothing: drawLegend.
PlotGesture drawPlot(const Plot& plot, ImVec2 at, ImVec2 size, const PlotLook& look = {});

/// Names of the series, one after the other and in further lines, as far as there is room. A click hides
/// one or shows it again. Gives the height that was used.
float drawLegend(const Plot& plot, ImVec2 at, ImVec2 size, std::set<std::string>& hidden);

/// With axes, names and a legend, on the theme's background.
QImage plotPicture(const Plot& plot, QSize size, const QString& title);

/// The numbers an axis shows: all series that are shown, bands too, with some air. Logarithms' are positive.
std::pair<double, double> limitsOf(const Plot& plot, bool x, const PlotLook& look = {});
/// Round numbers within a range, about `wanted` of them.
std::vector<double> axisTicks(double low, double high, int wanted, bool logarithmic);

}  // namespace loom::editor
