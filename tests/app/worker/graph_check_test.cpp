// All that is wrong with a graph at once, and what the rest of it would give.
#include <QtTest>

#include "app/worker/graph_check.h"
#include "engine/graph/graph_file.h"
#include "nodes/registry.h"
#include "tests/app/cli/program.h"

namespace {

using loom::GraphReport;

GraphReport checked(QByteArray text, const QList<QPair<QByteArray, QByteArray>>& edits) {
  for (const auto& [from, to] : edits) {
    if (!text.contains(from)) qFatal("nothing to replace: %s", from.constData());
    text.replace(from, to);
  }
  const auto document = std::make_shared<const loom::Document>(
      loom::migrated(loom::parseGraph(std::string_view(text.constData(), static_cast<size_t>(text.size()))),
                     loom::registry()));
  return loom::checkGraph(document, loom::registry(), {});
}

QStringList nodesWithErrors(const GraphReport& report) {
  QStringList nodes;
  for (const loom::Error& error : report.errors) nodes << QString::fromStdString(error.node);
  nodes.sort();
  nodes.removeDuplicates();
  return nodes;
}

}  // namespace

class GraphCheckTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void sound() {
    const GraphReport report = checked(kWalk, {});
    QVERIFY(report.runnable && report.errors.empty());
    const nlohmann::json described = loom::describeReport(report);
    QVERIFY(described["ok"]);
    QCOMPARE(described["ports"]["step.x_prev"]["zone"].get<std::string>(), std::string("sampling"));
    QCOMPARE(described["ports"]["noise.noise"]["shape"].dump(), std::string("[2,3,8,8]"));
  }

  void finds_data() {
    QTest::addColumn<QByteArray>("from");
    QTest::addColumn<QByteArray>("to");
    QTest::addColumn<QStringList>("nodes");
    QTest::addColumn<QString>("stays");  // a port whose type is known all the same
    QTest::newRow("an unknown type")
        << QByteArray("\"type\": \"noise.gaussian\", \"version\": 1, \"params\": {\"batch\"")
        << QByteArray("\"type\": \"noise.none\", \"version\": 1, \"params\": {\"batch\"")
        << QStringList{"noise"} << "schedule.schedule";
    QTest::newRow("a wrong parameter") << QByteArray("\"steps\": 100") << QByteArray("\"steps\": \"many\"")
                                       << QStringList{"schedule"} << "noise.noise";
    QTest::newRow("a link to nothing")
        << QByteArray("\"x0\": \"sampling.x\"") << QByteArray("\"x0\": \"gone.x\"") << QStringList{"step"}
        << "z.noise";
    QTest::newRow("a wrong shape") << QByteArray("[3, 8, 8]") << QByteArray("[0, 8, 8]")
                                   << QStringList{"noise"} << "timesteps.timesteps";
    QTest::newRow("an exposed name of nothing")
        << QByteArray("\"to\": [\"noise.batch\"]") << QByteArray("\"to\": [\"gone.batch\"]")
        << QStringList{""} << "step.x_prev";
  }
  void finds() {
    QFETCH(QByteArray, from);
    QFETCH(QByteArray, to);
    QFETCH(QStringList, nodes);
    QFETCH(QString, stays);
    const GraphReport report = checked(kWalk, {{from, to}});
    QCOMPARE(nodesWithErrors(report), nodes);
    QVERIFY(report.sound);
    QVERIFY(report.sound->ports.contains(stays.toStdString()));
  }

  // Not the first alone, and inside a zone what does not hang on the broken node is known.
  void manyAtOnce() {
    const GraphReport report = checked(kWalk, {{"\"type\": \"step.ddpm\"", "\"type\": \"step.none\""},
                                               {"\"type\": \"image.save\"", "\"type\": \"image.none\""},
                                               {"\"spacing\": \"all\"", "\"spacing\": 7"}});
    QCOMPARE(nodesWithErrors(report), (QStringList{"save", "step", "timesteps"}));
    QVERIFY(!report.runnable);
    QVERIFY(report.sound->ports.contains("noise.noise"));
    const GraphReport inside = checked(kWalk, {{"\"type\": \"step.ddpm\"", "\"type\": \"step.none\""}});
    QVERIFY(inside.sound->ports.contains("z.noise"));
    QVERIFY(inside.sound->ports.contains("picture.image"));
  }

  // What hangs on a muted node is told, and is no error; an exposed output that is lost is one.
  void muted() {
    const QByteArray type = "\"type\": \"image.from_latent\"";
    const QPair<QByteArray, QByteArray> mute{type, "\"mode\": \"muted\", " + type};
    const GraphReport saved = checked(kWalk, {mute});
    QVERIFY(saved.runnable && saved.errors.empty());
    QCOMPARE(loom::describeReport(saved)["muted"].dump(),
             std::string(R"([{"because":"picture","node":"save"}])"));
    QVERIFY(saved.sound->ports.contains("step.x_prev") && !saved.sound->ports.contains("picture.image"));
    const GraphReport lost =
        checked(kWalk, {mute, {"{\"from\": \"sampling.x\"}", "{\"from\": \"picture.image\"}"}});
    QVERIFY(!lost.runnable);
    QCOMPARE(nodesWithErrors(lost), QStringList{"outputs"});
    QVERIFY(lost.sound && lost.sound->ports.contains("step.x_prev"));
    QCOMPARE(lost.lost.size(), size_t{1});
  }

  void wholeFamiliesGone() {
    const auto document = std::make_shared<const loom::Document>(loom::parseGraph(kWalk));
    const loom::Document left = loom::without(*document, {"schedule"});
    QVERIFY(!loom::findNode(left.graph, "timesteps") && !loom::findNode(left.graph, "sampling"));
    QVERIFY(!loom::findNode(left.graph, "z") && loom::findNode(left.graph, "noise"));
    QVERIFY(left.graph.outputs.empty());
  }
};

QTEST_GUILESS_MAIN(GraphCheckTest)
#include "graph_check_test.moc"
