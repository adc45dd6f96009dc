#pragma once
// Beside or under the viewer's picture: statistics as a table, histogram, radial power spectrum.
#include <imgui.h>

#include "app/editor/watch/viewer_content.h"

namespace loom::editor {

class ImGuiWidget;

/// Draws into a column of this width, and gives the height it took.
float drawNumbers(ImGuiWidget& host, const ViewerContent& content, ImVec2 at, float width);

/// From dark to bright, with the numbers of both ends.
void drawColourBar(ImGuiWidget& host, ImVec2 at, float width, std::pair<float, float> range,
                   bool falseColours);

/// A tensor that is one row of numbers, as a line; one number alone in large letters.
void drawRow(ImGuiWidget& host, const Values& a, const Values* b, ImVec2 at, ImVec2 size);

}  // namespace loom::editor
