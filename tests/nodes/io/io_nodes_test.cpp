#include <ATen/ATen.h>

#include <QtTest>

#include "engine/core/key.h"
#include "engine/files/npy.h"
#include "engine/files/safetensors.h"
#include "tests/engine/files/scratch.h"
#include "tests/nodes/images/node_call.h"

namespace loom {
NodeType tensorClip();
NodeType tensorConcat();
NodeType tensorIndex();
NodeType tensorLoad();
NodeType tensorReshape();
NodeType tensorSave();
NodeType tensorSlice();
NodeType weightsAdd();
NodeType weightsLoad();
NodeType weightsSave();
NodeType weightsTensor();
}  // namespace loom
using namespace loom;
using namespace loom::test;

namespace {

/// Runs a node's infer() alone: constants by port id as a graph file holds them, specs for links.
struct InferCall {
  NodeType type;
  Files files;
  std::map<std::string, std::vector<Spec>> given;

  InferCall& param(const std::string& port, const nlohmann::json& json) {
    Spec spec;
    spec.constant = type.input(port)->parse(json);
    given[port] = {spec};
    return *this;
  }
  InferCall& link(const std::string& port, std::vector<Dim> shape) {
    Spec spec;
    spec.type = &typeOf<at::Tensor>();
    spec.shape = std::move(shape);
    spec.dtype = at::kFloat;
    given[port].push_back(spec);
    return *this;
  }
  Spec run() {
    std::vector<Spec> specs;
    std::vector<int> start{0};
    for (const Port& port : type.inputs) {
      Spec fallback;
      fallback.constant = port.fallback;
      if (given.contains(port.id))
        specs.insert(specs.end(), given[port.id].begin(), given[port.id].end());
      else if (!port.fallback.empty())
        specs.push_back(fallback);
      start.push_back(static_cast<int>(specs.size()));
    }
    std::vector<const Spec*> in;
    for (const Spec& spec : specs) in.push_back(&spec);
    std::vector<Spec> out(type.outputs.size());
    Infer infer(type, in, start, out, files);
    type.infer(infer);
    return out.empty() ? Spec() : out[0];
  }
};

Key fingerprintOf(NodeCall& call) {
  std::vector<Value> held;
  std::vector<int> start{0};
  for (const Port& port : call.type.inputs) {
    const auto given = call.inputs.find(port.id);
    held.push_back(given != call.inputs.end() ? given->second[0] : port.fallback);
    start.push_back(static_cast<int>(held.size()));
  }
  std::vector<Value*> in;
  for (Value& value : held) in.push_back(&value);
  const std::string path = "node";
  Exec exec(call.type, path, in, start, {}, nullptr, {}, call.services);
  KeyBuilder key("test");
  call.type.fingerprint(exec, key);
  return key.key();
}

std::string shapeOf(const Spec& spec) {
  std::string text;
  for (const Dim& dim : spec.shape.value_or(std::vector<Dim>{}))
    text += (text.empty() ? "" : ", ") + dim.text();
  return "[" + text + "]";
}

}  // namespace

class IoNodesTest : public QObject {
  Q_OBJECT
  std::optional<Scratch> scratch_;

  Files files() const {
    const std::filesystem::path folder = scratch_->folder.path().toStdString();
    return Files(
        {.graphFolder = folder, .resources = {}, .output = folder, .readable = {data("")}, .writable = {}});
  }
  NodeCall call(NodeType type) const {
    NodeCall made(std::move(type));
    made.services.files = files();
    return made;
  }
  InferCall infer(NodeType type) const { return {std::move(type), files(), {}}; }

 private Q_SLOTS:
  void init() { scratch_.emplace(); }
  void cleanup() { scratch_.reset(); }

  void weightsWholeAndInPart() {
    const auto all = call(weightsLoad()).param("path", "container_edge.pt").run().at("weights").as<Weights>();
    QCOMPARE(all.tensors.size(), size_t{23});
    QCOMPARE(all.sha256.size(), size_t{64});
    NodeCall part = call(weightsLoad());
    const auto taken = part.param("path", "container_edge_legacy.pt")
                           .param("part", "state_dict")
                           .run()
                           .at("weights")
                           .as<Weights>();
    QVERIFY(at::equal(taken.tensors.at("f32"), all.tensors.at("state_dict.f32")));
    QVERIFY(!taken.tensors.contains("lst.0"));
    QCOMPARE(part.services.messages.size(), size_t{1});
    QVERIFY(part.services.messages[0].find("argparse.Namespace") != std::string::npos);
  }

  void weightsAreRefusedBeforeTheRun() {
    scratch_->put("text.pt", "this is text");
    QVERIFY_REFUSED(infer(weightsLoad()).param("path", "none.pt").run(), "path: there is no file");
    QVERIFY_REFUSED(infer(weightsLoad()).param("path", "text.pt").run(), "neither safetensors nor");
    QVERIFY_REFUSED(infer(weightsLoad()).param("path", "container_edge.pt").param("part", "ema").run(),
                    "has no part \"ema\". Its parts: ");
    QVERIFY_REFUSED(call(weightsLoad()).param("path", "container_edge.pt").param("part", "ema").run(),
                    "has no part \"ema\"");
    infer(weightsLoad()).param("path", "container_edge.pt").param("part", "state_dict.").run();
  }

  void aChangedFileHasAnotherFingerprint() {
    writeSafetensors(scratch_->path("a.safetensors"), {{"x", at::ones({2})}});
    NodeCall node = call(weightsLoad());
    node.param("path", "a.safetensors");
    const Key before = fingerprintOf(node);
    QVERIFY(before == fingerprintOf(node));
    writeSafetensors(scratch_->path("a.safetensors"), {{"x", at::zeros({2})}});
    QVERIFY(before != fingerprintOf(node));
  }

  void tensorsThereAndBack_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("key");
    QTest::newRow("safetensors") << "x.safetensors"
                                 << "";
    QTest::newRow("by its key") << "x.safetensors"
                                << "tensor";
    QTest::newRow("npy") << "x.npy"
                         << "";
  }
  void tensorsThereAndBack() {
    QFETCH(QString, name);
    QFETCH(QString, key);
    const at::Tensor tensor = at::arange(6, at::kInt).reshape({2, 3});
    NodeCall save = call(tensorSave());
    save.set("tensor", tensor).param("path", name.toStdString()).run();
    QCOMPARE(save.services.files_produced, std::vector{scratch_->path(name.toStdString())});
    NodeCall load = call(tensorLoad());
    const Value read =
        load.param("path", name.toStdString()).param("key", key.toStdString()).run().at("tensor");
    QVERIFY(at::equal(read.as<at::Tensor>(), tensor));
    const Spec told =
        infer(tensorLoad()).param("path", name.toStdString()).param("key", key.toStdString()).run();
    QCOMPARE(shapeOf(told), std::string("[2, 3]"));
    QVERIFY(told.dtype == at::kInt);
  }

  void savingInAZoneNumbersTheFiles() {
    NodeCall save = call(tensorSave());
    save.iteration = {0, 41};
    save.set("tensor", at::ones({2})).param("path", "sub/x.npy").run();
    QVERIFY(std::filesystem::exists(scratch_->path("sub/x-000001-000042.npy")));
  }

  void savingIsRefused() {
    QVERIFY_REFUSED(infer(tensorSave()).param("path", "x.png").run(), "path: tensors are saved as");
    NodeCall text = call(tensorSave());
    text.set("tensor", Text("no tensor"));
    QVERIFY_REFUSED(text.run(), "has no tensor to save");
    NodeCall outside = call(tensorSave());
    outside.set("tensor", at::ones({2})).param("path", "../x.npy");
    QVERIFY_REFUSED(outside.run(), "path: ");
  }

  void loadingIsRefused() {
    writeSafetensors(scratch_->path("two.safetensors"), {{"a", at::ones({1})}, {"b", at::ones({1})}});
    writeNpy(scratch_->path("x.npy"), at::ones({1}));
    QVERIFY_REFUSED(infer(tensorLoad()).param("path", "two.safetensors").run(), "needs a key; it holds a, b");
    QVERIFY_REFUSED(infer(tensorLoad()).param("path", "two.safetensors").param("key", "c").run(),
                    "has no tensor \"c\"; it holds a, b");
    QVERIFY_REFUSED(infer(tensorLoad()).param("path", "x.npy").param("key", "c").run(), "has no names");
  }

  void slices_data() {
    QTest::addColumn<int>("dim");
    QTest::addColumn<int>("start");
    QTest::addColumn<int>("length");
    QTest::addColumn<QString>("shape");
    QTest::addColumn<QString>("message");
    QTest::newRow("rows") << 0 << 1 << 2 << "[2, 5]"
                          << "";
    QTest::newRow("all that follow") << 1 << 2 << 0 << "[4, 3]"
                                     << "";
    QTest::newRow("from the end") << -1 << -2 << 2 << "[4, 2]"
                                  << "";
    QTest::newRow("nothing left") << 0 << 4 << 0 << "[0, 5]"
                                  << "";
    QTest::newRow("no such dimension") << 2 << 0 << 1 << ""
                                       << "dim: the tensor has no dimension 2";
    QTest::newRow("too long") << 0 << 2 << 3 << ""
                              << "start: 3 places from 2 are more";
    QTest::newRow("beyond the end") << 0 << 5 << 0 << ""
                                    << "start: ";
    QTest::newRow("before the start") << 0 << -5 << 1 << ""
                                      << "start: ";
  }
  void slices() {
    QFETCH(int, dim);
    QFETCH(int, start);
    QFETCH(int, length);
    QFETCH(QString, shape);
    QFETCH(QString, message);
    NodeCall node = call(tensorSlice());
    node.set("tensor", at::arange(20).reshape({4, 5}))
        .param("dim", dim)
        .param("start", start)
        .param("length", length);
    InferCall told = infer(tensorSlice());
    told.link("tensor", {4, 5}).param("dim", dim).param("start", start).param("length", length);
    if (!message.isEmpty()) {
      QVERIFY_REFUSED(node.run(), message.toStdString());
      QVERIFY_REFUSED(told.run(), message.toStdString());
      return;
    }
    QCOMPARE(describe(node.run().at("tensor").as<at::Tensor>()), "int64 " + shape.toStdString());
    QCOMPARE(shapeOf(told.run()), shape.toStdString());
  }

  void picks() {
    const at::Tensor tensor = at::arange(20).reshape({4, 5});
    NodeCall node = call(tensorIndex());
    node.set("tensor", tensor).param("dim", 1).param("index", -1);
    QVERIFY(at::equal(node.run().at("tensor").as<at::Tensor>(), tensor.select(1, 4)));
    QCOMPARE(shapeOf(infer(tensorIndex()).link("tensor", {"batch", 5}).param("dim", 1).run()),
             std::string("[batch]"));
    QVERIFY_REFUSED(infer(tensorIndex()).link("tensor", {4, 5}).param("index", 4).run(), "index: ");
    QVERIFY_REFUSED(infer(tensorIndex()).link("tensor", {}).run(), "single number");
  }

  void joins() {
    NodeCall node = call(tensorConcat());
    node.set("tensors", at::ones({2, 3})).set("tensors", at::zeros({1, 3}));
    QCOMPARE(describe(node.run().at("tensor").as<at::Tensor>()), std::string("float32 [3, 3]"));
    QCOMPARE(shapeOf(infer(tensorConcat()).link("tensors", {2, 3}).link("tensors", {1, 3}).run()),
             std::string("[3, 3]"));
    QVERIFY_REFUSED(infer(tensorConcat()).link("tensors", {2, 3}).link("tensors", {2, 4}).run(),
                    "tensor 2 is [2, 4] and the first is [2, 3]; they may differ in dimension 0 only");
    NodeCall wrong = call(tensorConcat());
    wrong.set("tensors", at::ones({2, 3})).set("tensors", at::zeros({2, 4}));
    QVERIFY_REFUSED(wrong.run(), "may differ in dimension 0 only");
    NodeCall mixed = call(tensorConcat());
    mixed.set("tensors", at::ones({2})).set("tensors", at::zeros({2}, at::kLong));
    QVERIFY_REFUSED(mixed.run(), "different dtypes");
  }

  void reshapes() {
    NodeCall node = call(tensorReshape());
    node.set("tensor", at::arange(12)).param("shape", {0, 3, 1});
    const at::Tensor made = node.run().at("tensor").as<at::Tensor>();
    QVERIFY(at::equal(made, at::arange(12).view({4, 3, 1})));
    QCOMPARE(shapeOf(infer(tensorReshape()).link("tensor", {4, 3}).param("shape", {2, 0}).run()),
             std::string("[2, 6]"));
    QCOMPARE(shapeOf(infer(tensorReshape()).link("tensor", {"batch", 3}).param("shape", {2, 0}).run()),
             std::string("[]"));
    QVERIFY_REFUSED(infer(tensorReshape()).link("tensor", {4, 3}).param("shape", {5, 0}).run(),
                    "shape: a tensor of 12 values does not fit it: it takes a multiple of 5");
    QVERIFY_REFUSED(infer(tensorReshape()).link("tensor", {4, 3}).param("shape", {0, 0}).run(),
                    "one of them may be 0");
    const int64_t large = int64_t{1} << 31;
    QVERIFY_REFUSED(infer(tensorReshape()).link("tensor", {4}).param("shape", {large, large, large}).run(),
                    "shape: ");
  }

  void clips() {
    const at::Tensor x = at::tensor({-3.0, 0.5, 2.0});
    NodeCall node = call(tensorClip());
    QVERIFY(at::equal(node.set("tensor", x).param("limit", 2).run().at("tensor").as<at::Tensor>(),
                      x.clamp(-2, 2)));
    QVERIFY(at::equal(node.param("limit", 0).run().at("tensor").as<at::Tensor>(), x));
  }

  void tensorsInAndOutOfWeights() {
    NodeCall first = call(weightsAdd()), second = call(weightsAdd());
    const Weights one =
        first.set("tensor", at::ones({2}, at::kHalf)).param("name", "a").run().at("weights").as<Weights>();
    const Weights two = second.set("weights", one)
                            .set("tensor", at::arange(3))
                            .param("name", "b.c")
                            .run()
                            .at("weights")
                            .as<Weights>();
    QCOMPARE(one.tensors.size(), size_t{1});
    call(weightsSave()).set("weights", two).param("path", "w.safetensors").run();
    const Weights read = call(weightsLoad()).param("path", "w.safetensors").run().at("weights").as<Weights>();
    QVERIFY(at::equal(read.tensors.at("a"), at::ones({2}, at::kHalf)) &&
            read.tensors.at("a").scalar_type() == at::kHalf);
    NodeCall pick = call(weightsTensor()), wrong = call(weightsTensor());
    QVERIFY(at::equal(pick.set("weights", read).param("name", "b.c").run().at("tensor").as<at::Tensor>(),
                      at::arange(3)));
    QVERIFY_REFUSED(wrong.set("weights", read).param("name", "d").run(),
                    "name: there is no tensor \"d\"; there is a, b.c");
    QVERIFY_REFUSED(infer(weightsSave()).param("path", "w.pt").run(),
                    "path: weights are saved as .safetensors");
  }
};

QTEST_GUILESS_MAIN(IoNodesTest)
#include "io_nodes_test.moc"
