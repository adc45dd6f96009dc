#include "app/editor/shell/central_widget.h"

#include <imgui.h>

#include <QDragEnterEvent>
#include <QMimeData>
#include <QUrl>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/library_mime.h"

namespace loom::editor {
namespace {

constexpr float kBorder = 5;  // wide enough to be grabbed
constexpr float kLeastShare = 0.12f, kMostShare = 0.8f;

ImVec4 vec(const QColor& colour, float alpha = 1) {
  return {static_cast<float>(colour.redF()), static_cast<float>(colour.greenF()),
          static_cast<float>(colour.blueF()), alpha};
}

}  // namespace

CentralWidget::CentralWidget(Session& session, QWidget* parent)
    : ImGuiWidget(parent),
      session_(session),
      canvas_(session, *this),
      timeline_(session, *this),
      viewer_(session, *this) {
  setAcceptDrops(true);
  setMinimumSize(320, 200);
  const QSettings& settings = session.settings();
  timelineShown_ = settings.value("view/timeline", true).toBool();
  viewerShown_ = settings.value("view/viewer", false).toBool();
  timelineHeight_ = std::clamp(settings.value("view/timelineHeight", 0.3).toFloat(), kLeastShare, kMostShare);
  viewerWidth_ = std::clamp(settings.value("view/viewerWidth", 0.4).toFloat(), kLeastShare, kMostShare);
  connect(&session, &Session::redraw, this, [this](bool news) { news ? redrawOften() : redraw(); });
  canvas_.openViewer = [this](const std::string& port) {
    showViewer(true);
    viewer_.show(port);
  };
}

CentralWidget::~CentralWidget() {
  QSettings& settings = session_.settings();
  settings.setValue("view/timelineHeight", timelineHeight_);
  settings.setValue("view/viewerWidth", viewerWidth_);
}

void CentralWidget::showTimeline(bool shown) {
  timelineShown_ = shown;
  session_.settings().setValue("view/timeline", shown);
  redraw();
}

void CentralWidget::showViewer(bool shown) {
  viewerShown_ = shown;
  session_.settings().setValue("view/viewer", shown);
  redraw();
}

// Dragged, it changes a share of the whole; `sign` says towards which side that grows.
void CentralWidget::border(const char* name, ImVec2 at, ImVec2 size, bool upright, float& share, float whole,
                           float sign) {
  ImGui::SetNextWindowPos(at);
  ImGui::SetNextWindowSize(size);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, ImVec2(1, 1));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  ImGui::Begin(name, nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoNav);
  ImGui::InvisibleButton("border", size);
  if (ImGui::IsItemActive()) {
    const ImVec2 by = ImGui::GetIO().MouseDelta;
    share =
        std::clamp(share + sign * (upright ? by.x : by.y) / std::max(whole, 1.f), kLeastShare, kMostShare);
  }
  if (ImGui::IsItemHovered() || ImGui::IsItemActive())
    ImGui::SetMouseCursor(upright ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
  const unsigned colour = imColour(ImGui::IsItemActive() ? Theme::current().accent : Theme::current().border);
  ImGui::GetWindowDrawList()->AddRectFilled(at, {at.x + size.x, at.y + size.y},
                                            imColour(Theme::current().window));
  const ImVec2 middle(at.x + size.x / 2, at.y + size.y / 2);
  ImGui::GetWindowDrawList()->AddLine(
      upright ? ImVec2(middle.x, at.y) : ImVec2(at.x, middle.y),
      upright ? ImVec2(middle.x, at.y + size.y) : ImVec2(at.x + size.x, middle.y), colour);
  ImGui::End();
  ImGui::PopStyleVar(2);
}

void CentralWidget::drawFrame() {
  const auto width = static_cast<float>(this->width()), height = static_cast<float>(this->height());
  const float right = viewerShown_ ? std::floor(width * viewerWidth_) : 0;
  const float bottom = timelineShown_ ? std::floor(height * timelineHeight_) : 0;
  const ImVec2 canvas(width - right - (viewerShown_ ? kBorder : 0),
                      height - bottom - (timelineShown_ ? kBorder : 0));
  const QRect area(0, 0, static_cast<int>(canvas.x), static_cast<int>(canvas.y));
  if (std::exchange(canvasArea_, area) != area) Q_EMIT canvasMoved();
  canvas_.draw({0, 0}, canvas);
  if (viewerShown_) {
    border("##viewer border", {canvas.x, 0}, {kBorder, canvas.y}, true, viewerWidth_, width, -1);
    viewer_.draw({canvas.x + kBorder, 0}, {right, canvas.y});
  }
  if (timelineShown_) {
    border("##timeline border", {0, canvas.y}, {width, kBorder}, false, timelineHeight_, height, -1);
    timeline_.draw({0, canvas.y + kBorder}, {width, bottom});
  }
}

void CentralWidget::themeColours() {
  const Theme& theme = Theme::current();
  theme.dark ? ImGui::StyleColorsDark() : ImGui::StyleColorsLight();
  ImGuiStyle& style = ImGui::GetStyle();
  style.WindowRounding = style.ChildRounding = 0;
  style.FrameRounding = style.PopupRounding = style.GrabRounding = 4;
  style.WindowBorderSize = 0;
  style.FramePadding = ImVec2(7, 4);
  style.ItemSpacing = ImVec2(8, 5);
  style.ScrollbarSize = 11;
  const auto set = [&](std::initializer_list<int> which, const QColor& colour, float alpha = 1) {
    for (const int each : which) style.Colors[each] = vec(colour, alpha);
  };
  set({ImGuiCol_Text}, theme.text);
  set({ImGuiCol_TextDisabled}, theme.dim);
  set({ImGuiCol_WindowBg, ImGuiCol_ChildBg}, theme.window);
  set({ImGuiCol_PopupBg, ImGuiCol_MenuBarBg}, theme.panel);
  set({ImGuiCol_Border, ImGuiCol_Separator, ImGuiCol_TableBorderLight, ImGuiCol_TableBorderStrong},
      theme.border);
  set({ImGuiCol_FrameBg, ImGuiCol_ScrollbarBg}, theme.field);
  set({ImGuiCol_FrameBgHovered, ImGuiCol_FrameBgActive, ImGuiCol_Button, ImGuiCol_Header,
       ImGuiCol_ScrollbarGrab, ImGuiCol_Tab},
      theme.raised);
  set({ImGuiCol_ButtonHovered, ImGuiCol_HeaderHovered, ImGuiCol_ScrollbarGrabHovered, ImGuiCol_TabHovered},
      theme.accent, 0.35f);
  set({ImGuiCol_ButtonActive, ImGuiCol_HeaderActive, ImGuiCol_ScrollbarGrabActive, ImGuiCol_TabSelected},
      theme.accent, 0.55f);
  set({ImGuiCol_CheckMark, ImGuiCol_SliderGrab, ImGuiCol_SliderGrabActive, ImGuiCol_NavCursor,
       ImGuiCol_InputTextCursor, ImGuiCol_PlotHistogram},
      theme.accent);
  set({ImGuiCol_TextSelectedBg}, theme.accent, 0.4f);
}

void CentralWidget::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasUrls() || event->mimeData()->hasFormat(kLibraryMime))
    event->acceptProposedAction();
}

void CentralWidget::dropEvent(QDropEvent* event) {
  event->acceptProposedAction();
  if (event->mimeData()->hasFormat(kLibraryMime)) {
    Q_EMIT nodeDropped(QString::fromUtf8(event->mimeData()->data(kLibraryMime)), event->position().toPoint());
    return;
  }
  QStringList files;
  for (const QUrl& url : event->mimeData()->urls())
    if (url.isLocalFile()) files << url.toLocalFile();
  if (!files.isEmpty()) Q_EMIT dropped(files);
}

}  // namespace loom::editor
