#pragma once
// The plots' part of the timeline: which one, its scale, its legend, a plot for each outermost zone, and ways
// to keep it.
#include <imgui.h>

#include <QObject>
#include <functional>
#include <optional>
#include <set>

#include "app/editor/gl/save_dialog.h"
#include "app/editor/watch/plot_view.h"

namespace loom::editor {

class ImGuiWidget;

class PlotPanel : public QObject {
 public:
  using AxisOf = std::function<const StepAxis&(const std::string& zone)>;

  PlotPanel(Session& session, ImGuiWidget& host, Reels& reels, RunSchedules& schedules,
            RunComparison& comparison);

  bool shown() const { return shown_; }
  void show(bool shown);
  /// Under the strip, whose axes it shares, with what is plotted in the strip's column of names; or
  /// (`beside`) on its own to the right of it.
  struct Asked {
    std::optional<int64_t> step;
    std::string zone;  // whose step that is
    int by = 0;        // steps, by the wheel
  };
  Asked draw(ImVec2 at, ImVec2 size, bool beside, const Iteration& place, const AxisOf& axisOf);

  /// Of what is plotted now, by the file's suffix: .csv a table, else a picture.
  FileWriter writer(const QString& file);
  void save(const SaveQuestion& question);
  PlotKind kind() { return chosen_ ? kind_ : plots_.orScalars(kind_); }
  /// Where a step of a zone's plot is, in the host's coordinates, for tests.
  std::optional<ImVec2> placeOnScreen(const std::string& zone, int64_t step) const;

 private:
  float drawHead(ImVec2 at, ImVec2 size, bool beside, const Plot& plot);
  void drawMenu(const Plot& plot);
  void drawNote(ImVec2 at, ImVec2 size, const Plot& plot);
  std::optional<double> cursorIn(const std::string& zone, const Iteration& place);
  void setKind(PlotKind kind);

  struct Grid {
    size_t columns = 1, first = 0, shown = 0;  // the first plot that is shown, and how many have room
    ImVec2 cell;                               // the size of each
  };
  Grid gridFor(size_t count, ImVec2 at, ImVec2& room);
  struct Drawn {
    std::string zone;
    ImVec2 at, size;
    double first, last;  // steps at its edges
  };
  Session& session_;
  ImGuiWidget& host_;
  Reels& reels_;
  RunComparison& comparison_;
  Plots plots_;
  PlotKind kind_ = PlotKind::norm;
  bool shown_ = true, chosen_ = false;  // chosen: here, by the user
  float gathered_ = 0;                  // parts of a wheel's notch
  size_t firstRow_ = 0;                 // of plots, where not all have room
  std::set<std::string> hidden_;
  std::vector<Drawn> drawn_;
};

}  // namespace loom::editor
