// --set: values are read as their ports read them, files are looked up where a shell user expects them.
#include <torch/torch.h>

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>

#include "app/cli/settings.h"
#include "engine/graph/graph_file.h"
#include "engine/node/node_type.h"

namespace loom {
namespace {

constexpr In<Int> count{"count", "", {.value = 3}};
constexpr In<Text> words{"words", ""};
constexpr In<Choice> kind{"kind", "", {.value = 0, .names = {"1", "linear"}}};
constexpr In<Shape> shape{"shape", "", {.value = {3}, .rank = 1}};
constexpr In<Seed> seed{"seed", ""};
constexpr In<FilePath> weights{"weights", ""};
constexpr In<FilePath> path{"path", "", {.writes = true}};
constexpr Out<Int> out{"out", ""};

const Registry& registry() {
  static const Registry all = [] {
    Registry registry;
    registry.add(makeNode(
        "test.node", "", "", [](Exec&) {}, count, words, kind, shape, seed, weights, path, out));
    return registry;
  }();
  return all;
}

const char* kGraph = R"({"noiseloom": 1, "nodes": {
  "a": {"type": "test.node", "params": {"count": 5}},
  "b": {"type": "test.node"},
  "loop": {"type": "zone", "count": 4, "nodes": {"inner": {"type": "test.node"}}}},
  "inputs": {"seed": {"to": ["a.seed", "b.seed"]}, "model": {"to": ["a.weights"]}, "times": {"to": ["loop.count"]}}})";

AppliedSettings apply(const std::vector<std::string>& settings, const SettingFolders& folders = {}) {
  std::vector<Setting> parsed;
  for (const std::string& text : settings) parsed.push_back(parseSetting(text));
  return applySettings(parseGraph(kGraph), parsed, registry(), folders);
}

std::string refusal(const std::string& setting) {
  try {
    apply({setting});
  } catch (const Error& error) {
    return error.full();
  }
  return "";
}

}  // namespace
}  // namespace loom

using namespace loom;

class SettingsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void values_data() {
    QTest::addColumn<QString>("setting");
    QTest::addColumn<QString>("node");
    QTest::addColumn<QString>("param");
    QTest::addColumn<QString>("json");
    const auto row = [](const char* setting, const char* node, const char* param, const char* json) {
      QTest::newRow(setting) << setting << node << param << json;
    };
    row("a.count=12", "a", "count", "12");
    row("a.count=1e3", "a", "count", "1000.0");
    row("a.words=hello there", "a", "words", "\"hello there\"");
    row("a.words=12", "a", "words", "\"12\"");
    row("a.words=\"12\"", "a", "words", "\"12\"");
    row("a.words=true", "a", "words", "\"true\"");
    row("a.words=", "a", "words", "\"\"");
    row("a.words=a=b", "a", "words", "\"a=b\"");
    row("a.kind=linear", "a", "kind", "\"linear\"");
    row("a.kind=1", "a", "kind", "\"1\"");
    row("a.shape=[3, 64, 64]", "a", "shape", "[3,64,64]");
    row("inner.count=7", "inner", "count", "7");
    row("seed=18446744073709551615", "b", "seed", "18446744073709551615");
    // What no port takes is left as it was typed, for the compiler to refuse by node and port.
    row("a.count=many", "a", "count", "\"many\"");
  }
  void values() {
    QFETCH(QString, setting);
    QFETCH(QString, node);
    QFETCH(QString, param);
    QFETCH(QString, json);
    const AppliedSettings applied = apply({setting.toStdString()});
    const Node* changed = findNode(applied.document.graph, node.toStdString());
    QCOMPARE(QString::fromStdString(changed->params.at(param.toStdString()).dump()), json);
  }

  void aZonesCount() {
    const AppliedSettings applied = apply({"times=9"});
    QCOMPARE(*findNode(applied.document.graph, "loop")->zone->count, int64_t{9});
    QCOMPARE(exposedValue(applied.document, applied.document.graph.inputs[2], registry()).dump(),
             std::string("9"));
    QVERIFY(!refusal("times=often").empty());
  }

  void refusals_data() {
    QTest::addColumn<QString>("setting");
    QTest::addColumn<QString>("says");
    QTest::newRow("no value") << "seed"
                              << "name=value";
    QTest::newRow("no name") << "=3"
                             << "name=value";
    QTest::newRow("unknown name") << "steps=3"
                                  << "exposes: seed, model, times";
    QTest::newRow("unknown node") << "nobody.count=3"
                                  << "there is no node nobody";
    QTest::newRow("unknown parameter") << "a.size=3"
                                       << "it has: count, words, kind, shape, seed, weights, path";
  }
  void refusals() {
    QFETCH(QString, setting);
    QFETCH(QString, says);
    const QString said = QString::fromStdString(refusal(setting.toStdString()));
    QVERIFY2(said.contains(says), qPrintable(said));
  }

  void files() {
    QTemporaryDir folder;
    const std::filesystem::path root = std::filesystem::canonical(folder.path().toStdString());
    for (const char* name : {"here", "graph"}) std::filesystem::create_directories(root / name);
    for (const char* name : {"here/mine.pt", "graph/beside.pt"}) {
      QFile file(QString::fromStdString((root / name).string()));
      QVERIFY(file.open(QIODevice::WriteOnly));
    }
    const SettingFolders folders{.current = root / "here", .graph = root / "graph"};
    const auto weightsOf = [&](const std::string& text, AppliedSettings& applied) {
      applied = apply({"model=" + text}, folders);
      return findNode(applied.document.graph, "a")->params.at("weights").get<std::string>();
    };
    AppliedSettings applied;
    QCOMPARE(weightsOf("mine.pt", applied), (root / "here/mine.pt").string());
    QCOMPARE(applied.readable, std::vector{root / "here/mine.pt"});
    QCOMPARE(weightsOf("../graph/beside.pt", applied), (root / "graph/beside.pt").string());
    // Not here, but beside the graph: left as the graph itself would write it.
    QCOMPARE(weightsOf("beside.pt", applied), std::string("beside.pt"));
    QVERIFY(applied.readable.empty());
    QCOMPARE(weightsOf("@resources/models/x.safetensors", applied),
             std::string("@resources/models/x.safetensors"));
    QCOMPARE(weightsOf("nowhere.pt", applied), (root / "here/nowhere.pt").string());

    applied = apply({"b.path=below/x.png"}, folders);
    QVERIFY(applied.writable.empty());
    applied = apply({"b.path=" + (root / "x.png").string()}, folders);
    QCOMPARE(applied.writable, std::vector{root / "x.png"});
  }

  void exposedDefaults() {
    const Document document = parseGraph(kGraph);
    QCOMPARE(exposedValue(document, document.graph.inputs[0], registry()).dump(), std::string("0"));
    QVERIFY(exposedValue(document, document.graph.inputs[1], registry()).is_null());
  }
};

QTEST_GUILESS_MAIN(SettingsTest)
#include "settings_test.moc"
