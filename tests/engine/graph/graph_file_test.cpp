// The graph file: what is read is written again byte for byte, and small edits make small differences.
#include <ATen/ATen.h>

#include <QtTest>
#include <random>

#include "engine/graph/graph_file.h"
#include "engine/node/node_type.h"
#include "tests/engine/test_nodes.h"

using namespace loom;
using loom::test::failure;

namespace {

std::string sample(const char* name) {
  return readGraphText(std::string(NOISELOOM_SOURCE_DIR "/tests/data/graphs/") + name);
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  for (const QString& line : QString::fromStdString(text).split('\n')) all.push_back(line.toStdString());
  return all;
}

// Lines that differ, for texts of the same number of lines; -1 else.
int changedLines(const std::string& before, const std::string& after) {
  const auto a = lines(before), b = lines(after);
  if (a.size() != b.size()) return -1;
  int changed = 0;
  for (size_t i = 0; i < a.size(); ++i) changed += a[i] != b[i];
  return changed;
}

std::string compact(const std::string& text) { return nlohmann::ordered_json::parse(text).dump(); }

}  // namespace

class GraphFileTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void readsEveryField() {
    const Document d = parseGraph(sample("all_fields.loom"));
    QCOMPARE(d.title, std::string("Every field there is"));
    QCOMPARE(d.graph.nodes.size(), size_t{8});
    const Node* outer = findNode(d.graph, "outer");
    QVERIFY(outer && outer->zone);
    QCOMPARE(outer->title, std::string("Sampling"));
    QCOMPARE(outer->when->text(), std::string("yes.value"));
    QCOMPARE(outer->unknown["colour_of_2030"].get<std::string>(), std::string("#ABCDEF"));
    QCOMPARE(outer->zone->over[0].second.text(), std::string("rungs.ladder"));
    QVERIFY(outer->zone->over[1].second.empty());
    QCOMPARE(outer->zone->state[1].unknown["precision"].get<std::string>(), std::string("double"));
    QVERIFY(outer->zone->state[2].init.empty() && outer->zone->state[2].next.empty());
    QCOMPARE(outer->zone->collect[0].every, int64_t{5});
    QCOMPARE(outer->zone->until->text(), std::string("enough.holds"));
    QCOMPARE(*findNode(d.graph, "inner")->zone->count, int64_t{3});
    QCOMPARE(findNode(d.graph, "counted")->zone->countFrom->text(), std::string("three.value"));
    const Node* grow = findNode(d.graph, "grow");
    QVERIFY(grow);
    QCOMPARE(grow->inputs.at("b").links[0].text(), std::string("outer.t"));
    const Node* future = findNode(d.graph, "future");
    QCOMPARE(future->version, 17);
    QCOMPARE(future->params.at("large").get<uint64_t>(), UINT64_MAX);
    QCOMPARE(future->params.at("small").get<int64_t>(), INT64_MIN);
    QVERIFY(future->inputs.at("frames").list && future->inputs.at("none").list);
    QCOMPARE(d.graph.inputs[1].to.size(), size_t{2});
    QCOMPARE(d.graph.inputs[1].unknown["widget"].get<std::string>(), std::string("slider"));
    QCOMPARE(d.groups.at("twice").unknown["icon"].get<std::string>(), std::string("x2"));
    QCOMPARE(d.unknown["licence"].get<std::string>(), std::string("CC0"));
    QCOMPARE(d.layout->at("zoom").get<double>(), 1.25);
  }

  void savingGivesTheSameBytes_data() {
    QTest::addColumn<QString>("file");
    QTest::newRow("all fields") << "all_fields.loom";
    QTest::newRow("old versions") << "old_versions.loom";
  }
  void savingGivesTheSameBytes() {
    QFETCH(QString, file);
    const std::string text = sample(file.toUtf8().constData());
    const std::string written = writeGraph(parseGraph(text));
    QCOMPARE(QString::fromStdString(written), QString::fromStdString(text));
  }

  // However it was spaced and ordered before, the second writing changes nothing.
  void bytesAreCanonical_data() {
    QTest::addColumn<QString>("text");
    QTest::newRow("no spaces") << QString::fromStdString(compact(sample("all_fields.loom")));
    QTest::newRow("parameters in another order")
        << R"({"nodes":{"n":{"inputs":{"z":"a.b","a":"c.d"},"params":{"b":1,"a":{"y":1,"x":2}},"type":"t"}},"noiseloom":1})";
    QTest::newRow("numbers")
        << R"({"noiseloom":1,"nodes":{"n":{"type":"t","params":{"a":1e3,"b":0.1000,"c":-0,"d":1E-7,"e":123456789012345678901234567890,"f":0.30000000000000004}}}})";
    QTest::newRow("escapes") << R"({"noiseloom":1,"title":"\u00e9\u4e2d\ud83d\ude00\t\/","nodes":{}})";
    QTest::newRow("zone with a version")
        << R"({"noiseloom":1,"nodes":{"z":{"type":"zone","version":1,"count":2}}})";
    QTest::newRow("empty") << R"({"noiseloom":1})";
  }
  void bytesAreCanonical() {
    QFETCH(QString, text);
    const std::string once = writeGraph(parseGraph(text.toStdString()));
    QCOMPARE(QString::fromStdString(writeGraph(parseGraph(once))), QString::fromStdString(once));
    QVERIFY(once.ends_with("}\n"));
    QVERIFY2(!QString::fromStdString(once).contains(" \n"), "no space at a line's end");
  }
  void orderOfTheFileStays() {
    const std::string text =
        writeGraph(parseGraph(R"({"noiseloom":1,"nodes":{"zebra":{"type":"t"},"apple":{"type":"t"}}})"));
    QVERIFY(text.find("zebra") < text.find("apple"));
  }

  void aParameterIsOneLine() {
    const Document before = parseGraph(sample("all_fields.loom"));
    const Document after = withValue(before, "start.value", 0.25);
    QCOMPARE(changedLines(writeGraph(before), writeGraph(after)), 1);
    const Document inside = withValue(before, "inner.count", 40);
    QCOMPARE(changedLines(writeGraph(before), writeGraph(inside)), 1);
    const Document link =
        withNode(before, "grow", [](Node& node) { node.inputs["b"].links[0].port = "index"; });
    QCOMPARE(changedLines(writeGraph(before), writeGraph(link)), 1);
  }
  void aMovedNodeIsLayoutOnly() {
    const Document before = parseGraph(sample("all_fields.loom"));
    Document after = before;
    after.layout.own()["nodes"]["inner"]["at"] = {121, 80};
    const std::string a = writeGraph(before), b = writeGraph(after);
    QCOMPARE(changedLines(a, b), 1);
    const size_t layout = a.find("\"layout\"");
    QCOMPARE(a.substr(0, layout), b.substr(0, layout));
    QCOMPARE(meaningOf(before), meaningOf(after));
  }
  // Whatever is done, and in whatever order documents follow each other, the bytes are writeGraph()'s.
  void textsThatFollowEachOther() {
    std::vector<Document> documents{parseGraph(sample("all_fields.loom"))};
    GraphText text;
    std::mt19937 random(7);
    const auto add = [&](Document document) { documents.push_back(std::move(document)); };
    for (int i = 0; i < 400; ++i) {
      const Document& at = documents[random() % documents.size()];
      Document next = at;
      const auto zone = std::find_if(at.graph.nodes.begin(), at.graph.nodes.end(), [](const NodePtr& node) {
        return node->zone && !node->zone->nodes.empty();
      });
      const bool whole = zone != at.graph.nodes.end() && findNode(at.graph, "grow");
      if (!whole) next = documents.front();
      switch (whole ? random() % 8 : 7) {
        case 0:
          add(withNode(at, "grow", [&](Node& node) { node.title = std::to_string(random() % 9); }));
          break;
        case 1:
          next.layout.own()["nodes"]["inner"]["at"] = {random() % 9, 80};
          add(next);
          break;
        case 2:  // the same node, elsewhere: in another zone it stands further in
          next.graph.nodes.push_back((*zone)->zone->nodes.at(0));
          add(next);
          break;
        case 3:
          std::shuffle(next.graph.nodes.begin(), next.graph.nodes.end(), random);
          add(next);
          break;
        case 4:
          if (next.graph.nodes.size() > 4) next.graph.nodes.pop_back();
          add(next);
          break;
        case 5:
          next.groups["more" + std::to_string(random() % 3)].nodes = next.graph.nodes;
          add(next);
          break;
        case 6:
          next.groups.clear();
          next.layout = random() % 2 ? SharedJson() : SharedJson(nlohmann::json{{"zoom", random() % 5}});
          add(next);
          break;
        default:  // back to one that was there
          add(next);
      }
      QCOMPARE(QString::fromStdString(text.write(documents.back())),
               QString::fromStdString(writeGraph(documents.back())));
      if (documents.size() > 12) documents.erase(documents.begin() + 1 + random() % 10);
    }
  }

  void copiesShareALayoutUntilOneIsChanged() {
    Document one = parseGraph(sample("all_fields.loom"));
    const Document two = one;
    QVERIFY(one.layout.sharedWith(two.layout));
    const nlohmann::json before = *two.layout;
    one.layout.own()["zoom"] = 7;
    QVERIFY(!one.layout.sharedWith(two.layout));
    QCOMPARE(*two.layout, before);
    const nlohmann::json* own = &*one.layout;
    QCOMPARE(&one.layout.own(), own);
    QCOMPARE(Document().layout->dump(), std::string("{}"));
  }

  void editsShareWhatDidNotChange() {
    const Document before = parseGraph(sample("all_fields.loom"));
    const Document after = withValue(before, "grow.b", 3);
    QCOMPARE(after.graph.nodes[0].get(), before.graph.nodes[0].get());
    QVERIFY(after.graph.nodes[2].get() != before.graph.nodes[2].get());
    QVERIFY2(before.graph.nodes[2]->zone->nodes[0]->zone->nodes[0]->inputs.contains("b"),
             "the old one is as it was");
    QVERIFY(!findNode(after.graph, "grow")->inputs.contains("b"));
  }

  void meaningIsWithoutLooks() {
    const Document d = parseGraph(sample("all_fields.loom"));
    Document other = d;
    other.title = other.about = "";
    std::swap(other.graph.nodes[0], other.graph.nodes[3]);
    other.graph.inputs[0].doc = "something else";
    other = withNode(other, "inner", [](Node& node) { node.title = "Steps"; });
    QVERIFY(writeGraph(other) != writeGraph(d));
    QCOMPARE(QString::fromStdString(meaningOf(other)), QString::fromStdString(meaningOf(d)));
    QVERIFY(meaningOf(withValue(d, "start.value", 0.2)) != meaningOf(d));
    QVERIFY(meaningOf(withValue(d, "inner.count", 4)) != meaningOf(d));
    const auto muted = withNode(d, "start", [](Node& node) { node.mode = NodeMode::muted; });
    QVERIFY(meaningOf(muted) != meaningOf(d));
    QVERIFY(meaningOf(withNode(muted, "start", [](Node& node) { node.mode = NodeMode::on; })) ==
            meaningOf(d));
  }

  void valuesBySetting_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("value");
    QTest::addColumn<QString>("error");
    QTest::newRow("parameter") << "start.value"
                               << "2"
                               << "";
    QTest::newRow("exposed, to two places") << "steps"
                                            << "7"
                                            << "";
    QTest::newRow("no such name") << "stepz"
                                  << "7"
                                  << "there is no exposed name stepz; there are: begin, steps";
    QTest::newRow("no such node") << "nobody.value"
                                  << "7"
                                  << "there is no node nobody";
    QTest::newRow("count of a zone") << "inner.count"
                                     << "\"many\""
                                     << "whole number";
    QTest::newRow("count beyond int64") << "inner.count"
                                        << "18446744073709551615"
                                        << "whole number";
  }
  void valuesBySetting() {
    QFETCH(QString, name);
    QFETCH(QString, value);
    QFETCH(QString, error);
    const Document d = parseGraph(sample("all_fields.loom"));
    Document changed;
    const std::string said = failure(
        [&] { changed = withValue(d, name.toStdString(), nlohmann::json::parse(value.toStdString())); });
    QVERIFY2(QString::fromStdString(said).contains(error) && said.empty() == error.isEmpty(), said.c_str());
    if (name == "steps") {
      QCOMPARE(*findNode(changed.graph, "inner")->zone->count, int64_t{7});
      QCOMPARE(findNode(changed.graph, "rungs")->params.at("size").get<int>(), 7);
    }
  }

  void oldFilesAreBroughtUp() {
    const Document old = parseGraph(sample("old_versions.loom"));
    const Document now = migrated(old, test::registry());
    const Node* first = findNode(now.graph, "first");
    QCOMPARE(first->version, 3);
    QCOMPARE(first->params.at("factor").get<double>(), 0.5);
    QVERIFY(!first->params.contains("by"));
    QCOMPARE(first->inputs.at("a").links[0].text(), std::string("x.value"));
    QCOMPARE(findNode(now.graph, "renamed")->type, std::string("test.factor"));
    QCOMPARE(findNode(now.graph, "inside")->params.at("factor").get<double>(), 3.0);
    QCOMPARE(now.groups.at("g").nodes[0]->params.at("factor").get<double>(), 10.0);
    // 3 * 0.5 * 2 * 3 * 3 * 10, exact in binary.
    const auto plan =
        std::make_shared<const Plan>(compile(std::make_shared<const Document>(now), test::registry(), {}));
    QCOMPARE(test::Finished(plan, {}).real("end"), 270.0);
    QVERIFY2(migrated(now, test::registry()).graph.nodes[1].get() == now.graph.nodes[1].get(),
             "once is enough");
  }
  void aNewerNodeIsLeftAlone() {
    const Document d =
        parseGraph(R"({"noiseloom":1,"nodes":{"n":{"type":"test.factor","version":9,"params":{"by":1}}}})");
    QCOMPARE(writeGraph(migrated(d, test::registry())), writeGraph(d));
    const std::string said =
        failure([&] { compile(std::make_shared<const Document>(d), test::registry(), {}); });
    QVERIFY2(QString::fromStdString(said).contains("a newer Noiseloom wrote it"), said.c_str());
  }
  void aMissingMigrationIsSaid() {
    Registry registry;
    NodeType type;
    type.id = "t";
    type.version = 3;
    type.migrations = {{2, [](nlohmann::json&) {}}};
    registry.add(type);
    const std::string said =
        failure([&] { migrated(parseGraph(R"({"noiseloom":1,"nodes":{"n":{"type":"t"}}})"), registry); });
    QCOMPARE(said, std::string("n: t has no migration from version 1 to 3"));
  }
};

QTEST_GUILESS_MAIN(GraphFileTest)
#include "graph_file_test.moc"
