#include "app/editor/gl/imgui_widget.h"

#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>
#include <imgui_internal.h>
#include <implot.h>

#include <QClipboard>
#include <QElapsedTimer>
#include <QGuiApplication>
#include <QInputMethod>
#include <QInputMethodEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QOpenGLContext>
#include <chrono>

#include "app/editor/gl/keys.h"
#include "app/editor/gl/textures.h"

namespace loom::editor {
namespace {

constexpr float kDesigned = 13;  // pixels of text

qint64 nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

ImGuiWidget::ImGuiWidget(QWidget* parent) : QOpenGLWidget(parent), textures_(std::make_unique<Textures>()) {
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setAttribute(Qt::WA_InputMethodEnabled);
  context_ = ImGui::CreateContext();
  ImGui::SetCurrentContext(context_);
  plots_ = ImPlot::CreateContext();
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;  // what is kept is kept in the settings
  io.LogFilename = nullptr;
  io.BackendPlatformName = "noiseloom";
  io.ConfigWindowsMoveFromTitleBarOnly = true;
  io.ConfigInputTrickleEventQueue = true;
  io.ConfigMacOSXBehaviors = false;
  io.BackendFlags |= ImGuiBackendFlags_HasMouseCursors;
  ImGuiPlatformIO& platform = ImGui::GetPlatformIO();
  platform.Platform_ClipboardUserData = this;
  platform.Platform_SetClipboardTextFn = [](ImGuiContext*, const char* text) {
    QGuiApplication::clipboard()->setText(QString::fromUtf8(text));
  };
  platform.Platform_GetClipboardTextFn = [](ImGuiContext*) -> const char* {
    auto* self = static_cast<ImGuiWidget*>(ImGui::GetPlatformIO().Platform_ClipboardUserData);
    self->clipboard_ = QGuiApplication::clipboard()->text().toUtf8();
    return self->clipboard_.constData();
  };
  fonts_ = addFonts();
  ImGui::GetStyle().FontSizeBase = kDesigned;
  blink_.setInterval(400);
  connect(&blink_, &QTimer::timeout, this, [this] { update(); });
  soon_.setSingleShot(true);
  soon_.setTimerType(Qt::PreciseTimer);
  soon_.setInterval(kRedrawAfter);
  connect(&soon_, &QTimer::timeout, this, [this] { update(); });
  settle_.setSingleShot(true);
  settle_.setInterval(120);
  connect(&settle_, &QTimer::timeout, this, &ImGuiWidget::redraw);
}

ImGuiWidget::~ImGuiWidget() {
  releaseGl();
  makeCurrentContext();
  ImPlot::DestroyContext(plots_);
  ImGui::DestroyContext(context_);
}

// The colours of the theme, the text size of the application; what has a size of its own grows with the text.
void ImGuiWidget::restyle() {
  const int pixels = font().pixelSize();  // -1 where nobody chose one
  textScale_ = pixels > 0 ? std::clamp(static_cast<float>(pixels) / kDesigned, 0.6f, 3.f) : 1;
  ImGui::GetStyle() = ImGuiStyle();  // or it would grow each time
  themeColours();
  ImGui::GetStyle().ScaleAllSizes(textScale_);
  ImGui::GetStyle().FontSizeBase = kDesigned;
  ImGui::GetStyle().FontScaleMain = textScale_;  // of sizes that are pushed, too
}

void ImGuiWidget::makeCurrentContext() const {
  ImGui::SetCurrentContext(context_);
  ImPlot::SetCurrentContext(plots_);
}

void ImGuiWidget::redraw() {
  settling_ = kSettlingFrames;
  if (!soon_.isActive()) soon_.start();
}

void ImGuiWidget::redrawOften() {
  update();
  settle_.start();
}

bool ImGuiWidget::wantsText() const {
  makeCurrentContext();
  return ImGui::GetIO().WantTextInput;
}

bool ImGuiWidget::popupOpen() const {
  makeCurrentContext();
  return frames_ > 0 && ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopup);
}

void ImGuiWidget::initializeGL() {
  makeCurrentContext();
  if (ready_) ImGui_ImplOpenGL3_Shutdown();
  ready_ = ImGui_ImplOpenGL3_Init(context()->isOpenGLES() ? "#version 100" : "#version 130");
  connect(context(), &QOpenGLContext::aboutToBeDestroyed, this, &ImGuiWidget::releaseGl,
          Qt::UniqueConnection);
  redraw();
}

void ImGuiWidget::releaseGl() {
  if (!ready_) return;
  makeCurrent();
  makeCurrentContext();
  textures_->clear();
  ImGui_ImplOpenGL3_Shutdown();
  ready_ = false;
  doneCurrent();
}

void ImGuiWidget::paintGL() {
  if (!ready_) return;
  QElapsedTimer clock;
  clock.start();
  makeCurrentContext();
  if (restyle_) restyle();
  restyle_ = false;
  ImGuiIO& io = ImGui::GetIO();
  const float ratio = static_cast<float>(devicePixelRatioF());
  io.DisplaySize = ImVec2(static_cast<float>(width()), static_cast<float>(height()));
  io.DisplayFramebufferScale = ImVec2(ratio, ratio);
  const qint64 now = nanoseconds();
  // After a rest the time since the last frame says nothing: a long one would jump through every animation.
  io.DeltaTime =
      lastFrame_ ? std::clamp(static_cast<float>(now - lastFrame_) * 1e-9f, 1e-4f, 0.1f) : 1 / 60.f;
  lastFrame_ = now;
  ImGui_ImplOpenGL3_NewFrame();
  ImGui::NewFrame();
  drawFrame();
  drawPreedit();
  ImGui::Render();
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  if (textures_->endFrame()) redraw();
  applyCursor();
  ++frames_;
  paintMs_ = static_cast<double>(clock.nsecsElapsed()) * 1e-6;
  if (!context_->InputEventsQueue.empty()) settling_ = kSettlingFrames;
  if (settling_ > 0 && settling_--) update();
  if (io.WantTextInput == blink_.isActive()) return;
  io.WantTextInput ? blink_.start() : blink_.stop();
  QGuiApplication::inputMethod()->update(Qt::ImEnabled | Qt::ImCursorRectangle);
}

// Where it will stand, underlined, for ImGui's fields know only what is committed.
void ImGuiWidget::drawPreedit() const {
  const ImGuiPlatformImeData& ime = context_->PlatformImeData;
  if (preedit_.empty() || !ImGui::GetIO().WantTextInput) return;
  ImDrawList* list = ImGui::GetForegroundDrawList();
  const float size = std::max(ime.InputLineHeight, 10.f);
  const ImVec2 at = ime.InputPos, pad(3, 1);
  const ImVec2 wide = fonts_.text->CalcTextSizeA(size, FLT_MAX, 0, preedit_.c_str());
  const ImVec2 end(at.x + wide.x, at.y + size);
  list->AddRectFilled({at.x - pad.x, at.y - pad.y}, {end.x + pad.x, end.y + 2},
                      ImGui::GetColorU32(ImGuiCol_PopupBg), 3);
  list->AddText(fonts_.text, size, at, ImGui::GetColorU32(ImGuiCol_Text), preedit_.c_str());
  list->AddLine({at.x, end.y + 1}, {end.x, end.y + 1}, ImGui::GetColorU32(ImGuiCol_Text), 1);
}

void ImGuiWidget::applyCursor() {
  const auto shape = [] {
    switch (ImGui::GetMouseCursor()) {
      case ImGuiMouseCursor_TextInput:
        return Qt::IBeamCursor;
      case ImGuiMouseCursor_ResizeAll:
        return Qt::SizeAllCursor;
      case ImGuiMouseCursor_ResizeNS:
        return Qt::SizeVerCursor;
      case ImGuiMouseCursor_ResizeEW:
        return Qt::SizeHorCursor;
      case ImGuiMouseCursor_ResizeNESW:
        return Qt::SizeBDiagCursor;
      case ImGuiMouseCursor_ResizeNWSE:
        return Qt::SizeFDiagCursor;
      case ImGuiMouseCursor_Hand:
        return Qt::PointingHandCursor;
      case ImGuiMouseCursor_NotAllowed:
        return Qt::ForbiddenCursor;
      default:
        return Qt::ArrowCursor;
    }
  }();
  if (cursor().shape() != shape) setCursor(shape);
}

void ImGuiWidget::modifiers(Qt::KeyboardModifiers held) {
  ImGuiIO& io = ImGui::GetIO();
  io.AddKeyEvent(ImGuiMod_Ctrl, held.testFlag(Qt::ControlModifier));
  io.AddKeyEvent(ImGuiMod_Shift, held.testFlag(Qt::ShiftModifier));
  io.AddKeyEvent(ImGuiMod_Alt, held.testFlag(Qt::AltModifier));
  io.AddKeyEvent(ImGuiMod_Super, held.testFlag(Qt::MetaModifier));
}

bool ImGuiWidget::event(QEvent* event) {
  // A QAction takes the key before the widget sees it, unless this is accepted: Delete in a field must not
  // delete nodes.
  // And an open popup's keys, Escape above all, are the popup's.
  if (event->type() == QEvent::ShortcutOverride && (wantsText() || popupOpen())) {
    const auto* key = static_cast<QKeyEvent*>(event);
    const bool command = key->modifiers() & Qt::ControlModifier && key->modifiers() & Qt::ShiftModifier;
    if (!command) event->accept();
    return true;
  }
  return QOpenGLWidget::event(event);
}

void ImGuiWidget::key(QKeyEvent* event, bool down) {
  makeCurrentContext();
  modifiers(event->modifiers());
  if (const ImGuiKey key = imguiKey(*event); key != ImGuiKey_None) ImGui::GetIO().AddKeyEvent(key, down);
  const auto letters = event->text().toUcs4();
  if (down && !letters.isEmpty() && QChar::isPrint(letters.front()) &&
      !(event->modifiers() & (Qt::ControlModifier | Qt::MetaModifier)))
    ImGui::GetIO().AddInputCharactersUTF8(event->text().toUtf8().constData());
  redraw();
}

void ImGuiWidget::keyPressEvent(QKeyEvent* event) { key(event, true); }
void ImGuiWidget::keyReleaseEvent(QKeyEvent* event) {
  if (!event->isAutoRepeat()) key(event, false);
}

void ImGuiWidget::button(QMouseEvent* event, bool down) {
  makeCurrentContext();
  modifiers(event->modifiers());
  const int button = event->button() == Qt::LeftButton     ? 0
                     : event->button() == Qt::RightButton  ? 1
                     : event->button() == Qt::MiddleButton ? 2
                                                           : -1;
  const QPointF at = event->position();
  ImGui::GetIO().AddMousePosEvent(static_cast<float>(at.x()), static_cast<float>(at.y()));
  if (button >= 0) ImGui::GetIO().AddMouseButtonEvent(button, down);
  redraw();
}

void ImGuiWidget::mousePressEvent(QMouseEvent* event) { button(event, true); }
void ImGuiWidget::mouseReleaseEvent(QMouseEvent* event) { button(event, false); }
void ImGuiWidget::mouseDoubleClickEvent(QMouseEvent* event) { button(event, true); }  // ImGui counts itself

void ImGuiWidget::mouseMoveEvent(QMouseEvent* event) {
  makeCurrentContext();
  modifiers(event->modifiers());
  const QPointF at = event->position();
  ImGui::GetIO().AddMousePosEvent(static_cast<float>(at.x()), static_cast<float>(at.y()));
  redraw();
}

void ImGuiWidget::wheelEvent(QWheelEvent* event) {
  makeCurrentContext();
  modifiers(event->modifiers());
  const QPointF at = event->position();
  ImGui::GetIO().AddMousePosEvent(static_cast<float>(at.x()), static_cast<float>(at.y()));
  const QPointF by = QPointF(event->angleDelta()) / 120;
  ImGui::GetIO().AddMouseWheelEvent(static_cast<float>(by.x()), static_cast<float>(by.y()));
  event->accept();
  redraw();
}

void ImGuiWidget::leaveEvent(QEvent*) {
  makeCurrentContext();
  ImGui::GetIO().AddMousePosEvent(-FLT_MAX, -FLT_MAX);
  redraw();
}

void ImGuiWidget::focusInEvent(QFocusEvent* event) {
  makeCurrentContext();
  ImGui::GetIO().AddFocusEvent(true);
  QOpenGLWidget::focusInEvent(event);
  redraw();
}

void ImGuiWidget::focusOutEvent(QFocusEvent* event) {
  makeCurrentContext();
  ImGui::GetIO().AddFocusEvent(false);  // lets go of every key and button
  preedit_.clear();
  QOpenGLWidget::focusOutEvent(event);
  redraw();
}

void ImGuiWidget::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange ||
      event->type() == QEvent::FontChange) {
    restyle_ = true;
    redraw();
  }
  QOpenGLWidget::changeEvent(event);
}

void ImGuiWidget::inputMethodEvent(QInputMethodEvent* event) {
  makeCurrentContext();
  if (!event->commitString().isEmpty())
    ImGui::GetIO().AddInputCharactersUTF8(event->commitString().toUtf8().constData());
  preedit_ = event->preeditString().toStdString();
  event->accept();
  redraw();
}

QVariant ImGuiWidget::inputMethodQuery(Qt::InputMethodQuery query) const {
  makeCurrentContext();
  if (query == Qt::ImEnabled) return ImGui::GetIO().WantTextInput;  // else keys are commands
  if (query == Qt::ImCursorRectangle) {
    const ImGuiPlatformImeData& ime = context_->PlatformImeData;
    return QRectF(ime.InputPos.x, ime.InputPos.y, 1, ime.InputLineHeight).toRect();
  }
  return QOpenGLWidget::inputMethodQuery(query);
}

}  // namespace loom::editor
