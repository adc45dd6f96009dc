// `cmake --install` into a folder of its own: the editor there starts, shows the graphs and pictures that lie
// beside it, starts the runner beside it, which finds its models; what a desktop needs is where it looks.
#include <signal.h>

#include <QtTest/QtTest>

namespace {

QString contents(const QString& file) {
  QFile in(file);
  return in.open(QIODevice::ReadOnly) ? QString::fromUtf8(in.readAll()) : QString();
}

/// Ends with the test, however that ends.
class Program : public QProcess {
 public:
  ~Program() override {
    kill();
    waitForFinished(5000);
  }
};

/// Pids of what a program has started, with what they run.
std::map<qint64, QString> childrenOf(qint64 pid) {
  std::map<qint64, QString> children;
  for (const QString& id : QDir("/proc").entryList(QDir::Dirs))
    if (contents("/proc/" + id + "/stat").section(") ", -1).section(' ', 1, 1).toLongLong() == pid)
      children[id.toLongLong()] = QFileInfo("/proc/" + id + "/exe").canonicalFilePath();
  return children;
}

}  // namespace

class InstallTest : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  QString prefix() const { return folder_.filePath("usr"); }
  QString at(const QString& path) const { return prefix() + "/" + path; }

 private Q_SLOTS:
  void initTestCase() {
    const QString build = QFileInfo(NOISELOOM_EDITOR_PROGRAM).absolutePath();
    const bool ownRunner = QFileInfo(NOISELOOM_RUNNER).absolutePath() == build;
    QStringList arguments{"--install", build, "--prefix", prefix()};
    if (!ownRunner)
      arguments << "--component"
                << "Unspecified";  // this build has none
    QProcess install;
    install.setProcessChannelMode(QProcess::MergedChannels);
    install.start("cmake", arguments);
    QVERIFY(install.waitForFinished(60000));
    QVERIFY2(install.exitCode() == 0, install.readAll().constData());
    if (!ownRunner) QVERIFY(QFile::link(NOISELOOM_RUNNER, at("bin/noiseloom")));
    QVERIFY(QFileInfo(at("bin/noiseloom-editor")).isExecutable());
  }

  void aDesktopFindsIt() {
    const QString desktop = contents(at("share/applications/noiseloom-editor.desktop"));
    const auto entry = [&desktop](const QString& key) {
      return QRegularExpression("^" + key + "=(.*)$", QRegularExpression::MultilineOption)
          .match(desktop)
          .captured(1);
    };
    QCOMPARE(entry("Type"), QString("Application"));
    QVERIFY(QFileInfo(at("bin/" + entry("Exec").section(' ', 0, 0))).isExecutable());
    QVERIFY2(entry("Exec").contains("%f"), "a graph that is clicked in a file manager is given to it");
    const QString icon = entry("Icon");
    QVERIFY(!icon.isEmpty());
    QVERIFY(QFileInfo::exists(at("share/icons/hicolor/scalable/apps/" + icon + ".svg")));
    const QImage drawn(at("share/icons/hicolor/256x256/apps/" + icon + ".png"));
    QCOMPARE(drawn.size(), QSize(256, 256));
    const QString type = entry("MimeType").section(';', 0, 0);
    bool known = false;
    for (const QFileInfo& file : QDir(at("share/mime/packages")).entryInfoList({"*.xml"}))
      known |= contents(file.absoluteFilePath()).contains("type=\"" + type + "\"") &&
               contents(file.absoluteFilePath()).contains("*.loom");
    QVERIFY2(known, qPrintable(type));
    QVERIFY(QFileInfo::exists(at("share/doc/noiseloom/LICENSE")));
    QVERIFY(QFileInfo::exists(at("share/doc/noiseloom/licences.md")));
  }

  void theEditorThereShowsWhatLiesBesideIt() {
    QVERIFY(QFileInfo::exists(at("share/noiseloom/graphs/ddpm.loom")));
    // A colour that nothing else has, in place of the first picture.
    const QColor mark(255, 0, 171);
    QImage picture(600, 400, QImage::Format_RGB32);
    picture.fill(mark);
    QVERIFY(picture.save(at("share/noiseloom/resources/gallery/ddpm.png")));
    Program editor;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.remove("NOISELOOM_RESOURCES");
    editor.setProcessEnvironment(environment);
    editor.setWorkingDirectory("/");
    editor.start(at("bin/noiseloom-editor"), QStringList());
    QVERIFY(editor.waitForStarted());
    int marked = 0;
    const auto seen = [&] {
      const QImage screen = QGuiApplication::primaryScreen()->grabWindow(0).toImage();
      marked = 0;
      for (int y = 0; y < screen.height(); y += 4)
        for (int x = 0; x < screen.width(); x += 4) marked += screen.pixelColor(x, y) == mark;
      return marked > 500;
    };
    QVERIFY2(QTest::qWaitFor(seen, 60000), qPrintable(QString::number(marked)));
    const QString runner = QFileInfo(at("bin/noiseloom")).canonicalFilePath();
    qint64 worker = 0;
    const auto works = [&] {
      for (const auto& [pid, program] : childrenOf(editor.processId()))
        if (program == runner) worker = pid;
      return worker > 0;
    };
    QVERIFY(QTest::qWaitFor(works, 60000));
    editor.terminate();
    QVERIFY(editor.waitForFinished(10000));
    // The worker does not stay behind.
    QVERIFY(QTest::qWaitFor([&] { return !QFileInfo::exists(QString("/proc/%1/exe").arg(worker)); }, 60000));
  }

  void theRunnerThereFindsItsModels() {
    for (const char* graph : {"ddpm", "ddim", "interpolate"}) {
      QProcess check;
      check.setProcessChannelMode(QProcess::MergedChannels);
      check.setWorkingDirectory("/");
      check.start(at("bin/noiseloom"), {"check", at("share/noiseloom/graphs/") + QString(graph) + ".loom"});
      QVERIFY(check.waitForFinished(60000));
      QVERIFY2(check.exitCode() == 0, check.readAll().constData());
    }
  }
};

QTEST_MAIN(InstallTest)
#include "install_test.moc"
