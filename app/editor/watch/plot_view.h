#pragma once
// Draws a plot: by ImPlot in the timeline, and as a picture to keep.
#include <imgui.h>

#include <QImage>
#include <optional>

#include "app/editor/watch/series.h"
#include "app/editor/watch/step_axis.h"

namespace loom::editor {

/// Into this part of the window; the numbers of the upright axis stand inside, at its left edge. Plots by
/// step share the strip's axis; `cursor` is where its line stands.
void drawPlot(const Plot& plot, ImVec2 at, ImVec2 size, const StepAxis& axis, std::optional<double> cursor);

/// With axes, names and a legend, on the theme's background.
QImage plotPicture(const Plot& plot, QSize size, const QString& title);

/// The numbers an axis shows: all series, bands too, with some air. Logarithms' are positive.
std::pair<double, double> limitsOf(const Plot& plot, bool x);
/// Round numbers within a range, about `wanted` of them.
std::vector<double> axisTicks(double low, double high, int wanted, bool logarithmic);

}  // namespace loom::editor
