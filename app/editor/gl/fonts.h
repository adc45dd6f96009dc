#pragma once
// The faces that the canvas is written with, in the atlas of ImGui's current context. Each has behind it the
// machine's fonts for other scripts, as far as they are there. ImGui puts letter after letter, from left to
// right: visual_text.h has what is written the other way; what Indian scripts reorder and join is not.
struct ImFont;

namespace loom::editor {

struct Fonts {
  ImFont* text;     // Inter
  ImFont* bold;     // Inter, half bold
  ImFont* numbers;  // JetBrains Mono
};

Fonts addFonts();

}  // namespace loom::editor
