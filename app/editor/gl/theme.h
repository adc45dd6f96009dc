#pragma once
// The colours of the editor, one set for Qt's part and ImGui's. Contrast of text on what it stands on is 4.5
// or more.
#include <QColor>
#include <QString>

namespace loom::editor {

struct Theme {
  bool dark = true;
  QColor window, panel, raised, field, border;  // from the back to the front
  QColor text, dim, accent, go, warning, error, bypassed;
  QColor canvas, grid, node, nodeText, zone, state, constant, wireShadow, selected;
  QColor runA, runB;  // of the two runs that are compared

  static const Theme& darkTheme();
  static const Theme& lightTheme();
  static const Theme& current();
  static void use(const Theme& theme);  // the application's palette and style sheet too
  /// A header's colour for nodes of a group ("denoise", "schedule").
  QColor group(const std::string& name) const;
  /// A type's colour (0xRRGGBB), which is made for a dark ground, as this theme draws it: deepened on a light
  /// one until it stands out from the panels, 3 to 1.
  QColor ofType(unsigned rgb) const;
};

/// For ImDrawList: 0xAABBGGRR.
unsigned imColour(const QColor& colour, double alpha = 1);
unsigned imColour(unsigned rgb, double alpha = 1);  // 0xRRGGBB

}  // namespace loom::editor
