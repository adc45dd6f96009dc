// What is said of two graphs that differ.
#include "app/editor/session/differences.h"

#include "tests/app/editor/session/example.h"

using namespace loom;
using namespace loom::editor;

class DifferencesTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void sameGraphHasNone() {
    const Document document = testing::quickDdpm();
    QCOMPARE(differencesOf(document, document), QStringList());
    Document moved = testing::titled(document, "Another title");
    moved.layout.own()["nodes"]["step"]["at"] = {1, 2};
    QCOMPARE(differencesOf(document, moved), QStringList());
  }

  void parameterInZone() {
    const Document a = testing::quickDdpm();
    const Document b = withValue(a, "step.variance", "fixed_large");
    QCOMPARE(differencesOf(a, b), QStringList{QStringLiteral("step.variance: fixed_small → fixed_large")});
    const Document c = withNode(a, "step", [](Node& node) { node.params.erase("variance"); });
    QCOMPARE(differencesOf(a, c), QStringList{QStringLiteral("step.variance: fixed_small → default")});
  }

  void nodesAndLinks() {
    const Document a = testing::quickDdpm();
    Document b = a;
    std::erase_if(b.graph.nodes, [](const NodePtr& node) { return node->id == "save_strip"; });
    b = withNode(b, "save", [](Node& node) { node.inputs["image"].links = {{"strip", "image"}}; });
    b = withNode(b, "picture", [](Node& node) { node.mode = NodeMode::muted; });
    QCOMPARE(differencesOf(a, b),
             (QStringList{QStringLiteral("− save_strip (image.save)"), QStringLiteral("picture: on → muted"),
                          QStringLiteral("save.image: from picture.image → from strip.image")}));
  }

  void manyAreCounted() {
    Document a, b;
    for (int i = 0; i < 100; ++i) {
      auto node = std::make_shared<Node>();
      node->id = QStringLiteral("n%1").arg(i).toStdString();
      node->type = std::string(kZoneType);
      b.graph.nodes.push_back(node);
    }
    const QStringList all = differencesOf(a, b, 10);
    QCOMPARE(all.size(), 11);
    QCOMPARE(all.last(), QStringLiteral("and 90 more"));
  }

  void longValuesAreCutBetweenCharacters() {
    std::string text;
    for (int i = 0; i < 200; ++i) text += "ü";
    const Document a = testing::quickDdpm();
    const QStringList all =
        differencesOf(a, withNode(a, "save", [&](Node& node) { node.params["path"] = text; }));
    QCOMPARE(all.size(), 1);
    QVERIFY(all.first().size() < 120);
    QVERIFY(!all.first().contains(QChar(QChar::ReplacementCharacter)));
  }
};

QTEST_GUILESS_MAIN(DifferencesTest)
#include "differences_test.moc"
