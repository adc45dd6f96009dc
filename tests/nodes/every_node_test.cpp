// Every node type and value type there is: what a person reads beside it is there, its defaults fit its
// ports, it survives the file with all of its parameters, and alone in a graph it is planned or refused by
// name.
#include <ATen/ATen.h>

#include <QtTest>

#include "engine/graph/graph_file.h"
#include "engine/plan/plan.h"
#include "nodes/registry.h"

using namespace loom;

namespace {

/// A parameter's value in a file: its default, or for one that has none something its kind takes.
nlohmann::json sample(const Port& port) {
  if (!port.fallback.empty()) return port.type->format(port.fallback);
  if (!port.choices.empty()) return port.choices.front();
  for (const nlohmann::json& json :
       {nlohmann::json(1), nlohmann::json("a.bin"), nlohmann::json(true), nlohmann::json::array({1})}) {
    try {
      port.parse(json);
      return json;
    } catch (const Error&) {
    }
  }
  return nullptr;
}

Document alone(const NodeType& type, bool withParams) {
  Node node;
  node.id = "it";
  node.type = type.id;
  node.version = type.version;
  if (withParams)
    for (const Port& port : type.inputs)
      if (port.type->isScalar() && !port.many) node.params[port.id] = sample(port);
  Document document;
  document.graph.nodes.push_back(std::make_shared<const Node>(std::move(node)));
  for (const Port& port : type.outputs) document.graph.outputs.push_back({port.id, "", {"it", port.id}, {}});
  return document;
}

void eachNode() {
  QTest::addColumn<QString>("id");
  for (const auto& [id, type] : registry().nodes()) QTest::newRow(id.c_str()) << QString::fromStdString(id);
}
const NodeType& nodeOf(const QString& id) { return *registry().find(id.toStdString()); }

}  // namespace

class EveryNodeTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void isDescribed_data() { eachNode(); }
  void isDescribed() {
    QFETCH(QString, id);
    const NodeType& type = nodeOf(id);
    QCOMPARE(QString::fromStdString(type.id), id);
    QVERIFY(!type.title.empty() && type.version >= 1 && type.execute);
    QVERIFY2(type.doc.ends_with('.'), type.doc.c_str());
    QVERIFY2(type.effect || !type.outputs.empty(), "gives nothing and does nothing");
    std::set<std::string> ids;
    for (const auto* ports : {&type.inputs, &type.outputs}) {
      ids.clear();
      for (const Port& port : *ports) {
        QVERIFY2(isIdentifier(port.id) && ids.insert(port.id).second, port.id.c_str());
        QVERIFY2(port.doc.size() > 2 && !port.doc.ends_with(' '), port.id.c_str());
        QVERIFY2(port.type == &typeOf<Any>() || registry().findType(port.type->id) == port.type,
                 port.id.c_str());
      }
    }
    for (int version = 1; version < type.version; ++version)
      QVERIFY2(std::any_of(type.migrations.begin(), type.migrations.end(),
                           [&](const Migration& m) { return m.from == version; }),
               "an older version has no migration");
  }

  void itsDefaultsFit_data() { eachNode(); }
  void itsDefaultsFit() {
    QFETCH(QString, id);
    for (const Port& port : nodeOf(id).inputs) {
      if (!port.type->isScalar() || port.many) continue;
      const nlohmann::json json = sample(port);
      QVERIFY2(!json.is_null(), port.id.c_str());
      if (port.fallback.empty()) continue;
      if (!port.required && json == "") continue;  // a file that may be left out
      try {
        QVERIFY2(port.type->format(port.parse(json)) == json, port.id.c_str());
      } catch (const Error& error) {
        QFAIL(qPrintable(QString::fromStdString(port.id + ": " + error.what())));
      }
      if (!port.choices.empty()) QVERIFY(std::count(port.choices.begin(), port.choices.end(), json) == 1);
    }
  }

  void itRefusesWhatIsNoValue_data() { eachNode(); }
  void itRefusesWhatIsNoValue() {
    QFETCH(QString, id);
    for (const Port& port : nodeOf(id).inputs) {
      if (!port.type->isScalar() || port.many) continue;
      for (const char* bad : {"{\"a\": 1}", "null", "[[1]]", "[null]"})
        QVERIFY_THROWS_EXCEPTION(Error, port.parse(nlohmann::json::parse(bad)));
      if (std::isfinite(port.max)) QVERIFY_THROWS_EXCEPTION(Error, port.parse(port.max * 2 + 1));
    }
  }

  // Written, read and written again: the same bytes and the same meaning.
  void itSurvivesTheFile_data() { eachNode(); }
  void itSurvivesTheFile() {
    QFETCH(QString, id);
    const Document document = alone(nodeOf(id), true);
    const std::string text = writeGraph(document);
    const Document again = parseGraph(text);
    QCOMPARE(writeGraph(again), text);
    QCOMPARE(meaningOf(again), meaningOf(document));
    QCOMPARE(again.graph.nodes[0]->params, document.graph.nodes[0]->params);
    QCOMPARE(writeGraph(migrated(again, registry())), text);
  }

  // Without links it can be planned, or the Error names it, and a port wherever a link is missing.
  void aloneItIsPlannedOrRefused_data() { eachNode(); }
  void aloneItIsPlannedOrRefused() {
    QFETCH(QString, id);
    for (const bool withParams : {false, true}) {
      try {
        compile(std::make_shared<const Document>(alone(nodeOf(id), withParams)), registry(), {});
      } catch (const Error& error) {
        QVERIFY2(error.node == "it", error.full().c_str());
        QVERIFY2(!error.port.empty(), error.full().c_str());
        QVERIFY2(std::string_view(error.what()).size() > 10, error.full().c_str());
      }
    }
  }

  void everyTypeIsDescribed() {
    std::set<std::string> names;
    for (const auto& [id, type] : registry().types()) {
      QVERIFY2(!type->doc.empty() && names.insert(type->name).second, id.c_str());
      QVERIFY2(QString::fromStdString(type->colour).contains(QRegularExpression("^#[0-9A-F]{6}$")),
               id.c_str());
    }
    for (const Conversion& conversion : registry().conversions())
      QVERIFY(conversion.convert && conversion.from != conversion.to);
  }
};

QTEST_GUILESS_MAIN(EveryNodeTest)
#include "every_node_test.moc"
