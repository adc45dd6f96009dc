#pragma once
// The film strip itself: a line of thumbnails for each watched port, by step, and under those of inner zones
// one of the inner steps of the chosen outer one. Draws, and says where a click or the wheel wants the
// cursor.
#include <imgui.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/editor/watch/reel.h"
#include "app/editor/watch/step_axis.h"

namespace loom::editor {

class ImGuiWidget;

class Strip {
 public:
  static constexpr float kLabels = 96;  // the column of names, to the left

  Strip(Session& session, ImGuiWidget& host) : session_(session), host_(host) {}

  /// Lines there are to draw, and the height at which all of them are a good size.
  static int lines(const Reel& shown, const Reel& compared);
  static float wantedHeight(int lines);

  /// The place that a gesture asks for.
  std::optional<Iteration> draw(ImVec2 at, ImVec2 size, const Reel& shown, const Reel& compared,
                                const Iteration& place);
  StepAxis& axis() { return axis_; }
  /// Where a step's pictures are, for tests: the middle of the line of that port, in the host's coordinates.
  std::optional<ImVec2> placeOnScreen(const std::string& port, const Iteration& iteration) const;

 private:
  struct Line {
    const Reel* reel = nullptr;
    const Track* track = nullptr;
    bool compared = false, inner = false;
    float top = 0;
    std::vector<Iteration> within;  // of an inner line: its iterations
    StepAxis axis;                  // of an inner line: its own
  };
  static std::vector<Line> linesOf(const Reel& shown, const Reel& compared, const Iteration& place);
  void drawLine(const Line& line, const Iteration& place, float height);
  void drawCell(const Line& line, const std::optional<Iteration>& frame, ImVec2 middle, float height,
                bool computed, bool chosen);
  void drawLabel(const Line& line, float left, float height, bool comparing);
  void drawSteps(const Reel& shown, const Iteration& place, float top);
  std::optional<Iteration> gestures(ImVec2 at, ImVec2 size, const Reel& shown, const Iteration& place);
  std::optional<Iteration> placeIn(const Line& line, float x) const;
  void tip(const Line& line, float x);

  Session& session_;
  ImGuiWidget& host_;
  StepAxis axis_;
  std::map<std::string, float> aspects_;  // of each port's pictures: width over height
  std::vector<Line> drawn_;               // of this frame
  float lineHeight_ = 0, scrolled_ = 0, gathered_ = 0;
  int grabbed_ = -1;  // the line that a drag began in; -1: none
  int64_t followed_ = -1;
};

}  // namespace loom::editor
