// What two graphs mean differently, and what is no difference.
#include <ATen/ATen.h>

#include <QtTest>

#include "engine/graph/graph_difference.h"
#include "engine/graph/graph_file.h"
#include "tests/engine/test_nodes.h"

using namespace loom;

namespace {

const char* const kGraph =
    "{'noiseloom':1,'title':'T','nodes':{'start':{'type':'test.constant','params':{'value':1}},"
    "'z':{'type':'zone','count':5,'state':{'x':{'init':'start.value','next':'grow.result'}},"
    "'collect':{'h':{'from':'grow.result'}},"
    "'nodes':{'grow':{'type':'test.multiply','inputs':{'a':'z.x'},'params':{'b':2}}}},"
    "'after':{'type':'test.add','inputs':{'a':'z.x'}}},"
    "'inputs':{'by':{'to':['grow.b']}},'outputs':{'r':{'from':'after.result'}},'layout':{'positions':{'z':[1,"
    "2]}}}";

QString changed(const char* from, const char* to) {
  QString text(kGraph);
  if (*from && !text.contains(from)) qFatal("there is no %s", from);
  return *from ? text.replace(from, to) : text;
}

QStringList differences(const QString& a, const QString& b, GraphDifferenceOptions options = {}) {
  QStringList lines;
  for (const GraphDifference& each : graphDifferences(
           *test::document(a.toStdString()), *test::document(b.toStdString()), test::registry(), options))
    lines << QString::fromStdString(each.text());
  return lines;
}

}  // namespace

class GraphDifferenceTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void lines_data() {
    QTest::addColumn<QString>("other");
    QTest::addColumn<QStringList>("expected");
    const auto row = [](const char* name, const char* from, const char* to, const QStringList& expected) {
      QTest::newRow(name) << changed(from, to) << expected;
    };
    row("nothing", "", "", {});
    row("a title", "'title':'T'", "'title':'Other'", {});
    row("a place", "[1,2]", "[3,4]", {});
    row("1 is 1.0", "'value':1", "'value':1.0", {});
    row("a parameter", "'b':2", "'b':3", {"z/grow.b: 2.0 → 3.0"});
    row("a link", "'inputs':{'a':'z.x'},'params'", "'inputs':{'a':'start.value'},'params'",
        {"z/grow.a: z.x → start.value"});
    row("a link for a parameter", "{'a':'z.x'},'params':{'b':2}", "{'a':'z.x','b':'z.index'}",
        {"z/grow.b: 2.0 → z.index"});
    row("a type", "test.multiply", "test.add", {"z/grow type: test.multiply → test.add"});
    row("a count", "'count':5", "'count':6", {"z.count: 5 → 6"});
    row("a state", "'next':'grow.result'", "'next':'z.x'", {"z.state.x.next: grow.result → z.x"});
    row("every", "{'from':'grow.result'}", "{'from':'grow.result','every':2}", {"z.collect.h.every: 1 → 2"});
    row("a node more", "'after':", "'new':{'type':'test.constant'},'after':", {"+ new (test.constant)"});
    row("an exposed input", "'to':['grow.b']", "'to':['grow.b','start.value']",
        {"exposed input by: grow.b → grow.b, start.value"});
    row("an exposed output", "'r':{", "'s':{",
        {"exposed output r: after.result → nothing", "exposed output s: nothing → after.result"});
    row("an unknown field", "'test.add',", "'test.add','glow':1,", {"after field glow: nothing → 1"});
    row("muted", "'test.multiply',", "'test.multiply','mode':'muted',", {"z/grow: muted"});
    row("on, written out", "'test.multiply',", "'test.multiply','mode':'on',", {});
    row("a when", "'test.multiply',", "'test.multiply','when':'a.b',", {"z/grow when: nothing → a.b"});
  }
  void lines() {
    QFETCH(QString, other);
    QFETCH(QStringList, expected);
    QCOMPARE(differences(kGraph, other), expected);
    QCOMPARE(differences(other, kGraph).size(), expected.size());  // and the other way round as many
  }

  // Every default of every type, written out, is what it is when left out.
  void defaultsWrittenOut() {
    for (const auto& [id, type] : test::registry().nodes()) {
      const std::string node = "{'noiseloom':1,'nodes':{'n':{'type':'" + id + "'";
      nlohmann::json params = nlohmann::json::object();
      for (const Port& port : type.inputs)
        if (!port.fallback.empty() && port.type->format) params[port.id] = port.type->format(port.fallback);
      const QString bare = QString::fromStdString(node + "}}}");
      const QString full = QString::fromStdString(node + ",'params':" + params.dump() + "}}}");
      QCOMPARE(differences(bare, full), QStringList());
    }
  }

  void orderAndLayoutWhenAsked() {
    const QString swapped =
        "{'noiseloom':1,'nodes':{'b':{'type':'test.constant'},'a':{'type':'test.constant'}}}";
    const QString plain =
        "{'noiseloom':1,'nodes':{'a':{'type':'test.constant'},'b':{'type':'test.constant'}}}";
    QCOMPARE(differences(plain, swapped), QStringList());
    QCOMPARE(differences(plain, swapped, {.layout = true}),
             QStringList({"a place: 0 → 1", "b place: 1 → 0"}));
    QCOMPARE(differences(kGraph, changed("[1,2]", "[3,4]"), {.layout = true}),
             QStringList({"layout.positions.z: [1,2] → [3,4]"}));
    QCOMPARE(differences(kGraph, changed("'title':'T'", "'title':'U'"), {.layout = true}),
             QStringList({"title: \"T\" → \"U\""}));
  }

  void groups() {
    const QString a =
        "{'noiseloom':1,'nodes':{'g':{'type':'group:double','params':{'x':1}}},'groups':{'double':{"
        "'nodes':{'m':{'type':'test.multiply','params':{'b':2}}},'inputs':{'x':{'to':['m.a']}},"
        "'outputs':{'y':{'from':'m.result'}}}}}";
    QString b = a;
    b.replace("'b':2", "'b':4").replace("{'x':1}", "{'x':7}");
    QCOMPARE(differences(a, b), QStringList({"g.x: 1 → 7", "group double: m.b: 2.0 → 4.0"}));
    QCOMPARE(differences("{'noiseloom':1,'nodes':{}}", a),
             QStringList({"+ g (group:double)", "+ double (group)"}));
  }

  void unknownTypesAreComparedAsTheyStand() {
    const QString a =
        "{'noiseloom':1,'nodes':{'n':{'type':'none.such','version':3,'params':{'p':[1,{'q':2}]}}}}";
    QString b = a;
    QCOMPARE(differences(a, b), QStringList());
    b.replace("'q':2", "'q':3").replace("'version':3", "'version':4");
    QCOMPARE(differences(a, b), QStringList({"n version: 3 → 4", "n.p: [1,{\"q\":2}] → [1,{\"q\":3}]"}));
  }
};

QTEST_GUILESS_MAIN(GraphDifferenceTest)
#include "graph_difference_test.moc"
