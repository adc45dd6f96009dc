// The list of commands, and the menus made from it: File, Edit, View, Window, Help. Those of Graph, Run and
// Batch are in main_window_graph_commands.cpp and main_window_run_commands.cpp.
#include <QMenuBar>

#include "app/editor/shell/main_window_implementation.h"
#include "app/editor/shell/preset_keys.h"
#include "app/editor/shell/settings_dialog.h"

namespace loom::editor {

void MainWindow::Implementation::addCommands() {
  addFileCommands();
  addEditCommands();
  addViewCommands();
  addViewerCommands();
  addGraphCommands();
  addRunCommands();
  addWindowCommands();
  addHelpCommands();
}

void MainWindow::Implementation::addFileCommands() {
  const auto add = [this](const char* id, const QString& title, const QString& help, const char* keys,
                          std::function<void()> run, std::function<bool()> enabled = {},
                          bool separator = false) {
    commands_->add({.id = id,
                    .menu = "File",
                    .title = title,
                    .help = help,
                    .keys = sameKeys(keys),
                    .run = std::move(run),
                    .enabled = std::move(enabled),
                    .separatorBefore = separator});
  };
  const auto hasFile = [this] { return !session_.file().isEmpty(); };
  add("file.new", tr("New"), tr("An empty canvas"), "Ctrl+N", [this] {
    whenSaved(tr("Then an empty canvas is opened."), [this] {
      session_.newDocument();
      hideGallery();
    });
  });
  add("file.open", tr("Open…"), tr("A graph, or a picture that holds one"), "Ctrl+O",
      [this] { chooseFile(); });
  add("file.gallery", tr("Gallery"), tr("The graphs that come with Noiseloom, and recent files"),
      "Ctrl+Shift+O", [this] { gallery_->isHidden() ? showGallery() : hideGallery(); });
  add(
      "file.save", tr("Save"), tr("To its file"), "Ctrl+S", [this] { save(); }, {}, true);
  add("file.saveAs", tr("Save as…"), tr("As a graph, or as a picture that holds it"), "Ctrl+Shift+S",
      [this] { saveAs(false); });
  add("file.saveCopy", tr("Save a copy…"), tr("Elsewhere; this one stays the file at hand"), "Ctrl+Alt+S",
      [this] { saveAs(true); });
  add(
      "file.revert", tr("Revert"), tr("Back to what the file holds"), "Ctrl+K, Ctrl+Z", [this] { revert(); },
      [this, hasFile] { return hasFile() && session_.modified(); });
  add(
      "file.copyCommand", tr("Copy command line"), tr("The command that runs this graph without the editor"),
      "Ctrl+Shift+L", [this] { copyCommandLine(); }, {}, true);
  const auto exporting = [this](const char* id, const QString& title, const QString& help, const char* keys,
                                std::function<void()> run) {
    commands_->add({.id = id,
                    .menu = "File/Export",
                    .title = title,
                    .help = help,
                    .keys = sameKeys(keys),
                    .run = std::move(run)});
  };
  exporting("file.exportPicture", tr("Newest picture…"), tr("What the shown run made"), "Ctrl+K, Ctrl+P",
            [this] { exportPicture(); });
  exporting("file.exportViewer", tr("What the viewer shows…"), tr("As a picture, or its numbers as .npy"),
            "Ctrl+K, Ctrl+T", [this] { central_->viewer().save(); });
  exporting("file.exportCsv", tr("Plots as a table…"), tr("A column a series, a row a step"),
            "Ctrl+K, Ctrl+S", [this] { central_->timeline().savePlots(kPlotTable); });
  exporting("file.exportPlots", tr("Plots as a picture…"), tr("The plots under the film strip"),
            "Ctrl+K, Ctrl+G", [this] { central_->timeline().savePlots(kPlotPicture); });
  add(
      "file.quit", tr("Quit"), tr("Closes the window; asks first where something is not saved"), "Ctrl+Q",
      [this] { window_.close(); }, {}, true);
}

void MainWindow::Implementation::addEditCommands() {
  Canvas& canvas = central_->canvas();
  const auto selected = [this] { return !session_.selection().nodes.empty(); };
  const auto any = [this] {
    return !session_.selection().nodes.empty() || !session_.selection().wires.empty();
  };
  const auto add = [this](const char* id, const QString& title, const QString& help, Keys keys,
                          std::function<void()> run, std::function<bool()> enabled = {},
                          bool separator = false, bool onCanvas = true) {
    Command command{.id = id,
                    .menu = "Edit",
                    .title = title,
                    .help = help,
                    .run = std::move(run),
                    .enabled = std::move(enabled),
                    .separatorBefore = separator,
                    .onCanvas = onCanvas};
    keys.giveTo(command);
    commands_->add(std::move(command));
  };
  add(
      "edit.undo", tr("Undo"), tr("Takes the last edit back; results stay"), {"Ctrl+Z"},
      [this] { session_.undoOnce(); }, [this] { return session_.undo().canUndo(); }, false, false);
  add(
      "edit.redo", tr("Redo"), tr("Does it again"), {"Ctrl+Shift+Z; Ctrl+Y"}, [this] { session_.redoOnce(); },
      [this] { return session_.undo().canRedo(); }, false, false);
  add(
      "edit.cut", tr("Cut"), tr("Into the clipboard, as the text of a graph file"),
      {"Ctrl+X", "Shift+Del", "Ctrl+X"}, [&canvas] { canvas.cutSelected(); }, selected, true);
  add(
      "edit.copy", tr("Copy"), tr("The selected nodes, as the text of a graph file"), {"Ctrl+C"},
      [&canvas] { canvas.copySelected(); }, selected);
  add("edit.paste", tr("Paste"), tr("Nodes from the clipboard, where the mouse is"), {"Ctrl+V"},
      [&canvas] { canvas.paste(); });
  add(
      "edit.duplicate", tr("Duplicate"), tr("Copies beside the originals, linked among themselves"),
      {"Ctrl+D", "Shift+D", "Alt+C"}, [&canvas] { canvas.duplicateSelected(false); }, selected);
  add(
      "edit.duplicateLinked", tr("Duplicate with inputs"), tr("Copies that keep the links into them"),
      {"Ctrl+Shift+V", "Ctrl+Shift+D", "Ctrl+Shift+V"}, [&canvas] { canvas.duplicateSelected(true); },
      selected);
  add(
      "edit.delete", tr("Delete"), tr("The selected nodes and wires"),
      {"Del; Backspace", "Del; Backspace; X", "Del; Backspace"}, [&canvas] { canvas.removeSelected(false); },
      any);
  add(
      "edit.deleteReconnect", tr("Delete and reconnect"), tr("What fed the deleted feeds what it fed"),
      {"Ctrl+Del", "Ctrl+X", "Ctrl+Shift+X"}, [&canvas] { canvas.removeSelected(true); }, selected);
  add(
      "edit.selectAll", tr("Select all"), tr("All nodes, frames and notes here"),
      {"Ctrl+A", "A; Ctrl+A", "Ctrl+A"}, [&canvas] { canvas.selectAll(); }, {}, true);
  add(
      "edit.selectNone", tr("Select nothing"), tr("Nothing is selected after it"),
      {"Ctrl+Shift+A", "Alt+A", "Ctrl+Shift+A"}, [&canvas] { canvas.selectNone(); }, any);
  add(
      "edit.selectUpstream", tr("Select what feeds it"), tr("All that the selection needs"),
      {"Ctrl+Shift+Up"}, [&canvas] { canvas.selectLinked(true, false); }, selected);
  add(
      "edit.selectDownstream", tr("Select what it feeds"), tr("All that needs the selection"),
      {"Ctrl+Shift+Down"}, [&canvas] { canvas.selectLinked(false, true); }, selected);
  add(
      "edit.selectLinked", tr("Select all linked"), tr("Both ways along the wires"),
      {"Ctrl+Shift+K", "L", "Ctrl+Shift+K"}, [&canvas] { canvas.selectLinked(true, true); }, selected);
  add(
      "edit.find", tr("Find node…"), tr("By title, name or type"), {"Ctrl+F"},
      [this, &canvas] {
        hideGallery();
        central_->setFocus();
        canvas.openFind();
      },
      {}, true, false);
  add(
      "edit.rename", tr("Rename"), tr("Its title, on the canvas"), {"F2"},
      [&canvas] { canvas.renameSelected(); }, selected);
  add(
      "edit.parameters", tr("Edit parameters"), tr("The keyboard's way into the first parameter"), {"Return"},
      [&canvas] { canvas.editSelected(); }, selected);
  add(
      "edit.inspector", tr("Go to the inspector"), tr("The keyboard's way to all of its parameters"),
      {"Ctrl+I"},
      [this] {
        showDock(docks_.at("inspector"));
        inspector_->focusFirst();
      },
      {}, false, false);
  add(
      "edit.settings", tr("Settings…"), tr("Theme, text, keys, device, memory"), {"Ctrl+,"},
      [this] { openSettings(); }, {}, true, false);
}

void MainWindow::Implementation::addWindowCommands() {
  const std::tuple<const char*, QString, const char*> panels[] = {
      {"library", tr("Nodes"), "Ctrl+1"},     {"inspector", tr("Inspector"), "Ctrl+2"},
      {"runs", tr("Runs"), "Ctrl+3"},         {"batch", tr("Batch"), "Ctrl+4"},
      {"problems", tr("Problems"), "Ctrl+5"}, {"log", tr("Log"), "Ctrl+6"},
      {"history", tr("History"), "Ctrl+7"}};
  for (const auto& [name, title, keys] : panels) {
    QDockWidget* dock = docks_.at(name);
    commands_->add({.id = QString("window.") + name,
                    .menu = "Window",
                    .title = title,
                    .help = tr("Shows the panel, or hides it where it is in front"),
                    .keys = sameKeys(keys),
                    .run =
                        [this, dock] {
                          if (inFront(dock)) return dock->hide();
                          showDock(dock);
                        },
                    .checked = [dock] { return !dock->isHidden(); }});
  }
  commands_->add({.id = "window.searchNodes",
                  .menu = "Window",
                  .title = tr("Search the node list"),
                  .help = tr("The keyboard's way into the list of nodes"),
                  .keys = sameKeys("Ctrl+Shift+F"),
                  .run =
                      [this] {
                        showDock(docks_.at("library"));
                        library_->focusSearch();
                      },
                  .separatorBefore = true});
  commands_->add({.id = "window.canvas",
                  .menu = "Window",
                  .title = tr("Go to the canvas"),
                  .help = tr("Gives it the keyboard"),
                  .keys = sameKeys("Ctrl+Shift+C"),
                  .run = [this] {
                    hideGallery();
                    central_->setFocus();
                  }});
  const auto toPanel = [this](const char* id, const QString& title, const char* keys, int by) {
    commands_->add(
        {.id = id,
         .menu = "Window",
         .title = title,
         .help = tr("Gives the keyboard to it: canvas, panels and the lines above the canvas, in turn"),
         .keys = sameKeys(keys),
         .run = [this, by] { goToPanel(by); }});
  };
  toPanel("window.nextPanel", tr("Go to the next panel"), "Ctrl+F6", 1);
  toPanel("window.previousPanel", tr("Go to the panel before"), "Ctrl+Shift+F6", -1);
  commands_->add({.id = "window.fullScreen",
                  .menu = "Window",
                  .title = tr("Full screen"),
                  .help = tr("All of the screen, or no longer"),
                  .keys = sameKeys("F11"),
                  .run = [this] { window_.setWindowState(window_.windowState() ^ Qt::WindowFullScreen); },
                  .checked = [this] { return window_.isFullScreen(); },
                  .separatorBefore = true});
  commands_->add({.id = "window.theme",
                  .menu = "Window",
                  .title = tr("Light theme"),
                  .help = tr("Light instead of dark colours"),
                  .keys = sameKeys("Ctrl+K, Ctrl+L"),
                  .run =
                      [this] {
                        const bool dark = ShellSettings::dark(session_.settings());
                        session_.settings().setValue("view/theme", dark ? "light" : "dark");
                        applyLooks();
                      },
                  .checked = [this] { return !ShellSettings::dark(session_.settings()); }});
  commands_->add({.id = "window.resetLayout",
                  .menu = "Window",
                  .title = tr("Panels back in their places"),
                  .help = tr("As they were at the first start"),
                  .keys = sameKeys("Ctrl+K, Ctrl+0"),
                  .run = [this] { placeDocks(); }});
}

void MainWindow::Implementation::addHelpCommands() {
  const auto add = [this](const char* id, const QString& title, const QString& help, const char* keys,
                          std::function<void()> run, bool separator = false) {
    commands_->add({.id = id,
                    .menu = "Help",
                    .title = title,
                    .help = help,
                    .keys = sameKeys(keys),
                    .run = std::move(run),
                    .separatorBefore = separator});
  };
  add("help.palette", tr("All commands…"), tr("Any command by a few letters"), "Ctrl+Shift+P",
      [this] { palette_->openPalette(); });
  add(
      "help.reference", tr("Node reference"), tr("Every node and port, as declared"), "F1",
      [this] { openReference(); }, true);
  add("help.node", tr("Help on the selected node"), tr("Its page in the node reference"), "Shift+F1", [this] {
    const Node* node =
        onlyNode().empty() ? nullptr : findNode(graphAt(session_.document(), session_.place()), onlyNode());
    openReference(node ? QString::fromStdString(node->type) : QString());
  });
  add("help.keys", tr("Keys…"), tr("All keys, and how to change them"), "Ctrl+K, Ctrl+K", [this] {
    openSettings(tr("key"));
    if (auto* tabs = window_.findChild<QTabWidget*>("settingsTabs")) tabs->setCurrentIndex(1);
    if (auto* field = window_.findChild<QLineEdit*>("settingsSearch")) field->clear();
  });
  add("help.hints", tr("First hints again"), tr("Three lines on running, looking, and finding commands"),
      "Ctrl+K, Ctrl+H", [this] {
        session_.settings().setValue("hints/next", 0);
        hint_ = 0;
        showHint();
      });
  add(
      "help.about", tr("About Noiseloom"), tr("Versions, device, licences"), "Ctrl+F1",
      [this] { openAbout(); }, true);
}

void MainWindow::Implementation::makeMenus() {
  QMenuBar* bar = window_.menuBar();
  std::map<QString, QMenu*> menus;
  const auto menu = [&](const QString& path) {
    QMenu* parent = nullptr;
    QString whole;
    for (const QString& part : path.split('/')) {
      whole += (whole.isEmpty() ? "" : "/") + part;
      QMenu*& each = menus[whole];
      if (!each) {
        each = parent ? parent->addMenu(part) : bar->addMenu(part);
        each->setObjectName("menu." + whole);
        each->setToolTipsVisible(true);
        if (!parent) connect(each, &QMenu::aboutToShow, commands_, &Commands::refresh);
      }
      parent = each;
    }
    return parent;
  };
  for (const char* name : {"File", "Edit", "View", "Graph", "Run", "Batch", "Window", "Help"}) menu(name);
  for (const Command& command : commands_->all()) {
    if (command.menu.isEmpty()) continue;
    QMenu* place = menu(command.menu);
    if (command.separatorBefore) place->addSeparator();
    place->addAction(commands_->action(command.id));
    if (command.id == "file.gallery") {
      recent_ = place->addMenu(tr("Recent files"));
      recent_->setObjectName("menu.recent");
      recent_->setToolTipsVisible(true);
      connect(recent_, &QMenu::aboutToShow, this, &Implementation::fillRecent);
    }
  }
}

}  // namespace loom::editor
