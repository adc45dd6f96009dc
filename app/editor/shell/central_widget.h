#pragma once
// The one OpenGL widget in the middle of the window: canvas, timeline under it, viewer beside it, with
// movable borders.
#include "app/editor/canvas/canvas.h"
#include "app/editor/gl/imgui_widget.h"
#include "app/editor/watch/timeline.h"
#include "app/editor/watch/viewer.h"

namespace loom::editor {

class CentralWidget : public ImGuiWidget {
  Q_OBJECT
 public:
  explicit CentralWidget(Session& session, QWidget* parent = nullptr);
  ~CentralWidget() override;

  Canvas& canvas() { return canvas_; }
  Timeline& timeline() { return timeline_; }
  Viewer& viewer() { return viewer_; }
  bool timelineShown() const { return timelineShown_; }
  void showTimeline(bool shown);
  bool viewerShown() const { return viewerShown_; }
  void showViewer(bool shown);
  /// Of this widget; all of it before anything was painted.
  QRect canvasArea() const { return canvasArea_.isNull() ? rect() : canvasArea_; }

 protected:
  void drawFrame() override;
  void themeColours() override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 Q_SIGNALS:
  void canvasMoved();
  void dropped(const QStringList& files);
  void nodeDropped(const QString& type, QPoint at);  // from the library

 private:
  void border(const char* name, ImVec2 at, ImVec2 size, bool upright, float& share, float whole, float sign);

  Session& session_;
  Canvas canvas_;
  Timeline timeline_;
  Viewer viewer_;
  QRect canvasArea_;
  bool timelineShown_ = true, viewerShown_ = false;
  float timelineHeight_ = 0.3f, viewerWidth_ = 0.4f;  // shares of the widget
};

}  // namespace loom::editor
