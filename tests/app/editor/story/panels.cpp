// Takes a picture of every panel and dialog in every state, as the screen shows them, for somebody to look
// at: panels FOLDER [WIDTHxHEIGHT [dark|light [TEXT SIZE]]]. On a display of its own:
// tests/app/editor/with_display.
#include <QApplication>
#include <QComboBox>
#include <QDialog>
#include <QDir>
#include <QDockWidget>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QScreen>
#include <QSpinBox>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <cstdio>

#include "app/editor/document/document_file.h"
#include "app/editor/gl/theme.h"
#include "app/editor/session/journal.h"
#include "app/editor/shell/batch_panel.h"
#include "app/editor/shell/main_window.h"
#include "engine/graph/graph_file.h"

using namespace loom;
using namespace loom::editor;

namespace {

const QString kGraph = QStringLiteral(NOISELOOM_SOURCE_DIR "/graphs/ddpm.loom");

class Photographer {
 public:
  Photographer(const QString& folder, QSize size, bool dark, int text) : folder_(folder), size_(size) {
    suffix_ = QString("%1_%2_%3").arg(dark ? "dark" : "light").arg(size.width()).arg(text);
    leaveBehind();
    window_ =
        std::make_unique<MainWindow>(SessionOptions{.runner = NOISELOOM_RUNNER, .dataFolder = data_.path()});
    window_->move(0, 0);
    window_->resize(size);
    window_->show();
    do_("edit.settings");
    auto* dialog = window_->findChild<QDialog*>("settingsDialog");
    dialog->findChild<QSpinBox*>("settingTextSize")->setValue(text);
    dialog->close();
    if (!dark) do_("window.theme");
    waitFor([&] { return !session().catalog().empty(); });
  }

  void takeAll() {
    window_->begin();
    shot("gallery_recover");
    const QString file = data_.filePath("mine.loom");
    QFile::copy(kGraph, file);
    QFile::setPermissions(file, QFile::ReadOwner | QFile::WriteOwner);
    window_->openFile(file);
    shot("first_hint");
    emptyPanels();
    runs();
    inspectors();
    batch();
    dialogs();
    errors();
    do_("file.gallery");
    shot("gallery_recent");
  }

 private:
  Session& session() { return window_->session(); }
  void panel(const QString& name) {
    auto* dock = window_->findChild<QDockWidget*>("dock." + name);
    dock->show();
    dock->raise();
  }
  void do_(const char* command) { window_->commands().action(command)->trigger(); }
  bool waitFor(const std::function<bool()>& done) { return QTest::qWaitFor(done, 120'000); }
  void press(const char* button) {
    if (auto* found = window_->findChild<QPushButton*>(button)) found->click();
  }
  void set(const char* node, const char* port, const nlohmann::json& value) {
    session().edit(QString("Set %1").arg(port), [&](const Document& document) {
      return setParam(document, "", session().catalog(), node, port, value);
    });
  }
  QString finished(const QString& run) {
    waitFor([&] { return session().runs().find(run)->over(); });
    return run;
  }

  // What an editor leaves that was killed.
  void leaveBehind() {
    const Presence gone(data_.path());
    Journal journal(gone);
    Document document = readDocument(kGraph);
    journal.write(writeGraph(document), "/home/somebody/graphs/faces.loom", "Faces, second try");
  }

  void emptyPanels() {
    for (const char* each : {"history", "runs", "batch", "problems", "log"}) {
      panel(each);
      shot(QString("empty_%1").arg(each));
    }
    do_("window.resetLayout");
  }

  void runs() {
    set("start", "batch", 4);
    set("timesteps", "steps", 20);
    const QString first = session().run(9);
    waitFor([&] { return session().runs().find(first)->state == RunInfo::State::paused; });
    panel("runs");
    shot("runs_paused");
    session().runs().proceed(first);
    finished(first);
    set("start", "seed", 11);
    const QString second = finished(session().run());
    session().compareWith(first);
    set("timesteps", "steps", 1000);
    const QString third = session().run();
    session().run();
    session().run();
    waitFor([&] { return session().runs().find(third)->state == RunInfo::State::running; });
    panel("runs");
    shot("runs_queue_compare");
    for (const QString& id : session().runs().queue()) session().runs().forget(id);
    session().runs().stop(third);
    finished(third);
    set("timesteps", "steps", 20);
    panel("history");
    shot("runs_history");
    session().undoOnce();
    session().undoOnce();
    shot("history_undone");
    session().redoOnce();
    session().redoOnce();
    panel("library");
    window_->findChild<QLineEdit*>("librarySearch")->setText("noise");
    shot("library_search");
    window_->findChild<QLineEdit*>("librarySearch")->setText("zzz");
    shot("library_none");
    window_->findChild<QLineEdit*>("librarySearch")->clear();
    panel("log");
    shot("log");
    do_("window.resetLayout");
  }

  void inspectors() {
    panel("inspector");
    for (const char* node : {"start", "sampling", "weights"}) {
      session().select({.nodes = {node}, .wires = {}, .port = {}});
      shot(QString("inspector_%1").arg(node));
    }
    session().select({.nodes = {"start", "predict", "weights"}, .wires = {}, .port = {}});
    shot("inspector_several");
    session().select({});
    shot("inspector_document");
  }

  void batch() {
    auto* batch = window_->findChild<BatchPanel*>();
    panel("batch");
    batch->findChild<QLineEdit*>("batchOut")->setText(data_.filePath("sweep"));
    batch->findChild<QComboBox*>("batchName")->setCurrentText("steps");
    batch->findChild<QLineEdit*>("batchValues")->setText("5, 1..x");
    shot("batch_bad");
    batch->findChild<QLineEdit*>("batchValues")->setText("5, 10");
    batch->addSweep("seed", "1..4");
    batch->start();
    waitFor([&] { return batch->findChild<QLabel*>("batchState")->text().contains(" of "); });
    shot("batch_running");
    waitFor([&] { return !batch->running(); });
    auto* grid = batch->findChild<QLabel*>("batchGrid");
    waitFor([&] { return !grid->pixmap().isNull(); });
    shot("batch_done");
    press("batchLarge");
    shot("batch_large");
    closeDialogs();
    panel("inspector");
  }

  void dialogs() {
    do_("help.palette");
    shot("palette");
    auto* field = window_->findChild<QLineEdit*>("paletteField");
    field->setText("export");
    shot("palette_export");
    field->setText("qqqqq");
    shot("palette_none");
    QTest::keyClick(field, Qt::Key_Escape);
    session().select({.nodes = {"predict"}, .wires = {}, .port = {}});
    QTest::qWait(100);  // until the command knows of it
    do_("graph.link");
    shot("link_picker");
    QTest::keyClick(window_->findChild<QLineEdit*>("linksField"), Qt::Key_Escape);
    do_("edit.settings");
    shot("settings");
    auto* settings = window_->findChild<QDialog*>("settingsDialog");
    auto* search = settings->findChild<QLineEdit*>("settingsSearch");
    search->setText("memory");
    shot("settings_search");
    search->setText("qqqqq");
    shot("settings_none");
    closeDialogs();
    for (const auto& [command, name] :
         std::initializer_list<std::pair<const char*, const char*>>{{"help.keys", "keys"},
                                                                    {"help.about", "about"},
                                                                    {"help.reference", "reference"},
                                                                    {"file.open", "open"},
                                                                    {"file.saveAs", "save_as"},
                                                                    {"file.exportPicture", "export_picture"},
                                                                    {"file.exportCsv", "export_csv"},
                                                                    {"file.revert", "revert"},
                                                                    {"file.new", "save_question"}}) {
      do_(command);
      shot(name);
      closeDialogs();
    }
    auto* device = window_->findChild<QToolButton*>("deviceButton");
    device->menu()->popup(device->mapToGlobal(device->rect().bottomLeft()));
    shot("device_menu");
    device->menu()->close();
    for (const char* menu : {"File", "Edit", "View", "Graph", "Run", "Batch", "Window", "Help"})
      for (QAction* action : window_->menuBar()->actions())
        if (action->text().remove('&') == menu) {
          QMenuBar* bar = window_->menuBar();
          action->menu()->popup(bar->mapToGlobal(bar->actionGeometry(action).bottomLeft()));
          shot(QString("menu_%1").arg(QString(menu).toLower()));
          action->menu()->close();
        }
  }

  void errors() {
    set("weights", "path", "nowhere.safetensors");
    finished(session().run());
    session().notice("The batch is done: /home/somebody/pictures/ddpm_batch/grid.png");
    shot("run_failed");
    session().edit("Cut", [&](const Document& document) {
      return removeNodes(document, "", session().catalog(), {"timesteps"});
    });
    waitFor([&] { return session().checked().current && !session().checked().errors.empty(); });
    panel("problems");
    shot("problems");
    do_("window.resetLayout");
    session().undoOnce();
    session().undoOnce();
  }

  void closeDialogs() {
    for (QDialog* dialog : window_->findChildren<QDialog*>()) dialog->close();
    QTest::qWait(50);
  }

  void shot(const QString& name) {
    QTest::qWait(700);
    QDir().mkpath(folder_);
    const QString file = QString("%1/%2_%3.png").arg(folder_, name, suffix_);
    window_->screen()->grabWindow(0, 0, 0, size_.width(), size_.height()).save(file);
    std::printf("%s\n", qPrintable(file));
  }

  QString folder_, suffix_;
  QSize size_;
  QTemporaryDir data_;
  std::unique_ptr<MainWindow> window_;
};

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  QApplication application(argc, argv);
  QCoreApplication::setApplicationName("noiseloom");
  const QStringList arguments = application.arguments();
  const QStringList size = arguments.value(2, "1280x800").split('x');
  Photographer(arguments.value(1, "out"), {size.value(0).toInt(), size.value(1).toInt()},
               arguments.value(3, "dark") == "dark", arguments.value(4, "13").toInt())
      .takeAll();
  return 0;
}
