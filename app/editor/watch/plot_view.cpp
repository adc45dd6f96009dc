#include "app/editor/watch/plot_view.h"

#include <implot.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/editor/gl/theme.h"
#include "app/editor/watch/ink.h"

namespace loom::editor {
namespace {

ImVec4 vec(const QColor& colour, float alpha = 1) {
  return {static_cast<float>(colour.redF()), static_cast<float>(colour.greenF()),
          static_cast<float>(colour.blueF()), alpha};
}

// A path of dashes, since ImPlot has whole lines only.
void dashes(const std::vector<double>& xs, const std::vector<double>& ys, ImU32 colour) {
  ImDrawList* draw = ImPlot::GetPlotDrawList();
  constexpr float kDash = 5, kGap = 4;
  float along = 0;
  for (size_t i = 1; i < xs.size(); ++i) {
    const ImVec2 a = ImPlot::PlotToPixels(xs[i - 1], ys[i - 1]), b = ImPlot::PlotToPixels(xs[i], ys[i]);
    const float length = std::hypot(b.x - a.x, b.y - a.y);
    if (!(length > 0) || length > 1e5f) continue;
    for (float done = 0; done < length;) {
      const float phase = std::fmod(along, kDash + kGap);
      const bool ink = phase < kDash;
      const float part = std::min((ink ? kDash : kDash + kGap) - phase + 0.01f, length - done);
      if (ink) {
        const auto point = [&](float t) {
          return ImVec2(a.x + (b.x - a.x) * t / length, a.y + (b.y - a.y) * t / length);
        };
        draw->AddLine(point(done), point(done + part), colour, 1.6f);
      }
      done += part;
      along += part;
    }
  }
}

int formatNumber(double value, char* text, int size, void*) {
  return std::snprintf(text, static_cast<size_t>(size), "%s", numberText(value).c_str());
}

void drawSeries(const Series& series, const QColor& background) {
  const QColor colour = readable(series.colour, background);
  const int count = static_cast<int>(series.x.size());
  const std::string name = series.name + (series.compared ? "  (B)" : "");
  ImPlotSpec spec;
  spec.LineColor = vec(colour);
  spec.FillColor = vec(colour);
  spec.LineWeight = 1.6f;
  if (!series.low.empty()) {
    spec.FillAlpha = series.compared ? 0.1f : 0.2f;
    ImPlot::PlotShaded(name.c_str(), series.x.data(), series.low.data(), series.high.data(), count, spec);
    spec.FillAlpha = 1;
    if (series.compared || series.y.empty()) {
      ImPlot::PushPlotClipRect();
      for (const auto* edge : {&series.low, &series.high}) {
        if (series.compared) {
          dashes(series.x, *edge, imColour(colour, 0.8));
        } else {
          ImPlot::PlotLine((name + (edge == &series.low ? "##low" : "##high")).c_str(), series.x.data(),
                           edge->data(), count, [&] {
                             ImPlotSpec thin = spec;
                             thin.LineWeight = 1;
                             thin.Flags = ImPlotItemFlags_NoLegend;
                             return thin;
                           }());
        }
      }
      ImPlot::PopPlotClipRect();
    }
  }
  if (series.y.empty()) return;
  if (series.compared) {
    ImPlot::PlotDummy(name.c_str(), spec);
    ImPlot::PushPlotClipRect();
    dashes(series.x, series.y, imColour(colour));
    ImPlot::PopPlotClipRect();
  } else if (count == 1) {
    spec.Marker = ImPlotMarker_Circle;
    spec.MarkerSize = 3;
    ImPlot::PlotScatter(name.c_str(), series.x.data(), series.y.data(), count, spec);
  } else {
    ImPlot::PlotLine(name.c_str(), series.x.data(), series.y.data(), count, spec);
  }
}

}  // namespace

std::pair<double, double> limitsOf(const Plot& plot, bool x) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  const auto take = [&](const std::vector<double>& numbers) {
    for (const double number : numbers)
      if (std::isfinite(number) && (x || !plot.logarithmic || number > 0)) {
        low = std::min(low, number);
        high = std::max(high, number);
      }
  };
  for (const Series& series : plot.series)
    if (x) {
      take(series.x);
    } else {
      take(series.y);
      take(series.low);
      take(series.high);
    }
  if (!(low <= high)) return plot.logarithmic && !x ? std::pair{0.1, 10.0} : std::pair{0.0, 1.0};
  if (!x && plot.logarithmic) return {low / 1.5, high * 1.5};
  const double air = high > low ? (high - low) * (x ? 0.01 : 0.06) : std::max(std::abs(high) * 0.1, 0.5);
  return {low - air, high + air};
}

void drawPlot(const Plot& plot, ImVec2 at, ImVec2 size, const StepAxis& axis, std::optional<double> cursor) {
  const Theme& theme = Theme::current();
  ImGui::SetCursorScreenPos(at);
  ImPlot::PushStyleColor(ImPlotCol_FrameBg, vec(theme.window, 0));
  ImPlot::PushStyleColor(ImPlotCol_PlotBg, vec(theme.field));
  ImPlot::PushStyleColor(ImPlotCol_PlotBorder, vec(theme.border));
  ImPlot::PushStyleColor(ImPlotCol_AxisText, vec(theme.dim));
  ImPlot::PushStyleColor(ImPlotCol_AxisGrid, vec(theme.border, 0.7f));
  ImPlot::PushStyleColor(ImPlotCol_LegendBg, vec(theme.panel, 0.8f));
  ImPlot::PushStyleColor(ImPlotCol_LegendBorder, vec(theme.border, 0));
  ImPlot::PushStyleColor(ImPlotCol_LegendText, vec(theme.text));
  ImPlot::PushStyleVar(ImPlotStyleVar_PlotPadding, ImVec2(0, 2));
  ImPlot::PushStyleVar(ImPlotStyleVar_PlotMinSize, ImVec2(20, 20));
  ImPlot::PushStyleVar(ImPlotStyleVar_LegendPadding, ImVec2(6, 4));
  ImPlot::PushStyleVar(ImPlotStyleVar_LegendInnerPadding, ImVec2(4, 1));
  ImPlot::PushStyleVar(ImPlotStyleVar_MajorTickLen, ImVec2(4, 4));
  ImPlot::PushStyleVar(ImPlotStyleVar_MinorTickLen, ImVec2(0, 0));
  const auto [low, high] = limitsOf(plot, false);
  ImGui::PushFont(nullptr, 11);
  const std::string id = std::string("##plot ") + nameOf(plot.kind);
  std::vector<std::pair<float, std::string>> labels;
  if (ImPlot::BeginPlot(
          id.c_str(), size,
          ImPlotFlags_NoTitle | ImPlotFlags_NoMenus | ImPlotFlags_NoBoxSelect | ImPlotFlags_NoMouseText)) {
    constexpr ImPlotAxisFlags kPlain =
        ImPlotAxisFlags_NoMenus | ImPlotAxisFlags_NoSideSwitch | ImPlotAxisFlags_NoHighlight;
    constexpr ImPlotAxisFlags kBare = ImPlotAxisFlags_NoTickLabels | ImPlotAxisFlags_NoTickMarks;
    ImPlot::SetupAxes(plot.bySteps || size.y < 100 ? nullptr : plot.x.c_str(), nullptr,
                      kPlain | (plot.bySteps ? kBare : 0), kPlain | kBare);
    if (plot.bySteps) {
      ImPlot::SetupAxisLimits(ImAxis_X1, axis.stepAt(axis.left()), axis.stepAt(axis.left() + axis.width()),
                              ImPlotCond_Always);
    } else {
      const auto [left, right] = limitsOf(plot, true);
      ImPlot::SetupAxisLimits(ImAxis_X1, left, right, ImPlotCond_Always);
      ImPlot::SetupAxisFormat(ImAxis_X1, formatNumber);
    }
    if (plot.logarithmic) ImPlot::SetupAxisScale(ImAxis_Y1, ImPlotScale_Log10);
    ImPlot::SetupAxisLimits(ImAxis_Y1, low, high, ImPlotCond_Always);
    const auto ticks = axisTicks(low, high, std::max(static_cast<int>(size.y / 28), 2), plot.logarithmic);
    if (!ticks.empty())
      ImPlot::SetupAxisTicks(ImAxis_Y1, ticks.data(), static_cast<int>(ticks.size()), nullptr, false);
    ImPlot::SetupLegend(ImPlotLocation_NorthEast, ImPlotLegendFlags_None);
    for (const double tick : ticks) labels.emplace_back(ImPlot::PlotToPixels(0, tick).y, numberText(tick));
    for (const Series& series : plot.series) drawSeries(series, theme.field);
    if (cursor && plot.bySteps) {
      const double where = *cursor;
      ImPlotSpec line;
      line.LineColor = vec(theme.text, 0.9f);
      line.Flags = ImPlotItemFlags_NoLegend | ImPlotItemFlags_NoFit;
      ImPlot::PlotInfLines("##cursor", &where, 1, line);
    }
    if (ImPlot::IsPlotHovered() && !plot.series.empty()) {
      const double x = ImPlot::GetPlotMousePos().x;
      std::string tip =
          plot.bySteps ? "step " + std::to_string(std::llround(x) + 1) : plot.x + " " + numberText(x);
      for (const Series& series : plot.series) {
        if (series.x.empty()) continue;
        auto found = std::lower_bound(series.x.begin(), series.x.end(), x);
        if (found == series.x.end() || (found != series.x.begin() && *found - x > x - *std::prev(found)))
          --found;
        const auto i = static_cast<size_t>(found - series.x.begin());
        tip += "\n" + series.name + (series.compared ? " (B)" : "") + "  ";
        if (!series.y.empty()) tip += numberText(series.y[i]);
        if (!series.low.empty())
          tip += (series.y.empty() ? "" : "  ±") +
                 (series.y.empty() ? numberText(series.low[i]) + " to " + numberText(series.high[i])
                                   : numberText(series.high[i] - series.y[i]));
      }
      ImGui::SetTooltip("%s", tip.c_str());
    }
    ImPlot::EndPlot();
  }
  ImDrawList* draw = ImGui::GetWindowDrawList();
  float above = -1e9f;
  std::sort(labels.begin(), labels.end());
  for (const auto& [y, text] : labels) {
    const ImVec2 wide = ImGui::CalcTextSize(text.c_str());
    const float top = std::clamp(y - wide.y / 2, at.y + 2, std::max(at.y + 2, at.y + size.y - wide.y - 2));
    if (top < above + wide.y) continue;
    above = top;
    draw->AddRectFilled({at.x + 2, top}, {at.x + wide.x + 8, top + wide.y}, imColour(theme.field, 0.75), 2);
    draw->AddText({at.x + 5, top}, imColour(theme.dim), text.c_str());
  }
  ImGui::PopFont();
  ImPlot::PopStyleVar(6);
  ImPlot::PopStyleColor(8);
}

}  // namespace loom::editor
