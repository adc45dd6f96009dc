// Commands by themselves: their keys by preset, the user's own, and where bare keys count.
#include <QtTest/QtTest>

#include "app/editor/shell/commands.h"
#include "engine/core/error.h"

using namespace loom::editor;

class CommandsTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  QString settingsFile() const { return folder_.filePath("settings.ini"); }

  static Command command(const QString& id, const QString& key, int& ran) {
    Command result;
    result.id = id;
    result.title = id;
    result.keys[KeyPreset::comfyUi] = {QKeySequence(key)};
    result.run = [&ran] { ++ran; };
    return result;
  }

 private Q_SLOTS:
  void init() { QFile::remove(settingsFile()); }

  void keysFollowPresetAndUser() {
    QSettings settings(settingsFile(), QSettings::IniFormat);
    QWidget window;
    Commands commands(&window, settings);
    int ran = 0;
    Command mute = command("graph.mute", "Ctrl+M", ran);
    mute.sameKeys = false;
    mute.keys[KeyPreset::blender] = {QKeySequence("M")};
    commands.add(mute);
    commands.add(command("run.start", "Ctrl+Return", ran));

    QCOMPARE(commands.keys("graph.mute"), QList<QKeySequence>{QKeySequence("Ctrl+M")});
    commands.setPreset(KeyPreset::blender);
    QCOMPARE(commands.keys("graph.mute"), QList<QKeySequence>{QKeySequence("M")});
    QCOMPARE(commands.action("graph.mute")->shortcuts(), QList<QKeySequence>{QKeySequence("M")});
    commands.setPreset(KeyPreset::nuke);
    QVERIFY(commands.keys("graph.mute").isEmpty());
    QCOMPARE(commands.keys("run.start"), QList<QKeySequence>{QKeySequence("Ctrl+Return")});

    commands.setKeys("graph.mute", {QKeySequence("Ctrl+Return"), QKeySequence("Ctrl+K, Ctrl+M")});
    QCOMPARE(commands.conflicts("graph.mute", QKeySequence("Ctrl+Return")), QStringList{"run.start"});
    QVERIFY(commands.conflicts("graph.mute", QKeySequence("Ctrl+J")).isEmpty());
    {
      QSettings again(settingsFile(), QSettings::IniFormat);
      settings.sync();
      again.sync();
      QWidget other;
      Commands reread(&other, again);
      reread.add(mute);
      QCOMPARE(reread.preset(), KeyPreset::nuke);
      QCOMPARE(reread.keys("graph.mute"), commands.keys("graph.mute"));
    }
    commands.setKeys("graph.mute", {});  // none at all is the user's choice too
    QVERIFY(commands.keys("graph.mute").isEmpty() && commands.ownKeys("graph.mute"));
    commands.resetKeys("graph.mute");
    commands.setPreset(KeyPreset::comfyUi);
    QCOMPARE(commands.keys("graph.mute"), QList<QKeySequence>{QKeySequence("Ctrl+M")});
  }

  void enabledAndCheckedAreAsked() {
    QSettings settings(settingsFile(), QSettings::IniFormat);
    QWidget window;
    Commands commands(&window, settings);
    int ran = 0;
    bool may = false, on = true;
    Command toggle = command("view.thing", "F9", ran);
    toggle.enabled = [&] { return may; };
    toggle.checked = [&] { return on; };
    commands.add(toggle);
    commands.refresh();
    QVERIFY(!commands.action("view.thing")->isEnabled());
    QVERIFY(commands.action("view.thing")->isChecked());
    may = true, on = false;
    commands.refresh();
    commands.action("view.thing")->trigger();
    QCOMPARE(ran, 1);
    QVERIFY(!commands.action("view.thing")->isChecked());
  }

  void bareKeysStayOutOfTextFields() {
    QSettings settings(settingsFile(), QSettings::IniFormat);
    QWidget window;
    QHBoxLayout layout(&window);
    QWidget canvas;
    canvas.setFocusPolicy(Qt::StrongFocus);
    QLineEdit field("abc");
    QTreeWidget list;
    layout.addWidget(&canvas);
    layout.addWidget(&field);
    layout.addWidget(&list);
    Commands commands(&window, settings, &canvas);
    int removed = 0, fitted = 0, ran = 0;
    commands.add(command("edit.delete", "Del", removed));
    commands.add(command("view.fit", "F", fitted));
    commands.add(command("run.start", "Ctrl+Return", ran));
    window.show();
    window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    for (QWidget* elsewhere : std::initializer_list<QWidget*>{&field, &list}) {
      elsewhere->setFocus();
      QTest::keyClick(elsewhere, Qt::Key_Delete);
      QTest::keyClick(elsewhere, Qt::Key_F);
      QCOMPARE(removed + fitted, 0);
    }
    QVERIFY(field.text().contains('f'));
    QTest::keyClick(&list, Qt::Key_Return, Qt::ControlModifier);
    QCOMPARE(ran, 1);
    canvas.setFocus();
    QTest::keyClick(&canvas, Qt::Key_Delete);
    QTest::keyClick(&canvas, Qt::Key_F);
    QCOMPARE(removed, 1);
    QCOMPARE(fitted, 1);
    layout.removeWidget(&canvas);
    layout.removeWidget(&field);
    layout.removeWidget(&list);
    for (QWidget* each : std::initializer_list<QWidget*>{&canvas, &field, &list}) each->setParent(nullptr);
  }

  void unknownAndDoubleNamesAreRefused() {
    QSettings settings(settingsFile(), QSettings::IniFormat);
    QWidget window;
    Commands commands(&window, settings);
    int ran = 0;
    commands.add(command("a.b", "F2", ran));
    QVERIFY_EXCEPTION_THROWN(commands.add(command("a.b", "F3", ran)), loom::Error);
    QVERIFY_EXCEPTION_THROWN(commands.action("a.c"), loom::Error);
    QVERIFY_EXCEPTION_THROWN(commands.setKeys("a.c", {}), loom::Error);
  }
};

QTEST_MAIN(CommandsTest)
#include "commands_test.moc"
