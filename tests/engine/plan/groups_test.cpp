// Groups: graphs in the graph, used like nodes.
#include <ATen/ATen.h>

#include <QtTest>

#include "tests/engine/test_nodes.h"

using namespace loom;
using loom::test::failure;
using loom::test::finish;
using loom::test::planOf;

namespace {

const char* const kDouble =
    "'twice':{'nodes':{'m':{'type':'test.multiply','params':{'b':2}}},'inputs':{'v':{'to':['m.a']},'by':{'to'"
    ":['m.b']}},'outputs':{'r':{'from':'m.result'}}}";

// Sums `add` to its state, as often as there are rungs; first value, rungs, count and addend come from
// outside.
const char* const kLoop =
    "'loop':{'nodes':{'one':{'type':'test.constant','params':{'value':1}},'z':{'type':'zone','over':{'t':"
    "null},'state':{'x':{'next':'a.result'}},"
    "'nodes':{'a':{'type':'test.add','inputs':{'a':'z.x','b':'z.t'}}}}},'inputs':{'rungs':{'to':['z.t']},'"
    "first':{'to':['z.x']}},'outputs':{'end':{'from':'z.x'}}}";
const char* const kCount =
    "'repeat':{'nodes':{'zero':{'type':'test.constant'},'z':{'type':'zone','count':2,'state':{'x':{'init':'"
    "zero.value','next':'a.result'}},"
    "'nodes':{'a':{'type':'test.add','inputs':{'a':'z.x'}}}}},'inputs':{'n':{'to':['z.count']}},'outputs':{'"
    "end':{'from':'z.x'}}}";

std::string graph(const std::string& nodes, const std::string& from, const std::string& groups) {
  return "{'noiseloom':1,'nodes':{'three':{'type':'test.constant','params':{'value':3}}," + nodes +
         "},'outputs':{'end':{'from':'" + from + "'}},'groups':{" + groups + "}}";
}

}  // namespace

class GroupsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void computed_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<double>("expected");
    const auto row = [](const char* name, const std::string& text, double expected) {
      QTest::newRow(name) << QString::fromStdString(text) << expected;
    };
    row("a link into it", graph("'g':{'type':'group:twice','inputs':{'v':'three.value'}}", "g.r", kDouble),
        6);
    row("a parameter into it",
        graph("'g':{'type':'group:twice','inputs':{'v':'three.value'},'params':{'by':5}}", "g.r", kDouble),
        15);
    row("used twice, in the other order",
        graph("'h':{'type':'group:twice','inputs':{'v':'g.r'},'params':{'by':10}},'g':{'type':'group:twice','"
              "inputs':{'v':'three.value'}}",
              "h.r", kDouble),
        60);
    row("in a group",
        graph("'o':{'type':'group:outer','inputs':{'w':'three.value'},'params':{'k':7}}", "o.r",
              std::string(kDouble) + ",'outer':{'nodes':{'i':{'type':'group:twice'}},'inputs':{'w':{'to':['i."
                                     "v']},'k':{'to':['i.by']}},'outputs':{'r':{'from':'i.r'}}}"),
        21);
    row("one input to two places",
        graph("'g':{'type':'group:square','inputs':{'v':'three.value'}}", "g.r",
              "'square':{'nodes':{'m':{'type':'test.multiply'}},'inputs':{'v':{'to':['m.a','m.b']}},'outputs'"
              ":{'r':{'from':'m.result'}}}"),
        9);
    row("a list of links",
        graph("'g':{'type':'group:total','inputs':{'v':['three.value','three.value']}}", "g.r",
              "'total':{'nodes':{'s':{'type':'test.sum'}},'inputs':{'v':{'to':['s.terms']}},'outputs':{'r':{'"
              "from':'s.result'}}}"),
        6);
    row("a value from outside goes before a link inside",
        graph(
            "'g':{'type':'group:c','params':{'v':4}}", "g.r",
            "'c':{'nodes':{'one':{'type':'test.constant','params':{'value':1}},'m':{'type':'test.add','"
            "inputs':{'a':'one.value'}}},'inputs':{'v':{'to':['m.a']}},'outputs':{'r':{'from':'m.result'}}}"),
        5);
    // 3 + 0 + 1 + 2
    row("a zone fed from outside",
        graph("'l':{'type':'test.ladder'},'g':{'type':'group:loop','inputs':{'rungs':'l.ladder','first':'"
              "three.value'}}",
              "g.end", kLoop),
        6);
    row("a zone's count", graph("'g':{'type':'group:repeat'}", "g.end", kCount), 2);
    row("a zone's count by a parameter",
        graph("'g':{'type':'group:repeat','params':{'n':5}}", "g.end", kCount), 5);
    row("a zone's count by a link",
        graph("'w':{'type':'test.whole','params':{'value':7}},'g':{'type':'group:repeat','inputs':{'n':'w."
              "value'}}",
              "g.end", kCount),
        7);
    row("inside a zone",
        graph("'z':{'type':'zone','count':4,'state':{'x':{'init':'three.value','next':'g.r'}},'nodes':{'g':{'"
              "type':'group:twice','inputs':{'v':'z.x'}}}}",
              "z.x", kDouble),
        48);
    // Two groups that feed each other by different paths are no circle.
    row("across each other",
        graph("'g':{'type':'group:pair','inputs':{'a':'three.value','b':'h.x'}},'h':{'type':'group:pair','"
              "inputs':{'a':'g.x','b':'three.value'}}",
              "g.y",
              "'pair':{'nodes':{'p':{'type':'test.add'},'q':{'type':'test.multiply'}},'inputs':{'a':{'to':['"
              "p.a']},'b':{'to':['q.a']}},'outputs':{'x':{'from':'p.result'},'y':{'from':'q.result'}}}"),
        5);
  }
  void computed() {
    QFETCH(QString, text);
    QFETCH(double, expected);
    QCOMPARE(finish(text.toStdString()).real("end"), expected);
  }

  void refused_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("error");
    const auto row = [](const char* name, const std::string& text, const char* error) {
      QTest::newRow(name) << QString::fromStdString(text) << error;
    };
    row("no such group", graph("'g':{'type':'group:none'}", "g.r", ""), "g: the graph has no group \"none\"");
    row("no such output", graph("'g':{'type':'group:twice','inputs':{'v':'three.value'}}", "g.q", kDouble),
        "outputs.end: the group g has no output \"q\"");
    row("no such input", graph("'g':{'type':'group:twice','inputs':{'w':'three.value'}}", "g.r", kDouble),
        "g.w: the group has no such input");
    row("no such parameter", graph("'g':{'type':'group:twice','params':{'w':1}}", "g.r", kDouble),
        "g.w: the group has no such input");
    row("contains itself",
        graph("'g':{'type':'group:a'}", "g.r",
              "'a':{'nodes':{'i':{'type':'group:b'}},'outputs':{'r':{'from':'i.r'}}},'b':{'nodes':{'j':{'"
              "type':'group:a'}},'outputs':{'r':{'from':'j.r'}}}"),
        "the group \"a\" contains itself");
    row("feeds itself", graph("'g':{'type':'group:twice','inputs':{'v':'g.r'}}", "g.r", kDouble),
        "the links go round in a circle: g/m -> g/m");
    row("an error inside names the whole path",
        graph("'g':{'type':'group:twice','inputs':{'v':'three.value'},'params':{'by':'two'}}", "g.r",
              kDouble),
        "g/m.b: expected a number, got \"two\"");
    row("a list where one goes",
        graph("'g':{'type':'group:twice','inputs':{'v':['three.value','three.value']}}", "g.r", kDouble),
        "g.v: takes one link");
    row("seen from outside its zone",
        graph("'z':{'type':'zone','count':1,'nodes':{'g':{'type':'group:twice','params':{'v':1}}}},'a':{'"
              "type':'test.add','inputs':{'a':'g.r'}}",
              "a.result", kDouble),
        "a.a: g.r is inside the zone z");
    row("the group does not see what is around it",
        graph("'g':{'type':'group:peek'}", "g.r",
              "'peek':{'nodes':{'a':{'type':'test.add','inputs':{'a':'three.value'}}},'outputs':{'r':{'from':"
              "'a.result'}}}"),
        "g/a.a: there is no node \"three\" to link from");
    row("a zone's item by a value", graph("'g':{'type':'group:loop','params':{'rungs':3}}", "g.end", kLoop),
        "needs a link: what the zone goes over");
    row("a zone's input that it has not",
        graph("'g':{'type':'group:loop2','params':{'n':3}}", "g.end",
              "'loop2':{'nodes':{'z':{'type':'zone','count':1}},'inputs':{'n':{'to':['z.steps']}},'outputs':{"
              "'end':{'from':'z.x'}}}"),
        "");
    row("a zone not fed", graph("'g':{'type':'group:loop'}", "g.end", kLoop), "g/z.t: needs a link");
  }
  void refused() {
    QFETCH(QString, text);
    QFETCH(QString, error);
    const std::string said = failure([&] { planOf(text.toStdString()); });
    QVERIFY2(!said.empty() && QString::fromStdString(said).contains(error),
             said.empty() ? "it was planned" : said.c_str());
  }

  // A group's `when` holds for everything in it, zones and groups in it too.
  void whenOfAGroup_data() {
    QTest::addColumn<bool>("yes");
    QTest::newRow("yes") << true;
    QTest::newRow("no") << false;
  }
  void whenOfAGroup() {
    QFETCH(bool, yes);
    test::resetCalls();
    const std::string text =
        graph(std::string("'f':{'type':'test.flag','params':{'value':") + (yes ? "true" : "false") +
                  "}},'g':{'type':'group:noisy','when':'f.value'}",
              "three.value",
              "'inner':{'nodes':{'r':{'type':'test.record','inputs':{'value':'c.value'}},'c':{'type':'test."
              "constant'}}},"
              "'noisy':{'nodes':{'i':{'type':'group:inner'},'c':{'type':'test.constant'},'z':{'type':'zone','"
              "count':2,'nodes':{'r':{'type':'test.record','inputs':{'value':'c.value'}}}}}}");
    finish(text);
    QCOMPARE(test::calls("record"), int64_t{yes ? 3 : 0});
    QCOMPARE(test::calls("constant"), int64_t{yes ? 3 : 1});
  }

  // Ten groups, each of which uses the one before ten times: refused, soon.
  void groupsThatMultiply_data() {
    QTest::addColumn<QString>("leaf");
    QTest::newRow("of nodes") << "'n':{'type':'test.constant'}";
    QTest::newRow("of nothing") << "";
  }
  void groupsThatMultiply() {
    QFETCH(QString, leaf);
    std::string groups = "'g0':{'nodes':{" + leaf.toStdString() + "}}";
    for (int level = 1; level <= 10; ++level) {
      groups += ",'g" + std::to_string(level) + "':{'nodes':{";
      for (int i = 0; i < 10; ++i)
        groups +=
            (i ? ",'u" : "'u") + std::to_string(i) + "':{'type':'group:g" + std::to_string(level - 1) + "'}";
      groups += "}}";
    }
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(failure([&] { planOf(graph("'g':{'type':'group:g10'}", "three.value", groups)); }),
             std::string("with its groups expanded the graph has more than 200000 nodes"));
    QVERIFY(timer.elapsed() < 20'000);
  }
  // A row of groups, each fed by the one behind it: no recursion along the row.
  void aLongRowOfGroups() {
    std::string nodes;
    const int count = 60'000;
    for (int i = 0; i < count; ++i)
      nodes += (i ? ",'g" : "'g") + std::to_string(i) + "':{'type':'group:next','inputs':{'v':'" +
               (i + 1 < count ? "g" + std::to_string(i + 1) + ".r" : "three.value") + "'}}";
    const std::string text = graph(nodes, "g0.r",
                                   "'next':{'nodes':{'a':{'type':'test.add'}},'inputs':{'v':{'to':['a.a']}},'"
                                   "outputs':{'r':{'from':'a.result'}}}");
    QCOMPARE(finish(text).real("end"), 3.0 + count);
  }
  void nestedTooDeep() {
    std::string groups = "'g0':{'nodes':{}}";
    for (int level = 1; level <= 40; ++level)
      groups += ",'g" + std::to_string(level) + "':{'nodes':{'u':{'type':'group:g" +
                std::to_string(level - 1) + "'}}}";
    QVERIFY(failure([&] {
              planOf(graph("'g':{'type':'group:g40'}", "three.value", groups));
            }).find("groups are nested too deep") != std::string::npos);
  }
};

QTEST_GUILESS_MAIN(GroupsTest)
#include "groups_test.moc"
