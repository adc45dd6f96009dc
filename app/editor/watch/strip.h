#pragma once
// The film strip itself: for each outermost zone a line of thumbnails a watched port, by step, with steps of
// its own; under those of inner zones one of the inner steps of the chosen outer one; and where two runs are
// compared both runs' lines and how far they are apart. Draws, and says where a click or the wheel wants the
// cursor.
#include <imgui.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/editor/watch/reel.h"
#include "app/editor/watch/run_comparison.h"
#include "app/editor/watch/run_schedules.h"
#include "app/editor/watch/step_axis.h"

namespace loom::editor {

class ImGuiWidget;

class Strip {
 public:
  static float labels();  // the width of the column of names, to the left

  Strip(Session& session, ImGuiWidget& host, RunSchedules& schedules, RunComparison& comparison)
      : session_(session), host_(host), schedules_(schedules), comparison_(comparison) {}

  /// The height at which all lines are a good size, and that at which some can be seen; 0: there are none.
  float wantedHeight(const Reel& shown, const Reel& compared);
  float leastHeight() const;  // of what that was asked of

  /// The place that a gesture asks for, and the zones around the wire in whose line it was made.
  struct Asked {
    Iteration place;
    std::vector<std::string> zones;
  };
  std::optional<Asked> draw(ImVec2 at, ImVec2 size, const Reel& shown, const Reel& compared,
                            const Iteration& place);
  /// Of a zone's steps: what is drawn under the strip lies where its pictures do.
  StepAxis& axis(const std::string& zone) { return axes_[zone]; }
  /// Where a step's pictures are, for tests: the middle of the line of that port, in the host's coordinates.
  std::optional<ImVec2> placeOnScreen(const std::string& port, const Iteration& iteration) const;

 private:
  enum class Kind { shown, compared, apart };
  enum class Cell { here, coming, notKept, notYet };
  struct Line {
    const Reel* reel = nullptr;
    const Track* track = nullptr;
    std::string port;
    Kind kind = Kind::shown;
    bool inner = false;
    size_t section = 0;
    std::vector<Iteration> within;  // of an inner line: its iterations, then those that are still to come
    size_t here = 0;                // of these, how many have come
    StepAxis axis;                  // of an inner line: its own
    float top = 0, height = 0;
    bool whole = true;  // there is room for all of its height: others are not drawn
    float weight() const { return kind == Kind::apart ? 0.5f : 1.f; }
  };
  struct Section {
    const ReelZone* zone = nullptr;
    StepAxis* axis = nullptr;
    const ZoneNoise* noise = nullptr;
    float top = 0, bottom = 0;  // of those of its pictures that are drawn; the same: none is
    float steps = 0;            // top of its line of steps
    bool whole = true;          // there is room for that
  };
  void lay(const Reel& shown, const Reel& compared, const Iteration& place);
  void layTrack(const Track& track, const Reel& shown, const Reel& compared, const Iteration& place);
  void layWithin(Line& line, const Iteration& place) const;
  void layDown(ImVec2 at, float room, float height, float steps);
  void scrollbar(ImVec2 at, float room, float all);
  float stepsHeight(bool low) const;
  float weights() const;
  void drawSection(const Section& section, ImVec2 at, ImVec2 size, const Reel& shown, const Iteration& place);
  struct Chosen {
    std::vector<int64_t> steps;
    float size = 1;    // of a cell, as a part of the whole
    double reach = 0;  // steps by which a picture may be older than its place
  };
  Chosen chosenOf(const Line& line) const;
  Cell cellOf(const Line& line, int64_t step, bool framed, double reach) const;
  void drawFork(const Section& section, const Steps& at);
  void drawLine(const Line& line, const Iteration& place);
  void drawApart(const Line& line);
  void drawCell(const Line& line, const std::optional<Iteration>& frame, ImVec2 middle, float height,
                Cell cell, bool chosen);
  void drawPlaceholder(ImVec2 low, ImVec2 high, Cell cell);
  void drawLabel(const Line& line, float left, bool comparing);
  bool lacksSteps(const Line& line) const;
  void drawAgain(const Line& line, ImVec2 at, float room);
  void drawApartLabel(const Line& line, float x, float right);
  double stepsOf(const Line& line, const Iteration& at) const;
  void drawSteps(const Section& section, const Iteration& place, int64_t done);
  std::optional<Asked> gestures(ImVec2 at, ImVec2 size, const Iteration& place);
  std::optional<Iteration> wheel(const Line& line, const Iteration& place);
  std::optional<Iteration> placeIn(const Line& line, float x) const;
  void tip(const Line& line, float x);
  void pictureTip(const Line& line, const Iteration& place);
  void apartTip(const Line& line, int64_t step);
  const StepAxis& axisOf(const Line& line) const {
    return line.inner ? line.axis : *sections_[line.section].axis;
  }
  StepAxis& axisOf(Line& line) { return line.inner ? line.axis : *sections_[line.section].axis; }

  Session& session_;
  ImGuiWidget& host_;
  RunSchedules& schedules_;
  RunComparison& comparison_;
  std::map<std::string, StepAxis> axes_;  // by zone
  std::map<std::string, float> aspects_;  // of each port's pictures: width over height
  std::vector<Section> sections_;         // of this frame
  std::vector<Line> drawn_;
  std::map<std::pair<QString, std::string>, PicturePtr> latest_;  // under the cursor, by run and port
  bool low_ = false;  // there is no room for the timesteps under the steps
  float scrolled_ = 0, gathered_ = 0;
  int grabbed_ = -1;  // the line that a drag began in; -1: none
  int64_t followed_ = -1;
};

}  // namespace loom::editor
