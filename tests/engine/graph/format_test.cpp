// FORMAT.md and schema.json say what the program does: their example is read, written, planned and run with
// the program's own nodes, and every field and limit is in both.
#include <torch/torch.h>

#include <QRegularExpression>
#include <QTemporaryDir>
#include <QtTest>

#include "engine/files/safetensors.h"
#include "engine/graph/graph_file.h"
#include "engine/plan/plan.h"
#include "engine/run/run.h"
#include "nodes/ddpm/unet.h"
#include "nodes/registry.h"

using namespace loom;
namespace fs = std::filesystem;

namespace {

const std::string kFolder = NOISELOOM_SOURCE_DIR "/engine/graph/";

QString manual() { return QString::fromStdString(readGraphText(kFolder + "FORMAT.md")); }
nlohmann::json schema() { return nlohmann::json::parse(readGraphText(kFolder + "schema.json")); }

std::string example() {
  const QRegularExpression fence("<!-- example[^>]*-->\\s*```json\\n(.*?)```",
                                 QRegularExpression::DotMatchesEverythingOption);
  return fence.match(manual()).captured(1).toStdString();
}

// Every key of every "properties" in the schema.
void collectProperties(const nlohmann::json& json, std::set<std::string>& names) {
  if (json.is_object() && json.contains("properties"))
    for (const auto& [name, value] : json["properties"].items()) names.insert(name);
  if (json.is_structured())
    for (const auto& [name, value] : json.items()) collectProperties(value, names);
}

// A network of the example's layout, as small as it gets, so that nothing outside of the tests is needed.
void writeWeights(const fs::path& file) {
  fs::create_directories(file.parent_path());
  UNetConfig config;
  config.ch = 32;
  config.widths = {32, 32};
  config.attention = {false, false};
  config.blocks = 1;
  config.timeDim = 128;
  writeSafetensors(file, initialUNet(config, 1));
}

}  // namespace

class FormatTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void theExampleIsCanonical() {
    const std::string text = example();
    QVERIFY(text.size() > 1'000);
    QCOMPARE(QString::fromStdString(writeGraph(parseGraph(text))), QString::fromStdString(text));
  }
  void theExampleRuns() {
    QTemporaryDir folder;
    const fs::path root = folder.path().toStdString();
    writeWeights(root / "resources/models/ddpm_emoji.safetensors");
    fs::create_directories(root / "out");
    Document document = migrated(parseGraph(example()), registry());
    for (const auto& [name, value] : {std::pair{"steps", 2}, {"start.batch", 1}})
      document = withValue(document, name, value);
    document = withValue(document, "start.shape", nlohmann::json{3, 8, 8});
    CompileOptions compileOptions;
    compileOptions.files = Files({.graphFolder = root,
                                  .resources = root / "resources",
                                  .output = root / "out",
                                  .readable = {},
                                  .writable = {}});
    const auto plan = std::make_shared<const Plan>(
        compile(std::make_shared<const Document>(document), registry(), compileOptions));
    RunOptions options;
    options.files = compileOptions.files;
    Run run(plan, options);
    run.execute();
    QVERIFY(fs::exists(root / "out/ddim.png"));
    QCOMPARE(run.output("image").tensor()->sizes().vec(), std::vector<int64_t>({1, 3, 8, 8}));
    QCOMPARE(run.output("guesses").as<Recording>().frames.size(), size_t{2});
  }

  void everyFieldIsInBoth() {
    std::set<std::string> inSchema;
    collectProperties(schema(), inSchema);
    const std::set<std::string> fields{"noiseloom", "title",   "about", "nodes",   "inputs", "outputs",
                                       "groups",    "layout",  "type",  "version", "params", "when",
                                       "mode",      "over",    "count", "state",   "init",   "next",
                                       "until",     "collect", "from",  "every",   "to",     "doc"};
    QVERIFY(inSchema == fields);
    for (const std::string& field : fields) {
      const QString name = QString::fromStdString(field);
      QVERIFY2(manual().contains("`" + name + "`") || manual().contains("\"" + name + "\""), field.c_str());
    }
  }
  // A file with every field the program reads has no other field than these.
  void theSampleHasEveryField() {
    const QString sample =
        QString::fromStdString(readGraphText(NOISELOOM_SOURCE_DIR "/tests/data/graphs/all_fields.loom"));
    std::set<std::string> inSchema;
    collectProperties(schema(), inSchema);
    for (const std::string& field : inSchema)
      QVERIFY2(sample.contains("\"" + QString::fromStdString(field) + "\":"), field.c_str());
  }
  void limitsAreWhatTheManualSays_data() {
    QTest::addColumn<QString>("row");
    QTest::newRow("bytes") << QString("| bytes | %1 MiB |").arg(kMostGraphBytes >> 20);
    const QLocale english(QLocale::English);
    QTest::newRow("nodes") << "| nodes, with groups expanded | " + english.toString(qulonglong{kMostNodes}) +
                                  " |";
    QTest::newRow("nesting") << QString("| zones in zones, groups in groups | %1 |").arg(kMostNesting);
    QTest::newRow("json") << QString("| JSON in JSON | %1 |").arg(2 * kMostNesting + 16);
    QTest::newRow("steps") << "| steps of a zone | " + english.toString(qlonglong{kMostSteps}) + " |";
    QTest::newRow("collected") << "| values of a collection | " +
                                      english.toString(qlonglong{kMostCollected}) + " |";
    QTest::newRow("ports") << "| ports of a zone | " + english.toString(qulonglong{kMostZonePorts}) + " |";
  }
  void limitsAreWhatTheManualSays() {
    QFETCH(QString, row);
    QVERIFY2(manual().contains(row), qPrintable(row));
  }
  void limitsAreWhatTheSchemaSays() {
    const nlohmann::json defs = schema()["$defs"];
    QCOMPARE(defs["nodes"]["maxProperties"].get<size_t>(), kMostNodes);
    QCOMPARE(defs["zone"]["properties"]["count"]["oneOf"][0]["maximum"].get<int64_t>(), kMostSteps);
    QCOMPARE(schema()["properties"]["noiseloom"]["const"].get<int>(), kGraphFormat);
  }
  // Identifiers and links by the schema's patterns and by the program.
  void patternsAgree_data() {
    QTest::addColumn<QString>("text");
    for (const char* text :
         {"a", "_", "a1", "1a", "", "a.b", "a.b.c", ".b", "a.", "a b", "ä", "a-b", "A_9.z_0", "a..b", " a"})
      QTest::newRow(text) << text;
    QTest::newRow("64") << QString(64, 'a');
    QTest::newRow("65") << QString(65, 'a');
    QTest::newRow("64.64") << QString(64, 'a') + "." + QString(64, 'b');
    QTest::newRow("64.65") << QString(64, 'a') + "." + QString(65, 'b');
  }
  void patternsAgree() {
    QFETCH(QString, text);
    const nlohmann::json defs = schema()["$defs"];
    const auto matches = [&](const char* def) {
      return QRegularExpression(QString::fromStdString(defs[def]["pattern"].get<std::string>()))
          .match(text)
          .hasMatch();
    };
    QCOMPARE(isIdentifier(text.toStdString()), matches("identifier"));
    QCOMPARE(parseLink(text.toStdString()).has_value(), matches("link"));
  }
};

QTEST_GUILESS_MAIN(FormatTest)
#include "format_test.moc"
