// Shapes that an edit left alone are taken over: whatever is done, they must be those that are made from
// nothing.
#include <random>

#include "app/editor/canvas/scene.h"
#include "graph_fixture.h"

using namespace loom;
using namespace loom::editor;
using nlohmann::json;

namespace {

constexpr int kEdits = 400;

std::string toText(const Rect& rect) {
  return std::to_string(rect.x) + " " + std::to_string(rect.y) + " " + std::to_string(rect.width) + " " +
         std::to_string(rect.height);
}

// Everything that is drawn or hit, as text: what differs can be read then.
std::string toText(const Scene& scene) {
  std::string text;
  for (const NodeShape& node : scene.nodes()) {
    text += node.id + " " + toText(node.rect) + " " + node.title + " " + node.colour + " " +
            std::to_string(node.parent) + " " + std::to_string(node.depth) + " " +
            std::to_string(node.body.size()) + " " + std::to_string(static_cast<int>(node.node->mode)) + "\n";
    for (const SocketShape& socket : node.sockets)
      text += "  " + socket.slot + " " + socket.label + " " + socket.type + " " + socket.value + " " +
              std::to_string(socket.colour) + " " + std::to_string(socket.at.x) + " " +
              std::to_string(socket.at.y) + (socket.linked ? " linked" : "") +
              (socket.field ? " field" : "") + (socket.changed ? " changed" : "") +
              (socket.rolled ? " rolled" : "") + " " + socket.exposed + "\n";
    for (const Thumb& thumb : node.thumbs) text += "  " + thumb.port + " " + toText(thumb.at) + "\n";
  }
  for (const WireShape& wire : scene.wires()) {
    text += wire.key() + " " + std::to_string(wire.fromSocket) + " " + std::to_string(wire.toSocket) + " " +
            std::to_string(wire.colour) + " " + std::to_string(wire.constantIn) + " " + toText(wire.bounds) +
            " " + std::to_string(wire.corners.size()) + "\n";
    for (const Point& each : wire.path) text += std::to_string(each.x) + "," + std::to_string(each.y) + " ";
    text += "\n";
  }
  for (const FrameShape& frame : scene.frames()) text += frame.id + toText(frame.layout.rect) + "\n";
  for (const NoteShape& note : scene.notes()) text += note.id + toText(note.layout.rect) + "\n";
  return text;
}

}  // namespace

class SceneTest : public GraphFixture {
  Q_OBJECT
 private:
  std::mt19937 random_{7};
  int draw(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

  template <class Change>
  static Document laid(const Document& document, Change change) {
    Layout layout = *layoutOf(document, "");
    change(layout);
    return withLayout(document, "", layout);
  }

  Document another(const Document& now) {
    const Catalog& catalog = session_->catalog();
    const std::vector<std::string> ids{"load", "resize", "save", "schedule", "start", "loop", "free", "clip"};
    const std::string id = ids[draw(static_cast<int>(ids.size()))];
    switch (draw(14)) {
      case 0:
        return setParam(now, "", catalog, "resize", "width", 1 + draw(5000));
      case 1:
        return setParam(now, "", catalog, "start", "seed", draw(2) ? json(draw(1000)) : json());
      case 2:
        return setParam(now, "", catalog, "loop", "count", 1 + draw(9));
      case 3:
        return moveBy(now, "", {id}, {static_cast<float>(draw(100) - 50), static_cast<float>(draw(60) - 30)});
      case 4:
        return setMode(now, "", {id}, static_cast<NodeMode>(draw(3)));
      case 5:
        return setTitle(now, "", id, std::string(draw(20), 'w'));
      case 6:
        return laid(now, [&](Layout& layout) { layout.nodes[id].colour = draw(2) ? "#5DA271" : ""; });
      case 7:
        return laid(now, [&](Layout& layout) { layout.nodes[id].collapsed = draw(2) == 0; });
      case 8:
        return laid(now, [&](Layout& layout) {
          layout.reroutes["resize.image>save.image"] = {Point{static_cast<float>(draw(600)), 40}};
        });
      case 9:
        return laid(now, [&](Layout& layout) { layout.reroutes.clear(); });
      case 10:
        return lockSeed(now, "", "start", "seed", draw(2) ? Lock::on : Lock::off);
      case 11:
        return now.graph.inputs.empty() ? expose(now, "", catalog, {"resize", "width"}, "width")
                                        : unexpose(now, "", now.graph.inputs.front().name);
      case 12:
        return loom::editor::connect(now, "", catalog, {draw(2) ? "load" : "resize", "image"},
                                     {draw(2) ? "free" : "save", "image"});
      default:
        return laid(now, [&](Layout& layout) {
          layout.nodes["loop"].size =
              Point{static_cast<float>(400 + draw(300)), static_cast<float>(200 + draw(300))};
          layout.frames["f"].rect = {0, 0, static_cast<float>(100 + draw(100)), 100};
        });
    }
  }

 private Q_SLOTS:
  void initTestCase() { start(); }
  void cleanupTestCase() { stop(); }
  void init() { begin(); }

  void isWhatIsMadeFromNothing() {
    const Scene::Measure measure = [](FontKind, const std::string& text) {
      return static_cast<float>(text.size()) * 0.55f;
    };
    std::vector<Document> history{session_->document()};
    Scene taken;
    for (int edit = 0; edit < kEdits; ++edit) {
      // Sometimes something earlier again, as by undo.
      Document next = history.back();
      if (draw(6) == 0)
        next = history[draw(static_cast<int>(history.size()))];
      else
        try {
          next = another(history.back());
        } catch (const std::exception&) {  // refused: what is not linked can't be cut, and the like
          continue;
        }
      history.push_back(next);
      taken.build(next, "", session_->catalog(), measure);
      // A drag that came to nothing.
      if (draw(5) == 0) {
        taken.move(taken.withBodies({"start"}), {}, {30, 40});
        taken.build(next, "", session_->catalog(), measure);
      }
      Scene made;
      made.build(next, "", session_->catalog(), measure);
      QCOMPARE(QString::fromStdString(toText(taken)), QString::fromStdString(toText(made)));
    }
    QVERIFY(history.size() > kEdits / 2);
  }
};

QTEST_MAIN(SceneTest)
#include "scene_test.moc"
