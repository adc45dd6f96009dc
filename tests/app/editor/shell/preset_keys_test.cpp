// Each preset's own keys, pressed in the real window: what they do to the document, the view and the runs.
// The keys stand here as people know them from ComfyUI, Blender and Nuke, not as the program lists them.
#include <QtTest/QtTest>

#include "app/editor/document/document_file.h"
#include "app/editor/document/layout.h"
#include "app/editor/shell/places.h"
#include "engine/graph/graph_file.h"
#include "tests/app/editor/story/driver.h"

using namespace loom;
using namespace loom::editor;

namespace {

struct Habits {
  KeyPreset preset;
  const char *add, *duplicate, *remove, *reconnect, *mute, *bypass, *collapse, *frame, *group, *enter, *fit,
      *selectAll;
};

const Habits kHabits[] = {{.preset = KeyPreset::comfyUi,
                           .add = "Tab",
                           .duplicate = "Ctrl+D",
                           .remove = "Del",
                           .reconnect = "Ctrl+Del",
                           .mute = "Ctrl+M",
                           .bypass = "Ctrl+B",
                           .collapse = "Alt+C",
                           .frame = "Ctrl+G",
                           .group = "Ctrl+Shift+E",
                           .enter = "Alt+Return",
                           .fit = ".",
                           .selectAll = "Ctrl+A"},
                          {.preset = KeyPreset::blender,
                           .add = "Shift+A",
                           .duplicate = "Shift+D",
                           .remove = "X",
                           .reconnect = "Ctrl+X",
                           .mute = "M",
                           .bypass = "Shift+M",
                           .collapse = "H",
                           .frame = "Ctrl+J",
                           .group = "Ctrl+G",
                           .enter = "Tab",
                           .fit = "Home",
                           .selectAll = "A"},
                          {.preset = KeyPreset::nuke,
                           .add = "Tab",
                           .duplicate = "Alt+C",
                           .remove = "Backspace",
                           .reconnect = "Ctrl+Shift+X",
                           .mute = "D",
                           .bypass = "Shift+D",
                           .collapse = "Alt+H",
                           .frame = "Ctrl+Shift+G",
                           .group = "Ctrl+G",
                           .enter = "Ctrl+E",
                           .fit = "F",
                           .selectAll = "Ctrl+A"}};

}  // namespace

class PresetKeysTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Driver> user_;

  Session& session() { return user_->session(); }
  const Graph& graph() { return session().document().graph; }
  const Node* node(const std::string& id) { return findNode(graph(), id); }
  std::string text() { return writeGraph(session().document()); }
  void select(const Ids& ids) {
    session().select({.nodes = ids, .wires = {}, .port = {}});
    user_->central().setFocus();
    user_->settle();
  }
  void press(const char* keys) {
    const QKeySequence sequence(QString::fromUtf8(keys), QKeySequence::PortableText);
    for (int i = 0; i < sequence.count(); ++i)
      QTest::keyClick(&user_->central(), sequence[i].key(), sequence[i].keyboardModifiers());
    user_->settle();
  }
  void pressOnce(const char* keys) {
    press(keys);
    if (user_->central().wantsText()) press("Esc");  // a new frame's or group's title, to be typed
  }
  // What is pressed changes the document once, and undo takes it back.
  void edits(const char* keys, const std::function<bool()>& done) {
    const std::string before = text();
    const size_t now = session().undo().now();
    pressOnce(keys);
    QVERIFY2(done(), keys);
    QVERIFY2(text() != before, keys);
    QCOMPARE(session().undo().now(), now + 1);
    press("Ctrl+Z");
    QVERIFY2(text() == before, keys);
  }

 private Q_SLOTS:
  void pressed_data() {
    QTest::addColumn<int>("at");
    QTest::newRow("ComfyUI") << 0;
    QTest::newRow("Blender") << 1;
    QTest::newRow("Nuke") << 2;
  }
  void pressed() {
    QFETCH(int, at);
    const Habits& habits = kHabits[at];
    folder_ = std::make_unique<QTemporaryDir>();
    user_ = std::make_unique<Driver>(folder_->filePath("data"));
    user_->window.resize(900, 640);  // quick to paint
    user_->central().showTimeline(false);
    QVERIFY(user_->waitFor([this] { return !session().catalog().empty(); }));
    const QString file = folder_->filePath("mine.loom");
    Document document = readDocument(graphsFolder() + "/ddim.loom");
    document = withNode(document, "timesteps", [](Node& node) { node.params["steps"] = 2; });
    writeDocument(withNode(document, "start", [](Node& node) { node.params["batch"] = 1; }), file);
    QVERIFY(user_->window.openFile(file));
    user_->window.commands().setPreset(habits.preset);
    user_->central().setFocus();
    user_->settle();

    select({"picture"});
    const size_t nodes = graph().nodes.size();
    edits(habits.duplicate, [&] { return graph().nodes.size() == nodes + 1; });
    press("Ctrl+Shift+Z");
    QVERIFY(graph().nodes.size() == nodes + 1);
    press("Ctrl+Z");
    select({"picture"});
    edits(habits.remove, [&] { return !node("picture"); });
    select({"picture"});
    edits(habits.reconnect, [&] { return !node("picture"); });
    select({"picture"});
    edits(habits.mute, [&] { return node("picture")->mode == NodeMode::muted; });
    select({"picture"});
    edits(habits.bypass, [&] { return node("picture")->mode == NodeMode::bypassed; });
    select({"picture"});
    edits(habits.collapse, [&] { return true; });
    select({"picture", "save"});
    edits(habits.frame, [&] { return true; });
    QVERIFY(graph().nodes.size() == nodes);
    select({"picture", "save"});
    edits(habits.group, [&] { return session().document().groups.size() == 1; });

    // Into a group and out of it.
    select({"picture", "save"});
    pressOnce(habits.group);
    select({user_->newest(
        {"weights", "unet", "schedule", "timesteps", "start", "sampling", "strip", "save_strip"})});
    press(habits.enter);
    QVERIFY(!session().place().empty());
    press("Alt+Up");
    QVERIFY(session().place().empty());
    press("Ctrl+Z");

    // A node by the search.
    select({});
    const auto noises = [this] { return QString::fromStdString(text()).count("\"noise.gaussian\""); };
    const auto before = noises();
    press(habits.add);
    user_->type("gaussian noise");
    press("Return");
    QVERIFY2(noises() == before + 1, habits.add);  // perhaps in the zone, which lies in the middle
    press("Ctrl+Z");
    QCOMPARE(noises(), before);

    // The view.
    user_->canvas().zoomTo(3);
    user_->settle();
    press(habits.fit);
    QVERIFY2(user_->canvas().zoom() < 2.5f, habits.fit);
    press(habits.selectAll);
    QVERIFY(session().selection().nodes.size() >= nodes);
    press("Ctrl+F");
    user_->type("timesteps");
    press("Return");
    QCOMPARE(session().selection().nodes, Ids{"timesteps"});

    // The file.
    select({"picture"});
    press(habits.mute);
    QVERIFY(session().modified());
    press("Ctrl+S");
    QVERIFY(!session().modified());
    QCOMPARE(findNode(readDocument(file).graph, "picture")->mode, NodeMode::muted);
    press("Ctrl+Z");

    // A run, and its end.
    press("Ctrl+Return");
    QVERIFY(user_->waitFor([this] { return !session().runs().all().empty(); }));
    const auto run = session().runs().all().back();
    QVERIFY(user_->waitFor([&] { return run->over(); }));
    QCOMPARE(run->state, RunInfo::State::finished);
    session().edit("Longer", [this](const Document& now) {
      return setParam(now, "", session().catalog(), "timesteps", "steps", 1000);
    });
    press("Ctrl+Return");
    const auto longer = session().runs().all().back();
    QVERIFY(longer->id != run->id);
    QVERIFY(user_->waitFor([&] { return longer->state == RunInfo::State::running; }));
    press("Esc");
    QVERIFY(user_->waitFor([&] { return longer->over(); }));
    QCOMPARE(longer->state, RunInfo::State::stopped);
    user_.reset();
    folder_.reset();
  }

  void chordsArePressedOneAfterTheOther() {
    folder_ = std::make_unique<QTemporaryDir>();
    user_ = std::make_unique<Driver>(folder_->filePath("data"));
    QVERIFY(user_->waitFor([this] { return !session().catalog().empty(); }));
    QVERIFY(user_->window.openFile(graphsFolder() + "/ddim.loom"));
    const bool light = user_->window.commands().action("window.theme")->isChecked();
    press("Ctrl+K, Ctrl+L");
    QCOMPARE(user_->window.commands().action("window.theme")->isChecked(), !light);
    press("Ctrl+K, Ctrl+L");
    QCOMPARE(user_->window.commands().action("window.theme")->isChecked(), light);
    user_.reset();
    folder_.reset();
  }
};

QTEST_MAIN(PresetKeysTest)
#include "preset_keys_test.moc"
