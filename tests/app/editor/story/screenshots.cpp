// Makes the pictures of the editor that stand in the README, and larger ones to look at: screenshots FOLDER.
// Everything on them is real: the shipped model, a run, a fork, a batch. `cmake/go screenshots` runs it on a
// display of its own.
#include <QApplication>
#include <QDir>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QSurfaceFormat>
#include <QTemporaryDir>
#include <QTest>
#include <cstdio>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/batch_panel.h"
#include "app/editor/shell/main_window.h"

using namespace loom;
using namespace loom::editor;

namespace {

class Photographer {
 public:
  Photographer(const QString& folder, QSize size, const Theme& theme)
      : folder_(folder), size_(size), theme_(theme) {
    window_ =
        std::make_unique<MainWindow>(SessionOptions{.runner = NOISELOOM_RUNNER, .dataFolder = data_.path()});
    if (!theme.dark) window_->commands().action("window.theme")->trigger();
    window_->resize(size);
    window_->show();
    waitFor([&] { return !session().catalog().empty(); });
  }

  void takeAll() {
    window_->begin();
    shot("gallery");
    window_->openFile(NOISELOOM_SOURCE_DIR "/graphs/ddpm.loom");
    set("start", "batch", 4);
    session().select({.nodes = {"predict"}, .wires = {}, .port = "predict.x0"});
    const QString first = session().run(62);
    waitFor([&] { return session().runs().find(first)->state == RunInfo::State::paused; });
    shot("running");
    viewDifference(first);
    sweep();
    error();
  }

 private:
  Session& session() { return window_->session(); }

  bool waitFor(const std::function<bool()>& done) { return QTest::qWaitFor(done, 120'000); }

  void set(const char* node, const char* port, const nlohmann::json& value) {
    session().edit("Set", [&](const Document& document) {
      return setParam(document, "", session().catalog(), node, port, value);
    });
  }

  void viewDifference(const QString& first) {
    session().runs().proceed(first);
    waitFor([&] { return session().runs().find(first)->over(); });
    set("predict", "clip", "none");
    const QString second = session().forkFrom(first, 40);
    waitFor([&] { return session().runs().find(second)->over(); });
    session().compareWith(first);
    window_->central().showViewer(true);
    window_->central().viewer().show("predict.x0");
    window_->central().viewer().setCompare(Viewer::Compare::difference);
    waitFor([&] { return !window_->central().viewer().image().isNull(); });
    shot("difference");
    window_->central().showViewer(false);
    session().compareWith({});
  }

  void sweep() {
    auto* batch = window_->findChild<BatchPanel*>();
    window_->commands().action("window.batch")->trigger();
    batch->findChild<QLineEdit*>("batchOut")->setText(data_.filePath("sweep"));
    batch->findChild<QComboBox*>("batchName")->setCurrentText("steps");
    batch->findChild<QLineEdit*>("batchValues")->setText("5, 10, 20");
    batch->addSweep("seed", "1..4");
    batch->start();
    waitFor([&] { return !batch->running(); });
    auto* grid = batch->findChild<QLabel*>("batchGrid");
    waitFor([&] { return !grid->pixmap().isNull(); });
    shot("sweep");
    window_->commands().action("window.inspector")->trigger();
  }

  void error() {
    session().edit("Cut", [&](const Document& document) {
      return removeNodes(document, "", session().catalog(), {"timesteps"});
    });
    waitFor([&] { return session().checked().current && !session().checked().errors.empty(); });
    window_->commands().action("window.problems")->trigger();
    for (QPushButton* button : window_->findChildren<QPushButton*>())  // what was said before is read
      if (const QString name = button->objectName();
          name.startsWith("notice.") && (name.endsWith(".close") || name.endsWith(".Got it")))
        button->click();
    auto* list = window_->findChild<QListWidget*>("problemsList");
    waitFor([&] { return list->count() > 0 && list->isVisible(); });
    QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualItemRect(list->item(0)).center());
    shot("error");
  }

  void shot(const QString& name) {
    // Pictures of steps arrive, animations come to rest.
    QSignalSpy news(&session().frames(), &Frames::changed);
    do {
      news.clear();
      QTest::qWait(1200);
    } while (!news.isEmpty());
    const QString file =
        QString("%1/%2_%3_%4.png").arg(folder_, name, theme_.dark ? "dark" : "light").arg(size_.width());
    window_->grab().save(file);
    std::printf("%s\n", qPrintable(file));
  }

  QString folder_;
  QSize size_;
  const Theme& theme_;
  QTemporaryDir data_;
  std::unique_ptr<MainWindow> window_;
};

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  QApplication application(argc, argv);
  QCoreApplication::setApplicationName("noiseloom");
  const QString folder = argc > 1 ? argv[1] : "out";
  QDir().mkpath(folder);
  for (const Theme* theme : {&Theme::darkTheme(), &Theme::lightTheme()})
    for (const QSize size : {QSize(1280, 800), QSize(2560, 1440)})
      Photographer(folder, size, *theme).takeAll();
  return 0;
}
