#pragma once
// The film strip under the canvas: what the watched ports held at each step, a line a port, with plots by
// step below it. A click, a key or the wheel moves the session's cursor, and all that shows values follows
// it.
#include <imgui.h>

#include <memory>

#include "app/editor/gl/save_dialog.h"
#include "app/editor/session/session.h"

namespace loom::editor {

class ImGuiWidget;
enum class Icon;

inline const SaveQuestion kPlotPicture{"Save the plots as a picture", "plots.png", "Picture (*.png)"},
    kPlotTable{"Save the plots as a table", "plots.csv", "Table (*.csv)"};

class Timeline {
 public:
  Timeline(Session& session, ImGuiWidget& host);
  ~Timeline();
  void draw(ImVec2 at, ImVec2 size);

  // By keys and menus
  void moveBy(int steps);
  void toBegin();
  void toEnd();  // and follows the run again
  void togglePlay();
  bool playing() const;
  void setLoop(bool on);
  bool loop() const;
  void setSpeed(double stepsPerSecond);
  double speed() const;
  /// The step under the cursor, in steps done, for "run to here" and "fork from here": of an inner zone where
  /// one of its steps is looked at. Of which zone the last click says. Empty where there is none.
  Steps stepAtCursor() const;
  /// Saves what the plots show: as a picture, or a column a series and a row a step.
  void savePlots(const SaveQuestion& question) const;
  bool savePlots(const QString& file) const;  // .csv or .png, now
  /// Where the picture of a port at an iteration is, in the host's coordinates: for tests and hints. Empty
  /// where it is not drawn.
  std::optional<ImVec2> placeOnScreen(const std::string& port, const Iteration& iteration) const;
  /// The same of a step in the plot of an outermost zone.
  std::optional<ImVec2> placeInPlot(const std::string& zone, int64_t step) const;
  /// And of a button that steers.
  std::optional<ImVec2> placeOfButton(Icon icon) const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace loom::editor
