// Layout: what is read is written again, a moved node is one line, tidy() lays graphs out without overlaps.
#include <QPainter>
#include <chrono>

#include "app/editor/document/edits.h"
#include "tests/app/editor/document/worker.h"

using namespace loom;
using namespace loom::editor;

namespace {

QStringList lines(const Document& document) {
  return QString::fromStdString(writeGraph(document)).split('\n');
}

int changedLines(const Document& a, const Document& b) {
  const QStringList before = lines(a), after = lines(b);
  if (before.size() != after.size()) return 1'000'000;
  int changed = 0;
  for (qsizetype i = 0; i < before.size(); ++i) changed += before[i] != after[i];
  return changed;
}

// Sizes about as a canvas draws them, zones from their bodies.
std::map<std::string, Rect> rectsOf(const Document& document, const Catalog& catalog, const Layout& layout) {
  std::map<std::string, Rect> rects;
  const std::function<Rect(const Node&)> rectOf = [&](const Node& node) -> Rect {
    const Point at = layout.nodes.at(node.id).at.value();
    Rect rect{at.x, at.y, 170, 0};
    if (node.zone) {
      float right = at.x + 304, bottom = at.y + 120;
      for (const NodePtr& inner : node.zone->nodes) {
        const Rect box = rectOf(*inner);
        right = std::max(right, box.x + box.width + 118);
        bottom = std::max(bottom, box.y + box.height + 26);
      }
      rect.width = right - at.x;
      rect.height = bottom - at.y;
    } else {
      const Face face = faceOf(document, "", node, catalog);
      size_t inputs = 0, values = 0;
      bool picture = false;
      for (const Socket& socket : face.inputs) {
        const ValueType* type = catalog.type(socket.port.type);
        (type && type->scalar && !socket.port.many ? values : inputs) += 1;
      }
      for (const Socket& socket : face.outputs) {
        const ValueType* type = catalog.type(socket.port.type);
        picture |= type && type->picture;
      }
      rect.height =
          42 + 22 * static_cast<float>(std::max(inputs, face.outputs.size()) + values) + (picture ? 81 : 0);
    }
    return rects[node.id] = rect;
  };
  for (const NodePtr& node : document.graph.nodes) rectOf(*node);
  return rects;
}

bool overlap(const Rect& a, const Rect& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

// Of those that are not both in `known`.
std::string overlapIn(const std::vector<NodePtr>& nodes, const std::map<std::string, Rect>& rects,
                      const decltype(Layout::nodes)& known = {}) {
  for (size_t i = 0; i < nodes.size(); ++i) {
    for (size_t k = 0; k < i; ++k)
      if (!(known.contains(nodes[i]->id) && known.contains(nodes[k]->id)) &&
          overlap(rects.at(nodes[i]->id), rects.at(nodes[k]->id)))
        return nodes[i]->id + " and " + nodes[k]->id;
    if (nodes[i]->zone)
      if (std::string inner = overlapIn(nodes[i]->zone->nodes, rects, known); !inner.empty()) return inner;
  }
  return "";
}

// To be looked at, where LOOM_PICTURES names a folder.
void paint(const QString& name, const Document& document, const Catalog& catalog, const Layout& layout) {
  const QString folder = qEnvironmentVariable("LOOM_PICTURES");
  if (folder.isEmpty()) return;
  const auto rects = rectsOf(document, catalog, layout);
  float right = 0, bottom = 0;
  for (const auto& [id, rect] : rects) {
    right = std::max(right, rect.x + rect.width);
    bottom = std::max(bottom, rect.y + rect.height);
  }
  const double scale = std::min(1.0, 1800.0 / static_cast<double>(right + 80));
  QImage image(QSize(int((right + 80) * scale), int((bottom + 80) * scale)), QImage::Format_RGB32);
  image.fill(QColor(18, 19, 24));
  QPainter painter(&image);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.scale(scale, scale);
  painter.translate(40, 40);
  const std::function<void(const std::vector<NodePtr>&)> draw = [&](const std::vector<NodePtr>& nodes) {
    for (const NodePtr& node : nodes) {
      const Rect& r = rects.at(node->id);
      const QRectF rect(r.x, r.y, r.width, r.height);
      painter.setPen(QColor(90, 90, 110));
      painter.setBrush(node->zone ? QColor(60, 35, 60) : QColor(40, 44, 54));
      painter.drawRoundedRect(rect, 6, 6);
      painter.setPen(Qt::white);
      painter.drawText(rect.adjusted(8, 6, 0, 0), QString::fromStdString(node->id));
      if (node->zone) draw(node->zone->nodes);
    }
  };
  draw(document.graph.nodes);
  for (const Wire& wire : wiresOf(document.graph)) {
    const Rect a = rects.at(wire.from.node), b = rects.at(wire.to.node);
    const std::vector<std::string> zones = zonesAround(document.graph, wire.to.node);
    const bool inside = wire.from.node == wire.to.node ||
                        std::find(zones.begin(), zones.end(), wire.from.node) != zones.end();
    const bool atEnd = wire.to.slot.starts_with("next.") || wire.to.slot.starts_with("collect.");
    const auto rowOf = [&](const Face& face, const std::string& slot) {
      size_t row = 0;
      for (const Socket& socket : face.inputs) {
        const ValueType* type = catalog.type(socket.port.type);
        if (socket.slot == slot) break;
        if (!(type && type->scalar)) ++row;
      }
      return row;
    };
    const Node& from = *findNode(document.graph, wire.from.node);
    const Node& to = *findNode(document.graph, wire.to.node);
    const Face fromFace = faceOf(document, "", from, catalog), toFace = faceOf(document, "", to, catalog);
    size_t out = 0;
    while (out < fromFace.outputs.size() && fromFace.outputs[out].slot != wire.from.port) ++out;
    const double y0 = a.y + (from.zone ? 51 + 22 * int(inside ? 1 : out) : 45 + 22 * int(out));
    const double y1 = b.y + (to.zone ? 51 : 45) + 22 * double(atEnd ? 0 : rowOf(toFace, wire.to.slot));
    const QPointF begin(inside ? a.x + 92 : a.x + a.width, y0);
    const QPointF end(atEnd ? b.x + b.width - 92 : b.x, y1);
    QPainterPath path(begin);
    const double pull = std::max(30.0, std::abs(end.x() - begin.x()) / 2);
    path.cubicTo(begin + QPointF(pull, 0), end - QPointF(pull, 0), end);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(QColor::fromRgb(catalog.colour(typeOf(document, "", wire.from, catalog))), 2));
    painter.drawPath(path);
  }
  painter.end();
  image.save(folder + "/" + name + ".png");
}

// Chains and forks, some in zones: as large as wanted.
Document large(int nodes, bool zones) {
  Document document;
  std::string text = "{\"noiseloom\": 1, \"nodes\": {\n";
  for (int i = 0; i < nodes; ++i) {
    const std::string id = "n" + std::to_string(i);
    text += (i ? ",\n" : "") + ("\"" + id + "\": {\"type\": \"tensor.clip\", \"inputs\": {");
    if (i % 20) text += "\"tensor\": \"n" + std::to_string(i % 5 == 4 ? i - 3 : i - 1) + ".tensor\"";
    text += "}}";
    if (zones && i % 20 == 19)
      text += ",\n\"z" + std::to_string(i) +
              "\": {\"type\": \"zone\", \"count\": 3, \"state\": {\"x\": {\"init\": \"" + id +
              ".tensor\", \"next\": \"c" + std::to_string(i) + ".tensor\"}}, \"nodes\": {\"c" +
              std::to_string(i) + "\": {\"type\": \"tensor.clip\", \"inputs\": {\"tensor\": \"z" +
              std::to_string(i) + ".x\"}}}}";
  }
  return parseGraph(text + "}}");
}

double millisecondsOf(const std::function<void()>& work, int times = 5) {
  double best = 1e9;
  for (int i = 0; i < times; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    best = std::min(
        best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

}  // namespace

class LayoutTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() { catalog_ = TestWorker().catalog(); }

  void comesBack() {
    Layout layout;
    layout.nodes["denoise"] = {Point{12, -40}, Point{300, 200}, true, "#102030"};
    layout.nodes["step"].at = Point{1, 2};
    layout.frames["f1"] = {{0, 0, 640, 480}, "Sampling", "#ff0000"};
    layout.notes["n1"] = {{5, 6, 70, 80}, "two\nlines", ""};
    layout.reroutes["unet.denoiser>denoise.denoiser"] = {{1, 2}, {3, 4}};
    layout.bookmarks["1"] = {{10, 20}, 0.5f, "here"};
    layout.watched = {"sampling.x", "predict.x0"};
    const Document document = graphFile("ddpm.loom");
    const Document written = withLayout(document, "", layout);
    QVERIFY(*layoutOf(written, "") == layout);
    QVERIFY(*layoutOf(parseGraph(writeGraph(written)), "") == layout);
    QCOMPARE(meaningOf(written), meaningOf(document));
    // Nothing laid out: nothing in the file.
    QCOMPARE(writeGraph(withLayout(written, "", Layout())), writeGraph(document));
    // Written again, nothing changes.
    QCOMPARE(writeGraph(withLayout(written, "", *layoutOf(written, ""))), writeGraph(written));
  }

  void groupsHaveTheirOwn() {
    Document document = graphFile("ddpm.loom");
    document = makeGroup(document, "", catalog_, {"denoise", "predict"}, "guess").document;
    Layout layout;
    layout.nodes["denoise"].at = Point{7, 8};
    layout.watched = {"x"};
    const Document written = withLayout(document, "guess", layout);
    QVERIFY(*layoutOf(written, "guess") == layout);
    QVERIFY(*layoutOf(written, "") == *layoutOf(document, ""));
    QVERIFY(written.layout->at("groups").at("guess").at("nodes").contains("denoise"));
  }

  void strangersSurvive() {
    Document document = graphFile("ddpm.loom");
    document.layout = nlohmann::json::parse(
        R"({"nodes": {"step": {"at": [3.5, 4.5], "glow": 3}, "odd": 7}, "zoo": [1, {"a": 2}], "frames": {"broken": {"rect": [1]}}, "camera": {"x": 1}})");
    Layout layout = *layoutOf(document, "");
    QCOMPARE(writeGraph(withLayout(document, "", layout)), writeGraph(document));
    layout.nodes["step"].at = Point{10, 20};
    layout.nodes["start"].at = Point{1, 1};
    const nlohmann::json after = *withLayout(document, "", layout).layout;
    QCOMPARE(after["nodes"]["step"].dump(), std::string(R"({"at":[10,20],"glow":3})"));
    QCOMPARE(after["nodes"]["odd"].dump(), std::string("7"));
    QCOMPARE(after["zoo"], document.layout->at("zoo"));
    QCOMPARE(after["camera"], document.layout->at("camera"));
    QVERIFY(after["frames"].contains("broken"));
    QVERIFY(!after["nodes"].contains("unet"));
  }

  void hostileNumbersAreNone() {
    Document document = graphFile("ddpm.loom");
    document.layout = nlohmann::json::parse(
        R"({"nodes": {"step": {"at": [1e300, 0]}, "start": {"at": "here"}, "unet": {"at": [1]}}, "watched": [3, "a.b"], "frames": [], "reroutes": {"x": 3, "y": [[1]]}, "groups": 5})");
    const Layout layout = *layoutOf(document, "");
    for (const auto& [id, node] : layout.nodes) QVERIFY(!node.at);
    QVERIFY(layout.reroutes.empty());
    QVERIFY(layout.watched == std::vector<std::string>{"a.b"});
    (void)layoutOf(document, "guess");
    const Document moved = moveBy(document, "", {"step", "start", "unet"}, {5, 5});
    QVERIFY(!faultOf(moved).size());
    (void)tidy(document, "", catalog_, {});
  }

  void aMovedNodeIsOneLine() {
    for (const char* name : {"ddpm.loom", "train/ddpm_emoji.loom"}) {
      const Document plain = graphFile(name);
      const Document document = withLayout(plain, "", tidy(plain, "", catalog_, {}));
      const auto layout = layoutOf(document, "");
      for (const auto& [id, node] : layout->nodes) {
        if (findNode(document.graph, id)->zone) continue;
        QCOMPARE(changedLines(document, moveBy(document, "", {id}, {10.4f, -3.2f})), 1);
      }
    }
    // A zone takes along what is in it.
    const Document plain = graphFile("ddpm.loom");
    const Document document = withLayout(plain, "", tidy(plain, "", catalog_, {}));
    QCOMPARE(changedLines(document, moveBy(document, "", {"sampling"}, {5, 5})), 5);
    QCOMPARE(changedLines(document, moveBy(document, "", {"sampling", "step"}, {5, 5})), 5);
    QCOMPARE(writeGraph(moveBy(moveBy(document, "", {"sampling"}, {5, 5}), "", {"sampling"}, {-5, -5})),
             writeGraph(document));
  }

  void alignment() {
    Document document = graphFile("ddpm.loom");
    Layout layout;
    layout.nodes["weights"].at = Point{0, 0};
    layout.nodes["unet"].at = Point{50, 300};
    layout.nodes["start"].at = Point{30, 110};
    document = withLayout(document, "", layout);
    const std::map<std::string, Point> sizes{{"weights", {100, 50}}, {"unet", {60, 50}}, {"start", {80, 50}}};
    const Ids ids{"weights", "unet", "start"};
    const auto at = [&](Align how, const char* id) {
      return *layoutOf(align(document, "", ids, how, sizes), "")->nodes.at(id).at;
    };
    QCOMPARE(at(Align::left, "unet").x, 0.f);
    QCOMPARE(at(Align::right, "weights").x, 10.f);
    QCOMPARE(at(Align::centre, "start").x, 15.f);
    QCOMPARE(at(Align::top, "unet").y, 0.f);
    QCOMPARE(at(Align::bottom, "weights").y, 300.f);
    QCOMPARE(at(Align::middle, "start").y, 150.f);
    QCOMPARE(at(Align::spreadDown, "start").y, 150.f);
    QCOMPARE(at(Align::spreadDown, "unet").y, 300.f);
    QCOMPARE(at(Align::spreadAcross, "weights").x, 0.f);
    QCOMPARE(writeGraph(align(document, "", {"unet"}, Align::left, sizes)), writeGraph(document));
  }

  void tidyOverlapsNothing_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"ddpm.loom", "ddim.loom", "train/ddpm_emoji.loom"}) QTest::newRow(name) << name;
  }
  void tidyOverlapsNothing() {
    QFETCH(QString, name);
    const Document document = graphFile(name.toStdString());
    const Layout layout = tidy(document, "", catalog_, {});
    const auto rects = rectsOf(document, catalog_, layout);
    QCOMPARE(overlapIn(document.graph.nodes, rects), std::string());
    paint(QString(name).replace('/', '_'), document, catalog_, layout);
    QVERIFY(tidy(document, "", catalog_, {}) == layout);
    // What has its place keeps it.
    const Document placed = withLayout(document, "", layout);
    QVERIFY(tidy(placed, "", catalog_, {}) == layout);
    // Wires go to the right, but those into a loop's next values.
    for (const Wire& wire : wiresOf(document.graph)) {
      const std::vector<std::string> zones = zonesAround(document.graph, wire.to.node);
      const bool inside = wire.from.node == wire.to.node ||
                          std::find(zones.begin(), zones.end(), wire.from.node) != zones.end();
      if (inside || wire.to.slot.find('.') != std::string::npos) continue;
      QVERIFY2(rects.at(wire.from.node).x + rects.at(wire.from.node).width <= rects.at(wire.to.node).x,
               wire.to.node.c_str());
    }
  }

  void tidyPutsNewOnesWhereRoomIs() {
    const Document plain = graphFile("ddpm.loom");
    Document document = withLayout(plain, "", tidy(plain, "", catalog_, {}));
    const Layout before = *layoutOf(document, "");
    for (const char* zone : {"", "sampling"})
      for (int i = 0; i < 4; ++i)
        document = addNode(document, "", catalog_, "predict.x0", {0, 0}, zone).document;
    Layout holes = *layoutOf(document, "");
    for (auto& [id, node] : holes.nodes)
      if (!before.nodes.contains(id)) node.at.reset();
    document = withLayout(document, "", holes);
    const Layout after = tidy(document, "", catalog_, {});
    for (const auto& [id, node] : before.nodes) QVERIFY(after.nodes.at(id).at == node.at);
    for (const auto& [id, node] : after.nodes) QVERIFY(node.at.has_value());
    const std::string pair =
        overlapIn(document.graph.nodes, rectsOf(document, catalog_, after), before.nodes);
    QVERIFY2(pair.empty(), pair.c_str());
  }

  void tidyOfSomeLeavesTheRest() {
    const Document plain = graphFile("ddpm.loom");
    Document document = withLayout(plain, "", tidy(plain, "", catalog_, {}));
    document = moveBy(document, "", {"denoise"}, {400, 300});
    TidyOptions options;
    options.all = true;
    options.only = {"denoise", "predict", "step"};
    const Layout before = *layoutOf(document, ""), after = tidy(document, "", catalog_, options);
    for (const auto& [id, node] : before.nodes)
      if (std::find(options.only.begin(), options.only.end(), id) == options.only.end())
        QVERIFY(after.nodes.at(id).at == node.at);
    QVERIFY(after.nodes.at("denoise").at->x < after.nodes.at("predict").at->x);
    QVERIFY(after.nodes.at("predict").at->x < after.nodes.at("step").at->x);
  }

  void tidyTakesFramesAlong() {
    const Document plain = graphFile("ddpm.loom");
    Layout layout = tidy(plain, "", catalog_, {});
    for (auto& [id, node] : layout.nodes) node.at = Point{node.at->x * 3, node.at->y * 3 + 500};
    const Point at = *layout.nodes["weights"].at;
    layout.frames["f"] = {{at.x - 10, at.y - 30, 200, 200}, "Weights", ""};
    layout.reroutes["unet.denoiser>denoise.denoiser"] = {{1, 2}};
    TidyOptions options;
    options.all = true;
    const Layout after = tidy(withLayout(plain, "", layout), "", catalog_, options);
    const Rect frame = after.frames.at("f").rect;
    const Point now = *after.nodes.at("weights").at;
    QVERIFY(frame.x < now.x && frame.y < now.y && frame.x + frame.width > now.x + 100);
    QVERIFY(after.reroutes.empty());
  }

  void brokenGraphsAreLaidOutToo() {
    const Document circle = parseGraph(
        R"({"noiseloom": 1, "nodes": {"a": {"type": "t", "inputs": {"x": "b.y"}}, "b": {"type": "t", "inputs": {"x": "a.y", "z": "b.y", "w": "none.y"}}, "s": {"type": "zone", "state": {"x": {"init": "s.x", "next": "in.y"}}, "nodes": {"in": {"type": "q"}}}, "c": {"type": "t", "inputs": {"x": "in.y"}}}})");
    const Layout layout = tidy(circle, "", catalog_, {});
    QCOMPARE(layout.nodes.size(), size_t(5));
    QCOMPARE(overlapIn(circle.graph.nodes, rectsOf(circle, catalog_, layout)), std::string());
    QVERIFY(tidy(Document(), "", catalog_, {}) == Layout());
  }

  void watched() {
    const auto portsOf = [&](const Document& document) {
      QStringList all;
      for (const std::string& port : watchedPorts(document, catalog_)) all << QString::fromStdString(port);
      return all;
    };
    Document document = graphFile("ddpm.loom");
    QCOMPARE(portsOf(document), (QStringList{"sampling.x", "predict.x0"}));
    QCOMPARE(portsOf(makeGroup(document, "", catalog_, {"denoise", "predict"}, "guess").document),
             (QStringList{"sampling.x", "guess/predict.x0"}));
    // In groups, and where something is trained.
    QStringList grouped;
    for (const char* steps : {"steps_4", "steps_10", "steps_25", "steps_100"})
      for (const char* port : {"/sampling.x", "/predict.x0"}) grouped << QString(steps) + port;
    QCOMPARE(portsOf(graphFile("compare_steps.loom")), grouped);
    QCOMPARE(portsOf(graphFile("train/ddpm_emoji.loom")), (QStringList{"loss.value", "sampling.x"}));
    Layout layout;
    layout.watched = {"denoise.prediction", "sampling.x"};
    document = withLayout(document, "", layout);
    QCOMPARE(portsOf(document), (QStringList{"denoise.prediction", "sampling.x"}));
    QCOMPARE(portsOf(rename(document, "", "denoise", "net")), (QStringList{"net.prediction", "sampling.x"}));
    QCOMPARE(portsOf(renameZonePort(document, "", "sampling", "init.x", "y")),
             (QStringList{"denoise.prediction", "sampling.y"}));
    QCOMPARE(portsOf(removeNodes(document, "", catalog_, {"denoise"})), QStringList{"sampling.x"});
    const Edited group = makeGroup(document, "", catalog_, {"denoise"}, "g");
    QCOMPARE(portsOf(group.document), (QStringList{"g/denoise.prediction", "sampling.x"}));
    QCOMPARE(portsOf(rename(group.document, "g", "denoise", "net")),
             (QStringList{"g/net.prediction", "sampling.x"}));
    QCOMPARE(portsOf(rename(group.document, "", "g", "h")),
             (QStringList{"h/denoise.prediction", "sampling.x"}));
    QCOMPARE(portsOf(expandGroup(group.document, "", catalog_, "g").document),
             (QStringList{"denoise.prediction", "sampling.x"}));
  }

  void speed() {
    const Document two = large(2000, true);
    const double tidying = millisecondsOf([&] { (void)tidy(two, "", catalog_, {}); }, 2);
    qInfo("tidy, 2,200 nodes: %.1f ms", tidying);
    QVERIFY(tidying < 1500);  // a debug build, a busy machine; alone it is far below 300

    Document ten = large(10'000, false);
    const double big = millisecondsOf([&] { (void)tidy(ten, "", catalog_, {}); }, 1);
    qInfo("tidy, 10,000 nodes: %.1f ms", big);
    ten = withLayout(ten, "", tidy(ten, "", catalog_, {}));
    const auto measure = [&](const char* what, const std::function<void()>& work) {
      const double time = millisecondsOf(work);
      qInfo("%s, 10,000 nodes: %.2f ms", what, time);
      QVERIFY2(time < 60, what);
    };
    measure("setParam", [&] { (void)setParam(ten, "", catalog_, "n5000", "limit", 3); });
    measure("connect", [&] {
      (void)editor::connect(ten, "", catalog_, {"n17", "tensor"}, {"n5000", "tensor"});
    });
    measure("refusal", [&] { (void)refusal(ten, "", catalog_, {"n17", "tensor"}, {"n5000", "tensor"}); });
    measure("moveBy", [&] { (void)moveBy(ten, "", {"n5000"}, {1, 1}); });
    measure("addNode", [&] { (void)addNode(ten, "", catalog_, "denoise", {1, 1}, ""); });
    measure("rename", [&] { (void)rename(ten, "", "n5000", "other"); });
    measure("removeNodes", [&] { (void)removeNodes(ten, "", catalog_, {"n5000"}); });
    measure("copy of a document", [&] { const Document copy = ten; });
    measure("layoutOf", [&] { (void)*layoutOf(ten, ""); });
    measure("wiresOf", [&] { (void)wiresOf(ten.graph); });
  }

 private:
  Catalog catalog_;
};

QTEST_MAIN(LayoutTest)
#include "layout_test.moc"
