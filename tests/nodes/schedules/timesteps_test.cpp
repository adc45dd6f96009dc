// Which steps are taken, against the original programs' lists.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <QtTest>

#include "nodes/schedules/timesteps.h"
#include "tests/nodes/parity/parity_case.h"

using namespace loom;

namespace {
using List = std::vector<int64_t>;
at::Tensor tensorOf(const List& list) { return at::tensor(list, at::kDouble); }
List listOf(const at::Tensor& t) {
  const at::Tensor flat = t.to(at::kLong).contiguous();
  return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
}
}  // namespace

class TimestepsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void diffusers_data();
  void diffusers();
  void ddim();
  void latentDiffusion();
  void spaced();
  void sequence();
  void refusals();
};

void TimestepsTest::diffusers_data() {
  QTest::addColumn<QString>("run");
  QTest::addColumn<int>("spacing");
  QTest::addColumn<int>("offset");
  QTest::newRow("leading") << "ddpm" << static_cast<int>(Spacing::leading) << 0;
  QTest::newRow("leading, offset 1") << "ddim_leading" << static_cast<int>(Spacing::leading) << 1;
  QTest::newRow("trailing") << "ddim_trailing_eta" << static_cast<int>(Spacing::trailing) << 0;
  QTest::newRow("linspace") << "ddim_v" << static_cast<int>(Spacing::linspace) << 0;
}

void TimestepsTest::diffusers() {
  QFETCH(QString, run);
  QFETCH(int, spacing);
  QFETCH(int, offset);
  const parity::Case c("samplers_diffusers");
  List expected = listOf(c.tensor("out." + run.toStdString() + ".timesteps"));
  // The list of ddim_v has diffusers' steps_offset off: linspace knows none.
  const Timesteps ours = spacedTimesteps(1000, 10, static_cast<Spacing>(spacing), offset);
  COMPARE_TO_CASE(c, "out." + run.toStdString() + ".timesteps", tensorOf(ours.t));
}

void TimestepsTest::ddim() {
  const parity::Case c("ddpm_ho");
  for (const auto& [key, spacing] :
       {std::pair{"in.seq_uniform", Spacing::uniform}, {"in.seq_quad", Spacing::quadratic}}) {
    List ascending = spacedTimesteps(1000, 10, spacing).t;
    std::reverse(ascending.begin(), ascending.end());
    QCOMPARE(ascending, listOf(c.tensor(key)));
  }
}

void TimestepsTest::latentDiffusion() {
  // S 30 does not divide 1000: range(0, 1000, 33) has 31 steps.
  const Timesteps t = spacedTimesteps(1000, 30, Spacing::uniform, 1);
  QCOMPARE(t.t.size(), size_t{31});
  QCOMPARE(t.t.front(), 991);
  QCOMPARE(t.t.back(), 1);
}

void TimestepsTest::spaced() {
  const Timesteps t = spacedTimesteps(1000, 250, Spacing::spaced);
  QCOMPARE(t.t.size(), size_t{250});
  QCOMPARE(t.t.front(), 999);
  QCOMPARE(t.t.back(), 0);
  QCOMPARE(spacedTimesteps(10, 4, Spacing::spaced).t, (List{9, 6, 3, 0}));
  QCOMPARE(spacedTimesteps(300, 15, Spacing::spaced).t.front(), 299);
}

void TimestepsTest::sequence() {
  const Value value = Value::of<Timesteps>({{9, 5, 0}});
  const SequenceInfo& sequence = *value.type().sequence;
  QCOMPARE(sequence.size(value), 3);
  const Timestep middle = sequence.at(value, 1).as<Timestep>(), last = sequence.at(value, 2).as<Timestep>();
  QCOMPARE(middle.t, 5);
  QCOMPARE(middle.t_next, 0);
  QCOMPARE(middle.t_before, 9);
  QCOMPARE(middle.count, 3);
  QCOMPARE(last.t_next, -1);
  QCOMPARE(last.index, 2);
  QCOMPARE(QString::fromStdString(value.summary()), QString("3 timesteps: 9, 5, 0"));
}

void TimestepsTest::refusals() {
  QVERIFY_THROWS_EXCEPTION(Error, spacedTimesteps(1000, 0, Spacing::uniform));
  QVERIFY_THROWS_EXCEPTION(Error, spacedTimesteps(10, 11, Spacing::leading));
  QVERIFY_THROWS_EXCEPTION(Error, spacedTimesteps(1000, 1000, Spacing::uniform, 1));  // would ask for 1000
  QVERIFY_THROWS_EXCEPTION(Error, checkedTimesteps({3, 5}));
  QVERIFY_THROWS_EXCEPTION(Error, checkedTimesteps({3, -1}));
  QCOMPARE(checkedTimesteps({3, 3, 0}).t.size(), size_t{3});
}

QTEST_GUILESS_MAIN(TimestepsTest)
#include "timesteps_test.moc"
