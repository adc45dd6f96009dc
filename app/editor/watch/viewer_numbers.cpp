#include "app/editor/watch/viewer_numbers.h"

#include <implot.h>

#include <algorithm>
#include <cmath>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/theme.h"
#include "app/editor/watch/ink.h"
#include "app/editor/watch/plot_view.h"

namespace loom::editor {
namespace {

constexpr float kRow = 17, kChart = 84, kAfterTable = 8;
constexpr int kRows = 5;  // of the table, without that of a difference

struct Row {
  const char* name;
  std::string a, b;
  bool bad = false;
};

std::vector<Row> rowsOf(const ViewerSide& a, const ViewerSide* b, const ViewerSide* delta) {
  std::vector<Row> rows{{"shape", shapeText(*a.values), {}, false}};
  const auto add = [&](const char* name, auto number) {
    rows.push_back({name, number(a.summary), b ? number(b->summary) : std::string(), false});
  };
  const int digits = b ? 3 : 4;  // two columns have less room
  add("min ... max",
      [&](const Summary& s) { return numberText(s.min, digits) + " ... " + numberText(s.max, digits); });
  add("mean, std",
      [&](const Summary& s) { return numberText(s.mean, digits) + ", " + numberText(s.std, digits); });
  add("norm", [](const Summary& s) { return numberText(s.norm); });
  add("NaN, Inf", [](const Summary& s) { return std::to_string(s.nan) + ", " + std::to_string(s.inf); });
  const auto bad = [](const ViewerSide* side) { return side && side->summary.nan + side->summary.inf > 0; };
  rows.back().bad = bad(&a) || bad(b);
  if (delta)
    rows.push_back({"|Δ| mean, max",
                    numberText(delta->summary.mean) + ", " + numberText(delta->summary.max),
                    {},
                    false});
  return rows;
}

float drawTable(ImGuiWidget& host, const std::vector<Row>& rows, bool two, ImVec2 at, float width) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  float y = at.y;
  const auto right = [&](const std::string& text, float edge, float room, const QColor& colour) {
    const float wide =
        std::min(host.numberFont()->CalcTextSizeA(scaled(11), FLT_MAX, 0, text.c_str()).x, room);
    textWithin(draw, {edge - wide, y + 1}, room + 1, imColour(colour), text, host.numberFont(), scaled(11));
  };
  for (const Row& row : rows) {
    draw->AddText(host.textFont(), scaled(12), {at.x, y}, imColour(theme.dim), row.name);
    const QColor& ink = row.bad ? theme.bypassed : theme.text;
    const float names = scaled(86), room = width - names;
    if (two && !row.b.empty()) {
      right(row.a, at.x + names + room / 2 - 4, room / 2 - 8, ink);
      right(row.b, at.x + width, room / 2 - 8, row.bad ? ink : readable(theme.runB.rgb(), theme.window));
    } else {
      right(row.a, at.x + width, room, ink);
    }
    y += scaled(kRow);
  }
  return y - at.y;
}

bool beginChart(const char* id, ImVec2 at, float width, double left, double rightEdge, double low,
                double high) {
  const Theme& theme = Theme::current();
  ImGui::SetCursorScreenPos(at);
  const auto vec = [](const QColor& c, float alpha) {
    return ImVec4(static_cast<float>(c.redF()), static_cast<float>(c.greenF()), static_cast<float>(c.blueF()),
                  alpha);
  };
  ImPlot::PushStyleColor(ImPlotCol_FrameBg, vec(theme.window, 0));
  ImPlot::PushStyleColor(ImPlotCol_PlotBg, vec(theme.field, 1));
  ImPlot::PushStyleColor(ImPlotCol_PlotBorder, vec(theme.border, 1));
  ImPlot::PushStyleColor(ImPlotCol_AxisText, vec(theme.dim, 1));
  ImPlot::PushStyleColor(ImPlotCol_AxisGrid, vec(theme.border, 0.5f));
  ImPlot::PushStyleVar(ImPlotStyleVar_PlotPadding, ImVec2(10, 1));  // room for the numbers at both ends
  ImPlot::PushStyleVar(ImPlotStyleVar_PlotMinSize, ImVec2(20, 20));
  ImPlot::PushStyleVar(ImPlotStyleVar_MinorTickLen, ImVec2(0, 0));
  ImPlot::PushStyleVar(ImPlotStyleVar_MajorTickLen, ImVec2(3, 0));
  ImPlot::PushStyleVar(ImPlotStyleVar_LabelPadding, ImVec2(2, 1));
  ImGui::PushFont(nullptr, 10.5f);
  const bool begun = ImPlot::BeginPlot(id, {width, scaled(kChart)}, ImPlotFlags_CanvasOnly);
  if (begun) {
    constexpr ImPlotAxisFlags kPlain =
        ImPlotAxisFlags_NoMenus | ImPlotAxisFlags_NoSideSwitch | ImPlotAxisFlags_NoHighlight;
    ImPlot::SetupAxes(
        nullptr, nullptr, kPlain,
        kPlain | ImPlotAxisFlags_NoTickLabels | ImPlotAxisFlags_NoTickMarks | ImPlotAxisFlags_NoGridLines);
    ImPlot::SetupAxisFormat(ImAxis_X1, "%.3g");
    ImPlot::SetupAxesLimits(left, rightEdge, low, high, ImPlotCond_Always);
  }
  return begun;
}

void endChart(bool begun) {
  if (begun) ImPlot::EndPlot();
  ImGui::PopFont();
  ImPlot::PopStyleVar(5);
  ImPlot::PopStyleColor(5);
}

ImVec4 vec(const QColor& c) {
  return {static_cast<float>(c.redF()), static_cast<float>(c.greenF()), static_cast<float>(c.blueF()), 1};
}

void histogram(const ViewerSide& a, const ViewerSide* b, ImVec2 at, float width) {
  const Theme& theme = Theme::current();
  double low = a.histogram.low, high = a.histogram.high, most = 0;
  const auto shares = [](const ViewerSide& side) {  // a density, so that ranges of different width compare
    std::vector<double> share;
    const double all = std::max<double>(static_cast<double>(side.summary.count), 1) * side.histogram.width();
    for (const int64_t bin : side.histogram.bins) share.push_back(static_cast<double>(bin) / all);
    return share;
  };
  const auto middles = [](const Histogram& h) {
    std::vector<double> middle;
    for (size_t i = 0; i < h.bins.size(); ++i)
      middle.push_back(h.low + (static_cast<double>(i) + 0.5) * h.width());
    return middle;
  };
  const auto first = shares(a);
  const auto second = b ? shares(*b) : std::vector<double>();
  for (const auto* each : {&first, &second})
    for (const double v : *each) most = std::max(most, v);
  if (b) low = std::min(low, b->histogram.low), high = std::max(high, b->histogram.high);
  const bool begun = beginChart("##histogram", at, width, low, high, 0, std::max(most, 1e-12) * 1.08);
  if (begun) {
    ImPlotSpec spec;
    spec.FillColor = spec.LineColor = vec(theme.accent);
    const auto xs = middles(a.histogram);
    ImPlot::PlotBars("a", xs.data(), first.data(), static_cast<int>(xs.size()), a.histogram.width() * 0.86,
                     spec);
    if (b) {
      ImPlotSpec line;
      line.LineColor = vec(theme.runB);
      line.LineWeight = 1.6f;
      const auto others = middles(b->histogram);
      ImPlot::PlotLine("b", others.data(), second.data(), static_cast<int>(others.size()), line);
    }
  }
  endChart(begun);
}

void spectrum(const RadialSpectrum& a, const RadialSpectrum* b, ImVec2 at, float width) {
  const Theme& theme = Theme::current();
  double low = HUGE_VAL, high = 0;
  for (const RadialSpectrum* each : {&a, b})
    for (size_t r = 1; each && r < each->power.size(); ++r)
      if (each->power[r] > 1e-14) low = std::min(low, each->power[r]), high = std::max(high, each->power[r]);
  if (!(low <= high)) low = 0.1, high = 10;
  const auto logs = [](const RadialSpectrum& s) {
    std::vector<double> out;
    for (size_t r = 1; r < s.power.size(); ++r) out.push_back(std::log10(std::max(s.power[r], 1e-14)));
    return out;
  };
  const bool begun =
      beginChart("##spectrum", at, width, 1, static_cast<double>(std::max<size_t>(a.power.size(), 3)) - 1,
                 std::log10(low) - 0.15, std::log10(high) + 0.15);
  if (begun) {
    ImPlotSpec spec;
    spec.LineWeight = 1.6f;
    spec.LineColor = vec(theme.accent);
    const auto first = logs(a);
    ImPlot::PlotLine("a", first.data(), static_cast<int>(first.size()), 1, 1, spec);
    if (b) {
      spec.LineColor = vec(theme.runB);
      const auto second = logs(*b);
      ImPlot::PlotLine("b", second.data(), static_cast<int>(second.size()), 1, 1, spec);
    }
  }
  endChart(begun);
}

// The table and the charts, each as high as it is drawn.
std::vector<float> partsOf(const ViewerContent& content) {
  const bool apart = content.compare() == Viewer::Compare::difference;
  std::vector<float> parts{scaled(kRow) * (apart ? kRows + 1 : kRows) + kAfterTable};
  const float chart = scaled(16 + kChart) + 6;
  if (content.a().summary.count > 1) parts.push_back(chart);
  if (!content.a().spectrum.power.empty()) parts.push_back(chart);
  return parts;
}

}  // namespace

float numbersHeight(const ViewerContent& content) {
  float height = 0;
  for (const float part : partsOf(content)) height += part;
  return height;
}

float numbersWithin(const ViewerContent& content, float room) {
  float height = 0;
  for (const float part : partsOf(content)) {
    if (height + part > room) break;
    height += part;
  }
  // Of a table that is too high whole rows.
  return height > 0 ? height : std::max(std::floor(room / scaled(kRow)), 0.f) * scaled(kRow);
}

float drawNumbers(ImGuiWidget& host, const ViewerContent& content, ImVec2 at, float width) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const bool two = content.comparing();
  const bool apart = content.compare() == Viewer::Compare::difference;
  const ViewerSide& a = content.a();
  const ViewerSide* b = two ? &content.b() : nullptr;
  float y = at.y;
  y += drawTable(host, rowsOf(a, b, apart ? &content.delta() : nullptr), two, {at.x, y}, width) + kAfterTable;
  if (a.summary.count > 1) {
    draw->AddText(host.textFont(), scaled(12), {at.x, y}, imColour(theme.dim), "Histogram");
    histogram(a, b, {at.x, y + scaled(16)}, width);
    y += scaled(16 + kChart) + 6;
  }
  if (!a.spectrum.power.empty()) {
    const std::string title =
        std::string("Radial power spectrum (log)") + (a.spectrum.cut ? ", of the middle" : "");
    draw->AddText(host.textFont(), scaled(12), {at.x, y}, imColour(theme.dim), title.c_str());
    spectrum(a.spectrum, b && !b->spectrum.power.empty() ? &b->spectrum : nullptr, {at.x, y + scaled(16)},
             width);
    y += scaled(16 + kChart) + 6;
  }
  return y - at.y;
}

void drawColourBar(ImGuiWidget& host, ImVec2 at, float width, std::pair<float, float> range,
                   bool falseColours) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const std::string low = numberText(range.first), high = numberText(range.second);
  ImFont* font = host.numberFont();
  const float wide = font->CalcTextSizeA(scaled(10.5f), FLT_MAX, 0, high.c_str()).x;
  const float lowWide = font->CalcTextSizeA(scaled(10.5f), FLT_MAX, 0, low.c_str()).x;
  draw->AddText(font, scaled(10.5f), at, imColour(theme.dim), low.c_str());
  draw->AddText(font, scaled(10.5f), {at.x + width - wide, at.y}, imColour(theme.dim), high.c_str());
  const float left = at.x + lowWide + 6, right = at.x + width - wide - 6;
  constexpr int kParts = 48;
  for (int i = 0; i < kParts && right > left; ++i) {
    const auto at0 = [&](int k) { return left + (right - left) * static_cast<float>(k) / kParts; };
    const auto colour = [&](int k) {
      const auto grey = static_cast<uint8_t>(k * 255 / kParts);
      const Rgb rgb = falseColours ? falseColour(static_cast<double>(k) / kParts) : Rgb{grey, grey, grey};
      return IM_COL32(rgb[0], rgb[1], rgb[2], 255);
    };
    draw->AddRectFilledMultiColor({at0(i), at.y + scaled(3)}, {at0(i + 1), at.y + scaled(11)}, colour(i),
                                  colour(i + 1), colour(i + 1), colour(i));
  }
}

std::string shapeText(const Values& values) {
  std::string text;
  for (const int64_t size : values.shape) text += (text.empty() ? "" : " × ") + std::to_string(size);
  return (text.empty() ? "one number" : text) + "  " + values.dtype;
}

void drawRow(ImGuiWidget& host, const ViewerSide& a, const ViewerSide* b, ImVec2 at, ImVec2 size) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  if (a.values->data.size() == 1) {
    std::string text = numberText(a.values->data.front());
    if (b && b->values->data.size() == 1) text.append("   |   ").append(numberText(b->values->data.front()));
    const ImVec2 needed = host.numberFont()->CalcTextSizeA(scaled(30), FLT_MAX, 0, text.c_str());
    draw->AddText(host.numberFont(), scaled(30),
                  {at.x + (size.x - needed.x) / 2, at.y + (size.y - needed.y) / 2}, imColour(theme.text),
                  text.c_str());
    return;
  }
  Plot plot;
  plot.x = "index";
  plot.bySteps = false;
  for (const ViewerSide* side : {&a, b}) {
    if (!side) continue;
    Series series;
    series.name = std::string(side != &a ? "B" : b ? "A" : "value");
    series.colour = (side == &a ? theme.accent : theme.runB).rgb() & 0xffffff;
    series.compared = side != &a;
    for (size_t i = 0; i < side->row.at.size(); ++i)  // from the least to the most of those at each point
      for (const auto* edge : {&side->row.low, &side->row.high}) {
        if (side->row.each == 1 && edge == &side->row.high) continue;
        series.x.push_back(side->row.at[i]);
        series.y.push_back((*edge)[i]);
      }
    plot.series.push_back(std::move(series));
  }
  drawPlot(plot, at, size);
}

}  // namespace loom::editor
