#pragma once
// The graph on the canvas: draws the session's document and what its run shows on it, and turns gestures into
// edits of the session. Drawn by Dear ImGui within the central widget; every command a menu or key can ask
// for is a function here.
#include <imgui.h>

#include <functional>
#include <memory>
#include <string>

#include "app/editor/session/session.h"

namespace loom::editor {

class ImGuiWidget;

class Canvas {
 public:
  Canvas(Session& session, ImGuiWidget& host);
  ~Canvas();

  /// Within the frame of the host: into this part of it.
  void draw(ImVec2 at, ImVec2 size);

  // View
  void fitAll();
  void fitSelection();
  void zoomBy(float factor);
  void zoomTo(float zoom);
  float zoom() const;
  void centreOn(const std::string& node);  // and selects it; enters nothing
  void setBookmark(const std::string& key);
  void goToBookmark(const std::string& key);
  bool minimapShown() const;
  void showMinimap(bool shown);
  bool snapping() const;
  void setSnapping(bool on);

  // Search-to-add at the mouse, or in the middle of the view
  void openSearch();
  void openFind();  // find a node by name, title or type

  // On the selection
  void removeSelected(bool reconnect);
  void duplicateSelected(bool keepInputs);
  void copySelected();
  void cutSelected();
  void paste();
  void muteSelected();  // toggles
  void bypassSelected();
  void collapseSelected();
  void alignSelected(Align how);
  void tidyUp(bool onlySelected);
  void groupSelected();
  void expandSelected();
  void enterSelected();  // a group
  void leaveGroup();
  void frameSelected();
  void wrapSelectedInZone();
  void addNote();
  void renameSelected();  // edits its title on the canvas
  void selectAll();
  void selectNone();
  void selectLinked(bool upstream, bool downstream);
  void moveSelected(float x, float y);       // by the keyboard, in canvas units
  void selectNeighbour(ImGuiDir direction);  // walks along the graph by keys
  void editSelected();                       // the keyboard's way into the first parameter
  void linkSelected();                       // from left to right, best port to best port
  void openMenu();                           // of the selection, else of the canvas
  void watchSelected();                      // its pictures on the timeline, or no longer

  /// Sizes of the nodes as drawn, by id: for tidy and align.
  std::map<std::string, Point> sizes() const;
  /// Where a node, a socket or a parameter's field is, in the host's coordinates: for tests and hints. Empty
  /// where it is not drawn. `slot` as in InputSlot, or ">port" for an output (">port:inside" within a zone).
  std::optional<Rect> rectOf(const std::string& node, const std::string& slot = {}) const;
  Point toCanvas(ImVec2 screen) const;
  ImVec2 toScreen(Point canvas) const;

  /// Asked for by gestures that belong elsewhere.
  std::function<void(const std::string& port)> openViewer;
  std::function<void(const std::string& node, const std::string& port)>
      openFilePicker;  // of a path parameter

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace loom::editor
