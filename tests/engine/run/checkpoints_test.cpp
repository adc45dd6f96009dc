// Checkpoints: a run that was stopped and goes on ends in the same bits as one that was not, and a file that
// does not fit is left alone.
#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <fstream>

#include "engine/graph/graph_file.h"
#include "engine/node/node_type.h"
#include "engine/plan/plan.h"
#include "engine/run/checkpoints.h"
#include "engine/run/saved_value.h"

namespace loom {
namespace {

// A type that is a tensor, which the registry can make from one; and one that can't be kept at all.
struct Wrapped {
  at::Tensor x;
};
struct Fleeting {
  double x = 0;
};
// A type with a form of its own.
struct Pair {
  at::Tensor a, b;
  int64_t step = 0;
};

}  // namespace

LOOM_VALUE_TYPE(Wrapped)
LOOM_VALUE_TYPE(Fleeting)
LOOM_VALUE_TYPE(Pair)

template <>
const TypeInfo& typeOf<Wrapped>() {
  static const TypeInfo type = [] {
    TypeInfo wrapped;
    wrapped.id = "wrapped";
    wrapped.name = "Wrapped";
    wrapped.tensor = [](const Value& value) { return &value.as<Wrapped>().x; };
    return wrapped;
  }();
  return type;
}
template <>
const TypeInfo& typeOf<Fleeting>() {
  static const TypeInfo type = [] {
    TypeInfo fleeting;
    fleeting.id = "fleeting";
    fleeting.name = "Fleeting";
    return fleeting;
  }();
  return type;
}
template <>
const TypeInfo& typeOf<Pair>() {
  static const TypeInfo type = [] {
    TypeInfo pair;
    pair.id = "pair";
    pair.name = "Pair";
    pair.save = [](const Value& value) {
      const Pair& pair = value.as<Pair>();
      return Archive{{{"a", pair.a}, {"b", pair.b}}, {{"step", pair.step}}};
    };
    pair.load = [](Archive archive) {
      return Value::of<Pair>({archive.tensors.at("a"), archive.tensors.at("b"), archive.meta.at("step")});
    };
    return pair;
  }();
  return type;
}

namespace {

struct Watch {
  int steps = 0;
  int stopAt = -1;
  CancelToken token;
} watch;

void countStep(Exec& x) {
  ++watch.steps;
  if (!x.iteration().empty() && x.iteration()[0] == watch.stopAt) watch.token.request();
}

at::Tensor mixed(const at::Tensor& x, double amount) { return (x * 1.7 + amount).sin(); }

// The end of each step is beyond what stops it, so a stop within one loses no finished step.
constexpr In<at::Tensor> startShape{"like", "", Need::optional};
constexpr In<Bool> channelsLast{"channels_last", ""};
constexpr Out<at::Tensor> startX{"x", ""};
constexpr Out<Wrapped> startWrapped{"wrapped", ""};
constexpr Out<Pair> startPair{"pair", ""};
constexpr Out<Real> startReal{"real", ""};
constexpr Out<Fleeting> startFleeting{"fleeting", ""};
void start(Exec& x) {
  at::Tensor tensor = at::arange(2 * 3 * 4 * 5, at::kFloat).reshape({2, 3, 4, 5}) / 100;
  if (x.get(channelsLast)) tensor = tensor.contiguous(at::MemoryFormat::ChannelsLast);
  x.set(startX, tensor);
  x.set(startWrapped, Wrapped{tensor * 2});
  x.set(startPair, Pair{tensor.to(at::kBFloat16), tensor.to(at::kDouble), 0});
  x.set(startReal, 0.1);
  x.set(startFleeting, Fleeting{0.5});
}

constexpr In<at::Tensor> stepX{"x", ""};
constexpr In<Wrapped> stepWrapped{"wrapped", ""};
constexpr In<Pair> stepPair{"pair", ""};
constexpr In<Real> stepReal{"real", ""};
constexpr In<Real> stepAmount{"amount", "", {.value = 0.3}};
constexpr Out<at::Tensor> nextX{"x", ""};
constexpr Out<Wrapped> nextWrapped{"wrapped", ""};
constexpr Out<Pair> nextPair{"pair", ""};
constexpr Out<Real> nextReal{"real", ""};
constexpr Out<at::Tensor> loss{"loss", ""};
void step(Exec& x) {
  countStep(x);
  const double amount = x.get(stepAmount);
  x.set(nextX, mixed(x.get(stepX), amount));
  x.set(nextWrapped, Wrapped{mixed(x.get(stepWrapped).x, amount)});
  const Pair& pair = x.get(stepPair);
  x.set(nextPair, Pair{mixed(pair.a, amount), mixed(pair.b, amount), pair.step + 1});
  x.set(nextReal, std::sin(x.get(stepReal) * 1.3 + amount));
  x.set(loss, x.get(stepX).mean());
}

constexpr In<Fleeting> fleetingIn{"fleeting", ""};
constexpr Out<Fleeting> fleetingOut{"fleeting", ""};
void fleet(Exec& x) {
  countStep(x);
  x.set(fleetingOut, Fleeting{x.get(fleetingIn).x + 1});
}

const Registry& registry() {
  static const Registry all = [] {
    Registry registry;
    registry.add(typeOf<Int>());
    registry.add(typeOf<Real>());
    registry.add(typeOf<Bool>());
    registry.add(typeOf<Choice>());
    registry.add(typeOf<at::Tensor>());
    registry.add(typeOf<Recording>());
    registry.add(typeOf<Wrapped>());
    registry.add(typeOf<Fleeting>());
    registry.add(typeOf<Pair>());
    registry.add(Conversion{&typeOf<at::Tensor>(), &typeOf<Wrapped>(), [](const Value& v) {
                              return Value::of<Wrapped>({v.as<at::Tensor>().to(at::kFloat)});
                            }});
    registry.add(makeNode("test.start", "Start", "", start, startShape, channelsLast, startX, startWrapped,
                          startPair, startReal, startFleeting));
    registry.add(makeNode("test.step", "Step", "", step, stepX, stepWrapped, stepPair, stepReal, stepAmount,
                          nextX, nextWrapped, nextPair, nextReal, loss));
    registry.add(makeNode("test.fleet", "Fleet", "", fleet, fleetingIn, fleetingOut));
    return registry;
  }();
  return all;
}

const char* kGraph = R"({"noiseloom": 1, "nodes": {
  "start": {"type": "test.start", "params": {"channels_last": true}},
  "loop": {"type": "zone", "count": 20,
    "state": {"x": {"init": "start.x", "next": "step.x"},
              "w": {"init": "start.wrapped", "next": "step.wrapped"},
              "p": {"init": "start.pair", "next": "step.pair"},
              "r": {"init": "start.real", "next": "step.real"}},
    "collect": {"loss": {"from": "step.loss"}, "x_t": {"from": "step.x", "every": 3}, "rs": {"from": "step.real"}},
    "nodes": {"step": {"type": "test.step", "inputs": {"x": "loop.x", "wrapped": "loop.w", "pair": "loop.p", "real": "loop.r"}}}}},
  "outputs": {"x": {"from": "loop.x"}, "w": {"from": "loop.w"}, "p": {"from": "loop.p"}, "r": {"from": "loop.r"},
              "loss": {"from": "loop.loss"}, "x_t": {"from": "loop.x_t"}, "rs": {"from": "loop.rs"}}})";

const char* kFleetingGraph = R"({"noiseloom": 1, "nodes": {
  "start": {"type": "test.start"},
  "loop": {"type": "zone", "count": 6, "state": {"f": {"init": "start.fleeting", "next": "step.fleeting"}},
    "nodes": {"step": {"type": "test.fleet", "inputs": {"fleeting": "loop.f"}}}}},
  "outputs": {"f": {"from": "loop.f"}}})";

/// One run over a folder of checkpoints; what it gave, what was said, how many steps it took.
struct Session {
  std::shared_ptr<const Plan> plan;
  std::unique_ptr<DiskCheckpoints> checkpoints;
  std::unique_ptr<Run> run;
  std::vector<std::string> said;
  bool cancelled = false;
  int steps = 0;

  bool heard(const std::string& part) const {
    return std::any_of(said.begin(), said.end(),
                       [&](const std::string& text) { return text.find(part) != std::string::npos; });
  }
};

struct Setting {
  std::filesystem::path folder;
  bool resume = false;
  int stopAt = -1;
  double every = 1e9;
  const char* graph = kGraph;
  std::map<std::string, nlohmann::json> set = {};
};

Session runWith(const Setting& setting) {
  Session session;
  Document document = parseGraph(setting.graph);
  for (const auto& [name, value] : setting.set) document = withValue(document, name, value);
  session.plan =
      std::make_shared<const Plan>(compile(std::make_shared<const Document>(document), registry(), {}));
  watch.steps = 0;
  watch.stopAt = setting.stopAt;
  watch.token.reset();
  session.checkpoints = std::make_unique<DiskCheckpoints>(
      DiskCheckpoints::Options{.folder = setting.folder,
                               .everySeconds = setting.every,
                               .resume = setting.resume,
                               .plan = session.plan.get(),
                               .registry = &registry(),
                               .cancel = &watch.token,
                               .say = [&](const std::string& zone, const std::string& text) {
                                 session.said.push_back(zone + ": " + text);
                               }});
  RunOptions options;
  options.cancel = &watch.token;
  options.checkpoints = session.checkpoints.get();
  session.run = std::make_unique<Run>(session.plan, options);
  try {
    session.run->execute();
  } catch (const Cancelled&) {
    session.cancelled = true;
  }
  session.steps = watch.steps;
  session.checkpoints->kept();
  return session;
}

std::vector<std::filesystem::path> filesIn(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) files.push_back(entry.path());
  return files;
}

bool sameBits(const at::Tensor& a, const at::Tensor& b) {
  return a.scalar_type() == b.scalar_type() && a.strides() == b.strides() && at::equal(a, b);
}

void compareRuns(const Session& a, const Session& b) {
  QVERIFY(sameBits(a.run->output("x").as<at::Tensor>(), b.run->output("x").as<at::Tensor>()));
  QVERIFY(sameBits(a.run->output("w").as<Wrapped>().x, b.run->output("w").as<Wrapped>().x));
  QVERIFY(sameBits(a.run->output("p").as<Pair>().a, b.run->output("p").as<Pair>().a));
  QVERIFY(sameBits(a.run->output("p").as<Pair>().b, b.run->output("p").as<Pair>().b));
  QCOMPARE(a.run->output("p").as<Pair>().step, b.run->output("p").as<Pair>().step);
  QCOMPARE(a.run->output("r").as<Real>(), b.run->output("r").as<Real>());
  for (const char* name : {"loss", "x_t", "rs"}) {
    const Recording& first = a.run->output(name).as<Recording>();
    const Recording& second = b.run->output(name).as<Recording>();
    QCOMPARE(first.frames.size(), second.frames.size());
    for (size_t i = 0; i < first.frames.size(); ++i) {
      QCOMPARE(first.frames[i].iteration, second.frames[i].iteration);
      if (first.frames[i].value.is<Real>())
        QCOMPARE(first.frames[i].value.as<Real>(), second.frames[i].value.as<Real>());
      else
        QVERIFY(sameBits(first.frames[i].value.as<at::Tensor>(), second.frames[i].value.as<at::Tensor>()));
    }
  }
}

}  // namespace
}  // namespace loom

using namespace loom;

class CheckpointsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void goesOnBitForBit_data() {
    QTest::addColumn<int>("stopAt");
    for (int stopAt : {1, 6, 7, 18}) QTest::addRow("stopped in step %d", stopAt) << stopAt;
  }
  void goesOnBitForBit() {
    QFETCH(int, stopAt);
    QTemporaryDir folder;
    const std::filesystem::path kept = folder.filePath("kept").toStdString();
    const Session whole = runWith({.folder = folder.filePath("whole").toStdString()});
    QVERIFY(!whole.cancelled);
    QCOMPARE(whole.steps, 20);
    QVERIFY(filesIn(folder.filePath("whole").toStdString()).empty());

    const Session first = runWith({.folder = kept, .stopAt = stopAt});
    QVERIFY(first.cancelled);
    const auto progress = first.checkpoints->kept();
    QCOMPARE(progress.size(), size_t{1});
    QCOMPARE(progress[0].zone, std::string("loop"));
    QCOMPARE(progress[0].done, int64_t{stopAt + 1});

    const Session second = runWith({.folder = kept, .resume = true});
    QVERIFY(!second.cancelled);
    QCOMPARE(second.steps, 20 - (stopAt + 1));
    compareRuns(whole, second);
    second.checkpoints->remove();
    QVERIFY(!std::filesystem::exists(kept));
  }

  // As if killed: nothing is done about the stop, and only what was written on the way is there.
  void writtenOnTheWay() {
    QTemporaryDir folder;
    const std::filesystem::path kept = folder.filePath("kept").toStdString();
    const Session whole = runWith({.folder = kept, .every = 0});
    const Session again = runWith({.folder = kept, .resume = true});
    QCOMPARE(again.steps, 20 - static_cast<int>(whole.checkpoints->kept().at(0).done));
    compareRuns(whole, again);
  }

  void onlyWhenAsked() {
    QTemporaryDir folder;
    const std::filesystem::path kept = folder.filePath("kept").toStdString();
    QVERIFY(runWith({.folder = kept, .stopAt = 9}).cancelled);
    const Session anew = runWith({.folder = kept, .stopAt = 4});
    QCOMPARE(anew.steps, 5);
    QVERIFY(anew.heard("--resume"));
    // Ten steps are still there: the five of the second run are the same as the first five of those.
    QCOMPARE(runWith({.folder = kept, .resume = true}).steps, 10);
  }

  void anotherGraphIsNotTaken() {
    QTemporaryDir folder;
    const std::filesystem::path kept = folder.filePath("kept").toStdString();
    QVERIFY(runWith({.folder = kept, .stopAt = 9}).cancelled);
    const Session other = runWith({.folder = kept, .resume = true, .set = {{"step.amount", 0.4}}});
    QCOMPARE(other.steps, 20);
    QVERIFY(other.heard("another graph"));
    QCOMPARE(filesIn(kept).size(), size_t{1});
  }

  void longerAndShorterLoops() {
    QTemporaryDir folder;
    const std::filesystem::path kept = folder.filePath("kept").toStdString();
    QVERIFY(runWith({.folder = kept, .stopAt = 9}).cancelled);
    const Session longer = runWith({.folder = kept, .resume = true, .set = {{"loop.count", 30}}});
    QCOMPARE(longer.steps, 20);
    const Session shorter = runWith({.folder = kept, .resume = true, .set = {{"loop.count", 5}}});
    QCOMPARE(shorter.steps, 5);
    QVERIFY(shorter.heard("more than"));
  }

  void aDamagedFileIsNotTaken_data() {
    QTest::addColumn<QString>("damage");
    for (const char* damage : {"empty", "cut", "header", "data", "text"})
      QTest::addRow("%s", damage) << damage;
  }
  void aDamagedFileIsNotTaken() {
    QFETCH(QString, damage);
    QTemporaryDir folder;
    const std::filesystem::path kept = folder.filePath("kept").toStdString();
    QVERIFY(runWith({.folder = kept, .stopAt = 9}).cancelled);
    const std::filesystem::path file = filesIn(kept).at(0);
    QFile content(QString::fromStdString(file.string()));
    QVERIFY(content.open(QIODevice::ReadOnly));
    QByteArray bytes = content.readAll();
    content.close();
    if (damage == "empty") bytes.clear();
    if (damage == "cut") bytes.chop(bytes.size() / 3);
    if (damage == "header") bytes[100] = '\x01';
    if (damage == "data") bytes[bytes.size() - 40] = static_cast<char>(bytes[bytes.size() - 40] ^ 16);
    if (damage == "text") bytes = "this is no checkpoint";
    QVERIFY(content.open(QIODevice::WriteOnly | QIODevice::Truncate));
    content.write(bytes);
    content.close();
    const Session session = runWith({.folder = kept, .resume = true});
    QCOMPARE(session.steps, 20);
    QVERIFY2(session.heard("can't be used"), session.said.empty() ? "silent" : session.said[0].c_str());
  }

  void whatCannotBeKeptStopsNoRun() {
    QTemporaryDir folder;
    const Session session =
        runWith({.folder = folder.filePath("kept").toStdString(), .every = 0, .graph = kFleetingGraph});
    QVERIFY(!session.cancelled);
    QCOMPARE(session.run->output("f").as<Fleeting>().x, 6.5);
    QCOMPARE(session.said.size(), size_t{1});
    QVERIFY(session.heard("its state f: a Fleeting can't be kept"));
  }

  void anUnwritableFolderStopsNoRun() {
    QTemporaryDir folder;
    QFile file(folder.filePath("taken"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    const Session session = runWith({.folder = folder.filePath("taken/below").toStdString(), .every = 0});
    QVERIFY(!session.cancelled);
    QVERIFY(session.heard("can't be resumed later"));
  }

  void valuesComeBack_data() {
    QTest::addColumn<int>("which");
    for (int i = 0; i < 8; ++i) QTest::addRow("%d", i) << i;
  }
  void valuesComeBack() {
    QFETCH(int, which);
    const std::vector<Value> values{
        Value::of<at::Tensor>(at::rand({3, 4}, at::kDouble)),
        Value::of<at::Tensor>(at::rand({3, 4}, at::kFloat).t()),
        Value::of<at::Tensor>(at::zeros({0, 4}, at::kLong)),
        Value::of<at::Tensor>(at::ones({}, at::kBool)),
        Value::of<at::Tensor>(at::rand({4}, at::kFloat).expand({3, 4})),
        Value::of<Int>(-7),
        Value::of<Real>(0.1 + 0.2),
        Value(),
    };
    const Value& value = values[which];
    const Archive archive = archiveOf(value, registry());
    const Value again = valueOf(archive, registry(), at::kCPU);
    QCOMPARE(again.empty(), value.empty());
    if (value.empty()) return;
    QCOMPARE(&again.type(), &value.type());
    if (!value.is<at::Tensor>()) {
      QCOMPARE(again.summary(), value.summary());
      return;
    }
    QVERIFY(at::equal(again.as<at::Tensor>(), value.as<at::Tensor>()));
    QCOMPARE(again.as<at::Tensor>().scalar_type(), value.as<at::Tensor>().scalar_type());
  }

  // A conversion that changes the dtype does not give the value back.
  void aLossyConversionIsRefused() {
    const Value value = Value::of<Wrapped>({at::rand({3}, at::kDouble)});
    QVERIFY_EXCEPTION_THROWN(archiveOf(value, registry()), Error);
  }
};

QTEST_GUILESS_MAIN(CheckpointsTest)
#include "checkpoints_test.moc"
