#pragma once
// Qt's names of keys as Dear ImGui's.
#include <imgui.h>

class QKeyEvent;

namespace loom::editor {

ImGuiKey imguiKey(const QKeyEvent& event);  // ImGuiKey_None for those that ImGui does not know

}  // namespace loom::editor
