// Muted and bypassed nodes: what runs in their place, what does not run without them, and what is refused.
#include <ATen/ATen.h>

#include <QElapsedTimer>
#include <QtTest>

#include "engine/plan/flatten.h"
#include "engine/plan/planner.h"
#include "tests/engine/test_nodes.h"

using namespace loom;
using loom::test::failure;
using loom::test::finish;
using loom::test::planOf;

namespace {

// 3, then a loop that adds 1 four times: 7, then + 10 = 17.
const char* const kGraph =
    "{'noiseloom':1,'nodes':{"
    "'three':{'type':'test.constant','params':{'value':3}},"
    "'first':{'type':'test.multiply','inputs':{'a':'three.value'},'params':{'b':1}},"
    "'z':{'type':'zone','count':4,'state':{'x':{'init':'first.result','next':'clip.result'}},"
    "'collect':{'h':{'from':'clip.result'}},'nodes':{"
    "'grow':{'type':'test.add','inputs':{'a':'z.x'}},"
    "'clip':{'type':'test.multiply','inputs':{'a':'grow.result'},'params':{'b':1}}}},"
    "'after':{'type':'test.add','inputs':{'a':'z.x'},'params':{'b':10}},"
    "'watch':{'type':'test.record','inputs':{'value':'after.result'}},"
    "'look':{'type':'test.record','inputs':{'value':'z.h'}}},"
    "'outputs':{'end':{'from':'after.result'}}}";

// Nodes by their modes: "z=muted first=bypassed".
Document switched(const std::string& text, const QString& modes) {
  Document document = *test::document(text);
  for (const QString& each : modes.split(' ', Qt::SkipEmptyParts)) {
    const std::string id = each.section('=', 0, 0).toStdString();
    const auto mode = modeNamed(each.section('=', 1).toStdString());
    if (!mode) qFatal("no mode");
    bool done = false;
    const auto edit = [&](Node& node) { node.mode = *mode, done = true; };
    if (findNode(document.graph, id)) {
      document = withNode(document, id, edit);
    } else {
      for (auto& [name, group] : document.groups) {
        Document inside;
        inside.graph = group;
        if (findNode(group, id)) group = withNode(inside, id, edit).graph;
      }
    }
    if (!done) qFatal("no node");
  }
  return document;
}

QStringList lostOf(const Document& document) {
  QStringList lost;
  for (const LostNode& each : lostNodes(document, test::registry()))
    lost << QString::fromStdString(each.node + "<" + each.because);
  return lost;
}

std::string graph(const std::string& nodes, const std::string& from, const std::string& groups = "") {
  return "{'noiseloom':1,'nodes':{'three':{'type':'test.constant','params':{'value':3}}," + nodes +
         "},'outputs':{'end':{'from':'" + from + "'}},'groups':{" + groups + "}}";
}

// y = 2 v + 1; with an inner group for the product.
const char* const kGroups =
    "'twice':{'nodes':{'m':{'type':'test.multiply','params':{'b':2}}},'inputs':{'v':{'to':['m.a']}},"
    "'outputs':{'r':{'from':'m.result'}}},"
    "'line':{'nodes':{'g':{'type':'group:twice'},'p':{'type':'test.add','inputs':{'a':'g.r'}}},"
    "'inputs':{'v':{'to':['g.v']}},'outputs':{'y':{'from':'p.result'}}}";

// A tensor of ones, made twice as large, through a node whose type is not the one that comes.
const char* const kTensors =
    "{'noiseloom':1,'nodes':{'one':{'type':'test.tensor','params':{'fill':1}},"
    "'scale':{'type':'test.scale','inputs':{'x':'one.tensor'},'params':{'by':2}},"
    "'again':{'type':'test.scale','inputs':{'x':'scale.tensor'},'params':{'by':5}}},"
    "'outputs':{'end':{'from':'again.tensor'}}}";

}  // namespace

class ModesTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void computed_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("modes");
    QTest::addColumn<double>("expected");
    QTest::addColumn<QStringList>("lost");
    const auto row = [](const char* name, const std::string& text, const char* modes, double expected,
                        const QStringList& lost = {}) {
      QTest::newRow(name) << QString::fromStdString(text) << modes << expected << lost;
    };
    row("all on", kGraph, "", 17);
    row("bypassed", kGraph, "after=bypassed", 7);
    row("bypassed in a body", kGraph, "grow=bypassed", 13);
    row("a whole body bypassed", kGraph, "grow=bypassed clip=bypassed", 13);
    row("a bypassed zone gives its first value", kGraph, "z=bypassed", 13, {"grow<z", "clip<z", "look<z"});
    row("a row of bypassed", kGraph, "first=bypassed z=bypassed after=bypassed", 3,
        {"grow<z", "clip<z", "look<z"});
    row("an effect is muted", kGraph, "watch=muted", 17);
    row("an effect is bypassed", kGraph, "watch=bypassed", 17);
    row("a collection is lost, the zone is not",
        std::string(kGraph)
            .replace(std::string(kGraph).find("'from':'clip.result'"), 20, "'from':'loose.value'")
            .replace(std::string(kGraph).find("'grow':"), 0, "'loose':{'type':'test.constant'},"),
        "loose=muted", 17, {"look<loose"});
    row("an optional input counts as unlinked: the default", kGraph, "grow=muted", 10);
    row("a parameter behind a link is what is left",
        graph("'a':{'type':'test.add','inputs':{'a':'three.value'},'params':{'a':40,'b':2}}", "a.result"),
        "three=muted", 42);
    row("of many links the others stay",
        graph("'four':{'type':'test.constant','params':{'value':4}},'s':{'type':'test.sum','inputs':{'terms':"
              "['three.value','four.value','three.value']}}",
              "s.result"),
        "three=muted", 4);
    row("none of many",
        graph("'s':{'type':'test.sum','inputs':{'terms':['three.value','three.value']}}", "s.result"),
        "three=muted", 0);
    row("a type that converts is given on",
        graph("'w':{'type':'test.whole','params':{'value':6}},'c':{'type':'test.slow','inputs':{"
              "'milliseconds':'w.value'}}",
              "c.value"),
        "c=bypassed", 6);
    row("a lost condition takes what hangs on it",
        graph("'yes':{'type':'test.flag','params':{'value':true}},'r':{'type':'test.record','when':"
              "'yes.value','inputs':{'value':'three.value'}}",
              "three.value"),
        "yes=muted", 3, {"r<yes"});
    row("without `until` to the end",
        graph("'z':{'type':'zone','count':5,'state':{'x':{'init':'three.value','next':'g.result'}},"
              "'until':'enough.holds','nodes':{'g':{'type':'test.add','inputs':{'a':'z.x'}},'enough':{'type':"
              "'test.less','params':{'a':4.5},'inputs':{'b':'g.result'}}}}",
              "z.x"),
        "enough=muted", 8);
    row("a node of an unknown type",
        graph("'u':{'type':'none.such','inputs':{'x':'three.value'}},"
              "'r':{'type':'test.record','inputs':{'value':'u.y'}}",
              "three.value"),
        "u=muted", 3, {"r<u"});
    row("and bypassed",
        graph("'u':{'type':'none.such'},'r':{'type':'test.record','inputs':{'value':'u.y'}}", "three.value"),
        "u=bypassed", 3, {"r<u"});
    row("a link from nowhere", graph("'u':{'type':'test.add','inputs':{'a':'none.x'}}", "three.value"),
        "u=muted", 3);
    row("a group", graph("'l':{'type':'group:line','inputs':{'v':'three.value'}}", "l.y", kGroups), "", 7);
    row("a bypassed group", graph("'l':{'type':'group:line','inputs':{'v':'three.value'}}", "l.y", kGroups),
        "l=bypassed", 3);
    row("bypassed in a group",
        graph("'l':{'type':'group:line','inputs':{'v':'three.value'}}", "l.y", kGroups), "g=bypassed", 4);
    row("muted in a group", graph("'l':{'type':'group:line','inputs':{'v':'three.value'}}", "l.y", kGroups),
        "g=muted", 1);
    row("a muted group",
        graph("'l':{'type':'group:line','inputs':{'v':'three.value'}},'a':{'type':'test.add','inputs':{'a':"
              "'l.y'}},'r':{'type':'test.record','inputs':{'value':'l.y'}}",
              "a.result", kGroups),
        "l=muted", 1, {"r<l"});
    row("a group that there is not", graph("'l':{'type':'group:none'}", "three.value"), "l=muted", 3);
  }
  void computed() {
    QFETCH(QString, text);
    QFETCH(QString, modes);
    QFETCH(double, expected);
    QFETCH(QStringList, lost);
    const Document document = switched(text.toStdString(), modes);
    const auto done = finish(writeGraph(document));
    QCOMPARE(done.real("end"), expected);
    QVERIFY(done.plan().leftOut.empty());
    QCOMPARE(lostOf(document), lost);
    for (const QString& each : lost)
      for (const auto& [port, slot] : done.plan().ports)
        QVERIFY(!QString::fromStdString(port).startsWith(each.section('<', 0, 0) + "."));
  }

  // Muted nodes, and effects that hang on them, are not executed.
  void lostEffectsDoNotRun() {
    test::resetCalls();
    finish(writeGraph(switched(kGraph, "look=muted")));
    QCOMPARE(test::calls("record"), int64_t{1});
    test::resetCalls();
    const Document document = switched(
        "{'noiseloom':1,'nodes':{'l':{'type':'test.ladder'},'z':{'type':'zone','over':{'t':'l.ladder'},"
        "'nodes':{'r':{'type':'test.record','inputs':{'value':'z.t'}}}}}}",
        "l=muted");
    finish(writeGraph(document));
    QCOMPARE(test::calls("record"), int64_t{0});
    QCOMPARE(lostOf(document), (QStringList{"z<l", "r<l"}));
  }

  void tensors_data() {
    QTest::addColumn<QString>("modes");
    QTest::addColumn<double>("expected");
    QTest::newRow("on") << "" << 10.0;
    QTest::newRow("one") << "scale=bypassed" << 5.0;
    QTest::newRow("both") << "scale=bypassed again=bypassed" << 1.0;
  }
  void tensors() {
    QFETCH(QString, modes);
    QFETCH(double, expected);
    const auto done = finish(writeGraph(switched(kTensors, modes)));
    QVERIFY(done.value("end").as<at::Tensor>().equal(at::full({4}, expected, at::kFloat)));
  }

  void refused_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("modes");
    QTest::addColumn<QString>("error");
    const auto row = [](const char* name, const std::string& text, const char* modes, const char* error) {
      QTest::newRow(name) << QString::fromStdString(text) << modes << error;
    };
    row("an exposed output", kGraph, "after=muted",
        "outputs.end: nothing gives after.result: after is muted. Switch that node on again");
    row("one that hangs on it", kTensors, "one=muted", "one is muted");
    row("nothing to give on", graph("'l':{'type':'test.ladder'}", "l.ladder"), "l=bypassed",
        "l is bypassed, and nothing comes to it that it could give on");
    row("what the zone's own body gives", kGraph, "clip=muted",
        "z.x: there is nothing that it becomes in a step: clip is muted. Bypass that node, or mute");
    row("a body that hangs on it",
        graph("'t':{'type':'test.tensor'},'z':{'type':'zone','count':2,'state':{'x':"
              "{'init':'t.tensor','next':'b.tensor'}},'nodes':{'a':{'type':"
              "'test.scale','inputs':{'x':'z.x'}},'b':{'type':'test.scale','inputs':"
              "{'x':'a.tensor'}}}}",
              "z.x"),
        "a=muted", "z.x: there is nothing that it becomes in a step: a is muted");
    row("a zone whose first value is muted",
        graph("'z':{'type':'zone','count':2,'state':{'x':{'init':'three.value','next':'g.result'}},'nodes':{"
              "'g':{'type':'test.add','inputs':{'a':'z.x'}}}}",
              "z.x"),
        "three=muted", "nothing gives z.x: three is muted");
    row("bypassed in a circle",
        graph("'p':{'type':'test.add','inputs':{'a':'q.result'}},'q':{'type':'test.add','inputs':{'a':"
              "'p.result'}}",
              "q.result"),
        "p=bypassed q=bypassed", "is bypassed, and nothing comes to it");
    row("no such output of a bypassed group",
        graph("'l':{'type':'group:line','inputs':{'v':'three.value'}}", "l.none", kGroups), "l=bypassed",
        "the group l has no output \"none\"");
  }
  void refused() {
    QFETCH(QString, text);
    QFETCH(QString, modes);
    QFETCH(QString, error);
    const std::string said = failure([&] { planOf(writeGraph(switched(text.toStdString(), modes))); });
    QVERIFY2(!said.empty() && QString::fromStdString(said).contains(error),
             said.empty() ? "it was planned" : said.c_str());
  }

  // A network that is muted outside takes the loop with it that would call it.
  void aZoneWithoutItsNetwork() {
    const Document document = switched(
        graph(
            "'w':{'type':'test.load'},'z':{'type':'zone','count':2,'state':{'x':{'init':'three.value','next':"
            "'n.y'}},'nodes':{'n':{'type':'test.net','inputs':{'net':'w.net','x':'z.x'}}}},"
            "'r':{'type':'test.record','inputs':{'value':'z.x'}}",
            "three.value"),
        "w=muted");
    QCOMPARE(finish(writeGraph(document)).real("end"), 3.0);
    QCOMPARE(lostOf(document), (QStringList{"z<w", "n<w", "r<w"}));
  }

  // An edit while nodes are off is planned as compile() plans it.
  void edits_data() {
    QTest::addColumn<QString>("modes");
    QTest::addColumn<QString>("name");
    QTest::newRow("of a node that runs") << "first=bypassed watch=muted"
                                         << "three.value";
    QTest::newRow("of a bypassed one") << "after=bypassed"
                                       << "after.b";
    QTest::newRow("that brings a node back") << "three=muted"
                                             << "first.a";
  }
  void edits() {
    QFETCH(QString, modes);
    QFETCH(QString, name);
    const auto document = std::make_shared<const Document>(switched(kGraph, modes));
    Planner planner(document, test::registry(), {});
    planner.set(name.toStdString(), 5);
    const Document expected = withValue(*document, name.toStdString(), 5);
    QCOMPARE(printPlan(*planner.plan()), printPlan(*planOf(writeGraph(expected))));
    Run run(planner.plan(), {});
    run.execute();
    QCOMPARE(run.output("end").as<Real>(), finish(writeGraph(expected)).real("end"));
  }

  // 100,000 bypassed nodes in a row, and as many that hang on a muted one: no recursion, and soon.
  void veryLong_data() {
    QTest::addColumn<bool>("bypassed");
    QTest::newRow("bypassed") << true;
    QTest::newRow("lost") << false;
  }
  void veryLong() {
    QFETCH(bool, bypassed);
    constexpr int kCount = 100'000;
    std::string nodes = "'n0':{'type':'test.tensor','params':{'fill':3}}";
    if (!bypassed) nodes = "'n0':{'type':'test.tensor','mode':'muted'}";
    for (int i = 1; i < kCount; ++i)
      nodes += ",'n" + std::to_string(i) + "':{'type':'test.scale','inputs':{'x':'n" + std::to_string(i - 1) +
               ".tensor'}" + (bypassed ? ",'mode':'bypassed'}" : "}");
    const std::string last = "n" + std::to_string(kCount - 1) + ".tensor";
    QElapsedTimer timer;
    timer.start();
    const auto document = test::document(graph(nodes, bypassed ? last : "three.value"));
    if (bypassed) {
      QVERIFY(flatten(*document, test::registry()).outputs.at(0).second.cast >= 0);
    } else {
      QCOMPARE(lostNodes(*document, test::registry()).size(), size_t{kCount - 1});
    }
    QVERIFY(timer.elapsed() < 20'000);  // some 0.5 s
  }
};

QTEST_GUILESS_MAIN(ModesTest)
#include "modes_test.moc"
