// Declaring ports and node types, the registry, specs, and which files a graph may touch.
#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

#include "engine/node/files.h"
#include "tests/engine/test_nodes.h"

using namespace loom;
using loom::test::failure;
namespace fs = std::filesystem;

class NodeTypeTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void portsAreDeclaredOnce() {
    const NodeType& type = *test::registry().find("test.params");
    QCOMPARE(type.inputs.size(), size_t{9});
    const Port& whole = *type.input("int");
    QVERIFY(!whole.required);
    QCOMPARE(whole.fallback.as<Int>(), Int{5});
    QCOMPARE(whole.min, 1.0);
    QCOMPARE(whole.max, 10.0);
    const Port& choice = *type.input("choice");
    QCOMPARE(choice.choices.size(), size_t{3});
    QCOMPARE(choice.fallback.as<Choice>().name, std::string("green"));
    QCOMPARE(type.input("shape")->fallback.as<Shape>().sizes, std::vector<int64_t>({2, 3}));
    QVERIFY(!type.input("nothing") && !type.output("int"));
    QVERIFY(test::registry().find("test.add")->input("a")->fallback.as<Real>() == 0);
    QVERIFY(test::registry().find("test.scale")->input("x")->required);
    QVERIFY(!test::registry().find("test.sum")->input("terms")->required);
    QVERIFY(test::registry().find("test.file")->input("file")->required);
  }

  void parametersAreChecked_data() {
    QTest::addColumn<QString>("port");
    QTest::addColumn<QString>("json");
    QTest::addColumn<QString>("error");
    QTest::newRow("in range") << "int"
                              << "10"
                              << "";
    QTest::newRow("above") << "int"
                           << "11"
                           << "11 is out of range: from 1 to 10";
    QTest::newRow("below") << "int"
                           << "0"
                           << "0 is out of range: from 1 to 10";
    QTest::newRow("one bound") << "real"
                               << "-0.5"
                               << "-0.5 is out of range: 0 or more";
    QTest::newRow("choice") << "choice"
                            << "\"blue\""
                            << "";
    QTest::newRow("no choice") << "choice"
                               << "\"pink\""
                               << "\"pink\" is none of: red, green, blue";
    QTest::newRow("type") << "bool"
                          << "\"yes\""
                          << "expected true or false, got \"yes\"";
  }
  void parametersAreChecked() {
    QFETCH(QString, port);
    QFETCH(QString, json);
    QFETCH(QString, error);
    const Port& declared = *test::registry().find("test.params")->input(port.toStdString());
    Value value;
    const std::string said =
        failure([&] { value = declared.parse(nlohmann::json::parse(json.toStdString())); });
    QCOMPARE(QString::fromStdString(said), error);
    if (port == "choice" && said.empty()) QCOMPARE(value.as<Choice>().index, 2);
  }
  void aLinkIsNoValue() {
    QVERIFY(QString::fromStdString(failure([] {
              test::registry().find("test.scale")->input("x")->parse(1);
            })).contains("takes a link"));
  }

  void registry() {
    const Registry& all = test::registry();
    QCOMPARE(all.find("test.scaled")->id, std::string("test.factor"));
    QVERIFY(!all.find("test.nothing") && !all.find(""));
    QCOMPARE(all.nearest("test.ad"), std::string("test.add"));
    QCOMPARE(all.nearest("test.mulitply"), std::string("test.multiply"));
    QCOMPARE(all.nearest("completely.else"), std::string());
    QCOMPARE(all.nearest(std::string(100'000, 'x')), std::string());
    QVERIFY(all.conversion(typeOf<Int>(), typeOf<Real>()));
    QVERIFY(!all.conversion(typeOf<Real>(), typeOf<Int>()));
    QCOMPARE(all.findType("ladder"), &typeOf<test::Ladder>());
  }
  void duplicatesAreRefused() {
    Registry registry;
    NodeType type = *test::registry().find("test.factor");
    registry.add(type);
    QVERIFY(QString::fromStdString(failure([&] { registry.add(type); })).contains("listed twice"));
    type.id = "test.other";
    type.aliases = {};
    type.inputs.push_back(type.inputs.front());
    QVERIFY(
        QString::fromStdString(failure([&] { registry.add(type); })).contains("declares the input a twice"));
    registry.add(typeOf<Int>());
    QVERIFY(QString::fromStdString(failure([&] { registry.add(typeOf<Int>()); })).contains("listed twice"));
  }

  void specs() {
    Spec spec;
    spec.type = &typeOf<at::Tensor>();
    spec.dtype = at::kFloat;
    spec.shape = std::vector<Dim>{"batch", 3};
    QCOMPARE(spec.text(), std::string("Tensor float32 [batch, 3]"));
    QVERIFY(spec.shapeFits({4, 3}) && spec.shapeFits({"n", 3}) && spec.shapeFits({4, "channels"}));
    QVERIFY(!spec.shapeFits({4, 4}) && !spec.shapeFits({3}));
    QVERIFY(Spec().shapeFits({1, 2, 3}));
  }

  void filesThatMayBeRead_data() {
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("result");
    QTest::newRow("beside the graph") << "a.txt"
                                      << "graph/a.txt";
    QTest::newRow("below it") << "sub/b.txt"
                              << "graph/sub/b.txt";
    QTest::newRow("through a folder and back") << "sub/../a.txt"
                                               << "graph/a.txt";
    QTest::newRow("resources") << "@resources/r.txt"
                               << "resources/r.txt";
    QTest::newRow("a folder the user named") << "named.txt"
                                             << "named/named.txt";
    QTest::newRow("what was written") << "OUTPUT/o.txt"
                                      << "output/o.txt";
    QTest::newRow("above the graph") << "../secret.txt"
                                     << "! is outside the folders";
    QTest::newRow("absolute") << "/etc/passwd"
                              << "! is outside the folders";
    QTest::newRow("out of resources") << "@resources/../secret.txt"
                                      << "! is outside the folders";
    QTest::newRow("a name that begins alike") << "../graph2/x.txt"
                                              << "! is outside the folders";
    QTest::newRow("a link that leads out") << "leads_out.txt"
                                           << "! is outside the folders";
    QTest::newRow("a folder that leads out") << "leads_out/secret.txt"
                                             << "! is outside the folders";
    QTest::newRow("missing") << "missing.txt"
                             << "!there is no file missing.txt";
    QTest::newRow("empty") << ""
                           << "!no file is named";
    QTest::newRow("very long") << QString(5000, 'a') << "!this is not a path";
    QTest::newRow("too long a name") << QString(3000, 'a') << "!";
    QTest::newRow("no resources by that name") << "@resourcesX/r.txt"
                                               << "!there is no file";
  }
  void filesThatMayBeRead() {
    QFETCH(QString, path);
    QFETCH(QString, result);
    QTemporaryDir folder;
    const fs::path root = folder.path().toStdString();
    for (const char* name : {"graph/a.txt", "graph/sub/b.txt", "graph2/x.txt", "resources/r.txt",
                             "named/named.txt", "output/o.txt", "secret.txt", "out/secret.txt"}) {
      fs::create_directories((root / name).parent_path());
      std::ofstream(root / name) << name;
    }
    fs::create_symlink(root / "secret.txt", root / "graph/leads_out.txt");
    fs::create_directory_symlink(root / "out", root / "graph/leads_out");
    const Files files({.graphFolder = root / "graph",
                       .resources = root / "resources",
                       .output = root / "output",
                       .readable = {root / "named"},
                       .writable = {}});
    path.replace("OUTPUT", folder.path() + "/output");
    fs::path found;
    const std::string said = failure([&] { found = files.read(path.toStdString()); });
    if (result.startsWith('!')) {
      QVERIFY2(!said.empty() && QString::fromStdString(said).contains(result.mid(1)), said.c_str());
    } else {
      QCOMPARE(QString::fromStdString(said), QString());
      QCOMPARE(QString::fromStdString(fs::relative(found, root).string()), result);
    }
  }

  void filesThatMayBeWritten_data() {
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("error");
    QTest::newRow("plain") << "a.png"
                           << "";
    QTest::newRow("folders are made") << "x/y/a.png"
                                      << "";
    QTest::newRow("named by the user") << "ROOT/elsewhere.png"
                                       << "";
    QTest::newRow("above") << "../a.png"
                           << "outside the output folder";
    QTest::newRow("absolute") << "/tmp/a.png"
                              << "outside the output folder";
    QTest::newRow("a link that leads out") << "leads_out/a.png"
                                           << "outside the output folder";
    QTest::newRow("empty") << ""
                           << "no file is named";
  }
  void filesThatMayBeWritten() {
    QFETCH(QString, path);
    QFETCH(QString, error);
    QTemporaryDir folder;
    const fs::path root = folder.path().toStdString();
    fs::create_directories(root / "output");
    fs::create_directories(root / "out");
    fs::create_directory_symlink(root / "out", root / "output/leads_out");
    const Files files({.graphFolder = root,
                       .resources = {},
                       .output = root / "output",
                       .readable = {},
                       .writable = {root / "elsewhere.png"}});
    path.replace("ROOT", folder.path());
    const std::string said = failure([&] {
      const fs::path file = files.write(path.toStdString());
      QVERIFY(fs::is_directory(file.parent_path()));
    });
    QVERIFY2(said.empty() == error.isEmpty() && QString::fromStdString(said).contains(error), said.c_str());
  }
  void withoutFoldersNothingIsRead() {
    const std::string said = failure([] { Files().read("a.txt"); });
    QVERIFY2(!said.empty(), "a default Files must not read the working folder");
  }
};

QTEST_GUILESS_MAIN(NodeTypeTest)
#include "node_type_test.moc"
