// The panels on the real window: the inspector's edits and their undo, zones, problems, history, runs, a
// batch.
#include <QtTest/QtTest>

#include "app/editor/shell/batch_panel.h"
#include "app/editor/shell/inspector.h"
#include "app/editor/shell/main_window.h"
#include "app/editor/shell/number_field.h"
#include "app/editor/shell/places.h"

using namespace loom;
using namespace loom::editor;
using nlohmann::json;

class PanelsTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<MainWindow> window_;
  Session& session() { return window_->session(); }
  const Node& node(const char* id) { return *findNode(session().document().graph, id); }
  template <class T>
  T* find(const QString& name) const {
    T* found = nullptr;
    for (T* each : window_->findChildren<T*>(name))
      if (!found || each->isVisible()) found = each;
    return found;
  }
  void select(const char* id) { session().select({.nodes = {id}, .wires = {}, .port = {}}); }
  void type(QLineEdit* field, const QString& text) {
    field->setFocus();
    field->selectAll();
    QTest::keyClicks(field, text);
    QTest::keyClick(field, Qt::Key_Return);
  }

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    window_ = std::make_unique<MainWindow>(
        SessionOptions{.runner = NOISELOOM_RUNNER, .dataFolder = folder_->filePath("data")});
    window_->resize(1280, 800);
    window_->show();
    QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    window_->activateWindow();
    QTRY_VERIFY_WITH_TIMEOUT(!session().catalog().empty(), 20000);
    QVERIFY(window_->openFile(graphsFolder() + "/ddim.loom"));
  }
  void cleanup() {
    window_.reset();
    folder_.reset();
  }

  void parametersAreEditedAndUndone() {
    select("start");
    const json before = node("start").params.at("batch");
    auto* batch = find<NumberField>("param.start.batch");
    QVERIFY(batch && batch->isVisible());
    type(batch, "2*3");
    QCOMPARE(node("start").params.at("batch"), json(6));
    QVERIFY(session().modified());
    session().undoOnce();
    QCOMPARE(node("start").params.at("batch"), before);
    QCOMPARE(batch->value(), before);  // the same field: it was not built anew
    // A drag is one step of undo.
    window_->central().setFocus();
    const size_t entries = session().undo().now();
    QTest::mousePress(batch, Qt::LeftButton, {}, {20, 8});
    for (int x = 20; x <= 80; x += 4) QTest::mouseMove(batch, {x, 8});
    QTest::mouseRelease(batch, Qt::LeftButton, {}, {80, 8});
    QVERIFY(node("start").params.at("batch") > before);
    QCOMPARE(session().undo().now(), entries + 1);
    session().undoOnce();
    QCOMPARE(node("start").params.at("batch"), before);
    // Out of its range it stays as it was, and says why.
    QSignalSpy noticed(&session(), &Session::noticed);
    type(batch, "-5");
    QCOMPARE(node("start").params.at("batch"), before);
    QCOMPARE(noticed.count(), 1);
    QCOMPARE(batch->value(), before);
    // The dice, and back to the default.
    auto* dice = find<QPushButton>("param.start.seed.dice");
    const json seed = node("start").params.at("seed");
    dice->click();
    QVERIFY(node("start").params.at("seed") != seed);
    find<QToolButton>("param.start.seed.reset")->click();
    QVERIFY(!node("start").params.count("seed"));
    // Not locked, each run draws another seed; undone, it is kept.
    auto* lock = find<QPushButton>("param.start.seed.lock");
    const auto drawn = [this] {
      const auto layout = layoutOf(session().document(), "");
      const auto start = layout->nodes.find("start");
      return start != layout->nodes.end() && start->second.rolled.count("seed") > 0;
    };
    QVERIFY(lock->isChecked() && !drawn());
    lock->click();
    QVERIFY(!lock->isChecked() && drawn());
    session().undoOnce();
    QVERIFY(lock->isChecked() && !drawn());
  }

  void aNodeIsRenamedAndMuted() {
    select("start");
    type(find<QLineEdit>("inspectorId"), "noise_at_first");
    QVERIFY(findNode(session().document().graph, "noise_at_first"));
    QCOMPARE(session().selection().nodes, Ids{"noise_at_first"});
    type(find<QLineEdit>("inspectorTitle"), "First noise");
    QCOMPARE(node("noise_at_first").title, std::string("First noise"));
    type(find<QLineEdit>("inspectorId"), "sampling");  // is taken
    QVERIFY(findNode(session().document().graph, "noise_at_first"));
    auto* mode = find<QComboBox>("inspectorMode");
    mode->setCurrentIndex(1);
    Q_EMIT mode->activated(1);
    QCOMPARE(node("noise_at_first").mode, NodeMode::muted);
    for (int i = 0; i < 3; ++i) session().undoOnce();
    QTRY_VERIFY(!session().modified());  // told a moment later on a slow machine
  }

  void zonesAndExposedValues() {
    select("sampling");
    const size_t states = node("sampling").zone->state.size();
    find<QPushButton>("zoneAddState")->click();
    QCOMPARE(node("sampling").zone->state.size(), states + 1);
    session().undoOnce();
    session().select({});
    type(find<QLineEdit>("documentTitle"), "Mine");
    QCOMPARE(session().document().title, std::string("Mine"));
    auto* seed = find<NumberField>("param.seed");
    QVERIFY(seed);
    type(seed, "99");
    for (const ExposedInput& input : session().document().graph.inputs)
      if (input.name == "seed")
        for (const Link& to : input.to) QCOMPARE(node(to.node.c_str()).params.at(to.port), json(99));
    auto* history = find<QListWidget>("historyList");
    QCOMPARE(history->count(), static_cast<int>(session().undo().entries().size()));
    Q_EMIT history->itemClicked(history->item(0));
    QTRY_VERIFY(!session().modified());  // told a moment later on a slow machine
  }

  void problemsLeadToTheNode() {
    session().edit("Unlink", [&](const Document& document) {
      return editor::disconnect(document, "", [&] {
        std::vector<Wire> wires;
        for (const Wire& wire : wiresOf(document.graph))
          if (wire.to.node == "predict" && wire.to.slot == "schedule") wires.push_back(wire);
        return wires;
      }());
    });
    auto* list = find<QListWidget>("problemsList");
    QTRY_VERIFY_WITH_TIMEOUT(list->count() > 0, 10000);
    QVERIFY(list->item(0)->text().contains("predict"));
    QVERIFY(!find<QPushButton>("statusProblems")->text().contains("no "));
    Q_EMIT list->itemClicked(list->item(0));
    QCOMPARE(session().selection().nodes, Ids{"predict"});
    session().undoOnce();
    QTRY_COMPARE_WITH_TIMEOUT(list->count(), 0, 10000);
  }

  void aBatchRunsAndShowsItsGrid() {
    prepareBatch();
    auto* panel = find<BatchPanel>("batchPanel");
    fillRow(0, "seed", "1,,2");
    QVERIFY(!find<QPushButton>("batchRun")->isEnabled());
    fillRow(0, "seed", "1..2");
    QTest::mouseClick(find<QPushButton>("batchAdd"), Qt::LeftButton);
    fillRow(1, "step.eta", "0,0.5,1");
    QCOMPARE(find<QLabel>("batchTotal")->text(), QString("6 jobs"));
    QSignalSpy finished(panel, &BatchPanel::finished);
    QTest::mouseClick(find<QPushButton>("batchRun"), Qt::LeftButton);
    QVERIFY(panel->running());
    QVERIFY(!find<QPushButton>("batchRun")->isEnabled() && find<QPushButton>("batchCancel")->isEnabled());
    QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, 120000);
    QVERIFY2(finished[0][0].toBool(), qPrintable(find<QLabel>("batchState")->text()));
    const QString grid = finished[0][1].toString();
    QVERIFY(QFileInfo::exists(grid));
    QTRY_VERIFY(!find<QLabel>("batchGrid")->pixmap().isNull());
    QVERIFY(find<QLabel>("batchGrid")->width() <= panel->width());
    QTest::mouseClick(find<QPushButton>("batchLarge"), Qt::LeftButton);
    auto* dialog = window_->findChild<QDialog*>("gridDialog");
    QVERIFY(dialog && dialog->isVisible());
    auto* large = dialog->findChild<QLabel*>("gridLarge");
    QTRY_VERIFY(!large->pixmap().isNull());
    // All of it at first, never enlarged; then pixel for pixel.
    auto* scroll = dialog->findChild<QScrollArea*>();
    const QSize whole = QImage(grid).size();
    QVERIFY(large->pixmap().width() <= scroll->viewport()->width());
    QVERIFY(large->pixmap().width() <= whole.width());
    QTest::mouseClick(dialog->findChild<QPushButton*>("gridWhole"), Qt::LeftButton);
    QCOMPARE(large->pixmap().size(), whole);
    dialog->close();
    // The same jobs again are known: nothing is computed, the grid is there at once.
    QTest::mouseClick(find<QPushButton>("batchRun"), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 2, 120000);
    QVERIFY(finished[1][0].toBool());
  }

  void aBatchIsCancelledAndSaysWhatIsWrong() {
    prepareBatch();
    auto* panel = find<BatchPanel>("batchPanel");
    QSignalSpy finished(panel, &BatchPanel::finished);
    fillRow(0, "no.such", "1,2");
    QTest::mouseClick(find<QPushButton>("batchRun"), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, 60000);
    QVERIFY(!finished[0][0].toBool());
    QVERIFY2(find<QLabel>("batchState")->text().contains("no"),
             qPrintable(find<QLabel>("batchState")->text()));
    fillRow(0, "steps", "900..999");
    QTest::mouseClick(find<QPushButton>("batchRun"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("batchState")->text().contains("of 100"), 60000);
    QTest::mouseClick(find<QPushButton>("batchCancel"), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 2, 60000);
    QVERIFY(!finished[1][0].toBool());
    QVERIFY2(find<QLabel>("batchState")->text().startsWith("Stopped"),
             qPrintable(find<QLabel>("batchState")->text()));
    QVERIFY(find<QPushButton>("batchRun")->isEnabled());
  }

  void theJobsFileIsWhatTheRunnerRuns() {
    prepareBatch();
    fillRow(0, "seed", "1..2");
    const QString file = folder_->filePath("elsewhere/jobs.csv");
    QVERIFY(QDir().mkpath(folder_->filePath("elsewhere")));
    QTest::mouseClick(find<QPushButton>("batchWrite"), Qt::LeftButton);
    QFileDialog* dialog = nullptr;
    for (QFileDialog* each : window_->findChildren<QFileDialog*>())
      if (each->isVisible()) dialog = each;
    QVERIFY(dialog);
    dialog->selectFile(file);
    QMetaObject::invokeMethod(dialog, "accept");
    QTRY_VERIFY(QFileInfo::exists(file));
    QProcess batch;
    batch.setProcessChannelMode(QProcess::MergedChannels);
    batch.start(NOISELOOM_RUNNER, {"batch", file, "--out", folder_->filePath("by hand")});
    QVERIFY(batch.waitForFinished(120000));
    QVERIFY2(batch.exitCode() == 0, batch.readAll().constData());
    QVERIFY(!QDir(folder_->filePath("by hand")).entryList({"grid*.png"}).isEmpty());
  }

 private:
  // Quick to run, with its results in a folder of the test's.
  void prepareBatch() {
    session().edit("Quick", [&](const Document& document) {
      return setParam(setParam(document, "", session().catalog(), "start", "batch", 1), "",
                      session().catalog(), "timesteps", "steps", 2);
    });
    window_->commands().action("batch.panel")->trigger();
    QTRY_VERIFY(find<BatchPanel>("batchPanel")->isVisible());
    type(find<QLineEdit>("batchOut"), folder_->filePath("sweep"));
  }
  void fillRow(int row, const QString& name, const QString& values) {
    auto* panel = find<BatchPanel>("batchPanel");
    type(panel->findChildren<QComboBox*>("batchName").at(row)->lineEdit(), name);
    type(panel->findChildren<QLineEdit*>("batchValues").at(row), values);
  }
};

QTEST_MAIN(PanelsTest)
#include "panels_test.moc"
