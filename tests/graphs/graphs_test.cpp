// Every graph that ships: as the program would write it, described, of nodes there are, and planned as it
// stands.
#include <ATen/ATen.h>

#include <QDirIterator>
#include <QtTest>
#include <fstream>
#include <functional>
#include <sstream>

#include "engine/graph/graph_file.h"
#include "engine/plan/plan.h"
#include "nodes/registry.h"

using namespace loom;

namespace {

const QString kFolder = QStringLiteral(NOISELOOM_SOURCE_DIR "/graphs");

void forEachNode(const std::vector<NodePtr>& nodes, const std::function<void(const Node&)>& each) {
  for (const NodePtr& node : nodes) {
    each(*node);
    if (node->zone) forEachNode(node->zone->nodes, each);
  }
}

}  // namespace

class GraphsTest : public QObject {
  Q_OBJECT

  static void eachGraph() {
    QTest::addColumn<QString>("file");
    QDirIterator walk(kFolder, {"*.loom"}, QDir::Files, QDirIterator::Subdirectories);
    while (walk.hasNext()) {
      const QString file = walk.next();
      QTest::newRow(qPrintable(file.mid(kFolder.size() + 1))) << file;
    }
  }

 private Q_SLOTS:
  void isWrittenAsTheProgramWrites_data() { eachGraph(); }
  void isWrittenAsTheProgramWrites() {
    QFETCH(QString, file);
    const std::string text = readGraphText(file.toStdString());
    const Document document = parseGraph(text);
    QCOMPARE(QString::fromStdString(writeGraph(document)), QString::fromStdString(text));
    QCOMPARE(writeGraph(migrated(document, registry())), text);
  }

  void isDescribed_data() { eachGraph(); }
  void isDescribed() {
    QFETCH(QString, file);
    const Document document = parseGraph(readGraphText(file.toStdString()));
    QVERIFY(!document.title.empty());
    QVERIFY2(document.about.size() > 30, "says nothing of what one learns from it");
    QVERIFY(!document.graph.inputs.empty());
    for (const ExposedInput& input : document.graph.inputs) {
      QVERIFY2(!input.doc.empty(), input.name.c_str());
      for (const Link& to : input.to) {
        const Node* node = findNode(document.graph, to.node);
        QVERIFY2(node, to.text().c_str());
        if (node->zone) continue;
        const NodeType* type = registry().find(node->type);
        QVERIFY2(type && type->input(to.port) && type->input(to.port)->type->isScalar(), to.text().c_str());
      }
    }
    forEachNode(document.graph.nodes, [](const Node& node) {
      if (node.zone || node.type.starts_with(kGroupPrefix)) return;
      const NodeType* type = registry().find(node.type);
      QVERIFY2(type && type->id == node.type && type->version == node.version, node.id.c_str());
    });
  }

  // Graphs that take their files from the user are planned with the shipped references in their place.
  void isPlanned_data() { eachGraph(); }
  void isPlanned() {
    QFETCH(QString, file);
    Document document = parseGraph(readGraphText(file.toStdString()));
    const bool fromFiles = file.contains("/parity/");
    if (fromFiles) {
      const bool mixture = file.contains("mixture");
      const auto set = [&](const char* name, const nlohmann::json& value) {
        for (const ExposedInput& input : document.graph.inputs)
          if (input.name == name) return void(document = withValue(document, name, value));
      };
      if (!mixture) set("weights", "ddpm_ho.ckpt");
      set("inputs", mixture ? "samplers_diffusers.safetensors" : "ddpm_ho.safetensors");
      set("t_key", "in.t");
      if (file.endsWith("ddpm_loss.loom") || file.endsWith("q_sample.loom")) {
        set("inputs", "ddpm_w.safetensors");
        set("x_key", "in.x_0");
        set("t_key", "in.train_t");
        set("noise_key", "tape.train.0000.randn");
      }
      set("betas_key", "in.ddim_betas");
      set("timesteps_key", "in.seq_uniform");
    }
    CompileOptions options;
    options.files = Files({.graphFolder = fromFiles ? NOISELOOM_SOURCE_DIR "/tests/data/parity"
                                                    : file.left(file.lastIndexOf('/')).toStdString(),
                           .resources = NOISELOOM_SOURCE_DIR "/resources",
                           .output = QDir::tempPath().toStdString(),
                           .readable = {},
                           .writable = {}});
    try {
      const Plan plan = compile(std::make_shared<const Document>(document), registry(), options);
      QVERIFY(plan.leftOut.empty());
    } catch (const Error& error) {
      QFAIL(error.full().c_str());
    }
  }
};

QTEST_GUILESS_MAIN(GraphsTest)
#include "graphs_test.moc"
