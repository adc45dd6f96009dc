// Planner: after any edits its plan is the one that compile() would make, however little of it was planned
// anew.
#include <ATen/ATen.h>

#include <QElapsedTimer>
#include <QtTest>
#include <random>

#include "engine/plan/planner.h"
#include "tests/engine/test_nodes.h"

using namespace loom;

namespace {

// `length` nodes in a chain, each adding its own number; every tenth is an output.
std::string chain(int length) {
  std::string nodes = "'n0':{'type':'test.constant','params':{'value':1}}", outputs;
  for (int i = 1; i < length; ++i) {
    const std::string n = std::to_string(i);
    nodes += ",'n" + n + "':{'type':'test.add','inputs':{'a':'n" + std::to_string(i - 1) +
             (i == 1 ? ".value" : ".result") + "'}" + (i % 2 ? ",'params':{'b':2}" : "") + "}";
    if (i % 10 == 9)
      outputs += std::string(outputs.empty() ? "" : ",") + "'o" + n + "':{'from':'n" + n + ".result'}";
  }
  return "{'noiseloom':1,'nodes':{" + nodes + "},'outputs':{" + outputs + "}}";
}

// Shapes, networks that are made ready, two calls that run as one, a zone, a group's worth of defaults.
const char* const kMixed =
    "{'noiseloom':1,'nodes':{'c':{'type':'test.constant','params':{'value':2}},"
    "'t':{'type':'test.tensor','params':{'shape':[2,3],'fill':1}},"
    "'s':{'type':'test.scale','inputs':{'x':'t.tensor'},'params':{'by':3}},"
    "'net':{'type':'test.load','params':{'w':0.5}},"
    "'y1':{'type':'test.net','inputs':{'net':'net.net','x':'c.value'},'params':{'t':1}},"
    "'y2':{'type':'test.net','inputs':{'net':'net.net'},'params':{'x':4,'t':2}},"
    "'sum':{'type':'test.add','inputs':{'a':'y1.y','b':'y2.y'}},"
    "'l':{'type':'test.ladder','params':{'size':4}},"
    "'z':{'type':'zone','over':{'r':'l.ladder'},'state':{'x':{'init':'sum.result','next':'a.result'}},'nodes'"
    ":{"
    "'a':{'type':'test.add','inputs':{'a':'z.x','b':'z.r'},'params':{}},'k':{'type':'test.multiply','inputs':"
    "{'a':'"
    "c.value'},'params':{'b':2}}}}},"
    "'inputs':{'speed':{'to':['y1.t','y2.t']}},"
    "'outputs':{'x':{'from':'z.x'},'s':{'from':'s.tensor'},'sum':{'from':'sum.result'}}}";

// All that a run goes by.
void comparePlans(const Plan& a, const Plan& b) {
  QCOMPARE(printPlan(a), printPlan(b));
  QCOMPARE(a.ops.size(), b.ops.size());
  for (size_t i = 0; i < a.ops.size(); ++i) {
    QCOMPARE(a.ops[i].key, b.ops[i].key);
    QCOMPARE(a.ops[i].workBytes, b.ops[i].workBytes);
    QCOMPARE(a.ops[i].in.size(), b.ops[i].in.size());
    for (size_t in = 0; in < a.ops[i].in.size(); ++in) {
      const Slot &one = a.slots[a.ops[i].in[in]], &other = b.slots[b.ops[i].in[in]];
      QCOMPARE(one.constant.summary(), other.constant.summary());
      QCOMPARE(one.spec.text(), other.spec.text());
    }
    for (size_t out = 0; out < a.ops[i].out.size(); ++out)
      QCOMPARE(a.slots[a.ops[i].out[out]].spec.text(), b.slots[b.ops[i].out[out]].spec.text());
  }
  for (size_t i = 0; i < a.zones.size(); ++i) {
    QCOMPARE(a.zones[i].base, b.zones[i].base);
    QCOMPARE(a.zones[i].loopBase, b.zones[i].loopBase);
  }
}

void compareToWhole(const Planner& planner) {
  comparePlans(*planner.plan(), compile(planner.document(), test::registry(), {}));
}

}  // namespace

class PlannerTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void isWhatCompileGives() {
    Planner planner(test::document(kMixed), test::registry(), {});
    compareToWhole(planner);
    std::mt19937 random(3);
    const std::vector<std::pair<std::string, std::vector<nlohmann::json>>> edits{
        {"c.value", {1, 2.5, -3}}, {"t.fill", {0, 7}},    {"t.shape", {{2, 3}, {4, 5}, {6}}},
        {"s.by", {2, 3}},          {"net.w", {0.5, 1}},   {"y1.t", {0, 1, 2}},
        {"y2.x", {4, 5}},          {"l.size", {3, 4, 9}}, {"k.b", {2, 3}},
        {"speed", {1, 2, 3}},      {"y2.t", {7, 8}},      {"c.value", {2}}};
    for (int i = 0; i < 200; ++i) {
      const auto& [name, values] = edits[random() % edits.size()];
      planner.set(name, values[random() % values.size()]);
      compareToWhole(planner);
      if (QTest::currentTestFailed()) return;
    }
    QVERIFY2(planner.partial() > 10, std::to_string(planner.partial()).c_str());
  }

  void onlyWhatDependsOnIt() {
    Planner planner(test::document(chain(200)), test::registry(), {});
    for (const char* name : {"n0.value", "n1.b", "n100.b", "n101.b", "n199.b", "n100.b"}) {
      planner.set(name, 5);
      compareToWhole(planner);
    }
    QCOMPARE(planner.partial(), int64_t{6});
  }

  // Somebody runs the plan while the graph is edited: theirs stays as it is.
  void heldPlansStay() {
    Planner planner(test::document(chain(50)), test::registry(), {});
    const auto held = planner.plan();
    const std::string before = printPlan(*held);
    const Key key = held->ops.back().key;
    planner.set("n1.b", 7);
    QVERIFY(planner.plan() != held);
    QCOMPARE(printPlan(*held), before);
    QCOMPARE(held->ops.back().key, key);
    QVERIFY(!(planner.plan()->ops.back().key == key));
    compareToWhole(planner);
  }

  void whatCanNotBeSetLeavesAllAsItWas() {
    Planner planner(test::document(kMixed), test::registry(), {});
    const auto same = [&](const std::string& name, const nlohmann::json& value) {
      QVERIFY2(!test::failure([&] { planner.set(name, value); }).empty(), name.c_str());
      compareToWhole(planner);
    };
    same("c.value", "a text");
    same("l.size", -1);
    same("nobody.value", 1);
    same("c.nothing", 1);
    planner.set("c.value", 8);
    compareToWhole(planner);
    QCOMPARE(planner.document()->graph.nodes.front()->params.at("value"), nlohmann::json(8));
  }

  // And a run after an edit computes what depends on it.
  void runsAfterAnEdit() {
    Planner planner(test::document(chain(100)), test::registry(), {});
    Cache cache;
    RunOptions options;
    options.cache = &cache;
    const auto result = [&] {
      Run run(planner.plan(), options);
      run.execute();
      return run.output("o99").as<Real>();
    };
    const double before = result();
    test::resetCalls();
    planner.set("n91.b", 12);
    QCOMPARE(result(), before + 10);
    QCOMPARE(test::calls("add"), int64_t{9});
  }
};

QTEST_GUILESS_MAIN(PlannerTest)
#include "planner_test.moc"
