#pragma once
// Small things that the timeline and the viewer draw with: colours that can be read on any theme, icons on
// buttons, text that is cut to its room.
#include <imgui.h>

#include <QColor>
#include <cstdint>
#include <string>

namespace loom::editor {

/// The colour, lighter or darker until its contrast to the background is 4.5.
QColor readable(uint32_t rgb, const QColor& background);
double contrast(const QColor& a, const QColor& b);

enum class Icon {
  toBegin,
  back,
  play,
  pause,
  forward,
  toEnd,
  loop,  // through what was seen
  proceed,
  hold,
  oneStep,
  runTo,
  fork,  // of the run itself
  fit,
  copy,
  save,
  pin,
  chart
};

/// A square button with an icon; `tip` says what it does, and is its name.
bool iconButton(Icon icon, const char* tip, bool on = false, bool enabled = true);
/// A button with words and a tip.
bool wordButton(const char* words, const char* tip, bool enabled = true);

/// A size of text, or a room for it, as designed, at the size that the user's text has.
inline float scaled(float designed) { return designed * ImGui::GetStyle().FontScaleMain; }

/// Text within a width, with "…" where it had to be cut. Gives the width it took.
float textWithin(ImDrawList* draw, ImVec2 at, float width, ImU32 colour, const std::string& text,
                 ImFont* font = nullptr, float size = 0);

/// A number in a few characters: "0.0021", "1.3e-07", "-3.914".
std::string numberText(double number, int digits = 4);

}  // namespace loom::editor
