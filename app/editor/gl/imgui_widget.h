#pragma once
// A Qt OpenGL widget whose contents Dear ImGui draws. Paints on events and for a few frames after them, so
// that what ImGui animates comes to rest; an idle one paints nothing. Keys go to ImGui only while it edits
// text or asks for them; all others stay Qt's, so that shortcuts work. Must stay in one window: reparenting
// would lose the GL context.
#include <QOpenGLWidget>
#include <QTimer>
#include <memory>

#include "app/editor/gl/fonts.h"

struct ImGuiContext;
struct ImPlotContext;

namespace loom::editor {

class Textures;

class ImGuiWidget : public QOpenGLWidget {
  Q_OBJECT
 public:
  explicit ImGuiWidget(QWidget* parent = nullptr);
  ~ImGuiWidget() override;

  /// Paints soon, and for a few frames after it. Any number of calls before the next frame are one.
  void redraw();
  /// One frame at once, the few more that ImGui may need when no more of these come: for what changes often.
  void redrawOften();
  int64_t framesPainted() const { return frames_; }
  double lastPaintMs() const { return paintMs_; }
  Textures& textures() { return *textures_; }
  ImFont* textFont() const { return fonts_.text; }  // size by ImGui::PushFont(font, size)
  ImFont* boldFont() const { return fonts_.bold; }
  ImFont* numberFont() const { return fonts_.numbers; }
  /// The size of text, as the application's font has it, by the size that everything here is designed for.
  float textScale() const { return textScale_; }
  bool wantsText() const;
  bool popupOpen() const;  // a menu of ImGui: keys are its own
  /// For who measures text between frames.
  void makeCurrentContext() const;

 protected:
  /// One frame: between ImGui::NewFrame() and Render(). The whole widget is [0, 0] to [width(), height()].
  virtual void drawFrame() = 0;
  virtual void themeColours() {}  // sets ImGui's style; called when the palette changes

  void initializeGL() override;
  void paintGL() override;
  bool event(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void keyReleaseEvent(QKeyEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void changeEvent(QEvent* event) override;
  void inputMethodEvent(QInputMethodEvent* event) override;
  QVariant inputMethodQuery(Qt::InputMethodQuery query) const override;
  bool focusNextPrevChild(bool) override { return false; }  // Tab is the canvas's

 private:
  void restyle();
  void drawPreedit() const;
  void key(QKeyEvent* event, bool down);
  void button(QMouseEvent* event, bool down);
  void modifiers(Qt::KeyboardModifiers held);
  void applyCursor();
  void releaseGl();

  static constexpr int kSettlingFrames = 3;
  static constexpr int kRedrawAfter = 1;  // milliseconds: what asks and the frame are two turns of the loop
  ImGuiContext* context_ = nullptr;
  ImPlotContext* plots_ = nullptr;
  std::unique_ptr<Textures> textures_;
  Fonts fonts_{};
  bool ready_ = false, restyle_ = true;
  float textScale_ = 1;
  int settling_ = 0;
  int64_t frames_ = 0;
  double paintMs_ = 0;
  qint64 lastFrame_ = 0;  // ns of the steady clock
  QTimer blink_;          // a text cursor's, while one is shown
  QTimer soon_;           // a frame that was asked for
  QTimer settle_;
  QByteArray clipboard_;
  std::string preedit_;  // what an input method has not yet committed
};

}  // namespace loom::editor
