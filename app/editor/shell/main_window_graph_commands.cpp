// The commands of the menus Graph and View: all that the canvas can do.
#include "app/editor/shell/main_window_implementation.h"
#include "app/editor/shell/preset_keys.h"

namespace loom::editor {

std::string MainWindow::Implementation::onlyNode() const {
  const Ids& nodes = session_.selection().nodes;
  return nodes.size() == 1 ? *nodes.begin() : std::string();
}

void MainWindow::Implementation::addGraphCommands() {
  Canvas& canvas = central_->canvas();
  const auto selected = [this] { return !session_.selection().nodes.empty(); };
  const auto several = [this] { return session_.selection().nodes.size() > 1; };
  const auto group = [this] {
    const Node* node =
        onlyNode().empty() ? nullptr : findNode(graphAt(session_.document(), session_.place()), onlyNode());
    return node && node->type.starts_with(kGroupPrefix);
  };
  const auto inGroup = [this] { return !session_.place().empty(); };
  const auto add = [this](const char* id, const char* menu, const QString& title, const QString& help,
                          Keys keys, std::function<void()> run, std::function<bool()> enabled = {},
                          bool separator = false) {
    Command command{.id = id,
                    .menu = menu,
                    .title = title,
                    .help = help,
                    .run = std::move(run),
                    .enabled = std::move(enabled),
                    .separatorBefore = separator,
                    .onCanvas = true};
    keys.giveTo(command);
    commands_->add(std::move(command));
  };
  add("graph.add", "Graph", tr("Add node…"), tr("Search for a node to put where the mouse is"),
      {"Tab; Shift+A", "Shift+A", "Tab"}, [this, &canvas] {
        hideGallery();
        central_->setFocus();
        canvas.openSearch();
      });
  add("graph.note", "Graph", tr("Add note"), tr("Words on the canvas"), {"Alt+N"},
      [&canvas] { canvas.addNote(); });
  add(
      "graph.link", "Graph", tr("Link…"), tr("The keyboard's way to wire the selected nodes"),
      {"Ctrl+Shift+W", "F; Ctrl+Shift+W", "Y; Ctrl+Shift+W"}, [this] { links_->openToLink(); }, selected,
      true);
  add(
      "graph.unlink", "Graph", tr("Cut link…"), tr("The keyboard's way to unwire the selected nodes"),
      {"Ctrl+Shift+U"}, [this] { links_->openToCut(); }, selected);
  add(
      "graph.frame", "Graph", tr("Frame the selection"), tr("A titled frame around the selected nodes"),
      {"Ctrl+G", "Ctrl+J", "Ctrl+Shift+G"}, [&canvas] { canvas.frameSelected(); }, selected);
  add(
      "graph.zone", "Graph", tr("Wrap in a zone"), tr("The selected nodes become the body of a loop"),
      {"Alt+Z"}, [&canvas] { canvas.wrapSelectedInZone(); }, selected);
  add(
      "graph.mute", "Graph", tr("Mute"), tr("It and what needs it do not run; again: they do"),
      {"Ctrl+M", "M", "D"}, [&canvas] { canvas.muteSelected(); }, selected, true);
  add(
      "graph.bypass", "Graph", tr("Bypass"), tr("What comes in goes out as it is; again: no longer"),
      {"Ctrl+B", "Shift+M", "Shift+D"}, [&canvas] { canvas.bypassSelected(); }, selected);
  add(
      "graph.collapse", "Graph", tr("Collapse"), tr("To its title alone; again: all of it"),
      {"Alt+C", "H", "Alt+H"}, [&canvas] { canvas.collapseSelected(); }, selected);
  add(
      "graph.watch", "Graph", tr("Watch"), tr("Its pictures of every step on the timeline; again: no longer"),
      {"W"}, [&canvas] { canvas.watchSelected(); }, selected);
  add(
      "graph.chain", "Graph", tr("Link in a row"),
      tr("Each feeds the next one to the right, by the ports that fit best"), {"Shift+L"},
      [&canvas] { canvas.linkSelected(); }, several);
  add("graph.menu", "Graph/By keyboard", tr("Menu of the selection"), tr("What a right click on it offers"),
      {"Menu; Shift+F10"}, [&canvas] { canvas.openMenu(); });
  add(
      "graph.group", "Graph", tr("Group"), tr("The selected nodes become one that can be entered"),
      {"Ctrl+Shift+E", "Ctrl+G", "Ctrl+G"}, [&canvas] { canvas.groupSelected(); }, selected, true);
  add(
      "graph.expand", "Graph", tr("Expand group"), tr("The nodes inside, in its place"), {"Ctrl+Alt+G"},
      [&canvas] { canvas.expandSelected(); }, group);
  add(
      "graph.enter", "Graph", tr("Enter group"),
      tr("Shows what is inside; in Blender's keys the same key leaves"), {"Alt+Return", "Tab", "Ctrl+E"},
      [this, &canvas, group] { group() ? canvas.enterSelected() : canvas.leaveGroup(); },
      [group, inGroup] { return group() || inGroup(); });
  add(
      "graph.leave", "Graph", tr("Leave group"), tr("Back to where it stands"), {"Alt+Up"},
      [&canvas] { canvas.leaveGroup(); }, inGroup);
  add(
      "graph.tidy", "Graph", tr("Tidy up"), tr("Places all nodes anew, by what depends on what"), {"Ctrl+L"},
      [&canvas] { canvas.tidyUp(false); }, {}, true);
  add(
      "graph.tidySelected", "Graph", tr("Tidy up the selection"), tr("Places the selected nodes anew"),
      {"Alt+L"}, [&canvas] { canvas.tidyUp(true); }, several);
  const std::tuple<const char*, QString, Align, const char*> aligns[] = {
      {"graph.alignLeft", tr("Left edges"), Align::left, "Ctrl+Alt+Left"},
      {"graph.alignCentre", tr("Centres, one above another"), Align::centre, "Ctrl+K, Ctrl+C"},
      {"graph.alignRight", tr("Right edges"), Align::right, "Ctrl+Alt+Right"},
      {"graph.alignTop", tr("Top edges"), Align::top, "Ctrl+Alt+Up"},
      {"graph.alignMiddle", tr("Centres, side by side"), Align::middle, "Ctrl+K, Ctrl+M"},
      {"graph.alignBottom", tr("Bottom edges"), Align::bottom, "Ctrl+Alt+Down"},
      {"graph.spreadAcross", tr("Spread across"), Align::spreadAcross, "Ctrl+K, Ctrl+Right"},
      {"graph.spreadDown", tr("Spread down"), Align::spreadDown, "Ctrl+K, Ctrl+Down"}};
  for (const auto& [id, title, how, keys] : aligns)
    add(
        id, "Graph/Align", title, tr("Lines the selected nodes up"), {keys},
        [&canvas, how = how] { canvas.alignSelected(how); }, several);
  const std::tuple<const char*, QString, float, float, const char*> moves[] = {
      {"graph.moveLeft", tr("Move left"), -20.f, 0.f, "Shift+Left"},
      {"graph.moveRight", tr("Move right"), 20.f, 0.f, "Shift+Right"},
      {"graph.moveUp", tr("Move up"), 0.f, -20.f, "Shift+Up"},
      {"graph.moveDown", tr("Move down"), 0.f, 20.f, "Shift+Down"}};
  for (const auto& [id, title, x, y, keys] : moves)
    add(
        id, "Graph/By keyboard", title, tr("Moves the selected nodes"), {keys},
        [&canvas, x = x, y = y] { canvas.moveSelected(x, y); }, selected);
  const std::tuple<const char*, QString, ImGuiDir, const char*> walks[] = {
      {"graph.walkLeft", tr("Select to the left"), ImGuiDir_Left, "Left"},
      {"graph.walkRight", tr("Select to the right"), ImGuiDir_Right, "Right"},
      {"graph.walkUp", tr("Select above"), ImGuiDir_Up, "Up"},
      {"graph.walkDown", tr("Select below"), ImGuiDir_Down, "Down"}};
  for (const auto& [id, title, direction, keys] : walks)
    add(id, "Graph/By keyboard", title, tr("Walks from node to node"), {keys},
        [&canvas, direction = direction] { canvas.selectNeighbour(direction); });
}

void MainWindow::Implementation::addViewCommands() {
  Canvas& canvas = central_->canvas();
  const auto selected = [this] { return !session_.selection().nodes.empty(); };
  const auto add = [this](const char* id, const char* menu, const QString& title, const QString& help,
                          Keys keys, std::function<void()> run, std::function<bool()> enabled = {},
                          std::function<bool()> checked = {}, bool separator = false) {
    Command command{.id = id,
                    .menu = menu,
                    .title = title,
                    .help = help,
                    .run = std::move(run),
                    .enabled = std::move(enabled),
                    .checked = std::move(checked),
                    .separatorBefore = separator};
    keys.giveTo(command);
    commands_->add(std::move(command));
  };
  add("view.fitAll", "View", tr("Fit all"), tr("All of the graph into the view"), {".", "Home", "F"},
      [&canvas] { canvas.fitAll(); });
  add(
      "view.fitSelection", "View", tr("Fit the selection"), tr("The selected nodes into the view"),
      {"F", "Num+.; .", "Shift+F"}, [&canvas] { canvas.fitSelection(); }, selected);
  add("view.zoomIn", "View", tr("Zoom in"), tr("Larger"), {"Ctrl+=; Ctrl++"},
      [&canvas] { canvas.zoomBy(1.25f); });
  add("view.zoomOut", "View", tr("Zoom out"), tr("Smaller"), {"Ctrl+-"}, [&canvas] { canvas.zoomBy(0.8f); });
  add("view.zoomWhole", "View", tr("Zoom 100 %"), tr("A pixel a unit"), {"Ctrl+0"},
      [&canvas] { canvas.zoomTo(1); });
  for (int i = 1; i <= 9; ++i) {
    const std::string key = std::to_string(i);
    add(("view.bookmark" + key).c_str(), "View/Bookmarks", tr("Go to bookmark %1").arg(i),
        tr("The place that was marked"), {("Alt+" + key).c_str()},
        [&canvas, key] { canvas.goToBookmark(key); });
  }
  for (int i = 1; i <= 9; ++i) {
    const std::string key = std::to_string(i);
    add(("view.setBookmark" + key).c_str(), "View/Bookmarks", tr("Set bookmark %1").arg(i),
        tr("Marks what is in the view"), {("Ctrl+Alt+" + key).c_str()},
        [&canvas, key] { canvas.setBookmark(key); }, {}, {}, i == 1);
  }
  add(
      "view.minimap", "View", tr("Minimap"), tr("The whole graph, small, in the corner"), {"Alt+M"},
      [&canvas] { canvas.showMinimap(!canvas.minimapShown()); }, {},
      [&canvas] { return canvas.minimapShown(); }, true);
  add(
      "view.snapping", "View", tr("Snap to the grid"), tr("Nodes that are moved come to lie on the grid"),
      {"Alt+G"}, [&canvas] { canvas.setSnapping(!canvas.snapping()); }, {},
      [&canvas] { return canvas.snapping(); });
  add(
      "view.timeline", "View", tr("Timeline"), tr("The film strip and plots under the canvas"),
      {"Ctrl+Alt+T"}, [this] { central_->showTimeline(!central_->timelineShown()); }, {},
      [this] { return central_->timelineShown(); }, true);
  add(
      "view.viewer", "View", tr("Viewer"), tr("A look into any tensor, beside the canvas"), {"Ctrl+Alt+V"},
      [this] { central_->showViewer(!central_->viewerShown()); }, {},
      [this] { return central_->viewerShown(); });
}

void MainWindow::Implementation::addViewerCommands() {
  Viewer& viewer = central_->viewer();
  const auto shown = [this] { return central_->viewerShown(); };
  const auto add = [this](const char* id, const QString& title, const QString& help, Keys keys,
                          std::function<void()> run, std::function<bool()> enabled = {},
                          bool separator = false) {
    Command command{.id = id,
                    .menu = "View/In the viewer",
                    .title = title,
                    .help = help,
                    .run = std::move(run),
                    .enabled = std::move(enabled),
                    .separatorBefore = separator,
                    .onCanvas = true};
    keys.giveTo(command);
    commands_->add(std::move(command));
  };
  add("viewer.show", tr("Show the selected"), tr("The selected node's values, in the viewer"),
      {"V", "V", "1"}, [this, &viewer] {
        central_->showViewer(true);
        if (const std::string& port = session_.selection().port; !port.empty()) viewer.show(port);
      });
  const std::tuple<const char*, QString, Viewer::Mode, const char*> modes[] = {
      {"viewer.picture", tr("As a picture"), Viewer::Mode::picture, "Ctrl+K, Ctrl+1"},
      {"viewer.channels", tr("As channels"), Viewer::Mode::channels, "Ctrl+K, Ctrl+2"},
      {"viewer.falseColour", tr("In false colour"), Viewer::Mode::falseColour, "Ctrl+K, Ctrl+3"}};
  for (const auto& [id, title, mode, keys] : modes)
    add(
        id, title, tr("How the viewer draws numbers"), {keys},
        [&viewer, mode = mode] { viewer.setMode(mode); }, shown, mode == Viewer::Mode::picture);
  const std::tuple<const char*, QString, Viewer::Compare, const char*> compares[] = {
      {"viewer.alone", tr("By itself"), Viewer::Compare::none, "Ctrl+K, Ctrl+4"},
      {"viewer.difference", tr("Difference from the compared"), Viewer::Compare::difference,
       "Ctrl+K, Ctrl+5"},
      {"viewer.wipe", tr("Wipe between both"), Viewer::Compare::wipe, "Ctrl+K, Ctrl+6"},
      {"viewer.sideBySide", tr("Side by side"), Viewer::Compare::sideBySide, "Ctrl+K, Ctrl+7"}};
  for (const auto& [id, title, compare, keys] : compares)
    add(
        id, title, tr("With the compared run, or the pinned step"), {keys},
        [&viewer, compare = compare] { viewer.setCompare(compare); }, shown,
        compare == Viewer::Compare::none);
  add(
      "viewer.pin", tr("Pin this step"), tr("Compares with it from now on; again: no longer"), {"P"},
      [&viewer] { viewer.pinStep(); }, shown, true);
  add(
      "viewer.zoomIn", tr("Larger"), tr("Zooms into the viewer's picture"), {"Shift+="},
      [&viewer] { viewer.zoomBy(1.5f); }, shown);
  add(
      "viewer.zoomOut", tr("Smaller"), tr("Zooms out of the viewer's picture"), {"Shift+-"},
      [&viewer] { viewer.zoomBy(1 / 1.5f); }, shown);
  add(
      "viewer.fit", tr("Fit"), tr("All of it into the viewer"), {"Shift+."}, [&viewer] { viewer.fit(); },
      shown);
  add(
      "viewer.copy", tr("Copy the picture"), tr("As the viewer shows it, to the clipboard"), {"Ctrl+Shift+I"},
      [&viewer] { viewer.copy(); }, shown);
}

}  // namespace loom::editor
