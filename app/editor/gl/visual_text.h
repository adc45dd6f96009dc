#pragma once
// Text for those who put letter after letter from left to right, as ImGui does: Hebrew and Arabic in the
// order in which they are seen, Arabic with each letter in the form that its neighbours give it.
#include <string>
#include <string_view>

namespace loom::editor {

/// Is there anything that is written from right to left? A look at the bytes.
bool runsLeftwards(std::string_view utf8);
/// What others are comes back as it is. On the GUI thread.
std::string visualText(std::string_view utf8);

}  // namespace loom::editor
