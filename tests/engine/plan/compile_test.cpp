// What compiling refuses, and how; what it inserts and places.
#include <ATen/ATen.h>

#include <QtTest>

#include "tests/engine/test_nodes.h"

using namespace loom;
using loom::test::document;
using loom::test::failure;
using loom::test::planOf;

namespace {

std::string graph(const std::string& nodes, const std::string& rest = "") {
  return "{'noiseloom':1,'nodes':{" + nodes + "}" + rest + "}";
}

const char* const kOne = "'one':{'type':'test.constant','params':{'value':1}}";
const char* const kRungs = "'rungs':{'type':'test.ladder'}";

std::string loop(const std::string& fields, const std::string& body) {
  return graph(std::string(kOne) + "," + kRungs + ",'z':{'type':'zone'," + fields + ",'nodes':{" + body +
               "}}");
}
// A loop over `rungs` that adds `t` to x.
std::string sum(const std::string& state, const std::string& more = "") {
  return loop("'over':{'t':'rungs.ladder'},'state':{" + state + "}" + more,
              "'add':{'type':'test.add','inputs':{'a':'z.x','b':'z.t'}}");
}

const PlanOp* opAt(const Plan& plan, const std::string& path, PlanOp::Kind kind) {
  for (const PlanOp& op : plan.ops)
    if (op.path == path && op.kind == kind) return &op;
  return nullptr;
}

}  // namespace

class CompileTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void refused_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("error");
    const auto row = [](const char* name, const std::string& text, const char* error) {
      QTest::newRow(name) << QString::fromStdString(text) << error;
    };
    row("missing required input", graph("'s':{'type':'test.scale'}"),
        "s.x: needs a link from Tensor: A tensor");
    row("missing path", graph("'f':{'type':'test.file'}"), "f.file: needs a value: A text file");
    row("wrong type", graph("'l':{'type':'test.ladder'},'a':{'type':'test.add','inputs':{'a':'l.ladder'}}"),
        "a.a: takes Number, but l.ladder gives Ladder");
    row("unknown type", graph("'a':{'type':'test.ad'}"),
        "a: there is no node type \"test.ad\"; did you mean \"test.add\"?");
    row("unknown type, nothing near", graph("'a':{'type':'KSampler (Advanced)'}"),
        "a: there is no node type \"KSampler (Advanced)\" `noiseloom nodes` lists all");
    row("unknown parameter", graph("'a':{'type':'test.add','params':{'c':1}}"),
        "a.c: test.add has no parameter \"c\"; it has: a, b");
    row("unknown input", graph(std::string(kOne) + ",'a':{'type':'test.add','inputs':{'c':'one.value'}}"),
        "a.c: test.add has no such input");
    row("no such node", graph("'a':{'type':'test.add','inputs':{'a':'b.value'}}"),
        "a.a: there is no node \"b\" to link from");
    row("no such output", graph(std::string(kOne) + ",'a':{'type':'test.add','inputs':{'a':'one.valu'}}"),
        "a.a: one (test.constant) has no output \"valu\"; it has: value");
    row("out of range", graph("'p':{'type':'test.params','params':{'int':11}}"),
        "p.int: 11 is out of range: from 1 to 10");
    row("no such choice", graph("'p':{'type':'test.params','params':{'choice':'pink'}}"),
        "p.choice: \"pink\" is none of: red, green, blue");
    row("a value for a link", graph("'s':{'type':'test.scale','params':{'x':1}}"),
        "s.x: takes a link, not a value");
    row("two links on one input",
        graph(std::string(kOne) + ",'a':{'type':'test.add','inputs':{'a':['one.value','one.value']}}"),
        "a.a: takes one link");
    row("newer version", graph("'a':{'type':'test.add','version':2}"),
        "a: test.add is of version 2, this program knows version 1");
    row("linked to itself", graph("'a':{'type':'test.add','inputs':{'a':'a.result'}}"),
        "a: the links go round in a circle: a -> a");
    row("circle of three",
        graph("'a':{'type':'test.add','inputs':{'a':'c.result'}},'b':{'type':'test.add','inputs':{'a':'a."
              "result'}},"
              "'c':{'type':'test.add','inputs':{'a':'b.result'}}"),
        "the links go round in a circle: ");
    row("circle through a when",
        graph("'a':{'type':'test.less','inputs':{'a':'b.result'}},'b':{'type':'test.add','when':'a.holds'}"),
        "the links go round in a circle: ");
    row("circle through a zone",
        sum("'x':{'init':'after.result','next':'add.result'}")
            .insert(24, "'after':{'type':'test.add','inputs':{'a':'z.x'}},"),
        "the links go round in a circle: ");
    row("a zone that begins with itself", sum("'x':{'init':'z.x','next':'add.result'}"),
        "z: the links go round in a circle: z -> z");
    row("a zone over itself", loop("'over':{'t':'z.t'}", ""), "z.t: z.t changes with the step");
    row("into a zone's inside",
        graph(std::string(kOne) + ",'z':{'type':'zone','count':2,'nodes':{'in':{'type':'test.add'}}},"
                                  "'a':{'type':'test.add','inputs':{'a':'in.result'}}"),
        "a.a: in.result is inside the zone z, which is left only through its result");
    row("an item seen from outside",
        sum("'x':{'init':'one.value','next':'add.result'}")
            .insert(24, "'a':{'type':'test.add','inputs':{'a':'z.t'}},"),
        "a.a: z.t changes with the step: it is seen only inside the zone");
    row("the index seen from outside",
        sum("'x':{'init':'one.value','next':'add.result'}")
            .insert(24, "'a':{'type':'test.add','inputs':{'a':'z.index'}},"),
        "a.a: z.index changes with the step");
    row("a collection seen from inside",
        loop("'count':2,'collect':{'h':{'from':'a.result'}}",
             "'a':{'type':'test.add'},'r':{'type':'test.record','inputs':{'value':'z.h'}}"),
        "r.value: z.h is collected over all steps: it is seen only outside of the zone");
    row("no such port of a zone", sum("'x':{'init':'one.value','next':'z.y'}"),
        "z.x: the zone z has no port \"y\"");
    row("neither over nor count", loop("'state':{}", ""),
        "z: a zone needs \"over\" (what it goes over) or \"count\"");
    row("both over and count", loop("'over':{'t':'rungs.ladder'},'count':3", ""),
        "z.count: a zone goes over sequences or has a count, not both");
    row("two ports of one name",
        loop("'over':{'x':'rungs.ladder'},'state':{'x':{'init':'one.value','next':'z.x'}}", ""),
        "z.x: two ports of the zone have this name");
    row("a state and a collection of one name",
        loop("'count':1,'state':{'x':{'init':'one.value','next':'z.x'}},'collect':{'x':{'from':'one.value'}}",
             ""),
        "z.x: two ports of the zone have this name");
    row("too many steps", loop("'count':1000000000001", ""),
        "z.count: 1000000000001 steps: a zone takes from 0 to 1000000000000");
    row("too much to collect",
        loop("'count':1000000000,'state':{'x':{'init':'one.value','next':'z.x'}},'collect':{'h':{'from':'z.x'"
             ",'every':3}}",
             ""),
        "z.h: would hold 333333334 values in memory, and may hold 10000000: set \"every\" to 100 or more");
    row("negative steps", loop("'count':-1", ""), "z.count: -1 steps: a zone takes from 0 to");
    row("count of the wrong type", loop("'count':'one.value'", ""),
        "z.count: takes Whole number, but one.value gives Number");
    row("over a number", loop("'over':{'t':'one.value'}", ""),
        "z.t: a zone can't go over Number; it goes over");
    row("over nothing", loop("'over':{'t':null}", ""), "z.t: needs a link: what the zone goes over");
    row("a state without a first value", loop("'count':1,'state':{'x':{'next':'one.value'}}", ""),
        "z.x: needs a link to its first value");
    row("a state without a next value", loop("'count':1,'state':{'x':{'init':'one.value'}}", ""),
        "z.x: needs \"next\"");
    row("a collection of nothing", loop("'count':1,'collect':{'x':{}}", ""), "z.x: needs \"from\"");
    row("a state of two types", sum("'x':{'init':'rungs.ladder','next':'z.x'}"),
        "add.a: takes Number, but z.x gives Ladder");
    row("a state that comes back as another type",
        loop("'count':1,'state':{'x':{'init':'rungs.ladder','next':'a.result'}}", "'a':{'type':'test.add'}"),
        "z.x: takes Ladder, but a.result gives Number");
    row("a state that changes its shape",
        graph("'v':{'type':'test.tensor','params':{'shape':[4,3]}},'z':{'type':'zone','count':1,'state':{'x':"
              "{'init':'v.tensor','next':'w.tensor'}},"
              "'nodes':{'w':{'type':'test.widen','inputs':{'x':'z.x'}}}}"),
        "z.x: begins as Tensor float32 [4, 3] but comes back as Tensor float32 [8, 3]: a state keeps its "
        "shape");
    row("until that is no bool", loop("'count':1,'until':'one.value'", ""),
        "z.until: takes Yes or no, but one.value gives Number");
    row("when that is no bool", graph(std::string(kOne) + ",'a':{'type':'test.add','when':'one.value'}"),
        "a.when: takes Yes or no");
    row("parameters of a zone", loop("'count':1,'params':{'steps':5}", ""),
        "z.steps: a zone has no parameters");
    row("inputs of a zone", loop("'count':1,'inputs':{'x':'one.value'}", ""),
        "z.x: a zone's inputs are its states and `over`");
    row("refused by a node's own check",
        graph("'v':{'type':'test.tensor','params':{'shape':[2,4]}},'n':{'type':'test.need3','inputs':{'x':'v."
              "tensor'}}"),
        "n.x: needs 3 columns, not Tensor float32 [2, 4]");
    row("an exposed input to no node", graph(kOne, ",'inputs':{'v':{'to':['two.value']}}"),
        "the exposed input v names no node: two.value");
    row("an exposed input to no port", graph(kOne, ",'inputs':{'v':{'to':['one.valu']}}"),
        "the exposed input v names no input: one.valu");
    row("an exposed output of no node", graph(kOne, ",'outputs':{'v':{'from':'two.value'}}"),
        "outputs.v: there is no node \"two\"");
  }
  void refused() {
    QFETCH(QString, text);
    QFETCH(QString, error);
    const std::string said = failure([&] { planOf(text.toStdString()); });
    QVERIFY2(QString::fromStdString(said).contains(error), said.empty() ? "it was planned" : said.c_str());
  }

  void aCircleIsListed() {
    const std::string said = failure([] {
      planOf(
          graph("'far':{'type':'test.add','inputs':{'a':'b.result'}},'a':{'type':'test.add','inputs':{'a':'c."
                "result'}},"
                "'b':{'type':'test.add','inputs':{'a':'a.result'}},'c':{'type':'test.add','inputs':{'a':'b."
                "result'}}"));
    });
    const QString text = QString::fromStdString(said);
    QVERIFY2(text.contains("a -> b -> c -> a") || text.contains("b -> c -> a -> b") ||
                 text.contains("c -> a -> b -> c"),
             said.c_str());
    QVERIFY(!text.contains("far ->"));
  }
  void aLongCircleIsShortened() {
    std::string nodes;
    for (int i = 0; i < 1'000; ++i)
      nodes += (i ? ",'n" : "'n") + std::to_string(i) + "':{'type':'test.add','inputs':{'a':'n" +
               std::to_string((i + 1) % 1'000) + ".result'}}";
    const std::string said = failure([&] { planOf(graph(nodes)); });
    QVERIFY(said.find("circle") != std::string::npos && said.size() < 600);
  }

  // A node that can't run stops only a run that needs it.
  void brokenNodesThatNothingNeeds_data() {
    QTest::addColumn<QString>("broken");
    QTest::newRow("unknown type") << "'bad':{'type':'sd3.joint'}";
    QTest::newRow("unknown parameter") << "'bad':{'type':'test.add','params':{'zeta':1}}";
    QTest::newRow("not linked yet") << "'bad':{'type':'test.scale'}";
    QTest::newRow("and what depends on it")
        << "'bad':{'type':'sd3.joint'},'after':{'type':'test.add','inputs':{'a':'bad.x'}}";
    QTest::newRow("a circle") << "'bad':{'type':'test.add','inputs':{'a':'bad.result'}}";
    QTest::newRow("a zone half made") << "'bad':{'type':'zone','over':{'t':null},'nodes':{'inner':{'type':'"
                                         "test.add','inputs':{'a':'bad.t'}}}}";
    QTest::newRow("an unknown group") << "'bad':{'type':'group:none'}";
  }
  void brokenNodesThatNothingNeeds() {
    QFETCH(QString, broken);
    const std::string nodes =
        std::string(kOne) + "," + broken.toStdString() +
        ",'z':{'type':'zone','count':3,'state':{'x':{'init':'one.value','next':'add.result'}},"
        "'nodes':{'add':{'type':'test.add','inputs':{'a':'z.x'}}}}";
    const std::string outputs = ",'outputs':{'end':{'from':'z.x'}}";
    const std::shared_ptr<const Plan> plan = planOf(graph(nodes, outputs));
    QVERIFY(!plan->leftOut.empty());
    QVERIFY2(QString::fromStdString(plan->leftOut.front().full()).startsWith("bad"),
             plan->leftOut.front().full().c_str());
    QCOMPARE(test::Finished(plan, {}).real("end"), 4.0);
    QVERIFY2(!failure([&] { planOf(graph(nodes)); }).empty(),
             "with nothing to run the first problem is said");
    QVERIFY2(!failure([&] {
                planOf(graph(nodes, ",'outputs':{'end':{'from':'z.x'},'bad':{'from':'bad.result'}}"));
              }).empty(),
             "an output that needs it is refused");
  }
  void brokenNodesInsideAZoneThatRuns() {
    const std::string nodes =
        std::string(kOne) +
        ",'z':{'type':'zone','count':3,'state':{'x':{'init':'one.value','next':'add.result'}},"
        "'nodes':{'add':{'type':'test.add','inputs':{'a':'z.x'}},'bad':{'type':'sd3.joint'}}}";
    const auto plan = planOf(graph(nodes, ",'outputs':{'end':{'from':'z.x'}}"));
    QCOMPARE(plan->leftOut.size(), size_t{1});
    QCOMPARE(test::Finished(plan, {}).real("end"), 4.0);
  }

  void conversionsAreInserted() {
    const std::string text = graph(
        "'n':{'type':'test.whole','params':{'value':20}},'a':{'type':'test.add','inputs':{'a':'n.value'}},"
        "'s':{'type':'test.scale','inputs':{'x':'a.result'},'params':{'by':2}}",
        ",'outputs':{'end':{'from':'s.tensor'}}");
    const auto plan = planOf(text);
    QVERIFY(opAt(*plan, "a", PlanOp::Kind::convert) && opAt(*plan, "s", PlanOp::Kind::convert));
    QCOMPARE(test::Finished(plan, {}).value("end").as<at::Tensor>().item<float>(), 42.0f);
  }
  // Numbers enter a loop of tensors: the state takes the type that the body gives back.
  void aStateIsConvertedOnItsWayIn() {
    const auto done =
        test::finish(graph("'one':{'type':'test.constant','params':{'value':1}},'z':{'type':'zone','count':3,"
                           "'state':{'x':{'init':'one.value','next':'s.tensor'}},'nodes':{'s':{'type':'test."
                           "scale','inputs':{'x':'z.x'},'params':{'by':2}}}}",
                           ",'outputs':{'end':{'from':'z.x'}}"));
    QCOMPARE(done.value("end").as<at::Tensor>().item<float>(), 8.0f);
  }

  // So it does where what the body gives back is the result of a zone in it, however deep.
  void aStateTakesTheTypeOfAZoneInside() {
    const std::string inner =
        "'y':{'type':'zone','count':2,'state':{'x':{'init':'z.x','next':'w.x'}},'nodes':{"
        "'w':{'type':'zone','count':1,'state':{'x':{'init':'y.x','next':'s.tensor'}},'nodes':{"
        "'s':{'type':'test.scale','inputs':{'x':'w.x'},'params':{'by':2}}}}}}";
    const auto done = test::finish(
        graph("'one':{'type':'test.constant','params':{'value':1}},'z':{'type':'zone','count':3,"
              "'state':{'x':{'init':'one.value','next':'y.x'},'last':{'init':'one.value','next':'z.x'}},"
              "'nodes':{" +
                  inner + "}}",
              ",'outputs':{'end':{'from':'z.x'},'last':{'from':'z.last'}}"));
    QCOMPARE(done.value("end").as<at::Tensor>().item<float>(), 64.0f);
    QCOMPARE(done.value("last").as<at::Tensor>().item<float>(), 16.0f);
  }

  void symbolicShapes() {
    const auto plan =
        planOf(graph("'b':{'type':'test.batch'},'z':{'type':'zone','count':2,'state':{'x':{'init':'b.tensor',"
                     "'next':'s.tensor'}},"
                     "'nodes':{'s':{'type':'test.need3','inputs':{'x':'z.x'}}}}"));
    QCOMPARE(plan->slots[plan->ports.at("z.x")].spec.text(), std::string("Tensor [batch, 3]"));
    QCOMPARE(plan->slots[plan->ports.at("s.tensor")].spec.text(), std::string("Tensor [batch, 3]"));
  }
  void anyCarriesTheTypeOn() {
    const std::string nodes =
        "'n':{'type':'test.constant','params':{'value':3}},'r':{'type':'test.reroute','inputs':{'value':'n."
        "value'}},"
        "'a':{'type':'test.add','inputs':{'a':'r.value'}}";
    QCOMPARE(test::finish(graph(nodes, ",'outputs':{'end':{'from':'a.result'}}")).real("end"), 4.0);
    const std::string said = failure([] {
      planOf(
          graph("'l':{'type':'test.ladder'},'r':{'type':'test.reroute','inputs':{'value':'l.ladder'}},'a':{'"
                "type':'test.add','inputs':{'a':'r.value'}}"));
    });
    QCOMPARE(said, std::string("a.a: takes Number, but r.value gives Ladder"));
  }

  void defaultsAndParameters() {
    const auto done =
        test::finish(graph("'p':{'type':'test.params'},'q':{'type':'test.params','params':{'int':1,'real':2,'"
                           "choice':'blue','text':'x','bool':false,"
                           "'seed':18446744073709551615,'path':'b','shape':[],'numbers':[1,2,3]}}",
                           ",'outputs':{'p':{'from':'p.text'},'q':{'from':'q.text'}}"));
    QCOMPARE(done.value("p").as<Text>(), std::string("5 0.500000 green 1 hello yes 7 a.txt 2 2"));
    QCOMPARE(done.value("q").as<Text>(), std::string("1 2.000000 blue 2 x no 18446744073709551615 b 0 3"));
  }
  void manyLinksInOrder() {
    const auto done = test::finish(graph(
        "'a':{'type':'test.constant','params':{'value':1}},'b':{'type':'test.whole','params':{'value':20}},"
        "'s':{'type':'test.sum','inputs':{'terms':['a.value','b.value','a.value']}},'e':{'type':'test.sum'}",
        ",'outputs':{'s':{'from':'s.result'},'e':{'from':'e.result'}}"));
    QCOMPARE(done.real("s"), 22.0);
    QCOMPARE(done.real("e"), 0.0);
  }

  // --- where operations are placed ---

  void whatDoesNotChangeLeavesTheLoop() {
    const std::string text = loop("'count':3,'state':{'x':{'init':'one.value','next':'add.result'}}",
                                  "'c':{'type':'test.multiply','inputs':{'a':'one.value'}},'add':{'type':'"
                                  "test.add','inputs':{'a':'z.x','b':'c.result'}},"
                                  "'n':{'type':'test.noise'},'k':{'type':'test.clock'},'r':{'type':'test."
                                  "record','inputs':{'value':'c.result'}}");
    const auto plan = planOf(text);
    QCOMPARE(opAt(*plan, "c", PlanOp::Kind::node)->runsIn, -1);
    QCOMPARE(opAt(*plan, "add", PlanOp::Kind::node)->runsIn, 0);
    QCOMPARE(opAt(*plan, "n", PlanOp::Kind::node)->runsIn, 0);
    QCOMPARE(opAt(*plan, "k", PlanOp::Kind::node)->runsIn, 0);
    QCOMPARE(opAt(*plan, "r", PlanOp::Kind::node)->runsIn, 0);
    CompileOptions stay;
    stay.hoist = false;
    QCOMPARE(opAt(*planOf(text, stay), "c", PlanOp::Kind::node)->runsIn, 0);
    const std::string printed = printPlan(*plan);
    QVERIFY2(printed.find("c  test.multiply") != std::string::npos &&
                 printed.find("[taken out of z]") != std::string::npos,
             printed.c_str());
  }
  void aZoneLeavesTheZoneAroundIt() {
    const std::string text =
        loop("'count':4,'state':{'x':{'init':'one.value','next':'add.result'}}",
             "'inner':{'type':'zone','count':5,'state':{'y':{'init':'one.value','next':'m.result'}},'nodes':{"
             "'m':{'type':'test.multiply','inputs':{'a':'inner.y'},'params':{'b':2}}}},"
             "'add':{'type':'test.add','inputs':{'a':'z.x','b':'inner.y'}}");
    const auto plan = planOf(text);
    const PlanOp* inner = opAt(*plan, "inner", PlanOp::Kind::zone);
    QCOMPARE(inner->runsIn, -1);
    QCOMPARE(plan->zones[inner->zone].depth, 1);
    QCOMPARE(plan->zones[inner->zone].parent, -1);
  }
  void nothingLeavesAZoneThatMayBeSkipped() {
    const auto plan = planOf(
        graph(std::string(kOne) + ",'no':{'type':'test.flag'},'z':{'type':'zone','count':3,'when':'no.value',"
                                  "'nodes':{'c':{'type':'test.multiply','inputs':{'a':'one.value'}}}}"));
    QCOMPARE(opAt(*plan, "c", PlanOp::Kind::node)->runsIn, 0);
  }

  void keepWhatWasAskedFor() {
    CompileOptions options;
    options.keep = {"one.value", "z.x"};
    const auto plan = planOf(sum("'x':{'init':'one.value','next':'add.result'}"), options);
    const test::Finished done(plan, {});
    QCOMPARE(done.real("one.value"), 1.0);
    QCOMPARE(done.real("z.x"), 4.0);
    options.keep = {"z.nothing"};
    QCOMPARE(failure([&] { planOf(sum("'x':{'init':'one.value','next':'add.result'}"), options); }),
             std::string("there is no output z.nothing to keep"));
    options.keep = {"add.result"};
    QVERIFY(failure([&] {
              planOf(sum("'x':{'init':'one.value','next':'add.result'}"), options);
            }).find("changes with a zone's step") != std::string::npos);
  }

  // --- content keys ---

  void keysFollowMeaning() {
    const auto keyOf = [](const std::string& text, const CompileOptions& options = {}) {
      const auto plan = planOf(text, options);
      return opAt(*plan, "z", PlanOp::Kind::zone)->key.hex();
    };
    const std::string plain = sum("'x':{'init':'one.value','next':'add.result'}");
    const std::string first = keyOf(plain);
    QCOMPARE(keyOf(plain), first);
    CompileOptions bare;
    bare.hoist = bare.tabulate = bare.merge = false;
    QCOMPARE(keyOf(plain, bare), first);
    std::string other = plain;
    other.replace(other.find("'value':1"), 9, "'value':2");
    QVERIFY(keyOf(other) != first);
    CompileOptions half;
    half.policy.compute = c10::kHalf;
    QVERIFY(keyOf(plain, half) != first);
    const std::string renamed = QString::fromStdString(plain)
                                    .replace("'add'", "'plus'")
                                    .replace("add.result", "plus.result")
                                    .toStdString();
    QCOMPARE(keyOf(renamed), first);
  }
  // The step of an inner loop is not the step of the outer one, though both go over the same.
  void keysTellLoopsApart() {
    const auto keyOf = [](const char* item) {
      const auto plan =
          planOf(loop("'over':{'t':'rungs.ladder'},'state':{'x':{'init':'one.value','next':'inner.y'}}",
                      "'inner':{'type':'zone','over':{'s':'rungs.ladder'},'state':{'y':{'init':'z.x','next':'"
                      "add.result'}},'nodes':{'add':{'type':'test.add','inputs':{'a':'inner.y','b':'" +
                          std::string(item) + "'}}}}"));
      return opAt(*plan, "z", PlanOp::Kind::zone)->key.hex();
    };
    QVERIFY(keyOf("z.t") != keyOf("inner.s"));
  }
  void noKeyWhereNothingIsKnown() {
    const auto plan =
        planOf(graph("'k':{'type':'test.clock'},'a':{'type':'test.add','inputs':{'a':'k.value'}},'n':{'type':"
                     "'test.noise'}"));
    QVERIFY(!opAt(*plan, "k", PlanOp::Kind::node)->key);
    QVERIFY(!opAt(*plan, "a", PlanOp::Kind::node)->key);
    QVERIFY(static_cast<bool>(opAt(*plan, "n", PlanOp::Kind::node)->key));
  }
};

QTEST_GUILESS_MAIN(CompileTest)
#include "compile_test.moc"
