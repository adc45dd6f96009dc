// The panel of runs, by mouse and keys on the real one: history, rerun, restore, compare, forget, and the
// queue in its order.
#include <QMimeData>
#include <QtTest/QtTest>

#include "app/editor/document/document_file.h"
#include "app/editor/shell/places.h"
#include "app/editor/shell/queue_list.h"
#include "app/editor/shell/runs_panel.h"
#include "engine/graph/graph_file.h"
#include "tests/app/editor/story/driver.h"

using namespace loom;
using namespace loom::editor;

class RunsPanelTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Driver> user_;

  Session& session() { return user_->session(); }
  Runs& runs() { return user_->session().runs(); }
  QListWidget* list(const char* name = "runsList") const {
    return user_->window.findChild<QListWidget*>(name);
  }
  QPushButton* button(const char* name) const { return user_->window.findChild<QPushButton*>(name); }
  QString idAt(const QListWidget* list, int row) const {
    return list->item(row)->data(Qt::UserRole).toString();
  }
  std::vector<QString> queued() const {
    std::vector<QString> ids;
    for (int row = 0; row < list("runsQueue")->count(); ++row) ids.push_back(idAt(list("runsQueue"), row));
    return ids;
  }
  void click(QListWidget* list, int row, Qt::KeyboardModifiers held = {}) {
    QTest::mouseClick(list->viewport(), Qt::LeftButton, held, list->visualItemRect(list->item(row)).center());
  }
  void set(const char* node, const char* port, const nlohmann::json& value) {
    session().edit("Set", [&](const Document& document) {
      return setParam(document, "", session().catalog(), node, port, value);
    });
  }
  QString runToItsEnd() {
    const QString id = session().run();
    user_->waitFor([&] { return runs().find(id)->over(); });
    return id;
  }

 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    user_ = std::make_unique<Driver>(folder_->filePath("data"));
    QVERIFY(user_->waitFor([this] { return !session().catalog().empty(); }));
    const QString file = folder_->filePath("mine.loom");
    Document document = readDocument(graphsFolder() + "/ddim.loom");
    document = withNode(document, "timesteps", [](Node& node) { node.params["steps"] = 3; });
    writeDocument(withNode(document, "start", [](Node& node) { node.params["batch"] = 1; }), file);
    QVERIFY(user_->window.openFile(file));
    user_->window.commands().action("window.runs")->trigger();
    QVERIFY(list()->isVisible());
  }
  void cleanup() {
    user_.reset();
    folder_.reset();
  }

  void historyLeadsBack() {
    const QString first = runToItsEnd();
    const std::string before = writeGraph(session().document());
    set("step", "eta", 1);
    const QString second = runToItsEnd();
    QCOMPARE(list()->count(), 2);
    QCOMPARE(idAt(list(), 0), second);
    QVERIFY2(list()->item(0)->toolTip().contains("eta"), qPrintable(list()->item(0)->toolTip()));
    QTRY_VERIFY(runs().find(second)->thumbnail);
    QVERIFY(runs().find(second)->seconds > 0 && !runs().find(second)->device.isEmpty());
    // The row shows its thumbnail: many colours where it stands.
    const QRect row = list()->visualItemRect(list()->item(0));
    const QImage drawn = list()->viewport()->grab(QRect(row.topLeft(), QSize(60, row.height()))).toImage();
    QSet<QRgb> colours;
    for (int y = 0; y < drawn.height(); ++y)
      for (int x = 0; x < drawn.width(); ++x) colours << drawn.pixel(x, y);
    QVERIFY2(colours.size() > 50, qPrintable(QString::number(colours.size())));

    click(list(), 1);
    QCOMPARE(session().shownRun()->id, first);
    QTest::mouseClick(button("runsRestore"), Qt::LeftButton);
    QCOMPARE(QString::fromStdString(writeGraph(session().document())), QString::fromStdString(before));
    session().undoOnce();
    QVERIFY(writeGraph(session().document()) != before);

    // Again: the same values, of the same file, whatever is on the canvas now.
    QTest::mouseClick(button("runsRerun"), Qt::LeftButton);
    QVERIFY(user_->waitFor([this] { return runs().all().size() == 3 && runs().all().back()->over(); }));
    const auto again = runs().find(runs().all().back()->id);
    QCOMPARE(again->state, RunInfo::State::finished);
    QCOMPARE(runs().graphText(again->id), runs().graphText(first));
    QCOMPARE(again->file, runs().find(first)->file);
  }

  void twoAreCompared() {
    const QString first = runToItsEnd();
    set("step", "eta", 1);
    const QString second = runToItsEnd();
    set("step", "eta", 0.5);
    const QString third = runToItsEnd();
    QCOMPARE(idAt(list(), 0), third);
    click(list(), 2);
    QCOMPARE(session().shownRun()->id, first);
    click(list(), 0, Qt::ControlModifier);
    QCOMPARE(session().shownRun()->id, first);  // the second one is selected, not shown
    QTest::mouseClick(button("runsCompare"), Qt::LeftButton);
    QCOMPARE(session().comparedRun(), third);
    QCOMPARE(session().shownRun()->id, first);
    QCOMPARE(button("runsCompare")->text(), QString("Compare no more"));
    QTest::mouseClick(button("runsCompare"), Qt::LeftButton);
    QVERIFY(session().comparedRun().isEmpty());
    // One alone: with the one before it.
    click(list(), 1);
    QTest::mouseClick(button("runsCompare"), Qt::LeftButton);
    QCOMPARE(session().shownRun()->id, second);
    QCOMPARE(session().comparedRun(), first);
  }

  void keysShowAndForget() {
    const QString first = runToItsEnd();
    set("step", "eta", 1);
    const QString second = runToItsEnd();
    list()->setFocus();
    QTest::keyClick(list(), Qt::Key_Home);
    QTest::keyClick(list(), Qt::Key_Down);
    QTest::keyClick(list(), Qt::Key_Return);
    QCOMPARE(session().shownRun()->id, first);
    QTest::keyClick(list(), Qt::Key_Delete);
    QTRY_COMPARE(list()->count(), 1);
    QVERIFY(!runs().find(first));
    QVERIFY(findNode(session().document().graph, "start"));  // it was the run that was meant
    QVERIFY(runs().find(second));
  }

  void theQueueIsPutInOrder() {
    set("timesteps", "steps", 1000);
    set("start", "batch", 8);
    const QString busy = session().run();
    QVERIFY(user_->waitFor([&] { return runs().find(busy)->state == RunInfo::State::running; }));
    QVERIFY(list("runsQueue")->isHidden() || queued().empty());
    std::vector<QString> ids;
    for (int i = 0; i < 3; ++i) {
      set("step", "eta", 0.1 * (i + 1));
      ids.push_back(session().run());
    }
    QTRY_COMPARE(queued(), ids);
    QVERIFY(list("runsQueue")->isVisible());
    QCOMPARE(list()->count(), 1);

    // Dragged: the last to the front.
    QListWidget* queue = list("runsQueue");
    const auto drop = [&](const QString& id, QPoint at, bool taken) {
      QMimeData data;
      data.setData(QueueList::kMime, id.toUtf8());
      QDragEnterEvent enter(at, Qt::MoveAction | Qt::CopyAction, &data, Qt::LeftButton, {});
      QCoreApplication::sendEvent(queue->viewport(), &enter);
      QVERIFY(enter.isAccepted());
      QDragMoveEvent move(at, Qt::MoveAction | Qt::CopyAction, &data, Qt::LeftButton, {});
      QCoreApplication::sendEvent(queue->viewport(), &move);
      QDropEvent event(at, Qt::MoveAction | Qt::CopyAction, &data, Qt::LeftButton, {});
      QCoreApplication::sendEvent(queue->viewport(), &event);
      QCOMPARE(event.isAccepted(), taken);
    };
    drop(ids[2], queue->visualItemRect(queue->item(0)).topLeft() + QPoint(20, 3), true);
    QTRY_COMPARE(queued(), (std::vector<QString>{ids[2], ids[0], ids[1]}));
    QCOMPARE(runs().queue(), queued());
    drop(ids[2], queue->visualItemRect(queue->item(2)).bottomLeft() + QPoint(20, -3), true);
    QTRY_COMPARE(queued(), ids);
    drop("no such run", QPoint(20, 3), true);
    QTest::qWait(50);
    QCOMPARE(queued(), ids);

    // By keys.
    queue->setFocus();
    queue->setCurrentRow(2);
    QTest::keyClick(queue, Qt::Key_Up, Qt::AltModifier);
    QTRY_COMPARE(queued(), (std::vector<QString>{ids[0], ids[2], ids[1]}));
    QCOMPARE(queue->currentRow(), 1);  // it went along
    QTest::keyClick(queue, Qt::Key_Down, Qt::AltModifier);
    QTRY_COMPARE(queued(), ids);
    // By buttons.
    click(queue, 0);
    QVERIFY(!button("runsSooner")->isEnabled() && button("runsLater")->isEnabled());
    QTest::mouseClick(button("runsLater"), Qt::LeftButton);
    QTRY_COMPARE(queued(), (std::vector<QString>{ids[1], ids[0], ids[2]}));
    QTest::mouseClick(button("runsSooner"), Qt::LeftButton);
    QTRY_COMPARE(queued(), ids);
    // One leaves it, then all.
    queue->setFocus();
    queue->setCurrentRow(1);
    QTest::keyClick(queue, Qt::Key_Delete);
    QTRY_COMPARE(queued(), (std::vector<QString>{ids[0], ids[2]}));
    QTest::keyClick(&user_->window, Qt::Key_Escape, Qt::ShiftModifier);
    QVERIFY(user_->waitFor([&] { return runs().queue().empty() && runs().find(busy)->over(); }));
    QTRY_VERIFY(!list("runsQueue")->isVisible());
  }
};

QTEST_MAIN(RunsPanelTest)
#include "runs_panel_test.moc"
