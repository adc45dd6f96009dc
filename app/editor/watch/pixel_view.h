#pragma once
// A picture that one can look into: zooms at the mouse, is dragged about, writes numbers into its pixels when
// they are large enough. Shows one picture, two side by side, or one over the other with a divider.
#include <imgui.h>

#include <functional>
#include <optional>
#include <string>

#include "app/editor/session/picture.h"

namespace loom::editor {

class ImGuiWidget;

class PixelView {
 public:
  enum class How { one, wipe, sideBySide };
  struct Layer {
    PicturePtr picture;
    std::vector<PicturePtr> smaller;  // of a large one: half of it, a quarter, ... to be drawn from afar
    std::string name;                 // above it
    ImU32 colour = 0;                 // of its name
    /// What to write into a pixel: a line a number. Asked for at high zoom alone.
    std::function<std::vector<std::string>(int x, int y)> text;
  };
  struct Hovered {
    int x = 0, y = 0, layer = 0;
  };

  explicit PixelView(ImGuiWidget& host) : host_(host) {}
  /// The pixel under the mouse. Where there are two, or names, they stand in a line above: that of the second
  /// at the right, or above its own picture.
  std::optional<Hovered> draw(ImVec2 at, ImVec2 size, How how, const Layer& a, const Layer& b);

  void zoomBy(float factor);  // about the middle
  void fit() { fitted_ = true; }
  float zoom() const { return zoom_; }        // pixels of the screen a pixel of the picture
  float divider() const { return divider_; }  // 0 to 1 across the picture
  ImVec2 dividerOnScreen() const { return dividerAt_; }
  ImVec2 pixelOnScreen(int x, int y) const;  // its middle, of the first layer

  static constexpr float kWritesFrom = 24;

 private:
  struct Pane {
    ImVec2 at, size, origin;  // origin: of the picture's corner
  };
  void place(ImVec2 at, ImVec2 size, const Picture& picture);
  void gestures(const Pane& pane, const Picture& picture, How how);
  void drawLayer(const Pane& pane, const Layer& layer, float from, float to);
  void drawNumbers(const Pane& pane, const Layer& layer, float from, float to);
  void drawNames(ImVec2 at, float width, float second, const Layer& a, const Layer& b);

  ImGuiWidget& host_;
  bool fitted_ = true, dragsDivider_ = false;
  float zoom_ = 1, divider_ = 0.5f;
  ImVec2 centre_{0, 0};  // of the view, in pixels of the picture
  ImVec2 origin_{0, 0}, dividerAt_{0, 0};
  int width_ = 0, height_ = 0;
};

}  // namespace loom::editor
