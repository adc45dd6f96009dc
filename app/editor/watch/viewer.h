#pragma once
// A look into any tensor at the cursor's step: as picture, channels or false colour, pixels with their
// values, histogram and spectrum, NaN and infinity marked, the difference from another step or run, A/B wipe.
#include <imgui.h>

#include <QImage>
#include <memory>

#include "app/editor/session/session.h"

namespace loom::editor {

class ImGuiWidget;

class Viewer {
 public:
  enum class Mode { picture, channels, falseColour };
  enum class Compare { none, difference, wipe, sideBySide };

  Viewer(Session& session, ImGuiWidget& host);
  ~Viewer();
  void draw(ImVec2 at, ImVec2 size);

  void show(const std::string& port);  // else that of the session's selection
  void setMode(Mode mode);
  void setCompare(Compare compare);  // with the session's compared run, or a pinned step
  void pinStep();                    // compares with this step from now on; again: no longer
  void setSample(int sample);
  void zoomBy(float factor);
  void fit();
  void setRange(std::optional<std::pair<float, float>> range);  // empty: from the values
  void copy() const;                                            // the picture, to the clipboard
  void save() const;                                            // asks where, and as what
  bool save(const QString& file) const;                         // .png as shown, .npy the numbers
  QImage image() const;                                         // as shown, one pixel a value
  float zoom() const;                                           // pixels of the screen a pixel of the picture
  /// Where a pixel of the picture and the wipe's divider are, in the host's coordinates: for tests and hints.
  ImVec2 pixelOnScreen(int x, int y) const;
  ImVec2 dividerOnScreen() const;
  /// And "Run again to see it"; empty where it is not offered.
  std::optional<ImVec2> runAgainOnScreen() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace loom::editor
