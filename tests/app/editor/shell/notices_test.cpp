// The lines over the canvas, and what the gallery offers after a crash: each is brought about for real,
// read, and what it offers is clicked.
#include <signal.h>

#include <QScreen>
#include <QtTest/QtTest>

#include "app/editor/document/document_file.h"
#include "app/editor/gl/theme.h"
#include "app/editor/session/journal.h"
#include "app/editor/session/presence.h"
#include "app/editor/shell/gallery.h"
#include "app/editor/shell/notices_bar.h"
#include "app/editor/shell/places.h"
#include "engine/graph/graph_file.h"
#include "tests/app/editor/story/driver.h"

using namespace loom;
using namespace loom::editor;

class NoticesTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Driver> user_;

  QString data() const { return folder_->filePath("data"); }
  void open() {
    user_ = std::make_unique<Driver>(data());
    QVERIFY(user_->waitFor([this] { return !session().catalog().empty(); }));
  }
  Session& session() { return user_->session(); }
  QWidget* notice(const QString& id, const MainWindow* window = nullptr) const {
    for (QWidget* each : (window ? window : &user_->window)->findChildren<QWidget*>("notice." + id))
      if (each->isVisible()) return each;
    return nullptr;
  }
  static QString textOf(const QWidget* notice) { return notice->findChild<QLabel*>()->text(); }
  static void press(const QWidget* notice, const QString& words) {
    for (QPushButton* button : notice->findChildren<QPushButton*>())
      if (button->text() == words) return QTest::mouseClick(button, Qt::LeftButton);
    QFAIL(qPrintable("there is no button " + words));
  }
  QString ownGraph() const {
    const QString file = folder_->filePath("mine.loom");
    Document document = readDocument(graphsFolder() + "/ddim.loom");
    document = withNode(document, "timesteps", [](Node& node) { node.params["steps"] = 4; });
    writeDocument(withNode(document, "start", [](Node& node) { node.params["batch"] = 1; }), file);
    return file;
  }
  void edit(const char* title) {
    session().edit("Title", [title](const Document& document) {
      Document next = document;
      next.title = title;
      return next;
    });
  }
  // What an editor leaves that is killed.
  void leave(const QString& title, const QString& file = {}) {
    const Presence gone(data());
    Journal journal(gone);
    Document document = readDocument(graphsFolder() + "/ddim.loom");
    document.title = title.toStdString();
    QVERIFY(journal.write(writeGraph(document), file, title));
  }

 private Q_SLOTS:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }
  void cleanup() {
    user_.reset();
    folder_.reset();
  }

  void afterACrashItIsOfferedAgain() {
    leave("Half done");
    leave("Not wanted");
    open();
    user_->window.begin();
    auto* gallery = user_->window.findChild<Gallery*>("gallery");
    const auto bar = [&](const QString& title) -> QWidget* {
      for (QWidget* each : gallery->findChildren<QWidget*>("recovered"))
        if (each->findChild<QLabel*>()->text().contains(title)) return each;
      return nullptr;
    };
    QVERIFY(bar("Half done") && bar("Not wanted"));
    QTRY_COMPARE(QApplication::focusWidget()->objectName(), QString("recover"));
    QTest::mouseClick(bar("Not wanted")->findChild<QPushButton*>("discard"), Qt::LeftButton);
    QTRY_VERIFY(!bar("Not wanted"));
    QVERIFY(bar("Half done"));
    QTest::mouseClick(bar("Half done")->findChild<QPushButton*>("recover"), Qt::LeftButton);
    QTRY_VERIFY(gallery->isHidden());
    QCOMPARE(session().document().title, std::string("Half done"));
    QVERIFY(session().modified());
    QVERIFY(session().recoverable().empty());
    // It is this editor's own from now on: lost by it, it would be offered again.
    user_->window.commands().action("file.gallery")->trigger();
    QVERIFY(!bar("Half done"));
  }

  void whatCantBeRecoveredSaysSo() {
    leave("Broken");
    QFile file(QDir(data() + "/journals").entryInfoList({"*.journal"}).first().absoluteFilePath());
    QVERIFY(file.open(QIODevice::ReadWrite));
    file.resize(file.size() / 2);
    file.close();
    open();
    user_->window.begin();
    edit("At hand");
    if (auto* recover = user_->window.findChild<QPushButton*>("recover")) {
      QTest::mouseClick(recover, Qt::LeftButton);
      QTRY_VERIFY(notice("failure"));
      QVERIFY(textOf(notice("failure")).contains("Broken"));
    }
    QCOMPARE(session().document().title, std::string("At hand"));
  }

  void theWorkerIsKilledInMidRun() {
    open();
    QVERIFY(user_->window.openFile(ownGraph()));
    session().edit("Longer", [this](const Document& document) {
      return setParam(document, "", session().catalog(), "timesteps", "steps", 1000);
    });
    const QString run = session().run();
    QVERIFY(user_->waitFor([&] { return session().runs().find(run)->state == RunInfo::State::running; }));
    QSignalSpy noticed(&session(), &Session::noticed);
    QString said;
    const auto heard = connect(
        &session().worker(), &WorkerClient::stateChanged, this,
        [&] {
          if (QWidget* bar = notice("worker")) said += textOf(bar);
        },
        Qt::QueuedConnection);
    QCOMPARE(::kill(static_cast<pid_t>(session().worker().pid()), SIGKILL), 0);
    QVERIFY(user_->waitFor([&] { return session().runs().find(run)->state == RunInfo::State::lost; }));
    QVERIFY(user_->waitFor([&] { return said.contains("safe"); }));
    QVERIFY2(said.contains("gone"), qPrintable(said));
    disconnect(heard);
    QVERIFY(user_->waitFor([this] { return session().worker().state() == WorkerClient::State::ready; }));
    QTRY_VERIFY(!notice("worker"));
    const auto again = [](const QVariantList& each) { return each[0].toString().contains("runs again"); };
    QVERIFY(std::any_of(noticed.begin(), noticed.end(), again));
    session().undoOnce();
    const QString next = session().run();
    QVERIFY(user_->waitFor([&] { return session().runs().find(next)->over(); }));
    QCOMPARE(session().runs().find(next)->state, RunInfo::State::finished);
  }

  void aWorkerThatCantStartIsRestartedByAClick() {
    const QString program = folder_->filePath("noiseloom");
    QVERIFY(QFile::link("/bin/false", program));
    MainWindow window({.runner = program, .dataFolder = data()});
    window.resize(1000, 700);
    window.show();
    QTRY_VERIFY_WITH_TIMEOUT(window.session().worker().state() == WorkerClient::State::failed, 60000);
    QTRY_VERIFY(notice("worker", &window));
    QVERIFY(textOf(notice("worker", &window)).contains("can't be started"));
    QVERIFY(QFile::remove(program) && QFile::link(NOISELOOM_RUNNER, program));
    press(notice("worker", &window), "Restart");
    QTRY_VERIFY_WITH_TIMEOUT(window.session().worker().state() == WorkerClient::State::ready, 60000);
    QTRY_VERIFY(!notice("worker", &window));
  }

  void aFileThatIsOpenElsewhere() {
    open();
    const QString file = ownGraph();
    QVERIFY(user_->window.openFile(file));
    QVERIFY(!notice("elsewhere"));
    MainWindow second({.runner = NOISELOOM_RUNNER, .dataFolder = data()});
    second.resize(1000, 700);
    second.show();
    QVERIFY(second.openFile(file));
    QWidget* bar = notice("elsewhere", &second);
    QVERIFY(bar && textOf(bar).contains(QString::number(QCoreApplication::applicationPid())));
    press(bar, "Save a copy…");
    auto* dialog = second.findChild<QFileDialog*>("saveDialog");
    QVERIFY(dialog && dialog->isVisible());
    dialog->selectFile(folder_->filePath("copy.loom"));
    QMetaObject::invokeMethod(dialog, "accept");
    QTRY_COMPARE(second.session().file(), folder_->filePath("copy.loom"));
    QVERIFY(!notice("elsewhere", &second));
  }

  void aFileThatIsChangedOutside_data() {
    QTest::addColumn<QString>("answer");
    QTest::newRow("theirs") << "Reload";
    QTest::newRow("mine") << "Keep mine";
  }
  void aFileThatIsChangedOutside() {
    QFETCH(QString, answer);
    open();
    const QString file = ownGraph();
    QVERIFY(user_->window.openFile(file));
    edit("Mine");
    Document other = readDocument(file);
    other.title = "Theirs";
    writeDocument(other, file);
    QVERIFY(user_->waitFor([this] { return notice("file") != nullptr; }));
    QVERIFY(textOf(notice("file")).contains("mine.loom"));
    press(notice("file"), answer);
    QVERIFY(!notice("file"));
    QCOMPARE(session().document().title, std::string(answer == "Reload" ? "Theirs" : "Mine"));
    QCOMPARE(session().modified(), answer != "Reload");
    QCOMPARE(readDocument(file).title, std::string("Theirs"));  // nothing was written
  }

  void nothingMovesBecauseSomethingIsSaid() {
    open();
    QVERIFY(user_->window.openFile(ownGraph()));
    QTRY_VERIFY(notice("hint"));
    press(notice("hint"), "No hints");
    user_->settle();
    const QRect central = user_->central().geometry(), canvas = user_->central().canvasArea();
    const auto node = user_->canvas().rectOf("start");
    session().notice("All is well");
    session().notice("Something is wrong", true);
    QTRY_VERIFY(notice("said") && notice("failure"));
    user_->settle();
    QCOMPARE(user_->central().geometry(), central);
    QCOMPARE(user_->central().canvasArea(), canvas);
    QCOMPARE(user_->canvas().rectOf("start")->y, node->y);
    // They lie over the canvas, and not over what is under it.
    const QRect over(user_->central().mapTo(&user_->window, canvas.topLeft()), canvas.size());
    auto* bar = user_->window.findChild<NoticesBar*>("notices");
    QVERIFY(over.contains(bar->geometry()));
    // They go with the canvas where the viewer takes a part of it.
    user_->central().showViewer(true);
    QTRY_VERIFY(bar->geometry().right() <
                user_->central().geometry().left() + user_->central().width() * 0.7);
    user_->central().showViewer(false);
    QTRY_VERIFY(over.contains(bar->geometry()));
  }

  void theyAreSeenOverTheCanvasAndAnIdleOneStaysIdle() {
    open();
    QVERIFY(user_->window.openFile(ownGraph()));
    session().notice("Something is wrong", true);
    QTRY_VERIFY(notice("failure"));
    user_->settle();
    const QWidget* shown = notice("failure");
    // What the screen shows, not what the widgets would: the canvas is composed with what lies over it.
    const auto pixel = [this](const QPoint& at) {
      QScreen* screen = user_->window.screen();
      return screen->grabWindow(user_->window.winId()).toImage().pixelColor(at * screen->devicePixelRatio());
    };
    const QPoint inside = shown->mapTo(&user_->window, QPoint(6, 4));
    QTRY_COMPARE(pixel(inside), Theme::current().raised);
    const auto* bar = user_->window.findChild<NoticesBar*>("notices");
    QVERIFY(pixel(bar->geometry().bottomLeft() + QPoint(0, 5)) != Theme::current().raised);
    // Panels that come and go leave them where they are: on top.
    for (const char* panel : {"window.history", "window.problems", "window.problems", "window.library"}) {
      user_->window.commands().action(panel)->trigger();
      user_->settle();
      QTRY_COMPARE(pixel(shown->mapTo(&user_->window, QPoint(6, 4))), Theme::current().raised);
    }
    const int64_t painted = user_->central().framesPainted();
    QTest::qWait(1500);
    QCOMPARE(user_->central().framesPainted(), painted);
  }

  void aClickBesideThemIsTheCanvass() {
    open();
    QVERIFY(user_->window.openFile(ownGraph()));
    session().notice("Something is wrong", true);
    QTRY_VERIFY(notice("failure"));
    user_->canvas().zoomTo(1);
    user_->canvas().centreOn("start");
    user_->settle();
    const auto* bar = user_->window.findChild<NoticesBar*>("notices");
    const auto under = [&](QPoint inWindow) {
      return user_->window.childAt(inWindow) == static_cast<QWidget*>(&user_->central());
    };
    const QRect lies = bar->geometry();
    QVERIFY(!under(lies.center()));
    QVERIFY(under(lies.topLeft() - QPoint(3, 0)) && under(lies.bottomRight() + QPoint(3, 0)));
    QVERIFY(under(lies.bottomLeft() + QPoint(0, 3)));
    user_->click(user_->header("start"));
    QCOMPARE(session().selection().nodes, Ids{"start"});
    // On one it is not: what is selected stays.
    QTest::mouseClick(notice("failure"), Qt::LeftButton, {}, QPoint(5, 5));
    user_->settle();
    QCOMPARE(session().selection().nodes, Ids{"start"});
  }

  void theNewestErrorStandsFirstAndTheKeyboardClosesThem() {
    open();
    QVERIFY(user_->window.openFile(ownGraph()));
    auto* bar = user_->window.findChild<NoticesBar*>("notices");
    bar->show({.id = "first", .text = "An error", .bad = true});
    bar->show({.id = "news", .text = "Some news"});
    bar->show({.id = "second", .text = "A newer error", .bad = true});
    const auto y = [this](const char* id) { return notice(id)->y(); };
    QTRY_VERIFY(y("second") < y("first") && y("first") < y("news") && y("news") < y("hint"));
    user_->central().setFocus();
    user_->window.commands().action("window.nextPanel")->trigger();
    QTRY_COMPARE(QApplication::focusWidget()->objectName(), QString("notice.second.close"));
    for (const char* next : {"notice.first.close", "notice.news.close", "notice.hint.Next hint"}) {
      QTest::keyClick(QApplication::focusWidget(), Qt::Key_Escape);
      QTRY_COMPARE(QApplication::focusWidget()->objectName(), QString(next));
    }
    // What must be answered is not closed so; the canvas has the keyboard again.
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Escape);
    QTRY_COMPARE(QApplication::focusWidget(), static_cast<QWidget*>(&user_->central()));
    QVERIFY(notice("hint"));
  }

  void thoseThatDoNotFitWait() {
    open();
    user_->window.resize(900, 500);
    QVERIFY(user_->window.openFile(ownGraph()));
    user_->settle();
    auto* bar = user_->window.findChild<NoticesBar*>("notices");
    for (int i = 0; i < 12; ++i)
      bar->show({.id = QString("n%1").arg(i), .text = QString("Error %1").arg(i), .bad = true});
    QTRY_VERIFY(notice("n11"));
    QVERIFY(!notice("n0"));
    QVERIFY(bar->height() < user_->central().canvasArea().height() / 2);
    auto* more = bar->findChild<QLabel*>("noticesMore");
    QVERIFY(more->isVisible());
    for (int i = 11; i > 0; --i) bar->remove(QString("n%1").arg(i));
    QVERIFY(notice("n0"));
    QVERIFY(!more->isVisible());
  }

  void whatGoesWrongInTheGalleryIsSeen() {
    open();
    session().notice("Said before");
    QVERIFY(notice("said"));
    user_->window.begin();
    QVERIFY(!notice("said"));  // it was about something else
    const QString file = folder_->filePath("no_graph.loom");
    QFile broken(file);
    QVERIFY(broken.open(QIODevice::WriteOnly) && broken.write("{") == 1);
    broken.close();
    Q_EMIT user_->window.findChild<Gallery*>("gallery")->openAsked(file);
    QTRY_VERIFY(notice("failure"));
    const QWidget* shown = notice("failure");
    const QPoint at = shown->mapTo(&user_->window, shown->rect().center());
    QVERIFY(shown->isAncestorOf(user_->window.childAt(at)) || user_->window.childAt(at) == shown);
  }

  void hintsComeOneByOneAndGoForGood() {
    open();
    QVERIFY(user_->window.openFile(ownGraph()));
    QVERIFY(notice("hint") && textOf(notice("hint")).contains("Ctrl+Enter"));
    press(notice("hint"), "Next hint");
    QVERIFY(notice("hint") && textOf(notice("hint")).contains("Ctrl+Shift+P"));
    user_.reset();
    open();
    QVERIFY(user_->window.openFile(ownGraph()));  // the first was seen, the second comes again
    QVERIFY(notice("hint") && textOf(notice("hint")).contains("Ctrl+Shift+P"));
    const QString run = session().run();
    QVERIFY(user_->waitFor([&] { return session().runs().find(run)->over(); }));
    QTRY_VERIFY(notice("hint") && textOf(notice("hint")).contains("F9"));  // there is something to fork now
    press(notice("hint"), "No hints");
    QVERIFY(!notice("hint"));
    user_.reset();
    open();
    QVERIFY(user_->window.openFile(ownGraph()));
    QVERIFY(!notice("hint"));
    user_->window.commands().action("help.hints")->trigger();
    QVERIFY(notice("hint") && textOf(notice("hint")).contains("Ctrl+Enter"));
  }

  void aFollowedHintGoes() {
    open();
    QVERIFY(user_->window.openFile(ownGraph()));
    QVERIFY(notice("hint"));
    session().run();
    QVERIFY(
        user_->waitFor([this] { return !notice("hint") || !textOf(notice("hint")).contains("Ctrl+Enter"); }));
  }

  void aFailureLeadsToItsNode() {
    open();
    QVERIFY(user_->window.openFile(ownGraph()));
    session().edit("No such file", [this](const Document& document) {
      return setParam(document, "", session().catalog(), "weights", "path", "nowhere.safetensors");
    });
    const QString run = session().run();
    QVERIFY(user_->waitFor([&] { return session().runs().find(run)->over(); }));
    QTRY_VERIFY(notice("run"));
    QVERIFY2(textOf(notice("run")).contains("weights"), qPrintable(textOf(notice("run"))));
    press(notice("run"), "Show the node");
    QCOMPARE(session().selection().nodes, Ids{"weights"});
  }
};

QTEST_MAIN(NoticesTest)
#include "notices_test.moc"
