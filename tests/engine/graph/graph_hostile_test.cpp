// A graph file is data from a stranger: whatever the bytes, reading ends in a document or an Error, soon.
#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <random>

#include "engine/graph/graph_file.h"
#include "engine/graph/json_reader.h"
#include "tests/engine/test_nodes.h"

using namespace loom;
using loom::test::failure;

namespace {

std::string sample(const char* name) {
  return readGraphText(std::string(NOISELOOM_SOURCE_DIR "/tests/data/graphs/") + name);
}

std::string repeated(const std::string& text, size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

// Reads, writes, brings up to date and plans; only Error may come out.
std::string handle(const std::string& text) {
  return failure([&] {
    const Document d = migrated(parseGraph(text), test::registry());
    const std::string written = writeGraph(d);
    if (writeGraph(parseGraph(written)) != written) throw Error("not canonical");
    compile(std::make_shared<const Document>(d), test::registry(), {});
  });
}

void errors() {
  QTest::addColumn<QByteArray>("text");
  QTest::addColumn<QString>("error");
}
void row(const char* name, const std::string& text, const char* error) {
  QTest::newRow(name) << QByteArray::fromStdString(text) << error;
}
std::string node(const std::string& fields) { return R"({"noiseloom":1,"nodes":{"n":{)" + fields + "}}}"; }
std::string zone(const std::string& fields) { return node(R"("type":"zone",)" + fields); }

}  // namespace

class GraphHostileTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void refused_data() {
    errors();
    row("empty", "", "this is not JSON at line 1, column 0");
    row("text", "hello", "this is not JSON at line 1");
    row("third line", "{\n\"noiseloom\": 1,\n\"title\": \"a\" oops}", "line 3, column 1");
    row("two documents", R"({"noiseloom":1}{"noiseloom":1})", "not JSON");
    row("an array", "[1]", "not a Noiseloom graph");
    row("a ComfyUI workflow", R"({"last_node_id":9,"nodes":[]})", "not a Noiseloom graph");
    row("a zero byte", std::string("{\"noiseloom\":1\0}", 16), "not JSON");
    row("not UTF-8", "{\"noiseloom\":1,\"title\":\"\xC3\x28\"}", "not JSON");
    row("half a surrogate", R"({"noiseloom":1,"title":"\ud800"})", "not JSON");
    row("newer format", R"({"noiseloom":2})", "format 2; this program reads format 1");
    row("format as text", R"({"noiseloom":"1"})", "must be a whole number");
    row("format 0", R"({"noiseloom":0})", "must be a whole number from 1");
    row("same key twice", R"({"noiseloom":1,"noiseloom":1})", "\"noiseloom\" stands twice");
    row("same node twice", R"({"noiseloom":1,"nodes":{"a":{"type":"t"},"a":{"type":"t"}}})",
        "\"a\" stands twice");
    row("same id in a zone", zone(R"("count":1,"nodes":{"n":{"type":"t"}})"),
        "n: this id stands twice in the graph");
    row("nodes as a list", R"({"noiseloom":1,"nodes":[{"id":"a"}]})", "\"nodes\" must be an object");
    row("node as text", R"({"noiseloom":1,"nodes":{"a":"t"}})", "a: \"node\" must be an object");
    row("no type", node(R"("version":1)"), "n: has no \"type\"");
    row("type as number", node(R"("type":5)"), "n: \"type\" must be text");
    row("empty type", node(R"("type":"")"), "not a type's id");
    row("very long type", node("\"type\":\"" + std::string(200, 'x') + "\""), "not a type's id");
    row("id with a dot", R"({"noiseloom":1,"nodes":{"a.b":{"type":"t"}}})", "\"a.b\" can't be a node's id");
    row("id with a slash", R"({"noiseloom":1,"nodes":{"../a":{"type":"t"}}})", "can't be a node's id");
    row("empty id", R"({"noiseloom":1,"nodes":{"":{"type":"t"}}})", "can't be a node's id");
    row("id that begins with a digit", R"({"noiseloom":1,"nodes":{"1a":{"type":"t"}}})",
        "can't be a node's id");
    row("id of 65 letters", R"({"noiseloom":1,"nodes":{")" + std::string(65, 'a') + R"(":{"type":"t"}}})",
        "at most 64");
    row("version 0", node(R"("type":"t","version":0)"), "\"version\" must be a whole number");
    row("version beyond int64", node(R"("type":"t","version":18446744073709551615)"),
        "\"version\" must be a whole number");
    row("version as fraction", node(R"("type":"t","version":1.5)"), "\"version\" must be a whole number");
    row("title as list", node(R"("type":"t","title":[])"), "\"title\" must be text");
    row("params as list", node(R"("type":"t","params":[1])"), "\"params\" must be an object");
    row("inputs as list", node(R"("type":"t","inputs":[1])"), "\"inputs\" must be an object");
    row("link as number", node(R"("type":"t","inputs":{"x":4})"),
        "n.x: a link is written \"node.port\", not 4");
    row("link without port", node(R"("type":"t","inputs":{"x":"a"})"), "n.x: a link is written");
    row("link of three", node(R"("type":"t","inputs":{"x":"a.b.c"})"), "n.x: a link is written");
    row("link to null", node(R"("type":"t","inputs":{"x":null})"), "n.x: a link is written");
    row("list in a list", node(R"("type":"t","inputs":{"x":[["a.b"]]})"), "n.x: a link is written");
    row("too many links", node(R"("type":"t","inputs":{"x":[)" + repeated("\"a.b\",", 10'001) + "\"a.b\"]}"),
        "more than 10,000 links");
    row("when as bool", node(R"("type":"t","when":true)"), "n.when: a link is written");
    row("mode as bool", node(R"("type":"t","mode":false)"), "\"muted\" or \"bypassed\", not false");
    row("mode of no such name", node(R"("type":"t","mode":"off")"), "n: \"mode\" is \"on\", \"muted\" or");
    row("over as list", zone(R"("over":["a.b"])"), "\"over\" must be an object");
    row("over with a bad name", zone(R"("over":{"a b":"a.b"})"), "\"a b\" can't be a port's name");
    row("over called index", zone(R"("over":{"index":"a.b"})"), "what every zone calls its iteration");
    row("state called count", zone(R"("count":1,"state":{"count":{}})"),
        "what every zone calls its iteration");
    row("state as text", zone(R"("count":1,"state":{"x":"a.b"})"), "\"state\" must be an object");
    row("state's next as list", zone(R"("count":1,"state":{"x":{"init":"a.b","next":["a.b"]}})"),
        "n.x: a link is written");
    row("until as text", zone(R"("count":1,"until":"soon")"), "n.until: a link is written");
    row("collect every 0", zone(R"("count":1,"collect":{"x":{"from":"a.b","every":0}})"),
        "\"every\" must be a whole number");
    row("collect every 2^64",
        zone(R"("count":1,"collect":{"x":{"from":"a.b","every":18446744073709551615}})"),
        "\"every\" must be");
    row("count as fraction", zone(R"("count":1.5)"), "\"count\" must be a whole number");
    row("count beyond int64", zone(R"("count":18446744073709551615)"), "\"count\" must be a whole number");
    row("count as bool", zone(R"("count":true)"), "n.count: a link is written");
    row("a number too large", node(R"("type":"t","params":{"x":1e999})"), "not JSON");
    row("exposed inputs as list", R"({"noiseloom":1,"inputs":[]})", "\"inputs\" must be an object");
    row("exposed input without to", R"({"noiseloom":1,"inputs":{"a":{}}})", "needs a list \"to\"");
    row("exposed name", R"({"noiseloom":1,"inputs":{"a b":{"to":[]}}})", "can't be an exposed name");
    row("exposed output without from", R"({"noiseloom":1,"outputs":{"a":{}}})", "needs \"from\"");
    row("doc as number", R"({"noiseloom":1,"outputs":{"a":{"doc":1,"from":"a.b"}}})", "\"doc\" must be text");
    row("groups as list", R"({"noiseloom":1,"groups":[]})", "\"groups\" must be an object");
    row("group as text", R"({"noiseloom":1,"groups":{"g":"x"}})", "\"groups\" must be an object");
    row("layout as list", R"({"noiseloom":1,"layout":[]})", "\"layout\" must be an object");
    row("title as number", R"({"noiseloom":1,"title":1})", "\"title\" must be text");
    row("an error's own text is UTF-8", "{\"noiseloom\":\"" + repeated("€", 100) + "\"}", "€...");
  }
  void refused() {
    QFETCH(QByteArray, text);
    QFETCH(QString, error);
    const std::string said = failure([&] { parseGraph(text.toStdString()); });
    QVERIFY2(QString::fromStdString(said).contains(error), said.empty() ? "it was read" : said.c_str());
    QVERIFY2(QString::fromStdString(said).toStdString() == said, "the message is no UTF-8");
    QVERIFY2(said.size() < 400, "the message is too long to read");
  }

  void deepNesting_data() {
    QTest::addColumn<QByteArray>("text");
    const size_t deep = 100'000;
    const auto row = [](const char* name, std::string text) {
      QTest::newRow(name) << QByteArray::fromStdString(text);
    };
    row("arrays", repeated("[", deep));
    row("closed arrays", repeated("[", deep) + repeated("]", deep));
    row("objects", repeated("{\"a\":", deep) + "1" + repeated("}", deep));
    row("a parameter",
        node("\"type\":\"t\",\"params\":{\"p\":" + repeated("[", deep) + repeated("]", deep) + "}"));
    row("layout",
        "{\"noiseloom\":1,\"layout\":" + repeated("{\"a\":", deep) + "1" + repeated("}", deep) + "}");
    std::string zones = "{\"noiseloom\":1";
    for (size_t i = 0; i < deep; ++i)
      zones += ",\"nodes\":{\"z" + std::to_string(i) + "\":{\"type\":\"zone\",\"count\":1";
    row("zones", zones + repeated("}}", deep) + "}");
  }
  void deepNesting() {
    QFETCH(QByteArray, text);
    const std::string said = failure([&] { parseGraph(text.toStdString()); });
    QVERIFY2(QString::fromStdString(said).contains("nested deeper than"), said.c_str());
  }
  void zonesUpToTheLimit_data() {
    QTest::addColumn<int>("depth");
    QTest::addColumn<bool>("fine");
    QTest::newRow("32") << 32 << true;
    QTest::newRow("33") << 33 << false;
  }
  void zonesUpToTheLimit() {
    QFETCH(int, depth);
    QFETCH(bool, fine);
    std::string text = "{\"noiseloom\":1";
    for (int i = 0; i < depth; ++i)
      text += ",\"nodes\":{\"z" + std::to_string(i) + "\":{\"type\":\"zone\",\"count\":1";
    text += repeated("}}", static_cast<size_t>(depth)) + "}";
    const std::string said = handle(text);
    QVERIFY2(said.empty() == fine, said.c_str());
    if (!fine) QVERIFY(QString::fromStdString(said).contains("zones are nested deeper than 32 levels"));
  }

  void tooManySteps() {
    const std::string said = handle(R"({"noiseloom":1,"nodes":{"z":{"type":"zone","count":1000000000001}}})");
    QCOMPARE(said, std::string("z.count: 1000000000001 steps: a zone takes from 0 to 1000000000000"));
  }
  void tooManyZonePorts() {
    std::string over = "\"over\":{";
    for (int i = 0; i < 1'001; ++i) over += (i ? ",\"" : "\"") + ("t" + std::to_string(i)) + "\":\"a.b\"";
    QCOMPARE(failure([&] { parseGraph(zone(over + "}")); }), std::string("n: a zone has at most 1000 ports"));
  }
  void tooManyNodes() {
    std::string text = "{\"noiseloom\":1,\"nodes\":{";
    for (int i = 0; i <= 200'000; ++i)
      text += (i ? ",\"n" : "\"n") + std::to_string(i) + "\":{\"type\":\"t\"}";
    QCOMPARE(failure([&] { parseGraph(text + "}}"); }), std::string("the graph has more than 200000 nodes"));
  }
  void tooManyBytes() {
    const std::string text((64u << 20) + 1, ' ');
    QCOMPARE(failure([&] { parseGraph(text); }), std::string("a graph file may hold at most 64 MiB"));
    QTemporaryDir folder;
    const std::string file = folder.path().toStdString() + "/large.loom";
    std::ofstream(file) << "{";
    std::filesystem::resize_file(file, (64u << 20) + 1);
    QVERIFY(QString::fromStdString(failure([&] { readGraphText(file); })).contains("larger than 64 MiB"));
    QVERIFY(QString::fromStdString(failure([&] {
              readGraphText(folder.path().toStdString());
            })).contains("can't be read"));
    QVERIFY(
        QString::fromStdString(failure([&] { readGraphText("/nowhere/a.loom"); })).contains("can't be read"));
  }
  // Millions of members in one object: time in proportion, no list searched again and again.
  void wideObjects() {
    std::string text = "{\"noiseloom\":1,\"layout\":{\"x\":{";
    for (int i = 0; i < 500'000; ++i) text += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":0";
    QElapsedTimer timer;
    timer.start();
    parseGraph(text + "}}}");
    QVERIFY2(timer.elapsed() < 20'000, "half a million members took more than 20 s");
  }

  void truncatedAtEveryByte_data() {
    QTest::addColumn<QString>("file");
    QTest::newRow("all fields") << "all_fields.loom";
    QTest::newRow("old versions") << "old_versions.loom";
  }
  void truncatedAtEveryByte() {
    QFETCH(QString, file);
    std::string text = sample(file.toUtf8().constData());
    while (text.ends_with('\n')) text.pop_back();
    for (size_t length = 0; length < text.size(); ++length)
      QVERIFY2(!failure([&] { parseGraph(std::string_view(text).substr(0, length)); }).empty(),
               qPrintable(QString::number(length)));
  }

  // Bytes changed, taken out, doubled; seeds are fixed, so a failure can be repeated.
  void mutatedBytes() {
    const std::vector<std::string> samples{sample("all_fields.loom"), sample("old_versions.loom")};
    std::mt19937_64 random(20'260'501);
    const auto upTo = [&](size_t n) { return static_cast<size_t>(random() % n); };
    int read = 0;
    for (int i = 0; i < 6'000; ++i) {
      std::string text = samples[upTo(2)];
      for (size_t edits = 1 + upTo(3); edits > 0; --edits) {
        const size_t at = upTo(text.size());
        switch (upTo(4)) {
          case 0:
            text[at] = static_cast<char>(random());
            break;
          case 1:
            text.erase(at, 1 + upTo(8));
            break;
          case 2:
            text.insert(at, text.substr(upTo(text.size()), upTo(40)));
            break;
          default:
            text[at] = "{}[]\",:0129.-etz"[upTo(16)];
            break;
        }
      }
      const std::string said = handle(text);
      QVERIFY2(said != "not canonical", text.c_str());
      read += said.empty();
    }
    qInfo("%d of 6000 mutated files could still be read and planned", read);
  }
  // The same on the level of JSON: every value replaced by every kind of other value.
  void everyFieldOfEveryWrongType() {
    const auto whole = nlohmann::ordered_json::parse(sample("all_fields.loom"));
    const std::vector<nlohmann::ordered_json> others{nullptr,
                                                     true,
                                                     -1,
                                                     0,
                                                     1.5,
                                                     UINT64_MAX,
                                                     "",
                                                     "a.b",
                                                     "zone",
                                                     "group:twice",
                                                     nlohmann::ordered_json::array(),
                                                     {{"a", 1}},
                                                     nlohmann::ordered_json::object(),
                                                     std::string(1000, 'x')};
    const auto flat = whole.flatten();
    std::set<std::string> places;
    for (const auto& [path, value] : flat.items())
      for (nlohmann::ordered_json::json_pointer at(path); !at.empty(); at = at.parent_pointer())
        places.insert(at.to_string());
    int64_t tried = 0;
    for (const std::string& place : places)
      for (const auto& other : others) {
        auto changed = whole;
        changed[nlohmann::ordered_json::json_pointer(place)] = other;
        const std::string said = handle(changed.dump());
        QVERIFY2(said != "not canonical", (place + " = " + other.dump()).c_str());
        ++tried;
      }
    QVERIFY(tried > 1'000);
  }
  void binaryFiles() {
    std::mt19937_64 random(7);
    for (int i = 0; i < 500; ++i) {
      std::string text(1 + random() % 300, '\0');
      for (char& c : text) c = static_cast<char>(random());
      QVERIFY(!failure([&] { parseGraph(text); }).empty());
    }
  }

  void jsonKeepsOrderAndPlace() {
    const auto json = parseJson(R"({"b":1,"a":[true,null,-2,3.5,"x"]})", 4);
    QCOMPARE(json.dump(), std::string(R"({"b":1,"a":[true,null,-2,3.5,"x"]})"));
    QVERIFY(failure([&] { parseJson("[[1]]", 1); }).find("nested deeper than 1") != std::string::npos);
    QCOMPARE(failure([&] { parseJson("[[1]]", 2); }), std::string());
  }
};

QTEST_GUILESS_MAIN(GraphHostileTest)
#include "graph_hostile_test.moc"
