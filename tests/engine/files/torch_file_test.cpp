#include <ATen/ATen.h>

#include <QtTest>

#include "engine/files/safetensors.h"
#include "engine/files/torch_file.h"
#include "tests/engine/files/torch_writer.h"

using namespace loom;
using namespace loom::test;

namespace {

TensorMap read(const std::filesystem::path& path) {
  TorchFile file(MappedFile::open(path));
  TensorMap all;
  for (const NamedTensor& named : file.tensors()) all.emplace(named.name, file.tensor(named));
  return all;
}

std::string floats(int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += little(float(i));
  return bytes;
}

std::string repeated(const std::string& part, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += part;
  return all;
}

}  // namespace

class TorchFileTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  // Written by torch 2.11: every dtype, views, strides, shared storage, Python containers and objects.
  void edgeCases_data() {
    QTest::addColumn<QString>("name");
    QTest::newRow("zip") << "container_edge.pt";
    QTest::newRow("legacy") << "container_edge_legacy.pt";
  }
  void edgeCases() {
    QFETCH(QString, name);
    const TensorMap all = read(data(name.toStdString()));
    const TensorMap expected = readSafetensors(data("container_edge.safetensors")).tensors;
    for (const auto& [key, tensor] : expected) {
      // "out.sd.f32" is {"state_dict": {"f32": ...}}, "out.lst.0" {"lst": [...]}.
      std::string ours = key.substr(4);
      if (ours.starts_with("sd.")) ours = "state_dict." + ours.substr(3);
      QVERIFY2(all.contains(ours), ours.c_str());
      QCOMPARE(all.at(ours).scalar_type(), tensor.scalar_type());
      QCOMPARE(all.at(ours).sizes(), tensor.sizes());
      QVERIFY2(at::equal(all.at(ours), tensor), ours.c_str());
    }
    QCOMPARE(all.at("state_dict.empty").sizes(), at::IntArrayRef({0, 3}));
    QCOMPARE(all.at("state_dict.channels_last").strides(), at::IntArrayRef({60, 1, 15, 3}));
    QCOMPARE(all.at("state_dict.expanded").strides(), at::IntArrayRef({0, 1}));
    for (const char* view : {"view_rows", "view_col", "transposed"})
      QVERIFY(all.at(std::string("state_dict.") + view).is_alias_of(all.at("state_dict.whole")));
  }
  void plainValuesOfEdgeCases_data() { edgeCases_data(); }
  void plainValuesOfEdgeCases() {
    QFETCH(QString, name);
    const TorchFile file(MappedFile::open(data(name.toStdString())));
    const auto expected = nlohmann::json::parse(R"({
      "args": {"betas": [0.9, 0.95], "lr": 0.0001, "name": "x", "none": null}, "dd": {"a": [1]},
      "dtype": "torch.float16", "lst": [["txt", null, true, 1099511627776, -7, 1.25, "ünïcode"]], "set": [1, 2],
      "size": [2, 3]})");
    QCOMPARE(plainValues(file.pickle()).dump(), expected.dump());
    QCOMPARE(file.notes(),
             std::vector<std::string>{"names argparse.Namespace, which was neither loaded nor run"});
  }

  void names() {
    const Scratch scratch;
    const std::string t = tensor(storage("0", 4), 0, {4}, {1});
    const auto path = scratch.put("a.pt", checkpoint(dict({{text("ema"), dict({{text("head.weight"), t}})},
                                                           {text("list"), list({t, integer(3), tuple({t})})},
                                                           {integer(7), t},
                                                           {text("a"), dict({{text("b"), t}})},
                                                           {text("a.b"), t}}),
                                                     {floats(4)}));
    TorchFile file(MappedFile::open(path));
    std::vector<std::string> names;
    for (const NamedTensor& named : file.tensors()) names.push_back(named.name);
    QCOMPARE(names, (std::vector<std::string>{"ema.head.weight", "list.0", "list.2.0", "7", "a.b", "a.b#2"}));
    QCOMPARE(file.notes(), std::vector<std::string>{"two tensors are called a.b; the later one is a.b#2"});
  }

  void aLoneTensorHasAName() {
    const Scratch scratch;
    const TensorMap all =
        read(scratch.put("a.pt", checkpoint(tensor(storage("0", 6), 1, {2, 2}, {2, 1}), {floats(6)})));
    QVERIFY(at::equal(all.at("tensor"), at::tensor({1.f, 2.f, 3.f, 4.f}).reshape({2, 2})));
  }

  void aPickledModuleGivesItsTensors() {
    // torch.save(model): objects whose tensors are in _parameters, _buffers and _modules.
    const auto module = [](const std::string& state) {
      return global("mine", "Net") + ")\x81" + state + "b";
    };
    const std::string t = tensor(storage("0", 4), 0, {4}, {1});
    const std::string inner =
        module(dict({{text("_parameters"), dict({{text("weight"), t}, {text("bias"), "N"}})},
                     {text("training"), "\x88"}}));
    const Scratch scratch;
    const auto path =
        scratch.put("a.pt", checkpoint(module(dict({{text("_modules"), dict({{text("head"), inner}})},
                                                    {text("_buffers"), dict({{text("mean"), t}})}})),
                                       {floats(4)}));
    const TensorMap all = read(path);
    QCOMPARE(all.size(), size_t{2});
    QVERIFY(all.contains("head.weight") && all.contains("mean"));
  }

  void numpyScalarsAndArrays() {
    const auto dtype = [](const char* name) {
      return call(global("numpy", "dtype"), {text(name), "\x89", "\x88"}) +
             tuple({integer(3), text("<"), "N", "N", "N", integer(-1), integer(-1), integer(0)}) + "b";
    };
    const auto bytes = [](const std::string& raw) {
      return call(global("_codecs", "encode"), {text(raw), text("latin1")});
    };
    const std::string array = call(global("numpy.core.multiarray", "_reconstruct"),
                                   {global("numpy", "ndarray"), tuple({integer(0)}), bytes("b")}) +
                              tuple({integer(1), tuple({integer(2), integer(2)}), dtype("f4"), "\x89",
                                     bytes(std::string(16, '\0'))}) +
                              "b";
    // 1.5 in float64 is 00 00 00 00 00 00 f8 3f; f8 is two bytes in UTF-8.
    const std::string real = std::string(6, '\0') + "\xc3\xb8" + "\x3f";
    const std::string scalar = call(global("numpy.core.multiarray", "scalar"), {dtype("f8"), bytes(real)});
    const Scratch scratch;
    const TorchFile file(MappedFile::open(
        scratch.put("a.pt", checkpoint(dict({{text("x"), array}, {text("best"), scalar}})))));
    QCOMPARE(plainValues(file.pickle()).dump(), std::string(R"({"best":1.5})"));
    QVERIFY(at::equal(read(scratch.path("a.pt")).at("x"), at::zeros({2, 2})));
  }

  void nothingIsEverRun() {
    const Scratch scratch;
    const std::string proof = scratch.path("proof").string();
    const std::string t = tensor(storage("0", 4), 0, {4}, {1});
    const auto path = scratch.put(
        "a.pt",
        checkpoint(dict({{text("a"), call(global("posix", "system"), {text("touch " + proof)})},
                         {text("b"), call(global("builtins", "eval"), {text("open('" + proof + "', 'w')")})},
                         {text("c"), "(" + text("touch " + proof) + "ios\nsystem\n"},
                         {text("d"), "(" + global("os", "system") + text("touch " + proof) + "o"},
                         {text("w"), t}}),
                   {floats(4)}));
    TorchFile file(MappedFile::open(path));
    QCOMPARE(file.tensors().size(), size_t{1});
    QCOMPARE(file.notes(),
             (std::vector<std::string>{"names builtins.eval, which was neither loaded nor run",
                                       "names os.system, which was neither loaded nor run",
                                       "names posix.system, which was neither loaded nor run"}));
    QVERIFY(!std::filesystem::exists(proof));
  }

  void aValueThatHoldsItselfEnds() {
    const Scratch scratch;
    // l = []; l.append(l)
    QVERIFY_REFUSED(read(scratch.put("a.pt", checkpoint("]q\1h\1a"))), "nested more than 64 levels");
  }

  void hostileFilesAreRefused_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("message");
    const auto row = [](const char* name, const std::string& bytes, const char* message) {
      QTest::newRow(name) << QByteArray::fromStdString(bytes) << message;
    };
    const std::string four = storage("0", 4);
    const std::string good = checkpoint(tensor(four, 0, {4}, {1}), {floats(4)});
    const auto one = [&](const std::string& value) { return checkpoint(value, {floats(4)}); };

    row("zip without its end", good.substr(0, good.size() - 10), "end is missing");
    row("zip of 4 bytes", "PK\3\4", "too short");
    row("no pickle", zip({{"archive/other", "x"}}), "no data.pkl");
    row("compressed entry", zip({{"archive/data.pkl", pickle("N"), 8}}), "has been compressed");
    row("entry beyond the file", zip({{"archive/data.pkl", pickle("N"), 0, 0x7fffffff}}),
        "more than the file");
    row("entry twice", zip({{"archive/data.pkl", pickle("N")}, {"archive/data.pkl", pickle("N")}}), "twice");
    row("64-bit sizes missing", zip({{"archive/data.pkl", pickle("N"), 0, 0xffffffff}}),
        "more than the file");
    std::string lies = good;
    lies.replace(lies.size() - 6, 4, little(uint32_t(0x7fffffff)));  // place of the directory
    row("directory outside the file", lies, "outside the file");
    row("big endian", zip({{"archive/data.pkl", pickle("N")}, {"archive/byteorder", "big"}}), "big-endian");

    row("storage missing", checkpoint(tensor(four, 0, {4}, {1})), "storage 0 is missing");
    row("storage too small", checkpoint(tensor(four, 0, {4}, {1}), {floats(3)}),
        "should have 16 bytes and has 12");
    row("storage size overflows", one(tensor(storage("0", int64_t{1} << 62), 0, {4}, {1})), "would have");
    row("storage size negative", one(tensor(storage("0", -1), 0, {4}, {1})), "would have -1 elements");
    row("shape beyond the storage", one(tensor(four, 0, {5}, {1})), "beyond its storage of 4");
    row("stride beyond the storage", one(tensor(four, 0, {2, 2}, {3, 1})), "beyond its storage of 4");
    row("offset beyond the storage", one(tensor(four, 1, {4}, {1})), "beyond its storage of 4");
    row("offset negative", one(tensor(four, -1, {4}, {1})), "beyond its storage of 4");
    row("stride negative", one(tensor(four, 0, {4}, {-1})), "no list of sizes");
    row("stride overflows", one(tensor(four, 0, {3}, {INT64_MAX})), "out of range");
    row("shape overflows", one(tensor(four, 0, {INT64_MAX, 2}, {0, 0})), "out of range");
    row("repeated beyond memory", one(tensor(four, 0, {int64_t{1} << 40}, {0})), "out of range");
    row("fewer strides", one(tensor(four, 0, {4}, {})), "one stride a dimension");
    row("many dimensions", one(tensor(four, 0, std::vector<int64_t>(65, 1), std::vector<int64_t>(65, 1))),
        "65 dimensions");
    row("no storage", one(call(global("torch._utils", "_rebuild_tensor_v2"), {integer(1)})), "no storage");
    row("storage of no class",
        one(tuple({text("storage"), text("x"), text("0"), text("cpu"), integer(4)}) + "Q"),
        "no storage class");
    row("reference to elsewhere", one(tuple({text("url")}) + "Q"), "which is no storage");

    row("pickle ends early", zip({{"archive/data.pkl", "\x80\x02X"}}), "middle of an instruction");
    row("empty pickle", zip({{"archive/data.pkl", ""}}), "middle of an instruction");
    row("text longer than the pickle", one("X" + little(~uint32_t{0}) + "a"), "middle of an instruction");
    row("unknown instruction", one("\xff"), "uses the instruction 255");
    row("extension registry", one("\x82\x01"), "uses the instruction 130");
    row("protocol 9", one("\x80\x09N"), "protocol that is not known");
    row("stack empty", one("0"), "closes a group");
    row("below the mark", one("N(a"), "did not give");
    row("no mark", one("t"), "did not open");
    row("memo empty", one("h\5"), "refers to a value");
    row("dictionary of one", one("}(Nu"), "key without a value");
    row("deep lists", one(repeated("]", 100000) + repeated("a", 99999)), "nested more than 64");
    row("deep tuples", one("N" + repeated("\x85", 100000)), "nested more than 64");
    row("too many values", one("(" + repeated("N", 4'100'000) + "t"), "more than 4000000 values");
    row("too many steps", one(repeated("N0", 1000) + repeated("Nq\1", 10) + repeated("h\1\x30", 8'000'000)),
        "more than 16000000 steps");
    // Each line doubles what the one before it names: [[[...], [...]], [[...], [...]]].
    std::string laughs = "]q\1";
    for (int i = 0; i < 60; ++i)
      laughs += "0](h" + std::string(1, char(1 + i)) + "h" + std::string(1, char(1 + i)) + "eq" +
                std::string(1, char(2 + i));
    row("a billion laughs", one(laughs), "repeats its values");
    // A name of 1 MB said again and again.
    row("long names",
        one("}(" + text("k") + global("a", std::string(1 << 20, 'b')) + "q\1" +
            repeated(")\x81"
                     "0h\1",
                     200) +
            "0Nu"),
        "repeats its texts");

    const std::string magic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e", 15);
    const std::string start =
        magic + pickle("M" + little(uint16_t(1001))) + pickle(dict({{text("little_endian"), "\x88"}}));
    const std::string main = pickle(tensor(four, 0, {4}, {1}));
    row("legacy: unknown protocol", magic + pickle(integer(5)), "protocol that is not known");
    row("legacy: big endian",
        magic + pickle("M" + little(uint16_t(1001))) + pickle(dict({{text("little_endian"), "\x89"}})),
        "big-endian");
    row("legacy: no storages", start + main, "middle of an instruction");
    row("legacy: storage missing", start + main + pickle(list({})), "storage 0 is missing");
    row("legacy: storage cut short", start + main + pickle(list({text("0")})) + little(int64_t(4)) + "abc",
        "cut short");
    row("legacy: storage without size", start + main + pickle(list({text("0")})) + "abc", "cut short");
    row("legacy: storage of 2^63", start + main + pickle(list({text("0")})) + little(INT64_MAX), "cut short");
    row("legacy: unknown storage", start + main + pickle(list({text("9")})) + little(int64_t(0)),
        "nothing refers to");
  }
  void hostileFilesAreRefused() {
    QFETCH(QByteArray, bytes);
    QFETCH(QString, message);
    const Scratch scratch;
    const auto path = scratch.put("a.pt", bytes.toStdString());
    QVERIFY_REFUSED(read(path), message.toStdString());
    QVERIFY_REFUSED(read(path), "\"a.pt\"");
  }
};

QTEST_GUILESS_MAIN(TorchFileTest)
#include "torch_file_test.moc"
