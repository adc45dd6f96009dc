#include "app/editor/canvas/titles.h"

#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>

#include "app/editor/canvas/pen.h"
#include "app/editor/gl/imgui_widget.h"

namespace loom::editor {

void Titles::begin(const std::string& id) {
  state_.rebuild();
  note_ = false;
  if (const NodeShape* node = state_.scene.node(id)) {
    text_ = node->face->title;
  } else {
    bool found = false;
    for (const FrameShape& frame : state_.scene.frames())
      if (frame.id == id) {
        text_ = frame.layout.title;
        found = true;
      }
    for (const NoteShape& note : state_.scene.notes())
      if (note.id == id) {
        text_ = note.layout.text;
        note_ = found = true;
      }
    if (!found) return;
  }
  before_ = text_;
  state_.renaming = id;
  fresh_ = true;
  state_.redraw();
}

void Titles::cancel() {
  state_.renaming.clear();
  state_.redraw();
}

void Titles::commit() {
  const std::string id = state_.renaming, text = text_;
  cancel();
  if (text == before_) return;
  if (state_.scene.node(id)) {
    state_.edit("Rename", [&](const Document& document) {
      return setTitle(document, state_.session.place(), id, text);
    });
    return;
  }
  state_.editLayout(note_ ? "Edit note" : "Rename frame", [&](Layout& layout) {
    if (note_)
      layout.notes[id].text = text;
    else
      layout.frames[id].title = text;
  });
}

void Titles::draw(const Pen& pen) {
  if (!busy()) return;
  const auto rect = state_.scene.rectOf(state_.renaming);
  if (!rect) return cancel();
  const NodeShape* node = state_.scene.node(state_.renaming);
  Rect field = note_  ? Rect{rect->x + 6, rect->y + 4, rect->width - 10, rect->height - 8}
               : node ? node->header()
                      : Rect{rect->x, rect->y, rect->width, sizes::kFrameTitle};
  if (node && node->region()) field.width = std::min(field.width, 320.f);
  const ImVec2 from = pen.at({field.x + 3, field.y + 3});
  const ImVec2 size{std::max((field.width - 6) * pen.zoom(), note_ ? 200.f : 140.f),
                    std::max((field.height - 6) * pen.zoom(), note_ ? 90.f : 0.f)};
  ImGui::PushFont(
      pen.font(note_ ? FontKind::text : FontKind::bold),
      std::clamp((note_ ? sizes::kText : sizes::kTitle) * pen.zoom() / state_.host.textScale(), 11.f, 48.f));
  ImGui::PushStyleColor(ImGuiCol_FrameBg, imColour(pen.theme().field));
  ImGui::PushStyleColor(ImGuiCol_Border, imColour(pen.theme().accent));
  ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 1);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                      ImVec2(6, note_ ? 5.f : std::max((size.y - ImGui::GetFontSize() * 1.25f) / 2, 2.f)));
  ImGui::SetCursorScreenPos(from);
  if (fresh_) ImGui::SetKeyboardFocusHere();
  bool entered = false;
  if (note_) {
    entered = ImGui::InputTextMultiline("##note", &text_, size, ImGuiInputTextFlags_WordWrap);
    entered = false;  // a note takes Enter as text; leaving it is what ends it
  } else {
    ImGui::SetNextItemWidth(size.x);
    entered = ImGui::InputText("##title", &text_,
                               ImGuiInputTextFlags_AutoSelectAll | ImGuiInputTextFlags_EnterReturnsTrue);
  }
  const bool left = ImGui::IsItemDeactivated();
  ImGui::PopStyleVar(2);
  ImGui::PopStyleColor(2);
  ImGui::PopFont();
  const bool first = fresh_;
  fresh_ = false;
  if (first) return;
  if (ImGui::IsKeyPressed(ImGuiKey_Escape, false)) return cancel();
  if (entered || left) commit();
}

}  // namespace loom::editor
