#pragma once
// Beside or under the viewer's picture: statistics as a table, histogram, radial power spectrum.
#include <imgui.h>

#include "app/editor/watch/viewer_content.h"

namespace loom::editor {

class ImGuiWidget;

/// Draws into a column of this width, and gives the height it took.
float drawNumbers(ImGuiWidget& host, const ViewerContent& content, ImVec2 at, float width);

/// The height of all of it, and of the parts that fit whole into a room: the table, then each chart.
float numbersHeight(const ViewerContent& content);
float numbersWithin(const ViewerContent& content, float room);

/// From dark to bright, with the numbers of both ends.
void drawColourBar(ImGuiWidget& host, ImVec2 at, float width, std::pair<float, float> range,
                   bool falseColours);

/// A tensor that is one row of numbers, as a line; one number alone in large letters.
void drawRow(ImGuiWidget& host, const ViewerSide& a, const ViewerSide* b, ImVec2 at, ImVec2 size);

/// "2 × 3 × 32 × 32  float32"
std::string shapeText(const Values& values);

}  // namespace loom::editor
