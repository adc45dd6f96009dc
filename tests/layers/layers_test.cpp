// Holds what the folders promise each other: engine <- nodes <- app, toolkits only where they belong, files
// short enough to read in one sitting, and a top level that stays as it is.
#include <QDirIterator>
#include <QRegularExpression>
#include <QtTest>

namespace {

constexpr int kLongestFile = 600;

bool under(const QString& path, const QString& folder) { return path.startsWith(folder + '/'); }

// Why the file at `path` (relative to the root) may not include `header`; empty where it may.
QString refusal(const QString& path, const QString& header) {
  static const QRegularExpression qt("^(Q[A-Z]\\w*|Qt\\w*(/.*)?)$");
  static const QRegularExpression imgui("^(imgui|implot|imgui_\\w+|imgui-node-editor)(/|\\.h|_)");
  static const QRegularExpression torch("^(ATen|torch|c10)/");
  // What an editor may know of the engine: graphs as values, how previews lie in memory. It runs nothing.
  static const QRegularExpression shown("^engine/(core|graph)/|^engine/live/shared_frames_reader\\.h$");
  const bool test = under(path, "tests");
  if (under(path, "engine") && under(header, "nodes")) return "the engine knows no node";
  if (under(path, "engine") && under(header, "app")) return "the engine knows no program";
  if (under(path, "nodes") && under(header, "app")) return "nodes know no program";
  if (qt.match(header).hasMatch() && !test && !under(path, "app/editor"))
    return "Qt belongs to app/editor and tests";
  if (imgui.match(header).hasMatch() && !test && !under(path, "app/editor"))
    return "Dear ImGui belongs to app/editor";
  if (under(header, "opencv2") && !test && !under(path, "nodes/images"))
    return "OpenCV belongs to nodes/images";
  if (under(path, "app/editor")) {
    if (torch.match(header).hasMatch()) return "the editor runs nothing and needs no Torch";
    if (under(header, "engine") && !shown.match(header).hasMatch())
      return "the editor knows graphs, not how they run";
    if (under(header, "nodes") || under(header, "app/cli") || under(header, "app/worker"))
      return "the editor knows the worker by its protocol alone";
  }
  if (under(path, "app/cli") && under(header, "app/editor")) return "the runner knows no editor";
  if (header.startsWith("..") || header.contains("/../")) return "includes name files from the root";
  return {};
}

// The header that a line of C++ includes; empty where it includes none.
QString includedBy(const QString& line) {
  static const QRegularExpression include("^\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"]");
  return include.match(line).captured(1);
}

QStringList sources() {
  const QDir root(NOISELOOM_SOURCE_DIR);
  QStringList found;
  for (const QString folder : {"engine", "nodes", "app", "tests"}) {
    QDirIterator files(root.filePath(folder), {"*.cpp", "*.h", "*.inc", "*.cu", "*.cuh"}, QDir::Files,
                       QDirIterator::Subdirectories);
    while (files.hasNext()) found << root.relativeFilePath(files.next());
  }
  found.sort();
  return found;
}

QStringList linesOf(const QString& path) {
  QFile file(QDir(NOISELOOM_SOURCE_DIR).filePath(path));
  if (!file.open(QIODevice::ReadOnly)) qFatal("cannot read %s", qPrintable(path));
  QStringList lines = QString::fromUtf8(file.readAll()).split('\n');
  if (lines.last().isEmpty()) lines.removeLast();
  return lines;
}

}  // namespace

class LayersTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void refuses_data();
  void refuses();
  void includesFollowTheLayers();
  void librariesFollowTheLayers();
  void filesAreShort();
  void topLevelStaysAsItIs();
};

void LayersTest::refuses_data() {
  QTest::addColumn<QString>("path");
  QTest::addColumn<QString>("line");
  QTest::addColumn<bool>("refused");
  const auto row = [](const char* path, const char* line, bool refused) {
    QTest::addRow("%s %s", path, line) << QString(path) << QString(line) << refused;
  };
  row("engine/plan/plan.cpp", "#include \"engine/core/key.h\"", false);
  row("engine/plan/plan.cpp", "#include <ATen/ATen.h>", false);
  row("engine/plan/plan.cpp", "#include \"nodes/types/types.h\"", true);
  row("engine/plan/plan.cpp", "#  include <nodes/types/types.h>", true);
  row("engine/plan/plan.cpp", "#include \"app/cli/run.h\"", true);
  row("engine/plan/plan.cpp", "#include \"../../nodes/types/types.h\"", true);
  row("nodes/ddpm/unet.cpp", "#include \"engine/core/key.h\"", false);
  row("nodes/ddpm/unet.cpp", "#include \"app/cli/run.h\"", true);
  row("app/cli/run.cpp", "#include \"nodes/registry.h\"", false);
  row("app/cli/run.cpp", "#include <QString>", true);
  row("app/cli/run.cpp", "#include <QtCore/QString>", true);
  row("app/cli/run.cpp", "#include <QtTest>", true);
  row("app/editor/window.cpp", "#include <QMainWindow>", false);
  row("app/editor/canvas.cpp", "#include <imgui.h>", false);
  row("app/cli/run.cpp", "#include <imgui.h>", true);
  row("app/cli/run.cpp", "#include \"app/editor/catalog/catalog.h\"", true);
  row("app/editor/canvas.cpp", "#include <ATen/ATen.h>", true);
  row("app/editor/canvas.cpp", "#include \"engine/graph/document.h\"", false);
  row("app/editor/canvas.cpp", "#include \"engine/run/run.h\"", true);
  row("app/editor/canvas.cpp", "#include \"app/worker/rpc.h\"", true);
  row("engine/run/run.cpp", "#include \"engine/run/Query.h\"", false);
  row("nodes/images/video.cpp", "#include <opencv2/videoio.hpp>", false);
  row("nodes/io/save.cpp", "#include <opencv2/imgcodecs.hpp>", true);
  row("tests/nodes/images/video_test.cpp", "#include <opencv2/videoio.hpp>", false);
  row("engine/core/key.cpp", "// #include \"nodes/types/types.h\"", false);
}

void LayersTest::refuses() {
  QFETCH(QString, path);
  QFETCH(QString, line);
  const QString header = includedBy(line);
  QTEST(!header.isEmpty() && !refusal(path, header).isEmpty(), "refused");
}

void LayersTest::includesFollowTheLayers() {
  QStringList wrong;
  const QStringList all = sources();
  QVERIFY2(all.size() > 10, "the sources were not found");
  for (const QString& path : all) {
    int number = 0;
    for (const QString& line : linesOf(path)) {
      ++number;
      const QString header = includedBy(line);
      const QString why = header.isEmpty() ? QString() : refusal(path, header);
      if (!why.isEmpty()) wrong << QString("%1:%2 includes %3: %4").arg(path).arg(number).arg(header, why);
    }
  }
  QVERIFY2(wrong.isEmpty(), qPrintable('\n' + wrong.join('\n')));
}

// An include direction can be got round by linking; a folder's CMakeLists.txt names no target of a later
// layer.
void LayersTest::librariesFollowTheLayers() {
  static const QMap<QString, QRegularExpression> later{
      {"engine", QRegularExpression("\\bnoiseloom_(nodes|app|cli|editor)\\w*|Qt6::|opencv|OpenCV|imgui")},
      {"nodes", QRegularExpression("\\bnoiseloom_(app|cli|editor)\\w*|Qt6::|imgui")}};
  QStringList wrong;
  const QDir root(NOISELOOM_SOURCE_DIR);
  for (auto layer = later.begin(); layer != later.end(); ++layer) {
    QDirIterator files(root.filePath(layer.key()), {"CMakeLists.txt"}, QDir::Files,
                       QDirIterator::Subdirectories);
    while (files.hasNext()) {
      const QString path = root.relativeFilePath(files.next());
      for (const QString& line : linesOf(path)) {
        const QString code = line.section('#', 0, 0);
        if (layer.value().match(code).hasMatch()) wrong << path + ": " + code.trimmed();
      }
    }
  }
  QVERIFY2(wrong.isEmpty(), qPrintable('\n' + wrong.join('\n')));
}

void LayersTest::filesAreShort() {
  QStringList wrong;
  for (const QString& path : sources()) {
    const QStringList lines = linesOf(path);
    if (lines.size() <= kLongestFile || !lines.filter("Longer than").isEmpty()) continue;
    wrong << QString(
                 "%1 has %2 lines: split it by concept, or say why not in a line that begins \"Longer than\"")
                 .arg(path)
                 .arg(lines.size());
  }
  QVERIFY2(wrong.isEmpty(), qPrintable('\n' + wrong.join('\n')));
}

void LayersTest::topLevelStaysAsItIs() {
  const QStringList allowed{"app",       "nodes",    "engine",  "resources",
                            "graphs",    "tests",    "cmake",   "CMakeLists.txt",
                            "README.md", "Makefile", "LICENSE", "CMakePresets.json"};
  const QRegularExpression made("^(\\..*|build.*|out)$");  // Dotfiles, and what .gitignore names.
  QStringList wrong;
  for (const QString& name : QDir(NOISELOOM_SOURCE_DIR).entryList(QDir::AllEntries | QDir::NoDotAndDotDot)) {
    if (!allowed.contains(name) && !made.match(name).hasMatch()) wrong << name;
  }
  QVERIFY2(wrong.isEmpty(), qPrintable("not at the top level: " + wrong.join(", ")));
}

QTEST_GUILESS_MAIN(LayersTest)
#include "layers_test.moc"
