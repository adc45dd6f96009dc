// What holds whatever is done: any sequence of edits gives a document that comes back from its file, leads
// nowhere and in no circle, and can be undone to the last byte.
#include <random>

#include "app/editor/document/edits.h"
#include "app/editor/document/graph_edit.h"
#include "app/editor/document/undo.h"
#include "tests/app/editor/document/worker.h"

using namespace loom;
using namespace loom::editor;

namespace {

// One hand that does whatever comes to its mind.
class Hand {
 public:
  Hand(const Catalog& catalog, uint32_t seed) : catalog_(catalog), random_(seed) {}

  std::string last;  // what it did

  Document edit(const Document& d) {
    std::string place;
    if (!d.groups.empty() && chance(4)) place = std::next(d.groups.begin(), pick(d.groups.size()))->first;
    const Graph& graph = graphAt(d, place);
    std::vector<std::string> ids, zones{""};
    const std::function<void(const std::vector<NodePtr>&)> look = [&](const std::vector<NodePtr>& nodes) {
      for (const NodePtr& node : nodes) {
        ids.push_back(node->id);
        if (!node->zone) continue;
        zones.push_back(node->id);
        look(node->zone->nodes);
      }
    };
    look(graph.nodes);
    const auto someId = [&] { return ids.empty() ? std::string("none") : ids[pick(ids.size())]; };
    const auto someIds = [&] {
      Ids some;
      for (size_t n = 1 + pick(4); n > 0; --n) some.insert(someId());
      return some;
    };
    const auto zone = [&] { return zones[pick(zones.size())]; };
    const std::vector<Wire> wires = wiresOf(graph);
    const auto someWire = [&] {
      return wires.empty() ? Wire{{"a", "b"}, {"c", "d"}, 0} : wires[pick(wires.size())];
    };
    const auto someType = [&]() -> std::string {
      if (chance(8)) return "zone";
      if (!d.groups.empty() && chance(8))
        return "group:" + std::next(d.groups.begin(), pick(d.groups.size()))->first;
      return catalog_.nodes()[pick(catalog_.nodes().size())].id;
    };
    const auto someLink = [&]() -> Link {
      const std::string id = someId();
      if (!findNode(graph, id)) return {"none", "x"};
      const Face face = faceOf(d, place, *findNode(graph, id), catalog_);
      std::vector<Socket> all = face.outputs;
      all.insert(all.end(), face.bodyOutputs.begin(), face.bodyOutputs.end());
      return {id, all.empty() ? "x" : all[pick(all.size())].slot};
    };
    const auto someSlot = [&]() -> InputSlot {
      const std::string id = someId();
      if (!findNode(graph, id)) return {"none", "x"};
      const Face face = faceOf(d, place, *findNode(graph, id), catalog_);
      std::vector<Socket> all = face.inputs;
      all.insert(all.end(), face.bodyInputs.begin(), face.bodyInputs.end());
      return {id, all.empty() || chance(12) ? "@when" : all[pick(all.size())].slot};
    };
    const Point at{static_cast<float>(pick(900)), static_cast<float>(pick(900))};
    const std::string name = "name" + std::to_string(pick(20));
    switch (const size_t what = pick(30); what) {
      case 0:
      case 1:
        return did("addNode", addNode(d, place, catalog_, someType(), at, zone()).document);
      case 2:
        return did("addNodeFrom",
                   addNodeFrom(d, place, catalog_, someType(), at, zone(), someLink()).document);
      case 3:
        return did("addNodeTo", addNodeTo(d, place, catalog_, someType(), at, zone(), someSlot()).document);
      case 4:
        return did("removeNodes", removeNodes(d, place, catalog_, {someId()}, chance(2)));
      case 5:
        return did("duplicate", duplicate(d, place, catalog_, someIds(), {20, 20}, chance(2)).document);
      case 6:
        return did("rename", rename(d, place, someId(), name));
      case 7:
        return did("setTitle", setTitle(d, place, someId(), chance(2) ? "A \"title\"" : ""));
      case 8:
        return did("setMode", setMode(d, place, someIds(), static_cast<NodeMode>(pick(3))));
      case 9:
      case 10:
        return did("moveToZone", moveToZone(d, place, catalog_, someIds(), zone()));
      case 11:
        return did("insertOnWire", insertOnWire(d, place, catalog_, someId(), someWire()));
      case 12:
      case 13:
      case 14:
      case 15: {
        const Link from = someLink();
        const InputSlot to = someSlot();
        const auto why = refusal(d, place, catalog_, from, to);
        last = "connect " + from.text() + " > " + to.node + " " + to.slot;
        try {
          const Document after = connect(d, place, catalog_, from, to);
          if (why) throw std::logic_error("connected what it refuses: " + *why);
          return after;
        } catch (const Error& error) {
          if (!why) throw std::logic_error(std::string("says nothing but refuses: ") + error.what());
          throw;
        }
      }
      case 16:
        return did("disconnect", disconnect(d, place, {someWire(), someWire()}));
      case 17: {
        const InputSlot slot = someSlot();
        return did("setParam", setParam(d, place, catalog_, slot.node, slot.slot, someValue()));
      }
      case 18:
        return did("addState", addState(d, place, zone(), name));
      case 19: {
        const InputSlot slot = someSlot();
        return did("renameZonePort " + slot.node + " " + slot.slot,
                   renameZonePort(d, place, slot.node, slot.slot, chance(3) ? "" : name));
      }
      case 20:
        return did("makeGroup", makeGroup(d, place, catalog_, someIds(), name).document);
      case 21:
        for (const std::string& id : ids)
          if (findNode(graph, id)->type.starts_with("group:") && chance(2))
            return did("expandGroup " + place + " " + id, expandGroup(d, place, catalog_, id).document);
        return d;
      case 22:
        return did("wrapInZone", wrapInZone(d, place, catalog_, someIds()).document);
      case 23:
        return did("expose", expose(d, place, catalog_, someSlot(), name));
      case 24:
        return did("exposeOutput", exposeOutput(d, place, someLink(), name));
      case 25:
        if (graph.inputs.empty() && graph.outputs.empty()) return d;
        return did("unexpose",
                   unexpose(d, place, graph.inputs.empty() ? graph.outputs[0].name : graph.inputs[0].name));
      case 26:
        return did("paste", paste(d, place, catalog_, copyText(d, place, someIds()), at, zone()).document);
      case 27:
        return did("moveBy", moveBy(d, place, someIds(), at));
      case 28:
        return did("align", align(d, place, someIds(), static_cast<Align>(pick(8)), {}));
      default: {
        TidyOptions options;
        options.all = chance(2);
        if (chance(2))
          for (const std::string& id : someIds()) options.only.push_back(id);
        return did("tidy", withLayout(d, place, tidy(d, place, catalog_, options)));
      }
    }
  }

 private:
  size_t pick(size_t n) { return random_() % n; }
  bool chance(size_t oneIn) { return pick(oneIn) == 0; }
  Document did(std::string what, Document document) {
    last = std::move(what);
    return document;
  }
  nlohmann::json someValue() {
    switch (pick(7)) {
      case 0:
        return nullptr;
      case 1:
        return 7;
      case 2:
        return 0.25;
      case 3:
        return true;
      case 4:
        return "linear";
      case 5:
        return nlohmann::json::array({3, 32, 32});
      default:
        return 18446744073709551615u;
    }
  }

  const Catalog& catalog_;
  std::mt19937 random_;
};

// What a graph means, whatever the order in which an exposed name lists what it sets.
QStringList linesOf(Document document) {
  const auto sort = [](Graph& graph) {
    for (ExposedInput& input : graph.inputs)
      std::sort(input.to.begin(), input.to.end(),
                [](const Link& a, const Link& b) { return a.text() < b.text(); });
  };
  sort(document.graph);
  for (auto& [name, group] : document.groups) sort(group);
  return QString::fromStdString(meaningOf(document)).split('\n');
}

QString firstDifference(const Document& a, const Document& b) {
  const QStringList before = linesOf(a), after = linesOf(b);
  for (qsizetype i = 0; i < std::max(before.size(), after.size()); ++i)
    if (before.value(i) != after.value(i)) return before.value(i) + " | " + after.value(i);
  return {};
}

}  // namespace

class PropertiesTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() {
    worker_ = std::make_unique<TestWorker>();
    catalog_ = worker_->catalog();
  }
  void cleanupTestCase() { worker_.reset(); }

  void whateverIsDone_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("seed");
    for (const char* name : {"ddpm.loom", "train/ddpm_emoji.loom", "compare_eta.loom"})
      for (int seed = 1; seed <= 12; ++seed) QTest::addRow("%s %d", name, seed) << QString(name) << seed;
  }
  void whateverIsDone() {
    QFETCH(QString, name);
    QFETCH(int, seed);
    Document first = graphFile(name.toStdString());
    // A placeholder among them: it survives everything but being removed.
    Node stranger;
    stranger.id = "stranger";
    stranger.type = "newer.node";
    stranger.params["odd"] = {{"a", {1, 2}}};
    stranger.unknown["spin"] = 3;
    first.graph.nodes.push_back(std::make_shared<const Node>(std::move(stranger)));
    Undo undo(first);
    std::vector<std::string> texts{writeGraph(first)};
    Hand hand(catalog_, static_cast<uint32_t>(seed));
    int done = 0;
    for (int step = 0; step < 120; ++step) {
      Document after;
      try {
        after = hand.edit(undo.document());
      } catch (const Error& error) {
        QVERIFY(*error.what());
        QCOMPARE(writeGraph(undo.document()), texts.back());
        continue;
      }
      const std::string fault = faultOf(after);
      QVERIFY2(fault.empty(), (hand.last + " (" + std::to_string(step) + "): " + fault).c_str());
      QVERIFY2(!hasCircle(after.graph), hand.last.c_str());
      for (const auto& [group, graph] : after.groups)
        QVERIFY2(!hasCircle(graph), (group + " " + hand.last).c_str());
      if (writeGraph(after).size() > 300'000) break;  // copies of copies
      undo.push(hand.last, std::move(after));
      texts.push_back(writeGraph(undo.document()));
      ++done;
    }
    QVERIFY2(done > 25, std::to_string(done).c_str());
    while (undo.canUndo()) {
      QCOMPARE(writeGraph(undo.document()), texts[undo.now()]);
      undo.undo();
    }
    QCOMPARE(writeGraph(undo.document()), texts[0]);
    while (undo.canRedo()) undo.redo();
    QCOMPARE(writeGraph(undo.document()), texts.back());
  }

  // The engine finds nothing wrong with what such edits leave, and what was put back means what it did.
  void theEngineAgrees_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"ddpm.loom", "ddim.loom", "train/ddpm_emoji.loom", "compare_eta.loom"})
      QTest::newRow(name) << name;
  }
  void theEngineAgrees() {
    QFETCH(QString, name);
    const Document first = graphFile(name.toStdString());
    QCOMPARE(worker_->errorsOf(first), std::string());
    const std::string meaning = meaningOf(first);

    std::vector<std::string> ids;
    for (const NodePtr& node : first.graph.nodes) ids.push_back(node->id);
    Document renamed = first;
    for (const std::string& id : ids) renamed = rename(renamed, "", id, id + "_renamed");
    QCOMPARE(worker_->errorsOf(renamed), std::string());
    QVERIFY(meaningOf(renamed) != meaning);
    for (const std::string& id : ids) renamed = rename(renamed, "", id + "_renamed", id);
    QCOMPARE(writeGraph(renamed), writeGraph(first));

    // All that there is, taken away and put back.
    Ids all(ids.begin(), ids.end());
    Document bare = first;
    const std::string text = copyText(first, "", all);
    bare = removeNodes(bare, "", catalog_, all);
    QVERIFY(bare.graph.nodes.empty());
    Document back = paste(bare, "", catalog_, text, {0, 0}, "").document;
    back.graph.inputs = first.graph.inputs;
    back.graph.outputs = first.graph.outputs;
    QCOMPARE(meaningOf(back), meaning);

    // Two of everything, then the copies away again.
    const Edited twice = duplicate(first, "", catalog_, all, {10, 10}, true);
    QCOMPARE(worker_->errorsOf(twice.document), std::string());
    QCOMPARE(meaningOf(removeNodes(twice.document, "", catalog_, twice.made)), meaning);
    const Edited pasted = paste(first, "", catalog_, text, {0, 0}, "");
    QCOMPARE(worker_->errorsOf(pasted.document), std::string());
    QCOMPARE(meaningOf(removeNodes(pasted.document, "", catalog_, pasted.made)), meaning);

    // Each pair of neighbours as a group, and expanded again.
    int grouped = 0;
    for (const Wire& wire : wiresOf(first.graph)) {
      Edited group;
      try {
        group = makeGroup(first, "", catalog_, {wire.from.node, wire.to.node}, "pair");
      } catch (const Error&) {
        continue;  // in different zones, or another between them
      }
      ++grouped;
      QCOMPARE(worker_->errorsOf(group.document), std::string());
      const Edited flat = expandGroup(group.document, "", catalog_, *group.made.begin());
      QVERIFY(flat.document.groups.size() == first.groups.size());
      const QString pair = QString::fromStdString(wire.from.node + " " + wire.to.node + ": ");
      const QString difference = firstDifference(first, flat.document);
      QVERIFY2(difference.isEmpty(), qPrintable(pair + difference));
      if (grouped > 12) break;
    }
    QVERIFY(grouped > 2);
  }

 private:
  std::unique_ptr<TestWorker> worker_;
  Catalog catalog_;
};

QTEST_MAIN(PropertiesTest)
#include "properties_test.moc"
