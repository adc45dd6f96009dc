// Recorder: keeps every step while they fit, thins evenly when they don't, and never what may still change.
#include <ATen/ATen.h>

#include <QtTest>

#include "engine/run/recorder.h"

using namespace loom;

namespace {

Value tensorOf(double value, int64_t size = 256) {
  return Value::of<at::Tensor>(at::full({size}, value, at::kFloat));
}

void probe(Recorder& recorder, const std::string& port, int64_t step, const Value& value) {
  const std::vector<int64_t> iteration{step};
  recorder.probed({port, iteration, value});
}

std::vector<int64_t> stepsOf(const Recording& recording) {
  std::vector<int64_t> steps;
  for (const auto& frame : recording.frames) steps.push_back(frame.iteration.at(0));
  return steps;
}

}  // namespace

class RecorderTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void keepsEveryStepThatFits() {
    Recorder recorder({.record = {"zone.x"}});
    for (int step = 0; step < 10; ++step) probe(recorder, "zone.x", step, tensorOf(step));
    probe(recorder, "zone.other", 0, tensorOf(1));
    const Recording recording = recorder.recording("zone.x");
    QCOMPARE(recording.frames.size(), size_t{10});
    QCOMPARE(recorder.every("zone.x"), int64_t{1});
    for (int step = 0; step < 10; ++step) {
      QCOMPARE(recording.frames[step].iteration, std::vector<int64_t>{step});
      QCOMPARE(recording.frames[step].value.as<at::Tensor>()[0].item<float>(), float(step));
    }
    QVERIFY_EXCEPTION_THROWN(recorder.recording("zone.other"), Error);
  }

  void thinsEvenlyAndKeepsTheEnds_data() {
    QTest::addColumn<int>("steps");
    QTest::addColumn<int>("fit");
    for (int steps : {1, 2, 3, 9, 16, 33, 100, 257})
      for (int fit : {1, 2, 3, 5, 8}) QTest::addRow("%d steps in room for %d", steps, fit) << steps << fit;
  }
  void thinsEvenlyAndKeepsTheEnds() {
    QFETCH(int, steps);
    QFETCH(int, fit);
    const size_t frame = 256 * sizeof(float) + 512;  // 512: what keeping one costs besides
    int64_t told = 1;
    Recorder recorder({.record = {"zone.x"},
                       .mostBytes = frame * static_cast<size_t>(fit),
                       .thinned = [&](const std::string& port, int64_t every) {
                         QCOMPARE(port, std::string("zone.x"));
                         QCOMPARE(every, 2 * told);
                         told = every;
                       }});
    for (int step = 0; step < steps; ++step) {
      probe(recorder, "zone.x", step, tensorOf(step));
      QVERIFY(recorder.bytes() <= frame * static_cast<size_t>(std::max(fit, 2)));
    }
    const std::vector<int64_t> kept = stepsOf(recorder.recording("zone.x"));
    const int64_t every = recorder.every("zone.x");
    QCOMPARE(every, told);
    QCOMPARE(kept.front(), int64_t{0});
    QCOMPARE(kept.back(), int64_t{steps - 1});
    for (size_t i = 0; i + 1 < kept.size(); ++i) QCOMPARE(kept[i], static_cast<int64_t>(i) * every);
    if (fit >= 3)
      QVERIFY2(static_cast<int>(kept.size()) * 4 >= std::min(steps, fit), "thinned more than needed");
  }

  void thinsTheLargestFirst() {
    Recorder recorder({.record = {"a.large", "a.small"}, .mostBytes = 40'000});
    for (int step = 0; step < 16; ++step) {
      probe(recorder, "a.large", step, tensorOf(step, 1024));
      probe(recorder, "a.small", step, tensorOf(step, 1));
    }
    QCOMPARE(recorder.every("a.small"), int64_t{1});
    QVERIFY(recorder.every("a.large") > 1);
  }

  void holdsNoMoreThanItShows() {
    Recorder recorder({.record = {"zone.row"}});
    const at::Tensor table = at::arange(1'000'000, at::kFloat).reshape({1000, 1000});
    probe(recorder, "zone.row", 0, Value::of<at::Tensor>(table[3]));
    const at::Tensor row = recorder.recording("zone.row").frames[0].value.as<at::Tensor>();
    QCOMPARE(row.storage().nbytes(), size_t{4000});
    QVERIFY(at::equal(row, table[3]));
  }

  void keepsNoGraphOfGradients() {
    Recorder recorder({.record = {"zone.loss"}});
    const at::Tensor weight = at::ones({3}, at::kFloat).set_requires_grad(true);
    probe(recorder, "zone.loss", 0, Value::of<at::Tensor>((weight * 2).sum()));
    QVERIFY(!recorder.recording("zone.loss").frames[0].value.as<at::Tensor>().requires_grad());
  }

  // A value that is kept is shared, and a shared one is never written in place.
  void keptValuesAreNotUnique() {
    Recorder recorder({.record = {"zone.x"}});
    Value value = tensorOf(1);
    probe(recorder, "zone.x", 0, value);
    QVERIFY(!value.unique<at::Tensor>());
  }

  void statisticsOfEveryStep() {
    int told = 0;
    Recorder recorder({.statistics = {"zone.x", "zone.t"},
                       .row = [&](const std::string&, const Recorder::Row&) { ++told; }});
    const at::Tensor x = at::tensor({1.0f, 2.0f, std::nanf(""), 3.0f});
    probe(recorder, "zone.x", 7, Value::of<at::Tensor>(x));
    probe(recorder, "zone.t", 7, Value::of<Int>(41));
    probe(recorder, "zone.t", 8, Value::of<Text>("no number"));
    QCOMPARE(recorder.statistics("zone.x").size(), size_t{1});
    const Recorder::Row row = recorder.statistics("zone.x")[0];
    QCOMPARE(row.iteration, std::vector<int64_t>{7});
    QCOMPARE(row.statistics.nan, int64_t{1});
    QCOMPARE(row.statistics.min, 1.0);
    QCOMPARE(row.statistics.max, 3.0);
    QCOMPARE(row.statistics.mean, 2.0);
    QCOMPARE(recorder.statistics("zone.t").size(), size_t{1});
    QCOMPARE(recorder.statistics("zone.t")[0].statistics.mean, 41.0);
    QCOMPARE(told, 2);
  }

  void numbersHaveTensors() {
    QCOMPARE(tensorFor(Value::of<Int>(3)).item<int64_t>(), int64_t{3});
    QCOMPARE(tensorFor(Value::of<Real>(0.5)).item<double>(), 0.5);
    QCOMPARE(tensorFor(Value::of<Bool>(true)).item<bool>(), true);
    QVERIFY(!tensorFor(Value::of<Text>("a")).defined());
    QVERIFY(!tensorFor({}).defined());
    QVERIFY(hasTensor(typeOf<at::Tensor>()) && hasTensor(typeOf<Real>()) && !hasTensor(typeOf<Text>()));
  }
};

QTEST_GUILESS_MAIN(RecorderTest)
#include "recorder_test.moc"
