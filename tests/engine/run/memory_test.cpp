// Memory: what a plan will need is said before it runs, who held it when it ran out, and a run after that
// works.
#include <sys/resource.h>

#include <QtTest>
#include <fstream>

#include "engine/plan/forecast.h"
#include "tests/engine/test_nodes.h"

using namespace loom;

namespace {

// 400 floats made, gone over in a zone of 10 steps that keeps every second one.
const char* const kZone =
    "{'noiseloom':1,'nodes':{'v':{'type':'test.tensor','params':{'shape':[4,100]}},"
    "'z':{'type':'zone','count':10,'state':{'x':{'init':'v.tensor','next':'s.tensor'}},'collect':{'all':{'"
    "from':'"
    "s.tensor','every':2}},'nodes':{'s':{'type':'test.scale','inputs':{'x':'z.x'}}}}},'outputs':{'x':{'from':"
    "'z.x'},'"
    "all':{'from':'z.all'}}}";

std::string hungry(int64_t bytes) {
  return "{'noiseloom':1,'nodes':{'v':{'type':'test.tensor','params':{'shape':[1024,1024]}},'h':{'type':'"
         "test."
         "hungry','params':{'bytes':" +
         std::to_string(bytes) + "}}},'outputs':{'v':{'from':'v.tensor'},'h':{'from':'h.tensor'}}}";
}

// No more than so much beyond what the process has now.
class Limit {
 public:
  explicit Limit(int64_t more) {
    getrlimit(RLIMIT_DATA, &before_);
    std::ifstream status("/proc/self/status");
    rlim_t has = 0;
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmData:")) has = static_cast<rlim_t>(std::stoll(line.substr(7))) * 1024;
    rlimit limit = before_;
    limit.rlim_cur = has + static_cast<rlim_t>(more);
    setrlimit(RLIMIT_DATA, &limit);
  }
  ~Limit() { setrlimit(RLIMIT_DATA, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

class MemoryTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  // v, the state, what the step gives, and five frames of 1600 bytes.
  void aZone() {
    const Forecast forecast = forecastOf(*test::planOf(kZone));
    QCOMPARE(forecast.peakAt, std::string("s"));
    QVERIFY2(forecast.peakBytes >= 7 * 1600 && forecast.peakBytes <= 8 * 1600,
             std::to_string(forecast.peakBytes).c_str());
    QCOMPARE(forecast.holders.front().what, std::string("z.all, 5 frames"));
    QCOMPARE(forecast.holders.front().bytes, int64_t{5 * 1600});
    QVERIFY(forecast.unknown.empty());
  }

  void whatANodeWorksIn() {
    const Forecast forecast = forecastOf(*test::planOf(hungry(50'000'000)));
    QCOMPARE(forecast.peakAt, std::string("h"));
    QVERIFY(forecast.peakBytes >= 50'000'000);
    QVERIFY(forecastText(forecast).find("while h runs") != std::string::npos);
    // What it gives has no known shape, and it says so.
    QCOMPARE(forecast.unknown, std::vector<std::string>{"h.tensor"});
  }

  void sumsDoNotOverflow() {
    const std::string text =
        "{'noiseloom':1,'nodes':{'v':{'type':'test.tensor','params':{'shape':[2000000000,2000000000,"
        "2000000000]}}},'"
        "outputs':{'x':{'from':'v.tensor'}}}";
    const Forecast forecast = forecastOf(*test::planOf(text));
    QVERIFY(forecast.peakBytes > int64_t{1} << 60);
  }

  void runningOut() {
#ifdef __SANITIZE_ADDRESS__
    QSKIP("AddressSanitizer ends a program that runs out of memory");
#endif
    Cache cache;
    RunOptions options;
    options.cache = &cache;
    test::finish(hungry(5'000'000), options);
    QVERIFY(cache.bytes() > 0);
    const Limit limit(int64_t{1} << 28);
    const std::string said = test::failure([&] { test::finish(hungry(int64_t{3} << 30), options); });
    QVERIFY2(
        said.starts_with("h: out of memory: 3.0 GiB more were asked for; a smaller batch or size needs less. "
                         "Held at that time: "),
        said.c_str());
    QVERIFY2(said.find("v.tensor 4.0 MiB") != std::string::npos, said.c_str());
    QVERIFY2(said.find("results kept for later runs, now let go of") != std::string::npos, said.c_str());
    QCOMPARE(cache.bytes(), size_t{0});
    // And on it goes.
    for (int again = 0; again < 3; ++again) {
      QVERIFY(!test::failure([&] { test::finish(hungry(int64_t{3} << 30), options); }).empty());
      QCOMPARE(test::finish(hungry(1000), options).value("h").bytes(), size_t{1000});
    }
  }

  // What a failed run held is free before its object goes: the next may need it.
  void aFailedRunHoldsNothing() {
    const auto plan = test::planOf(
        "{'noiseloom':1,'nodes':{'h':{'type':'test.hungry','params':{'bytes':100000000}},'f':{'type':'test."
        "torch','"
        "inputs':{'x':'h.tensor'}}},'outputs':{'h':{'from':'h.tensor'},'f':{'from':'f.tensor'}}}");
    Run run(plan, {});
    QVERIFY(!test::failure([&] { run.execute(); }).empty());
    QVERIFY(run.output("h").empty());
  }
};

QTEST_GUILESS_MAIN(MemoryTest)
#include "memory_test.moc"
