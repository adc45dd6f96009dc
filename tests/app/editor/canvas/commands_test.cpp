// What menus and keys ask of the canvas: adding, finding, groups, modes, linking, menus.
#include "graph_fixture.h"

using namespace loom;
using namespace loom::editor;
using nlohmann::json;

class CommandsTest : public GraphFixture {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { start(); }
  void cleanupTestCase() { stop(); }
  void init() { begin(); }
  void cleanup() { undoAndRedo(); }

  void searchesAndAdds() {
    host_->doubleClick(empty());
    host_->frames(4);
    host_->type("concat");
    host_->key(Qt::Key_Return);
    QCOMPARE(session_->selection().nodes.size(), size_t(1));
    const std::string made = *session_->selection().nodes.begin();
    QCOMPARE(findNode(graph(), made)->type, std::string("tensor.concat"));
    QVERIFY(layout().nodes[made].at);
    // From a link: filtered, wired, the best first.
    host_->forgetClicks();
    host_->drag(host_->at("load", ">image"), QPoint(60, 740));
    host_->frames(4);
    host_->shoot("search");
    host_->type("latent");
    host_->key(Qt::Key_Return);
    const std::string wired = *session_->selection().nodes.begin();
    QCOMPARE(findNode(graph(), wired)->type, std::string("image.to_latent"));
    QCOMPARE(linkOf(wired.c_str(), "image"), std::string("load.image"));
    QVERIFY(nearby(host_->at(wired.c_str(), "image"), QPoint(60, 740)));
    // Backwards too: the output is where the link was dropped, and the node on its left.
    host_->forgetClicks();
    const QPoint left = host_->at(wired.c_str(), "image") + QPoint(-20, -90);
    session_->edit(QStringLiteral("Cut"), [&](const Document& document) {
      return editor::disconnect(document, "", {Wire{{"load", "image"}, {wired, "image"}}});
    });
    host_->frames(2);
    host_->drag(host_->at(wired.c_str(), "image"), left);
    host_->frames(4);
    host_->type("load image");
    host_->key(Qt::Key_Return);
    const std::string source = *session_->selection().nodes.begin();
    QCOMPARE(findNode(graph(), source)->type, std::string("image.load"));
    QVERIFY(nearby(host_->at(source.c_str(), ">image"), left));
    // Esc leaves all as it is.
    const size_t before = entries();
    host_->canvas.openSearch();
    host_->frames(4);
    host_->type("zone");
    host_->key(Qt::Key_Escape);
    QCOMPARE(entries(), before);
    // In a zone's region it becomes a member.
    host_->doubleClick(host_->at("loop", {}, 0.6f, 0.92f));
    host_->frames(4);
    host_->type("slice");
    host_->key(Qt::Key_Return);
    const std::string member = *session_->selection().nodes.begin();
    QCOMPARE(zonesAround(graph(), member), std::vector<std::string>{"loop"});
  }

  void commands() {
    select({"resize"});
    host_->canvas.muteSelected();
    QCOMPARE(node("resize")->mode, NodeMode::muted);
    host_->canvas.muteSelected();
    QCOMPARE(node("resize")->mode, NodeMode::on);
    host_->canvas.bypassSelected();
    QCOMPARE(node("resize")->mode, NodeMode::bypassed);
    host_->canvas.collapseSelected();
    QVERIFY(layout().nodes["resize"].collapsed);
    host_->frames();
    QVERIFY(!host_->canvas.rectOf("resize", "width"));
    QVERIFY(host_->canvas.rectOf("resize", "image"));
    host_->canvas.collapseSelected();
    host_->canvas.removeSelected(true);
    QVERIFY(!node("resize"));
    QCOMPARE(linkOf("save", "image"), std::string("load.image"));
    session_->undoOnce();
    QVERIFY(node("resize"));

    select({"load", "resize"});
    host_->canvas.copySelected();
    QVERIFY(QGuiApplication::clipboard()->text().contains("image.resize"));
    host_->moveTo(QPoint(400, 720));
    host_->canvas.paste();
    QCOMPARE(session_->selection().nodes.size(), size_t(2));
    const size_t nodes = graph().nodes.size();
    host_->canvas.duplicateSelected(false);
    QCOMPARE(graph().nodes.size(), nodes + 2);
    host_->canvas.removeSelected(false);
    QCOMPARE(graph().nodes.size(), nodes);

    select({"load", "resize"});
    host_->canvas.groupSelected();
    QCOMPARE(session_->document().groups.size(), size_t(1));
    host_->frames();
    host_->shoot("group");
    const std::string group = *session_->selection().nodes.begin();
    host_->forgetClicks();
    host_->doubleClick(host_->header(group));
    QCOMPARE(session_->place(), session_->document().groups.begin()->first);
    host_->frames(3);
    host_->shoot("in_group");
    host_->canvas.leaveGroup();
    QCOMPARE(session_->place(), std::string());
    select({group});
    host_->canvas.expandSelected();
    QVERIFY(node("save") && !linkOf("save", "image").empty());

    select({"schedule"});
    host_->canvas.wrapSelectedInZone();
    QCOMPARE(zonesAround(graph(), "schedule").size(), size_t(1));
  }

  void walksByKeys() {
    select({"load"});
    host_->canvas.selectNeighbour(ImGuiDir_Right);
    QCOMPARE(session_->selection().nodes, Ids{"resize"});
    host_->canvas.selectNeighbour(ImGuiDir_Right);
    QCOMPARE(session_->selection().nodes, Ids{"save"});
    host_->canvas.selectLinked(true, false);
    QCOMPARE(session_->selection().nodes, (Ids{"load", "resize", "save"}));
    host_->canvas.moveSelected(10, 0);
    host_->canvas.moveSelected(10, 0);
    QCOMPARE(*layout().nodes["load"].at, (Point{20, 0}));
    QCOMPARE(entries(), size_t(1));
    host_->canvas.alignSelected(Align::bottom);
    QVERIFY(entries() == 2);
    host_->canvas.setBookmark("1");
    host_->canvas.zoomTo(0.5f);
    host_->canvas.goToBookmark("1");
    QVERIFY(std::abs(host_->canvas.zoom() - 1) < 0.01f);
  }

  void menus() {
    host_->forgetClicks();
    host_->click(host_->header("resize"), Qt::RightButton);
    host_->frames(4);
    host_->shoot("menu");
    QCOMPARE(session_->selection().nodes, Ids{"resize"});
    host_->key(Qt::Key_Escape);
    host_->frames(3);
    const size_t before = entries();
    host_->click(empty());
    QCOMPARE(entries(), before);
  }
  // Wiring without a mouse.
  void linksByKeys() {
    select({"load", "free"});
    host_->canvas.linkSelected();
    QCOMPARE(linkOf("free", "image"), std::string("load.image"));
    QCOMPARE(entries(), size_t(1));
    QSignalSpy noticed(session_.get(), &Session::noticed);
    select({"schedule", "save"});
    host_->canvas.linkSelected();  // a schedule is no picture
    QCOMPARE(entries(), size_t(1));
    QCOMPARE(noticed.count(), 1);
  }

  void opensMenusByKeys() {
    select({"resize"});
    host_->canvas.openMenu();
    host_->frames(3);
    QVERIFY(host_->popupOpen());
    walkInMenu("Mute");
    host_->key(Qt::Key_Return);
    QCOMPARE(node("resize")->mode, NodeMode::muted);
    select({});
    host_->canvas.openMenu();
    host_->frames(3);
    QVERIFY(host_->popupOpen());
    host_->key(Qt::Key_Escape);
    host_->frames(2);
    QVERIFY(!host_->popupOpen());
  }

  void findsNodes() {
    select({});
    host_->canvas.openFind();
    host_->frames(3);
    host_->type("clip");
    host_->shoot("find");
    host_->key(Qt::Key_Return);
    QCOMPARE(session_->selection().nodes, Ids{"clip"});
    const auto rect = host_->canvas.rectOf("clip");
    QVERIFY(std::abs(rect->x + rect->width / 2 - 640) < 2 && std::abs(rect->y + rect->height / 2 - 400) < 2);
    QCOMPARE(entries(), size_t(0));
  }

  // A group that is used twice shows what the node has by which one came.
  void entersTheOneThatWasClicked() {
    select({"resize"});
    host_->canvas.groupSelected();
    const std::string first = *session_->selection().nodes.begin();
    host_->canvas.duplicateSelected(true);
    const std::string second = *session_->selection().nodes.begin();
    QVERIFY(first != second);
    host_->frames(2);
    for (const std::string& id : {second, first}) {
      select({id});
      host_->canvas.enterSelected();
      host_->frames(2);
      QCOMPARE(session_->place(), node(id)->type.substr(kGroupPrefix.size()));
      QCOMPARE(session_->path(), id + "/");
      // What is selected in it is told as runs know it.
      host_->forgetClicks();
      host_->click(host_->at("resize", ">image"));
      QCOMPARE(session_->selection().port, id + "/resize.image");
      host_->canvas.leaveGroup();
      host_->frames(2);
      QCOMPARE(session_->place(), std::string());
      QCOMPARE(session_->selection().nodes, Ids{id});
    }
    // A group in a group is left one at a time.
    select({first});
    host_->canvas.groupSelected();
    const std::string outer = *session_->selection().nodes.begin();
    host_->frames(2);
    host_->canvas.enterSelected();
    host_->frames(2);
    select({first});
    host_->canvas.enterSelected();
    host_->frames(2);
    QCOMPARE(session_->path(), outer + "/" + first + "/");
    host_->shoot("in_group_in_group");
    host_->canvas.leaveGroup();
    QCOMPARE(session_->path(), outer + "/");
    host_->canvas.leaveGroup();
    QCOMPARE(session_->path(), std::string());
    QCOMPARE(session_->selection().nodes, Ids{outer});
  }

  // A menu by keys alone, on each kind of thing: it opens, and Escape leaves all as it was.
  void menusOnEverything() {
    select({"load"});
    host_->canvas.frameSelected();
    host_->frames(2);
    host_->key(Qt::Key_Return);
    const Rect frame = layout().frames.begin()->second.rect;
    const QPoint wire = (host_->at("resize", ">image") + host_->at("save", "image")) / 2;
    const size_t before = entries();
    for (const QPoint& at :
         {host_->header("resize"), host_->at("resize", "width", 0.5f), host_->at("resize", ">image"),
          host_->at("loop", {}, 0.5f, 0.9f), host_->at("loop", "init.x"), wire,
          onScreen({frame.x + frame.width / 2, frame.y + 8}), empty()}) {
      host_->click(at, Qt::RightButton);
      host_->frames(2);
      QVERIFY(host_->popupOpen());
      host_->key(Qt::Key_Escape);
      host_->frames(2);
      QVERIFY(!host_->popupOpen());
    }
    QCOMPARE(entries(), before);
  }
};

QTEST_MAIN(CommandsTest)
#include "commands_test.moc"
