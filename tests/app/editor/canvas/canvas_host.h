#pragma once
// A canvas alone in a window, with what tests do to it: real mouse and keys, and frames in between.
#include <imgui_internal.h>

#include <QInputMethodEvent>
#include <QSignalSpy>
#include <QTest>

#include "app/editor/canvas/canvas.h"
#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/theme.h"
#include "app/editor/session/session.h"

namespace loom::editor {

class CanvasHost : public ImGuiWidget {
 public:
  explicit CanvasHost(Session& session) : canvas(session, *this) {
    connect(&session, &Session::redraw, this, &CanvasHost::redraw);
    resize(1280, 800);
  }
  Canvas canvas;

  void frames(int count = 2) {
    const int64_t until = framesPainted() + count;
    QElapsedTimer clock;
    clock.start();
    while (framesPainted() < until && clock.elapsed() < 20'000) {
      update();
      QCoreApplication::processEvents();
    }
  }
  /// So that the next click is no double one.
  void forgetClicks() {
    moveTo({2, 2});
    for (double& time : ImGui::GetIO().MouseClickedTime) time = -1e9;
  }
  QPoint at(const std::string& node, const std::string& slot = {}, float x = 0.5f, float y = 0.5f) {
    const auto rect = canvas.rectOf(node, slot);
    if (!rect) {
      qWarning("%s %s is not on the canvas", node.c_str(), slot.c_str());
      return {};
    }
    return {qRound(rect->x + rect->width * x), qRound(rect->y + rect->height * y)};
  }
  QPoint header(const std::string& node) {
    const auto rect = canvas.rectOf(node);
    return rect ? QPoint(qRound(rect->x + rect->width * 0.4f), qRound(rect->y + 12 * canvas.zoom()))
                : QPoint();
  }
  void moveTo(QPoint to, Qt::MouseButtons held = Qt::NoButton, Qt::KeyboardModifiers keys = {}) {
    QMouseEvent event(QEvent::MouseMove, to, mapToGlobal(to), Qt::NoButton, held, keys);
    QCoreApplication::sendEvent(this, &event);
    frames(1);
  }
  void click(QPoint where, Qt::MouseButton button = Qt::LeftButton, Qt::KeyboardModifiers keys = {}) {
    moveTo(where, Qt::NoButton, keys);
    QTest::mousePress(this, button, keys, where);
    frames(1);
    QTest::mouseRelease(this, button, keys, where);
    frames(2);
  }
  void doubleClick(QPoint where) {
    moveTo(where);
    for (int i = 0; i < 2; ++i) {
      QTest::mousePress(this, Qt::LeftButton, {}, where);
      frames(1);
      QTest::mouseRelease(this, Qt::LeftButton, {}, where);
      frames(1);
    }
    frames(2);
  }
  void press(QPoint from, Qt::MouseButton button = Qt::LeftButton, Qt::KeyboardModifiers keys = {}) {
    moveTo(from, Qt::NoButton, keys);
    QTest::mousePress(this, button, keys, from);
    frames(1);
  }
  void release(QPoint to, Qt::MouseButton button = Qt::LeftButton, Qt::KeyboardModifiers keys = {}) {
    QTest::mouseRelease(this, button, keys, to);
    frames(2);
  }
  void drag(QPoint from, QPoint to, Qt::MouseButton button = Qt::LeftButton,
            Qt::KeyboardModifiers keys = {}) {
    press(from, button, keys);
    for (int i = 1; i <= 3; ++i) moveTo(from + (to - from) * i / 3, button, keys);
    release(to, button, keys);
  }
  void type(const QString& text) {
    for (const QChar each : text) {
      QTest::keyClick(this, each.toLatin1());
      frames(1);
    }
    frames(1);
  }
  void key(Qt::Key key, Qt::KeyboardModifiers keys = {}) {
    QTest::keyPress(this, key, keys);
    frames(1);
    QTest::keyRelease(this, key, keys);
    frames(2);
  }
  /// Whether the keyboard is at this item of a menu.
  bool standsOn(const char* item) const {
    const ImGuiContext& context = *ImGui::GetCurrentContext();
    return context.NavWindow && context.NavId == context.NavWindow->GetID(item);
  }
  /// As an input method gives it: shown first, then taken.
  void compose(const QString& preedit, const QString& text) {
    QInputMethodEvent shown(preedit, {});
    QCoreApplication::sendEvent(this, &shown);
    frames(2);
    QInputMethodEvent taken;
    taken.setCommitString(text);
    QCoreApplication::sendEvent(this, &taken);
    frames(2);
  }
  void shoot(const QString& name) {
    const QString folder = qEnvironmentVariable("LOOM_SHOTS");
    if (folder.isEmpty()) return;
    frames(3);
    grabFramebuffer().save(folder + "/" + name + ".png");
  }

 protected:
  void drawFrame() override {
    canvas.draw({0, 0}, {static_cast<float>(width()), static_cast<float>(height())});
  }
  void themeColours() override {
    const Theme& theme = Theme::current();
    theme.dark ? ImGui::StyleColorsDark() : ImGui::StyleColorsLight();
    const auto set = [&](int which, const QColor& colour) {
      ImGui::GetStyle().Colors[which] = {static_cast<float>(colour.redF()),
                                         static_cast<float>(colour.greenF()),
                                         static_cast<float>(colour.blueF()), 1};
    };
    set(ImGuiCol_PopupBg, theme.panel);
    set(ImGuiCol_Text, theme.text);
    set(ImGuiCol_FrameBg, theme.field);
    set(ImGuiCol_Border, theme.border);
  }
};

/// A session with its worker and a canvas on the screen.
inline void openCanvas(const QString& dataFolder, std::unique_ptr<Session>& session,
                       std::unique_ptr<CanvasHost>& host) {
  SessionOptions options;
  options.runner = NOISELOOM_RUNNER;
  options.dataFolder = dataFolder;
  session = std::make_unique<Session>(options);
  host = std::make_unique<CanvasHost>(*session);
  host->show();
  QVERIFY(QTest::qWaitForWindowExposed(host.get()));
  QTRY_VERIFY_WITH_TIMEOUT(!session->catalog().empty(), 60000);
}

}  // namespace loom::editor
