// What is known is not computed again, what changed is, and no more than that.
#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

#include "tests/engine/run/reference.h"
#include "tests/engine/test_nodes.h"

using namespace loom;
using loom::test::calls;

namespace {

std::string chain(const char* value, const char* by, const char* name) {
  return std::string("{'noiseloom':1,'nodes':{'start':{'type':'test.constant','params':{'value':") + value +
         "}},'before':{'type':'test.add','inputs':{'a':'start.value'}},"
         "'z':{'type':'zone','count':5,'state':{'x':{'init':'before.result','next':'grow.result'}},'collect':"
         "{'h':{'from':'grow.result'}},'nodes':{'grow':{'type':'test.multiply','inputs':{'a':'z.x'},'params':"
         "{'b':" +
         by +
         "}}}},"
         "'after':{'type':'test.add','inputs':{'a':'z.x'}},'save':{'type':'test.record','inputs':{'value':'"
         "after.result'},'params':{'name':'" +
         name + "'}}}}";
}

struct CountCached : Observer {
  int cached = 0, ran = 0;
  void nodeFinished(const std::string&, double, bool fromCache) override { ++(fromCache ? cached : ran); }
};

}  // namespace

class CacheTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init() { test::resetCalls(); }

  void onlyWhatChangedAndWhatDependsOnIt() {
    Cache cache;
    RunOptions options;
    options.cache = &cache;
    const auto counts = [&](const std::string& text) {
      test::resetCalls();
      test::finish(text, options);
      return std::vector<int64_t>{calls("constant"), calls("add"), calls("multiply"), calls("record")};
    };
    using Counts = std::vector<int64_t>;
    QCOMPARE(counts(chain("1", "2", "a.png")), Counts({1, 2, 5, 1}));
    QCOMPARE(counts(chain("1", "2", "a.png")), Counts({0, 0, 0, 1}));  // an effect happens every time
    QCOMPARE(counts(chain("1", "2", "b.png")),
             Counts({0, 0, 0, 1}));  // an output's name is no reason to go round
    QCOMPARE(counts(chain("1", "3", "b.png")), Counts({0, 1, 5, 1}));  // the zone and what follows
    QCOMPARE(counts(chain("4", "3", "b.png")), Counts({1, 2, 5, 1}));
    QCOMPARE(counts(chain("1", "2", "a.png")), Counts({0, 0, 0, 1}));  // and back
    const auto [name, value] = test::recorded().back();
    QCOMPARE(value.as<Real>(), 65.0);
  }
  void keysDoNotDependOnThePlan() {
    Cache cache;
    RunOptions options;
    options.cache = &cache;
    test::finish(chain("1", "2", "a"), options);
    test::resetCalls();
    CompileOptions bare;
    bare.hoist = bare.tabulate = bare.merge = false;
    test::finish(chain("1", "2", "a"), options, bare);
    QCOMPARE(calls("add") + calls("multiply"), int64_t{0});
  }
  void impureNodesRunAgain() {
    Cache cache;
    RunOptions options;
    options.cache = &cache;
    const std::string text =
        "{'noiseloom':1,'nodes':{'k':{'type':'test.clock'},'a':{'type':'test.add','inputs':{'a':'k.value'}},'"
        "b':{'type':'test.multiply'}},'outputs':{'a':{'from':'a.result'},'b':{'from':'b.result'}}}";
    QCOMPARE(test::finish(text, options).real("a"), 2.0);
    QCOMPARE(test::finish(text, options).real("a"), 3.0);
    QCOMPARE(calls("add"), int64_t{2});
    QCOMPARE(calls("multiply"), int64_t{1});
  }
  void noiseIsKnownByItsPlaceInTheGraph() {
    Cache cache;
    RunOptions options;
    options.cache = &cache;
    const auto text = [](const char* id) {
      return std::string("{'noiseloom':1,'nodes':{'") + id +
             "':{'type':'test.noise'}},'outputs':{'n':{'from':'" + id + ".value'}}}";
    };
    test::finish(text("n"), options);
    test::finish(text("n"), options);
    QCOMPARE(calls("noise"), int64_t{1});
    test::finish(text("m"), options);
    QCOMPARE(calls("noise"), int64_t{2});
  }
  void filesAreKnownByTheirFingerprint() {
    QTemporaryDir folder;
    const std::string path = folder.path().toStdString() + "/a.txt";
    std::ofstream(path) << "first";
    Cache cache;
    RunOptions options;
    options.cache = &cache;
    options.files = Files({.graphFolder = folder.path().toStdString(),
                           .resources = {},
                           .output = {},
                           .readable = {},
                           .writable = {}});
    CompileOptions compile;
    compile.files = options.files;
    const std::string text =
        "{'noiseloom':1,'nodes':{'f':{'type':'test.file','params':{'file':'a.txt'}}},'outputs':{'t':{'from':'"
        "f.text'}}}";
    QCOMPARE(test::finish(text, options, compile).value("t").as<Text>(), std::string("first"));
    QCOMPARE(test::finish(text, options, compile).value("t").as<Text>(), std::string("first"));
    QCOMPARE(calls("read"), int64_t{1});
    std::ofstream(path) << "second";
    std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) + std::chrono::seconds(2));
    QCOMPARE(test::finish(text, options, compile).value("t").as<Text>(), std::string("second"));
    QCOMPARE(calls("read"), int64_t{2});
  }
  // Calls that run as one are known one by one.
  void mergedCalls() {
    const auto text = [](const char* second) {
      return std::string(
                 "{'noiseloom':1,'nodes':{'net':{'type':'test.load'},'a':{'type':'test.net','inputs':{'net':'"
                 "net.net'},'params':{'x':1}},'b':{'type':'test.net','inputs':{'net':'net.net'},'params':{'x'"
                 ":") +
             second +
             "}},'s':{'type':'test.sum','inputs':{'terms':['a.y','b.y']}}},'outputs':{'s':{'from':'s.result'}"
             "}}";
    };
    Cache cache;
    RunOptions options;
    options.cache = &cache;
    QCOMPARE(test::finish(text("2"), options).real("s"), 1.5);
    QCOMPARE(calls("net"), int64_t{2});
    QCOMPARE(calls("net.merged"), int64_t{1});
    QCOMPARE(test::finish(text("4"), options).real("s"), 2.5);
    QCOMPARE(calls("net"), int64_t{3});
  }
  void skippedIsKnownToo() {
    Cache cache;
    RunOptions options;
    options.cache = &cache;
    const auto text = [](const char* flag) {
      return std::string("{'noiseloom':1,'nodes':{'f':{'type':'test.flag','params':{'value':") + flag +
             "}},'a':{'type':'test.add','when':'f.value'}},'outputs':{'a':{'from':'a.result'}}}";
    };
    QVERIFY(test::finish(text("false"), options).value("a").empty());
    QVERIFY(test::finish(text("false"), options).value("a").empty());
    QCOMPARE(test::finish(text("true"), options).real("a"), 1.0);
    QVERIFY(test::finish(text("false"), options).value("a").empty());
  }
  void whatWasCachedIsSaid() {
    Cache cache;
    RunOptions options;
    CountCached count;
    options.cache = &cache;
    options.observer = &count;
    test::finish(chain("1", "2", "a"), options);
    QCOMPARE(count.cached, 0);
    count.ran = 0;
    test::finish(chain("1", "2", "a"), options);
    QCOMPARE(count.cached, 1);  // "after"; what is before it is not asked for
    QCOMPARE(count.ran, 1);
  }

  void boundedInBytes() {
    Cache cache(10'000);
    for (int i = 0; i < 100; ++i) {
      cache.put(KeyBuilder("k").add(i).key(), {Value::of<at::Tensor>(at::zeros({500}))});  // 2,000 and 256
      QVERIFY(cache.bytes() <= 10'000);
    }
    QVERIFY(cache.find(KeyBuilder("k").add(99).key()));
    QVERIFY(cache.find(KeyBuilder("k").add(96).key()));
    QVERIFY(!cache.find(KeyBuilder("k").add(95).key()));
    cache.put(KeyBuilder("large").key(), {Value::of<at::Tensor>(at::zeros({5'000}))});
    QVERIFY2(!cache.find(KeyBuilder("large").key()), "what is larger than all of it is not kept");
    QVERIFY(cache.find(KeyBuilder("k").add(99).key()));
    cache.clear();
    QCOMPARE(cache.bytes(), size_t{0});
  }
  void theLeastRecentlyUsedGoesFirst() {
    Cache cache(10'000);
    const auto key = [](int i) { return KeyBuilder("k").add(i).key(); };
    for (int i = 0; i < 4; ++i) cache.put(key(i), {Value::of<at::Tensor>(at::zeros({500}))});
    QVERIFY(cache.find(key(0)));
    cache.put(key(4), {Value::of<at::Tensor>(at::zeros({500}))});
    QVERIFY(cache.find(key(0)));
    QVERIFY(!cache.find(key(1)));
  }
  void aSmallCacheChangesNoResult() {
    for (const size_t bytes : {size_t{0}, size_t{300}, size_t{1'000}}) {
      Cache cache(bytes);
      RunOptions options;
      options.cache = &cache;
      for (int i = 0; i < 3; ++i) {
        test::finish(chain("1", "2", "a"), options);
        QCOMPARE(test::recorded().back().second.as<Real>(), 65.0);
      }
      QVERIFY(cache.bytes() <= bytes);
    }
  }
  // One cache for many graphs, of numbers and of tensors that are written in place.
  void randomGraphs_data() {
    QTest::addColumn<bool>("tensors");
    QTest::newRow("numbers") << false;
    QTest::newRow("tensors") << true;
  }
  void randomGraphs() {
    QFETCH(bool, tensors);
    Cache cache(60'000);
    for (uint64_t seed = 3'000; seed < 3'150; ++seed) {
      const test::RandomGraph random = test::randomGraph(seed, tensors);
      const test::Finished plain = test::finish(random.text);
      RunOptions options;
      options.cache = &cache;
      for (int again = 0; again < 3; ++again) {
        const test::Finished done = test::finish(random.text, options);
        for (size_t i = 0; i < random.numbers.size(); ++i) {
          const std::string output = "o" + std::to_string(i);
          const Value &a = done.value(output), &b = plain.value(output);
          const bool same = a.empty() || b.empty() ? a.empty() == b.empty()
                            : tensors              ? a.as<at::Tensor>().equal(b.as<at::Tensor>())
                                                   : a.as<Real>() == b.as<Real>() || std::isnan(a.as<Real>());
          QVERIFY2(same, (std::to_string(seed) + " " + random.numbers[i] + "\n" + random.text).c_str());
        }
      }
    }
  }
};

QTEST_GUILESS_MAIN(CacheTest)
#include "cache_test.moc"
