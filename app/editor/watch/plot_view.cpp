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

// What an axis of logarithms has no place for is left out.
std::vector<double> drawable(const std::vector<double>& numbers, bool logarithmic) {
  std::vector<double> out = numbers;
  for (double& number : out)
    if (!std::isfinite(number) || (logarithmic && number <= 0))
      number = std::numeric_limits<double>::quiet_NaN();
  return out;
}

void drawSeries(const Series& series, bool logarithmic, const QColor& background) {
  const QColor colour = readable(series.colour, background);
  const int count = static_cast<int>(series.x.size());
  const bool dashed = series.compared || series.dashed;
  const std::string name = series.name + (series.compared ? " (B)" : "");
  ImPlotSpec spec;
  spec.LineColor = vec(colour);
  spec.FillColor = vec(colour);
  spec.LineWeight = 1.6f;
  if (!series.low.empty()) {
    const auto low = drawable(series.low, logarithmic), high = drawable(series.high, logarithmic);
    spec.FillAlpha = dashed ? 0.1f : 0.2f;
    ImPlot::PlotShaded(name.c_str(), series.x.data(), low.data(), high.data(), count, spec);
    spec.FillAlpha = 1;
    if (dashed || series.y.empty()) {
      ImPlot::PushPlotClipRect();
      for (const auto* edge : {&low, &high}) {
        if (dashed) {
          dashes(series.x, *edge, imColour(colour, 0.8));
        } else {
          ImPlotSpec thin = spec;
          thin.LineWeight = 1;
          ImPlot::PlotLine((name + (edge == &low ? "##low" : "##high")).c_str(), series.x.data(),
                           edge->data(), count, thin);
        }
      }
      ImPlot::PopPlotClipRect();
    }
  }
  if (series.y.empty()) return;
  const auto y = drawable(series.y, logarithmic);
  if (dashed && count > 1) {
    ImPlot::PushPlotClipRect();
    dashes(series.x, y, imColour(colour));
    ImPlot::PopPlotClipRect();
  } else if (count == 1) {
    spec.Marker = ImPlotMarker_Circle;
    spec.MarkerSize = 3;
    ImPlot::PlotScatter(name.c_str(), series.x.data(), y.data(), count, spec);
  } else {
    ImPlot::PlotLine(name.c_str(), series.x.data(), y.data(), count, spec);
  }
}

// What every series is at x.
void drawTip(const Plot& plot, const PlotLook& look, double x) {
  std::string tip = plot.x + " " + numberText(x);
  if (plot.bySteps) {
    const int64_t step = std::max<int64_t>(std::llround(x), 0);
    tip = "step " + std::to_string(step + 1);
    const auto zone = look.zone ? plot.timesteps.find(*look.zone) : plot.timesteps.begin();
    if (zone != plot.timesteps.end() && static_cast<size_t>(step) < zone->second.size())
      tip += "   t " + std::to_string(zone->second[static_cast<size_t>(step)]);
  }
  for (const Series& series : plot.series) {
    if (series.x.empty() || !look.shows(series)) continue;
    auto found = std::lower_bound(series.x.begin(), series.x.end(), x);
    if (found == series.x.end() || (found != series.x.begin() && *found - x > x - *std::prev(found))) --found;
    const auto i = static_cast<size_t>(found - series.x.begin());
    tip += "\n" + series.name + (series.compared ? " (B)" : "") + "  ";
    if (!series.y.empty()) tip += numberText(series.y[i]);
    if (!series.low.empty())
      tip += series.y.empty() ? numberText(series.low[i]) + " to " + numberText(series.high[i])
                              : "  ±" + numberText(series.high[i] - series.y[i]);
  }
  ImGui::SetTooltip("%s", tip.c_str());
}

int formatStep(double value, char* text, int size, void*) {
  const double step = std::round(value);
  return std::abs(value - step) > 1e-6 ? std::snprintf(text, static_cast<size_t>(size), "%s", "")
                                       : std::snprintf(text, static_cast<size_t>(size), "%.0f", step + 1);
}

void setUpAxes(const Plot& plot, ImVec2 at, ImVec2 size, const PlotLook& look) {
  constexpr ImPlotAxisFlags kPlain =
      ImPlotAxisFlags_NoMenus | ImPlotAxisFlags_NoSideSwitch | ImPlotAxisFlags_NoHighlight;
  constexpr ImPlotAxisFlags kBare = ImPlotAxisFlags_NoTickLabels | ImPlotAxisFlags_NoTickMarks;
  const bool bare = plot.bySteps && !look.labelled;
  ImPlot::SetupAxes(bare || size.y < scaled(90) ? nullptr : plot.x.c_str(), nullptr,
                    kPlain | (bare ? kBare : 0), kPlain | kBare);
  if (plot.bySteps && look.axis) {
    ImPlot::SetupAxisLimits(ImAxis_X1, look.axis->stepAt(at.x), look.axis->stepAt(at.x + size.x),
                            ImPlotCond_Always);
  } else {
    const auto [left, right] = limitsOf(plot, true, look);
    ImPlot::SetupAxisLimits(ImAxis_X1, left, right, ImPlotCond_Always);
  }
  ImPlot::SetupAxisFormat(ImAxis_X1, plot.bySteps ? formatStep : formatNumber);
  if (!bare) {
    // Steps are counted from 1, and only whole ones are.
    const double from = plot.bySteps ? 1 : 0;
    const auto [left, right] = limitsOf(plot, true, look);
    auto ticks =
        axisTicks(left + from, right + from, std::max(static_cast<int>(size.x / scaled(44)), 2), false);
    if (plot.bySteps)
      std::erase_if(ticks, [](double tick) { return std::abs(tick - std::round(tick)) > 1e-6; });
    for (double& tick : ticks) tick -= from;
    if (!ticks.empty())
      ImPlot::SetupAxisTicks(ImAxis_X1, ticks.data(), static_cast<int>(ticks.size()), nullptr, false);
  }
  if (plot.logarithmic) ImPlot::SetupAxisScale(ImAxis_Y1, ImPlotScale_Log10);
  const auto [low, high] = limitsOf(plot, false, look);
  ImPlot::SetupAxisLimits(ImAxis_Y1, low, high, ImPlotCond_Always);
}

// Numbers of the upright axis: left of the plot, or within its left edge where it must begin there.
void drawTicks(const std::vector<std::pair<float, std::string>>& labels, ImVec2 at, ImVec2 size,
               bool within) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  float above = -1e9f;
  for (const auto& [y, text] : labels) {
    const ImVec2 wide = ImGui::CalcTextSize(text.c_str());
    const float top = std::clamp(y - wide.y / 2, at.y + 2, std::max(at.y + 2, at.y + size.y - wide.y - 2));
    if (top < above + wide.y) continue;
    above = top;
    const float x = within ? at.x + 5 : at.x - wide.x - 4;
    if (within)
      draw->AddRectFilled({x - 3, top}, {x + wide.x + 3, top + wide.y}, imColour(theme.field, 0.75), 2);
    draw->AddText({x, top}, imColour(theme.dim), text.c_str());
  }
}

void pushLook(const Theme& theme) {
  ImPlot::PushStyleColor(ImPlotCol_FrameBg, vec(theme.window, 0));
  ImPlot::PushStyleColor(ImPlotCol_PlotBg, vec(theme.field));
  ImPlot::PushStyleColor(ImPlotCol_PlotBorder, vec(theme.border));
  ImPlot::PushStyleColor(ImPlotCol_AxisText, vec(theme.dim));
  ImPlot::PushStyleColor(ImPlotCol_AxisGrid, vec(theme.border, 0.7f));
  ImPlot::PushStyleVar(ImPlotStyleVar_PlotPadding, ImVec2(0, 2));
  ImPlot::PushStyleVar(ImPlotStyleVar_PlotMinSize, ImVec2(20, 20));
  ImPlot::PushStyleVar(ImPlotStyleVar_MajorTickLen, ImVec2(4, 4));
  ImPlot::PushStyleVar(ImPlotStyleVar_MinorTickLen, ImVec2(0, 0));
  ImPlot::PushStyleVar(ImPlotStyleVar_LabelPadding, ImVec2(2, 1));
  ImGui::PushFont(nullptr, 11);
}

void popLook() {
  ImGui::PopFont();
  ImPlot::PopStyleVar(5);
  ImPlot::PopStyleColor(5);
}

}  // namespace

std::pair<double, double> limitsOf(const Plot& plot, bool x, const PlotLook& look) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  const auto take = [&](const std::vector<double>& numbers) {
    for (const double number : numbers)
      if (std::isfinite(number) && (x || !plot.logarithmic || number > 0)) {
        low = std::min(low, number);
        high = std::max(high, number);
      }
  };
  for (const Series& series : plot.series) {
    if (!look.shows(series)) continue;
    if (x) {
      take(series.x);
    } else {
      take(series.y);
      take(series.low);
      take(series.high);
    }
  }
  if (!(low <= high)) return plot.logarithmic && !x ? std::pair{0.1, 10.0} : std::pair{0.0, 1.0};
  if (!x && plot.logarithmic) return {low / 1.5, high * 1.5};
  const double air = high > low ? (high - low) * (x ? 0.01 : 0.06) : std::max(std::abs(high) * 0.1, 0.5);
  return {low - air, high + air};
}

PlotGesture drawPlot(const Plot& plot, ImVec2 at, ImVec2 size, const PlotLook& look) {
  const Theme& theme = Theme::current();
  const float beside = look.axis ? 0 : scaled(PlotLook::kTicksWidth);
  at.x += beside, size.x -= beside;
  ImGui::SetCursorScreenPos(at);
  pushLook(theme);
  PlotGesture gesture;
  const std::string id = std::string("##plot ") + nameOf(plot.kind) + (look.zone ? " " + *look.zone : "");
  std::vector<std::pair<float, std::string>> labels;
  if (ImPlot::BeginPlot(id.c_str(), size,
                        ImPlotFlags_NoTitle | ImPlotFlags_NoMenus | ImPlotFlags_NoBoxSelect |
                            ImPlotFlags_NoMouseText | ImPlotFlags_NoLegend)) {
    setUpAxes(plot, at, size, look);
    const auto [low, high] = limitsOf(plot, false, look);
    const auto ticks =
        axisTicks(low, high, std::max(static_cast<int>(size.y / scaled(28)), 2), plot.logarithmic);
    if (!ticks.empty())
      ImPlot::SetupAxisTicks(ImAxis_Y1, ticks.data(), static_cast<int>(ticks.size()), nullptr, false);
    for (const double tick : ticks) labels.emplace_back(ImPlot::PlotToPixels(0, tick).y, numberText(tick));
    for (const Series& series : plot.series)
      if (look.shows(series)) drawSeries(series, plot.logarithmic, theme.field);
    if (look.cursor && plot.bySteps) {
      const double where = *look.cursor;
      ImPlotSpec line;
      line.LineColor = vec(theme.text, 0.9f);
      line.Flags = ImPlotItemFlags_NoLegend | ImPlotItemFlags_NoFit;
      ImPlot::PlotInfLines("##cursor", &where, 1, line);
    }
    if (ImPlot::IsPlotHovered()) {
      const double x = ImPlot::GetPlotMousePos().x;
      if (!plot.series.empty()) drawTip(plot, look, x);
      const ImVec2 pressed = ImGui::GetIO().MouseClickedPos[ImGuiMouseButton_Left];
      const bool own = pressed.x >= at.x && pressed.x < at.x + size.x && pressed.y >= at.y &&
                       pressed.y < at.y + size.y;  // no drag that comes from elsewhere
      if (plot.bySteps && own && ImGui::IsMouseDown(ImGuiMouseButton_Left)) gesture.step = x;
      gesture.wheel = ImGui::GetIO().MouseWheel;
    }
    ImPlot::EndPlot();
  }
  std::sort(labels.begin(), labels.end());
  drawTicks(labels, at, size, look.axis != nullptr);
  popLook();
  return gesture;
}

float drawLegend(const Plot& plot, ImVec2 at, ImVec2 size, std::set<std::string>& hidden) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float row = scaled(14), swatch = scaled(14);
  float x = at.x, y = at.y;
  std::set<std::string> seen;  // a series of each run, or zone, may have the same name
  ImGui::PushFont(nullptr, 11);
  for (const Series& series : plot.series) {
    const std::string name = series.name + (series.compared ? " (B)" : "");
    if (!seen.insert(name).second) continue;
    const float wide = std::min(ImGui::CalcTextSize(name.c_str()).x + swatch + 10, size.x);
    if (x > at.x && x + wide > at.x + size.x) x = at.x, y += row;
    if (y + row > at.y + size.y + 1) break;
    const bool off = hidden.contains(series.name);
    const QColor colour = readable(series.colour, theme.window);
    ImGui::SetCursorScreenPos({x, y});
    ImGui::PushID(name.c_str());
    if (ImGui::InvisibleButton("##name", {wide, row})) {
      if (off)
        hidden.erase(series.name);
      else
        hidden.insert(series.name);
    }
    if (ImGui::IsItemHovered()) ImGui::SetTooltip("%s\nClick to %s it", name.c_str(), off ? "show" : "hide");
    ImGui::PopID();
    const float middle = y + row / 2;
    const bool dashed = series.compared || series.dashed;
    for (float part = 0; part < 11; part += dashed ? 6 : 11)
      draw->AddLine({x + part, middle}, {x + part + (dashed ? 4 : 11), middle},
                    imColour(colour, off ? 0.3 : 1), 2);
    textWithin(draw, {x + swatch, y}, wide - swatch - 2,
               imColour(off ? theme.dim : theme.text, off ? 0.6 : 1), name);
    x += wide;
  }
  ImGui::PopFont();
  return y + row - at.y;
}

}  // namespace loom::editor
