#pragma once
// The window's insides, for the files main_window*.cpp alone.
#include <QDockWidget>
#include <QMenu>
#include <QPointer>

#include "app/editor/shell/batch_panel.h"
#include "app/editor/shell/gallery.h"
#include "app/editor/shell/history_panel.h"
#include "app/editor/shell/inspector.h"
#include "app/editor/shell/library_panel.h"
#include "app/editor/shell/link_picker.h"
#include "app/editor/shell/log_panel.h"
#include "app/editor/shell/main_window.h"
#include "app/editor/shell/node_reference.h"
#include "app/editor/shell/notices_bar.h"
#include "app/editor/shell/palette.h"
#include "app/editor/shell/problems_panel.h"
#include "app/editor/shell/run_toolbar.h"
#include "app/editor/shell/runs_panel.h"
#include "app/editor/shell/status_line.h"

namespace loom::editor {

class MainWindow::Implementation : public QObject {
  Q_OBJECT
 public:
  Implementation(MainWindow& window, SessionOptions options);
  ~Implementation() override;

  // Files: main_window_files.cpp
  void begin();
  void showGallery();
  void hideGallery();
  bool openNow(const QString& file);
  /// Asks to save first where something would be lost; then does it. Not at all where the person cancels.
  void whenSaved(const QString& why, std::function<void()> then);
  void askAndOpen(const QString& file);
  bool example() const;  // is the document one of those that come with the program?
  void chooseFile();
  void save(std::function<void()> then = {});
  void saveAs(bool copy, std::function<void()> then = {});
  bool saveTo(const QString& file, bool copy);
  void revert();
  void copyCommandLine();
  QString newestFile() const;    // a picture that it wrote; empty: none
  QImage newestPicture() const;  // of the run that is shown: what a .png of the graph shows
  void exportPicture();
  void fillRecent();
  bool closing();  // may the window close now?

  // Commands: main_window_commands.cpp, main_window_graph_commands.cpp, main_window_run_commands.cpp
  void addCommands();
  void addFileCommands();
  void addEditCommands();
  void addViewCommands();
  void addViewerCommands();
  void addGraphCommands();
  void addRunCommands();
  void addWindowCommands();
  void addHelpCommands();
  void makeMenus();

  // Panels and looks: main_window_panels.cpp
  void makeDocks();
  QDockWidget* dock(const QString& name, const QString& title, QWidget* panel, Qt::DockWidgetArea area);
  void placeDocks();
  void showDock(QDockWidget* dock);
  bool inFront(const QDockWidget* dock) const;
  void goToPanel(int by);  // the keyboard, to the next or the one before
  void updateDockTitles();
  void placeOverlays();
  void restoreLayout();
  void saveLayout();
  void applyLooks();
  void openSettings(const QString& words = {});
  void openReference(const QString& type = {});
  void openAbout();

  // What is said over the canvas: main_window_notices.cpp
  void connectNotices();
  void showWorkerNotice();
  void showHint();
  void updateTitle();
  void refreshSoon();
  void jumpTo(const std::string& node);
  void addNodeOf(const QString& type, std::optional<QPoint> at);
  void pickFileFor(const std::string& node, const std::string& port);

  // Running
  bool alive() const;  // is there a run that goes on?
  bool paused() const;
  std::string onlyNode() const;  // that is selected; empty: none, or several

  MainWindow& window_;
  Session session_;
  CentralWidget* central_;
  NoticesBar* notices_ = nullptr;
  Commands* commands_;
  CommandPalette* palette_ = nullptr;
  LinkPicker* links_ = nullptr;
  RunToolbar* toolbar_ = nullptr;
  StatusLine* status_ = nullptr;
  Gallery* gallery_ = nullptr;
  LibraryPanel* library_ = nullptr;
  Inspector* inspector_ = nullptr;
  RunsPanel* runs_ = nullptr;
  ProblemsPanel* problems_ = nullptr;
  LogPanel* log_ = nullptr;
  HistoryPanel* history_ = nullptr;
  BatchPanel* batch_ = nullptr;
  std::map<QString, QDockWidget*> docks_;
  QMenu* recent_ = nullptr;
  QPointer<NodeReference> reference_;
  QTimer refresh_;       // of which commands are enabled
  QString fromGallery_;  // the last file that was opened there
  bool closeAgreed_ = false, workerWasReady_ = false;
  int hint_ = 0;

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
};

}  // namespace loom::editor
