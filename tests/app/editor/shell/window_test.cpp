// The window as a person meets it: gallery, palette, settings, keys, files, questions. Mouse and keys on the
// real one.
#include <QtTest/QtTest>

#include "app/editor/document/document_file.h"
#include "app/editor/gl/theme.h"
#include "app/editor/shell/gallery.h"
#include "app/editor/shell/key_settings.h"
#include "app/editor/shell/main_window.h"
#include "app/editor/shell/number_field.h"
#include "app/editor/shell/palette.h"
#include "app/editor/shell/places.h"
#include "engine/graph/graph_file.h"

using namespace loom;
using namespace loom::editor;

class WindowTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<MainWindow> window_;

  SessionOptions options() const {
    return {.runner = NOISELOOM_RUNNER, .dataFolder = folder_->filePath("data")};
  }
  template <class T>
  T* find(const QString& name) const {
    T* found = nullptr;
    for (T* each : window_->findChildren<T*>(name))
      if (!found || each->isVisible()) found = each;
    return found;
  }
  void open() {
    window_ = std::make_unique<MainWindow>(options());
    window_->resize(1280, 800);
    window_->show();
    QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    window_->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    QTRY_VERIFY_WITH_TIMEOUT(!window_->session().catalog().empty(), 20000);
  }
  void setBatch(int value) {
    Session& session = window_->session();
    session.edit("Set batch", [&](const Document& document) {
      return setParam(document, "", session.catalog(), "start", "batch", value);
    });
  }
  QString graph(const char* name) const { return graphsFolder() + "/" + name + ".loom"; }
  // A copy that may be written.
  QString ownGraph(const char* name) const {
    const QString file = folder_->filePath(QString(name) + ".loom");
    QFile::copy(graph(name), file);
    return file;
  }

 private Q_SLOTS:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }
  void cleanup() {
    window_.reset();
    folder_.reset();
  }

  void galleryOpensEveryGraph() {
    open();
    window_->begin();
    auto* gallery = find<Gallery>("gallery");
    QVERIFY(gallery->isVisible());
    const auto entries = galleryEntries(graphsFolder());
    QVERIFY(entries.size() >= 3);
    for (const GalleryEntry& entry : entries) {
      if (!gallery->isVisible()) window_->commands().action("file.gallery")->trigger();
      auto* card = find<GalleryCard>("card." + QFileInfo(entry.file).completeBaseName());
      QVERIFY2(card, qPrintable(entry.file));
      gallery->ensureWidgetVisible(card);
      QTest::mouseClick(card, Qt::LeftButton);
      QTRY_VERIFY(gallery->isHidden());
      QVERIFY(!window_->session().document().graph.nodes.empty());
      QCOMPARE(QString::fromStdString(window_->session().document().title), entry.title);
      QVERIFY(!window_->session().modified());
    }
  }

  // What was made of an example is somebody's own, where the program's folder may be written, too.
  void examplesAreSavedElsewhere() {
    open();
    window_->begin();
    QTest::mouseClick(find<GalleryCard>("card.ddim"), Qt::LeftButton);
    QTRY_VERIFY(find<Gallery>("gallery")->isHidden());
    const auto example = [this] {
      QFile file(graph("ddim"));
      return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    };
    const QByteArray before = example();
    setBatch(3);
    window_->commands().action("file.save")->trigger();
    auto* dialog = window_->findChild<QFileDialog*>("saveDialog");
    QVERIFY(dialog && dialog->isVisible());
    QVERIFY(!dialog->directory().absolutePath().startsWith(graphsFolder()));
    const QString mine = folder_->filePath("mine.loom");
    dialog->selectFile(mine);
    QMetaObject::invokeMethod(dialog, "accept");
    QTRY_COMPARE(session().file(), mine);
    QVERIFY(!before.isEmpty());
    QCOMPARE(example(), before);
  }

  void everyCommandHasAPlaceAndItsOwnKeys() {
    open();
    Commands& commands = window_->commands();
    QSet<QAction*> inMenus;
    for (const QMenu* menu : window_->findChildren<QMenu*>())
      for (QAction* action : menu->actions()) inMenus << action;
    for (const Command& command : commands.all()) {
      QVERIFY2(inMenus.contains(commands.action(command.id)), qPrintable(command.id));
      QVERIFY2(!command.title.isEmpty() && !command.help.isEmpty(), qPrintable(command.id));
    }
    for (const KeyPreset preset : {KeyPreset::comfyUi, KeyPreset::blender, KeyPreset::nuke}) {
      commands.setPreset(preset);
      for (const Command& command : commands.all()) {
        const auto keys = commands.keys(command.id);
        QVERIFY2(!keys.isEmpty(), qPrintable(command.id + " has no key"));
        for (const QKeySequence& key : keys) {
          QVERIFY2(!key.isEmpty() && key[0].key() != Qt::Key_unknown, qPrintable(command.id));
          const QStringList others = commands.conflicts(command.id, key);
          QVERIFY2(others.isEmpty(),
                   qPrintable(command.id + " and " + others.join(", ") + ": " + key.toString()));
        }
      }
    }
    const std::tuple<KeyPreset, const char*, const char*> habits[] = {
        {KeyPreset::comfyUi, "graph.mute", "Ctrl+M"},
        {KeyPreset::comfyUi, "graph.bypass", "Ctrl+B"},
        {KeyPreset::comfyUi, "graph.collapse", "Alt+C"},
        {KeyPreset::comfyUi, "view.fitAll", "."},
        {KeyPreset::blender, "graph.add", "Shift+A"},
        {KeyPreset::blender, "graph.mute", "M"},
        {KeyPreset::blender, "view.fitAll", "Home"},
        {KeyPreset::blender, "edit.duplicate", "Shift+D"},
        {KeyPreset::blender, "edit.deleteReconnect", "Ctrl+X"},
        {KeyPreset::nuke, "graph.add", "Tab"},
        {KeyPreset::nuke, "graph.mute", "D"},
        {KeyPreset::nuke, "view.fitAll", "F"},
        {KeyPreset::nuke, "edit.duplicate", "Alt+C"},
        {KeyPreset::nuke, "edit.deleteReconnect", "Ctrl+Shift+X"}};
    for (const auto& [preset, id, key] : habits) {
      commands.setPreset(preset);
      QVERIFY2(commands.keys(id).contains(QKeySequence(key)), id);
    }
    commands.setPreset(KeyPreset::comfyUi);
    QVERIFY(commands.keys("run.start").contains(QKeySequence(Qt::CTRL | Qt::Key_Return)));
    QVERIFY(commands.keys("run.stop").contains(QKeySequence(Qt::Key_Escape)));
  }

  void paletteFindsAndRuns() {
    open();
    QVERIFY(window_->openFile(graph("ddim")));
    window_->central().setFocus();
    QTest::keyClick(&window_->central(), Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
    auto* palette = find<CommandPalette>("palette");
    QTRY_VERIFY(palette->isVisible());
    auto* field = find<QLineEdit>("paletteField");
    QTRY_VERIFY(field->hasFocus());
    auto* list = find<QListWidget>("paletteList");
    QCOMPARE(list->count(), static_cast<int>(window_->commands().all().size()) - 1);  // all but itself
    for (const Command& command : window_->commands().all())
      QVERIFY2(command.id == "help.palette" || !list->findItems(command.title, Qt::MatchExactly).isEmpty(),
               qPrintable(command.id));
    const bool minimap = window_->central().canvas().minimapShown();
    QTest::keyClicks(field, "minim");
    QCOMPARE(list->currentItem()->text(), QString("Minimap"));
    QVERIFY(!list->currentItem()->data(Qt::UserRole + 101).toString().isEmpty());  // its keys
    QTest::keyClick(field, Qt::Key_Return);
    QTRY_VERIFY(palette->isHidden());
    QCOMPARE(window_->central().canvas().minimapShown(), !minimap);
    QTRY_VERIFY(window_->central().hasFocus());
    // Keys typed into it are its own: nothing is deleted, nothing stops.
    session().select({.nodes = {"start"}, .wires = {}, .port = {}});
    window_->commands().action("help.palette")->trigger();
    QTest::keyClick(field, Qt::Key_Delete);
    QTest::keyClicks(field, "zzzzzz");
    QCOMPARE(list->count(), 1);  // that none is there
    QVERIFY(!(list->item(0)->flags() & Qt::ItemIsEnabled));
    QTest::keyClick(field, Qt::Key_Escape);
    QTRY_VERIFY(palette->isHidden());
    QVERIFY(findNode(session().document().graph, "start"));
  }

  void whatIsNotSeenInTheLibraryIsNotAdded() {
    open();
    QTRY_VERIFY(!session().catalog().empty());
    auto* search = window_->findChild<QLineEdit*>("librarySearch");
    const size_t before = session().document().graph.nodes.size();
    search->setText("gaussian noise");
    search->setText("qqqqq");
    QTest::keyClick(search, Qt::Key_Return);
    QCOMPARE(session().document().graph.nodes.size(), before);
    QVERIFY(window_->findChild<QLabel*>("libraryDoc")->text().contains("No node"));
    search->setText("gaussian noise");
    QTest::keyClick(search, Qt::Key_Return);
    QCOMPARE(session().document().graph.nodes.size(), before + 1);
  }

  void settingsAreSearchedAndKept() {
    open();
    window_->commands().action("edit.settings")->trigger();
    auto* dialog = window_->findChild<QDialog*>("settingsDialog");
    QVERIFY(dialog && dialog->isVisible());
    auto* search = dialog->findChild<QLineEdit*>("settingsSearch");
    auto* theme = dialog->findChild<QComboBox*>("settingTheme");
    auto* frames = dialog->findChild<QSpinBox*>("settingFrames");
    QVERIFY(theme->isVisible() && frames->isVisible());
    QTest::keyClicks(search, "memory");
    QVERIFY(!theme->isVisible() && frames->isVisible());
    search->setText("duplicate");
    auto* table = dialog->findChild<QTreeWidget*>("keyTable");
    QTRY_VERIFY(table->isVisible());
    int shown = 0;
    for (int i = 0; i < table->topLevelItemCount(); ++i) shown += !table->topLevelItem(i)->isHidden();
    QVERIFY(shown >= 1 && shown < 6);
    search->setText("qqqqq");
    dialog->findChild<QTabWidget*>("settingsTabs")->setCurrentIndex(0);
    QVERIFY(dialog->findChild<QLabel*>("settingsNone")->isVisible());
    QTest::keyClick(search, Qt::Key_Return);  // closes nothing
    QVERIFY(dialog->isVisible());
    search->clear();
    QVERIFY(!dialog->findChild<QLabel*>("settingsNone")->isVisible());
    QVERIFY(Theme::current().dark);
    theme->setCurrentIndex(1);
    Q_EMIT theme->activated(1);
    QVERIFY(!Theme::current().dark);
    frames->setValue(1024);

    auto* keys = dialog->findChild<KeySettings*>();
    keys->choose("edit.rename");
    auto* edit = dialog->findChild<QKeySequenceEdit*>("keyEdit");
    edit->setKeySequence(QKeySequence("Ctrl+S"));
    QVERIFY(dialog->findChild<QLabel*>("keyConflict")->text().contains("Save"));
    edit->setKeySequence(QKeySequence("Ctrl+R"));
    QVERIFY(dialog->findChild<QLabel*>("keyConflict")->text().isEmpty());
    dialog->findChild<QPushButton*>("keySet")->click();
    QCOMPARE(window_->commands().keys("edit.rename"), QList<QKeySequence>{QKeySequence("Ctrl+R")});
    window_.reset();
    open();
    QCOMPARE(window_->commands().keys("edit.rename"), QList<QKeySequence>{QKeySequence("Ctrl+R")});
    QVERIFY(!Theme::current().dark);
    QCOMPARE(session().settings().value("frames/budgetMb").toInt(), 1024);
    Theme::use(Theme::darkTheme());
  }

  void keysThatClashAreTakenOver() {
    open();
    window_->commands().action("help.keys")->trigger();
    auto* dialog = window_->findChild<QDialog*>("settingsDialog");
    auto* keys = dialog->findChild<KeySettings*>();
    QTRY_VERIFY(keys->isVisible());
    Commands& commands = window_->commands();
    auto* edit = dialog->findChild<QKeySequenceEdit*>("keyEdit");
    auto* conflict = dialog->findChild<QLabel*>("keyConflict");
    auto* take = dialog->findChild<QPushButton*>("keyTake");
    keys->choose("edit.rename");
    QVERIFY(!take->isVisible() && conflict->text().isEmpty());
    const auto type = [&](Qt::Key key, Qt::KeyboardModifiers held) {
      edit->clear();
      edit->setFocus();
      QTest::keyClick(edit, key, held);
    };
    // The field waits for a second key of a chord before it says what was typed.
    type(Qt::Key_S, Qt::ControlModifier);
    QTRY_VERIFY2(conflict->text().contains("Save"), qPrintable(conflict->text()));
    QVERIFY(take->isVisible());
    type(Qt::Key_K, Qt::ControlModifier);  // others begin with it
    QTRY_VERIFY2(conflict->text().contains("Light theme"), qPrintable(conflict->text()));
    type(Qt::Key_S, Qt::ControlModifier);
    QTRY_VERIFY(conflict->text().contains("Save"));
    QTest::mouseClick(take, Qt::LeftButton);
    QCOMPARE(commands.keys("edit.rename"), QList<QKeySequence>{QKeySequence("Ctrl+S")});
    QVERIFY(commands.keys("file.save").isEmpty());
    QVERIFY(commands.conflicts("edit.rename", QKeySequence("Ctrl+S")).isEmpty());
    QTest::mouseClick(dialog->findChild<QPushButton*>("keyResetAll"), Qt::LeftButton);
    QCOMPARE(commands.keys("file.save"), QList<QKeySequence>{QKeySequence("Ctrl+S")});
    QVERIFY(!commands.ownKeys("edit.rename"));
  }

  void keysAreExportedAndTakenFromAFile() {
    open();
    Commands& commands = window_->commands();
    commands.setPreset(KeyPreset::nuke);
    commands.setKeys("edit.rename", {QKeySequence("Ctrl+R"), QKeySequence("Ctrl+K, Ctrl+R")});
    commands.setKeys("file.quit", {});
    commands.action("help.keys")->trigger();
    auto* dialog = window_->findChild<QDialog*>("settingsDialog");
    auto* keys = dialog->findChild<KeySettings*>();
    const QString file = folder_->filePath("keys.json");
    QTest::mouseClick(dialog->findChild<QPushButton*>("keyExport"), Qt::LeftButton);
    auto* choose = dialog->findChild<QFileDialog*>("keysDialog");
    QVERIFY(choose && choose->isVisible());
    choose->selectFile(file);
    QMetaObject::invokeMethod(choose, "accept");
    QTRY_VERIFY(QFileInfo::exists(file));
    const QByteArray text = commands.keysText();

    commands.resetAllKeys();
    commands.setPreset(KeyPreset::blender);
    const QByteArray before = commands.keysText();
    QVERIFY(before != text);
    // What is no such file changes nothing, and says so.
    const QString bad = folder_->filePath("bad.json");
    for (const QByteArray& each :
         {QByteArray(), QByteArray("{"), QByteArray("[1]"), QByteArray(R"({"noiseloom-keys": 2})"),
          QByteArray(R"({"noiseloom-keys": 1, "preset": "emacs", "own": {}})"),
          QByteArray(R"({"noiseloom-keys": 1, "preset": "nuke", "own": {"file.quit": 3}})"),
          QByteArray(2 << 20, ' ')}) {
      QFile out(bad);
      QVERIFY(out.open(QIODevice::WriteOnly | QIODevice::Truncate));
      out.write(each);
      out.close();
      QVERIFY(!keys->importFrom(bad).isEmpty());
      QCOMPARE(commands.keysText(), before);
    }
    QVERIFY(!keys->importFrom(folder_->filePath("none.json")).isEmpty());
    QCOMPARE(keys->importFrom(file), QString());
    QCOMPARE(commands.keysText(), text);
    QCOMPARE(commands.preset(), KeyPreset::nuke);
    QVERIFY(commands.keys("file.quit").isEmpty());
  }

  void aboutSaysWhatItIsMadeOf() {
    open();
    window_->commands().action("help.about")->trigger();
    auto* dialog = window_->findChild<QDialog*>("aboutDialog");
    QVERIFY(dialog && dialog->isVisible());
    const QString versions = dialog->findChild<QLabel*>("aboutVersions")->text();
    for (const char* part :
         {"Editor ", "runner ", "Torch 2.", "Qt 6.", "Dear ImGui 1.9", "ImPlot ", "Device "})
      QVERIFY2(versions.contains(part), qPrintable(versions));
    QVERIFY2(!versions.contains("not known"), qPrintable(versions));
    const QString licences = dialog->findChild<QTextBrowser*>("aboutLicences")->toPlainText();
    for (const char* part : {"ImGui", "ImPlot", "Qt", "Inter", "JetBrains Mono", "nlohmann"})
      QVERIFY2(licences.contains(part), part);
  }

  void everyNodeAndPortHasItsHelp() {
    open();
    window_->commands().action("help.reference")->trigger();
    auto* list = window_->findChild<QListWidget*>("referenceList");
    auto* page = window_->findChild<QTextBrowser*>("referencePage");
    auto* search = window_->findChild<QLineEdit*>("referenceSearch");
    QCOMPARE(list->count(), static_cast<int>(session().catalog().nodes().size()));
    for (int i = 0; i < list->count(); ++i) {
      list->setCurrentRow(i);
      const NodeType* type =
          session().catalog().node(list->item(i)->data(Qt::UserRole).toString().toStdString());
      QVERIFY(type && !type->doc.empty());
      const QString text = page->toPlainText();
      for (const auto* ports : {&type->inputs, &type->outputs})
        for (const PortType& port : *ports)
          QVERIFY2(!port.doc.empty() && text.contains(QString::fromStdString(port.id)),
                   (type->id + "." + port.id).c_str());
    }
    QTest::keyClicks(search, "predict clip");
    QVERIFY(list->currentItem() && list->currentItem()->text().startsWith("Predict"));
  }

  void aPngIsDroppedAndOpens() {
    open();
    const QString png = folder_->filePath("mine.png");
    Document document = readDocument(graph("ddim"));
    document.title = "From a picture";
    QImage image(64, 64, QImage::Format_RGB32);
    image.fill(Qt::red);
    writeDocument(document, png, image);
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(png)});
    const auto drop = [&] {
      QDragEnterEvent enter({50, 50}, Qt::CopyAction, &data, Qt::LeftButton, {});
      QCoreApplication::sendEvent(&window_->central(), &enter);
      QVERIFY(enter.isAccepted());
      QDropEvent event({50, 50}, Qt::CopyAction, &data, Qt::LeftButton, {});
      QCoreApplication::sendEvent(&window_->central(), &event);
    };
    drop();
    QCOMPARE(session().document().title, std::string("From a picture"));
    QCOMPARE(session().file(), png);
    // With changes it asks first.
    setBatch(3);
    QVERIFY(session().modified());
    drop();
    auto* box = window_->findChild<QMessageBox*>("saveQuestion");
    QVERIFY(box && box->isVisible());
    QTest::mouseClick(box->findChild<QPushButton*>("saveQuestion.cancel"), Qt::LeftButton);
    QTRY_VERIFY(!window_->findChild<QMessageBox*>("saveQuestion"));
    QVERIFY(session().modified());
    // A picture without a graph is refused with a reason.
    const QString plain = folder_->filePath("plain.png");
    QVERIFY(image.save(plain));
    data.setUrls({QUrl::fromLocalFile(plain)});
    QSignalSpy noticed(&session(), &Session::noticed);
    drop();
    QCOMPARE(noticed.count(), 1);
    QVERIFY(noticed[0][1].toBool());
    QCOMPARE(session().file(), png);
  }

  void closingAsksAndSaves_data() {
    QTest::addColumn<QString>("answer");
    QTest::addColumn<bool>("closes");
    QTest::addColumn<bool>("saves");
    QTest::newRow("save") << "saveQuestion.save" << true << true;
    QTest::newRow("don't save") << "saveQuestion.discard" << true << false;
    QTest::newRow("cancel") << "saveQuestion.cancel" << false << false;
  }
  void closingAsksAndSaves() {
    QFETCH(QString, answer);
    QFETCH(bool, closes);
    QFETCH(bool, saves);
    open();
    const QString file = ownGraph("ddim");
    QVERIFY(window_->openFile(file));
    window_->close();
    QVERIFY(window_->isHidden());  // nothing to ask
    window_->show();
    QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    setBatch(5);
    window_->close();
    QVERIFY(window_->isVisible());
    window_->close();  // asks once
    QCOMPARE(window_->findChildren<QMessageBox*>("saveQuestion").size(), 1);
    QTest::mouseClick(window_->findChild<QPushButton*>(answer), Qt::LeftButton);
    if (closes) QTRY_VERIFY(window_->isHidden());
    QTest::qWait(50);
    QCOMPARE(window_->isHidden(), closes);
    const Document read = readDocument(file);
    QCOMPARE(findNode(read.graph, "start")->params.at("batch") == 5, saves);
  }

  void savedUnderANameAndCommandLine() {
    open();
    session().newDocument();
    window_->commands().action("file.copyCommand")->trigger();
    QVERIFY(window_->findChild<QWidget*>("notice.command"));  // never saved: it says so
    QVERIFY(window_->openFile(ownGraph("ddim")));
    setBatch(2);
    window_->commands().action("file.copyCommand")->trigger();
    QCOMPARE(QGuiApplication::clipboard()->text(), "noiseloom run " + session().file() + " --set batch=2");
    window_->commands().action("file.saveAs")->trigger();
    auto* dialog = window_->findChild<QFileDialog*>("saveDialog");
    QVERIFY(dialog && dialog->isVisible());
    const QString png = folder_->filePath("kept.png");
    dialog->selectFile(png);
    QMetaObject::invokeMethod(dialog, "accept");
    QTRY_COMPARE(session().file(), png);
    QVERIFY(!session().modified());
    QCOMPARE(writeGraph(readDocument(png)), writeGraph(session().document()));
    QVERIFY(!QImage(png).isNull());
  }

  void keysOfTheCanvasStayOutOfFields() {
    open();
    QVERIFY(window_->openFile(graph("ddim")));
    session().select({.nodes = {"start"}, .wires = {}, .port = {}});
    auto* search = find<QLineEdit>("librarySearch");
    search->setFocus();
    QTest::keyClicks(search, "wmf.");
    QTest::keyClick(search, Qt::Key_Backspace);
    QTest::keyClick(search, Qt::Key_Delete);
    QCOMPARE(search->text(), QString("wmf"));
    QVERIFY(findNode(session().document().graph, "start"));
    QVERIFY(!session().modified());
    window_->central().setFocus();
    QTRY_VERIFY(window_->commands().action("edit.delete")->isEnabled());
    QTest::keyClick(&window_->central(), Qt::Key_Delete);
    QTRY_VERIFY(!findNode(session().document().graph, "start"));
    search->setFocus();
    QTest::keyClick(search, Qt::Key_Z, Qt::ControlModifier);  // the field has edits of its own
    QVERIFY(!findNode(session().document().graph, "start"));
    window_->central().setFocus();
    QTRY_VERIFY(window_->commands().action("edit.undo")->isEnabled());
    QTest::keyClick(&window_->central(), Qt::Key_Z, Qt::ControlModifier);
    QVERIFY(findNode(session().document().graph, "start"));
  }

  void layoutIsKept() {
    open();
    window_->commands().action("window.log")->trigger();
    auto* log = window_->findChild<QDockWidget*>("dock.log");
    QVERIFY(!log->isHidden());
    window_->commands().action("window.library")->trigger();
    window_->close();
    window_.reset();
    open();
    QVERIFY(!window_->findChild<QDockWidget*>("dock.log")->isHidden());
    QVERIFY(window_->findChild<QDockWidget*>("dock.library")->isHidden());
    window_->commands().action("window.resetLayout")->trigger();
    QVERIFY(window_->findChild<QDockWidget*>("dock.log")->isHidden());
    QVERIFY(!window_->findChild<QDockWidget*>("dock.library")->isHidden());
  }

 private:
  Session& session() { return window_->session(); }
};

QTEST_MAIN(WindowTest)
#include "window_test.moc"
