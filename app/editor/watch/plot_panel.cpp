#include "app/editor/watch/plot_panel.h"

#include <QSaveFile>
#include <algorithm>
#include <cmath>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/theme.h"
#include "app/editor/watch/ink.h"
#include "app/editor/watch/strip.h"
#include "app/editor/watch/timeline.h"

namespace loom::editor {
namespace {

constexpr QSize kPictureSize(1600, 900);
constexpr float kTitle = 14;  // of a zone's plot, where there are several
constexpr float kBetween = 12, kBetweenRows = 4;
constexpr float kLeastWide = 150, kLeastHigh = 64;  // of a plot beside others

}  // namespace

PlotPanel::PlotPanel(Session& session, ImGuiWidget& host, Reels& reels, RunSchedules& schedules,
                     RunComparison& comparison)
    : session_(session),
      host_(host),
      reels_(reels),
      comparison_(comparison),
      plots_(session, reels, schedules, comparison) {
  const QSettings& settings = session.settings();
  const int kind = settings.value("timeline/plot", 0).toInt();
  kind_ = kPlotKinds[std::clamp<int>(kind, 0, std::size(kPlotKinds) - 1)];
  shown_ = settings.value("timeline/plotShown", true).toBool();
}

void PlotPanel::show(bool shown) {
  shown_ = shown;
  session_.settings().setValue("timeline/plotShown", shown);
  host_.redraw();
}

void PlotPanel::setKind(PlotKind kind) {
  kind_ = kind;
  chosen_ = true;
  session_.settings().setValue("timeline/plot", static_cast<int>(kind));
}

void PlotPanel::drawMenu(const Plot& plot) {
  for (const PlotKind kind : kPlotKinds)
    if (ImGui::MenuItem(nameOf(kind), nullptr, kind == plot.kind)) setKind(kind);
  ImGui::Separator();
  if (ImGui::MenuItem("Logarithmic scale", nullptr, plot.logarithmic))
    plots_.setLogarithmic(plot.kind, !plot.logarithmic);
  if (plot.kind == PlotKind::apart) {
    auto bound = static_cast<float>(comparison_.bound());
    ImGui::SetNextItemWidth(90);
    if (ImGui::InputFloat("Bound", &bound, 0, 0, "%.4g")) comparison_.setBound(bound);
    if (ImGui::IsItemHovered()) ImGui::SetTooltip("The first step that differs by more is marked");
  }
  ImGui::Separator();
  if (ImGui::MenuItem("Save as picture ...")) save(kPlotPicture);
  if (ImGui::MenuItem("Save as table ...")) save(kPlotTable);
  ImGui::Separator();
  if (ImGui::MenuItem("Hide the plot")) show(false);
}

// What is plotted, in which unit, and the names of its lines: beside the plot, where they cover nothing.
float PlotPanel::drawHead(ImVec2 at, ImVec2 size, bool beside, const Plot& plot) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float boxHeight = scaled(20), unitHeight = scaled(14);
  const float box = beside ? scaled(118) : size.x;
  ImGui::SetCursorScreenPos(at);
  ImGui::PushFont(nullptr, 12);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(5, 2));
  ImGui::SetNextItemWidth(box);
  const bool open = ImGui::BeginCombo("##plot kind", nameOf(plot.kind), ImGuiComboFlags_HeightLargest);
  ImGui::PopStyleVar();
  if (open) {
    drawMenu(plot);
    ImGui::EndCombo();
  }
  ImGui::PopFont();
  const std::string unit = (plot.estimated ? "estimated: " : "") + plot.y + (plot.logarithmic ? ", log" : "");
  const ImVec2 where = beside ? ImVec2(at.x + box + 10, at.y + 4) : ImVec2(at.x, at.y + boxHeight + 1);
  const float room = beside ? size.x - box - 10 : size.x;
  textWithin(draw, where, room,
             imColour(plot.estimated ? readable(theme.warning.rgb(), theme.window) : theme.dim), unit,
             host_.textFont(), scaled(11));
  if (!unit.empty() && ImGui::IsMouseHoveringRect(where, {where.x + room, where.y + unitHeight}))
    ImGui::SetTooltip("%s%s%s", unit.c_str(), plot.note.empty() ? "" : "\n", plot.note.c_str());
  const float y = beside ? at.y + boxHeight + 4 : where.y + unitHeight + 1;
  const float left = at.y + size.y - y;
  return y + drawLegend(plot, {at.x, y}, {size.x, beside ? scaled(28) : left}, hidden_) - at.y;
}

void PlotPanel::drawNote(ImVec2 at, ImVec2 size, const Plot& plot) {
  ImFont* font = host_.textFont();
  const float wrap = std::max(size.x - 40, 100.f);
  const ImVec2 needed = font->CalcTextSizeA(scaled(12), FLT_MAX, wrap, plot.note.c_str());
  ImGui::GetWindowDrawList()->AddText(
      font, scaled(12), {at.x + (size.x - std::min(needed.x, wrap)) / 2, at.y + (size.y - needed.y) / 2},
      imColour(Theme::current().dim), plot.note.c_str(), nullptr, wrap);
}

std::optional<double> PlotPanel::cursorIn(const std::string& zone, const Iteration& place) {
  if (place.empty()) return {};
  const Reel& reel = reels_.shown();
  const auto step = static_cast<double>(place.front());
  if (place.size() > 1)  // between two outer steps, where the inner one's numbers are
    for (const Track& track : reel.tracks)
      if (track.depth > 1 && track.zone == zone) return step + reel.part(track, place);
  return step;
}

// Side by side where each is wide enough, else in rows; of more rows than have room whole ones, with buttons
// that show the others.
PlotPanel::Grid PlotPanel::gridFor(size_t count, ImVec2 at, ImVec2& room) {
  const auto columnsIn = [&](float width) {
    const float fit = (width + kBetween) / (scaled(kLeastWide) + kBetween);
    return std::clamp<size_t>(static_cast<size_t>(std::max(fit, 1.f)), 1, count);
  };
  const auto fit =
      static_cast<size_t>(std::max((room.y + kBetweenRows) / (scaled(kLeastHigh) + kBetweenRows), 1.f));
  Grid grid{columnsIn(room.x), 0, 0, {}};
  size_t rows = (count + grid.columns - 1) / grid.columns;
  if (rows > fit) {
    const float side = ImGui::GetFrameHeight();
    room.x -= side + 4;
    grid.columns = columnsIn(room.x);
    rows = (count + grid.columns - 1) / grid.columns;
    firstRow_ = std::min(firstRow_, rows - fit);
    ImGui::SetCursorScreenPos({at.x + room.x + 4, at.y});
    ImGui::BeginDisabled(firstRow_ == 0);
    if (ImGui::ArrowButton("##plots before", ImGuiDir_Up)) --firstRow_;
    ImGui::EndDisabled();
    ImGui::SetCursorScreenPos({at.x + room.x + 4, at.y + side + 2});
    ImGui::BeginDisabled(firstRow_ + fit >= rows);
    if (ImGui::ArrowButton("##plots after", ImGuiDir_Down)) ++firstRow_;
    ImGui::EndDisabled();
    grid.first = std::min(firstRow_, rows - fit) * grid.columns;
    rows = fit;
  }
  grid.shown = rows * grid.columns;
  const auto across = static_cast<float>(grid.columns), down = static_cast<float>(rows);
  grid.cell = {(room.x - (across - 1) * kBetween) / across, (room.y - (down - 1) * kBetweenRows) / down};
  return grid;
}

PlotPanel::Asked PlotPanel::draw(ImVec2 at, ImVec2 size, bool beside, const Iteration& place,
                                 const AxisOf& axisOf) {
  const Plot& plot = plots_.of(kind());
  drawn_.clear();
  ImVec2 where = at, room = size;
  if (beside) {
    const float head = drawHead(at, size, true, plot) + 4;
    where.y += head;
    room.y -= head;
  } else {
    drawHead({at.x + 8, at.y}, {Strip::labels() - 14, size.y}, false, plot);
    where.x += Strip::labels();
    room.x -= Strip::labels() + 10;
  }
  Asked asked;
  if (room.x < 40 || room.y < 24) return asked;
  std::vector<std::string> zones;  // those that have a series
  for (const Series& series : plot.series)
    if (plot.bySteps && std::find(zones.begin(), zones.end(), series.zone) == zones.end())
      zones.push_back(series.zone);
  const bool several = zones.size() > 1;
  if (zones.empty()) zones.emplace_back();
  const Grid grid = gridFor(zones.size(), where, room);
  for (size_t i = grid.first; i < std::min(zones.size(), grid.first + grid.shown); ++i) {
    const size_t cell = i - grid.first;
    ImVec2 part = grid.cell;
    ImVec2 corner(where.x + static_cast<float>(cell % grid.columns) * (part.x + kBetween),
                  where.y + static_cast<float>(cell / grid.columns) * (part.y + kBetweenRows));
    if (several) {
      textWithin(ImGui::GetWindowDrawList(), {corner.x + 2, corner.y}, part.x - 4,
                 imColour(Theme::current().dim), zones[i], host_.textFont(), scaled(11));
      corner.y += scaled(kTitle), part.y -= scaled(kTitle);
    }
    const bool aligned = plot.bySteps && !several && !beside;
    PlotLook look{.axis = aligned ? &axisOf(zones[i]) : nullptr,
                  .labelled = !aligned,
                  .zone = plot.bySteps && !plot.series.empty() ? &zones[i] : nullptr,
                  .hidden = &hidden_,
                  .cursor = plot.bySteps ? cursorIn(zones[i], place) : std::nullopt};
    const PlotGesture gesture = drawPlot(plot, corner, part, look);
    const ReelZone* zone = reels_.shown().zone(zones[i]);
    const int64_t last = std::max<int64_t>((zone ? zone->count : reels_.shown().count) - 1, 0);
    if (gesture.step) {
      asked.step = std::clamp<int64_t>(std::llround(*gesture.step), 0, last);
      asked.zone = zones[i];
    }
    gathered_ -= plot.bySteps ? gesture.wheel : 0;
    const auto [low, high] = limitsOf(plot, true, look);
    if (!look.axis) corner.x += scaled(PlotLook::kTicksWidth), part.x -= scaled(PlotLook::kTicksWidth);
    drawn_.push_back({zones[i], corner, part, look.axis ? look.axis->stepAt(corner.x) : low,
                      look.axis ? look.axis->stepAt(corner.x + part.x) : high});
  }
  asked.by = static_cast<int>(gathered_);
  gathered_ -= static_cast<float>(asked.by);
  if (plot.series.empty() && !plot.note.empty()) drawNote(where, room, plot);
  return asked;
}

std::optional<ImVec2> PlotPanel::placeOnScreen(const std::string& zone, int64_t step) const {
  for (const Drawn& drawn : drawn_)
    if (drawn.zone == zone) {
      const double part = (static_cast<double>(step) - drawn.first) / (drawn.last - drawn.first);
      return ImVec2(drawn.at.x + static_cast<float>(part) * drawn.size.x, drawn.at.y + drawn.size.y / 2);
    }
  return {};
}

void PlotPanel::save(const SaveQuestion& question) {
  askAndSave(session_, host_.window(), question, [this](const QString& file) { return writer(file); });
}

FileWriter PlotPanel::writer(const QString& file) {
  const Plot& plot = plots_.of(kind());
  if (file.endsWith(".csv", Qt::CaseInsensitive))
    return [file, text = csvOf(plot)] {
      QSaveFile out(file);
      return out.open(QIODevice::WriteOnly) &&
             out.write(text.data(), static_cast<qint64>(text.size())) >= 0 && out.commit();
    };
  const Reel& shown = reels_.shown();
  QString title = nameOf(plot.kind);
  if (shown.run) title += QString(", run %1").arg(shown.run->number);
  const Iteration place = placeOf(session_.cursor(), shown);
  if (!plot.bySteps && !place.empty()) title += QString(" at step %1").arg(place.front() + 1);
  return [file, image = plotPicture(plot, kPictureSize, title)] {
    QSaveFile out(file);
    return out.open(QIODevice::WriteOnly) && image.save(&out, "PNG") && out.commit();
  };
}

}  // namespace loom::editor
