// The program itself: noiseloom-editor as a process of its own at an X display, with keys and clicks that the
// X server sends, looked at from outside: its windows, its files, its worker, what the screen shows.
#include <signal.h>

#include <QDir>
#include <QProcess>
#include <QScreen>
#include <QTemporaryDir>
#include <QtTest/QtTest>

#include "app/editor/document/document_file.h"
#include "app/editor/gl/theme.h"
#include "app/editor/session/journal.h"
#include "engine/graph/graph_file.h"
#include "tests/app/editor/story/x_user.h"

using namespace loom;
using namespace loom::editor;

namespace {

constexpr int kPatience = 60'000;

bool waitFor(const std::function<bool()>& done) { return QTest::qWaitFor(done, kPatience); }

// One that was started, until it is killed.
class Program {
 public:
  Program(XUser& user, const QString& home, const QStringList& arguments = {}) : user_(user), home_(home) {
    QProcessEnvironment around = QProcessEnvironment::systemEnvironment();
    around.insert("XDG_DATA_HOME", home);
    around.insert("PATH", QFileInfo(NOISELOOM_RUNNER).absolutePath() + ":" + around.value("PATH"));
    process_.setProcessEnvironment(around);
    process_.setProcessChannelMode(QProcess::ForwardedChannels);
    process_.start(NOISELOOM_EDITOR_PROGRAM, arguments);
  }
  ~Program() { kill(); }

  qint64 pid() const { return process_.processId(); }
  void kill() {
    if (process_.state() == QProcess::NotRunning) return;
    ::kill(static_cast<pid_t>(pid()), SIGKILL);
    process_.waitForFinished();
  }

  /// The one whose title holds that; its id is 0 where none comes.
  XUser::Window window(const QString& title) {
    XUser::Window found;
    waitFor([&] {
      for (const XUser::Window& each : user_.windowsOf(pid()))
        if (each.title.contains(title)) found = each;
      return found.id != 0;
    });
    return found;
  }
  bool hasWindow(const QString& title) {
    const auto windows = user_.windowsOf(pid());
    return std::any_of(windows.begin(), windows.end(),
                       [&title](const XUser::Window& each) { return each.title.contains(title); });
  }

  /// Its worker; 0 where there is none.
  qint64 worker() const {
    for (const QString& name : QDir("/proc").entryList({"[0-9]*"}, QDir::Dirs)) {
      QFile file("/proc/" + name + "/stat");
      if (!file.open(QIODevice::ReadOnly)) continue;
      const QByteArray stat = file.readAll();
      const QList<QByteArray> after = stat.mid(stat.lastIndexOf(')') + 2).split(' ');  // state, parent
      if (stat.contains("(noiseloom)") && after.value(0) != "Z" && after.value(1).toLongLong() == pid())
        return name.toLongLong();
    }
    return 0;
  }
  /// It has told which nodes there are.
  bool workerKnown() const { return QFile::exists(home_ + "/noiseloom/nodes.json") && worker() != 0; }

  /// The graph as it stands in the journal; empty where there is none.
  Document journal() const {
    const QFileInfoList all = QDir(home_ + "/noiseloom/journals").entryInfoList({"*.journal"}, QDir::Files);
    const std::string text = all.isEmpty() ? "" : Journal::textOf(all.first().absoluteFilePath());
    return text.empty() ? Document() : parseGraph(text);
  }
  /// How many of its runs ended well.
  int finishedRuns() const {
    int count = 0;
    for (const QString& run : QDir(home_ + "/noiseloom/runs").entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
      QFile file(home_ + "/noiseloom/runs/" + run + "/run.json");
      if (!file.open(QIODevice::ReadOnly)) continue;
      const auto about = nlohmann::json::parse(file.readAll().toStdString(), nullptr, false);
      count += about.is_object() && about.value("state", "") == "finished";
    }
    return count;
  }

  /// What the screen shows where the window is.
  static QImage look(const XUser::Window& window) {
    const QRect& at = window.rect;
    return QGuiApplication::primaryScreen()
        ->grabWindow(0, at.x(), at.y(), at.width(), at.height())
        .toImage()
        .convertToFormat(QImage::Format_RGB32);
  }
  /// Until it looks otherwise than before, and then the same twice.
  static bool changed(const XUser::Window& window, const QImage& before) {
    QImage last = before;
    return waitFor([&] {
      const QImage now = look(window);
      const bool rests = now != before && now == last;
      last = now;
      if (!rests) QTest::qWait(150);
      return rests;
    });
  }

 private:
  XUser& user_;
  QString home_;
  QProcess process_;
};

// Those in zones too: a node that is added comes to lie in the one under the mouse.
int nodesIn(const std::vector<NodePtr>& nodes) {
  int count = 0;
  for (const NodePtr& each : nodes) count += 1 + (each->zone ? nodesIn(each->zone->nodes) : 0);
  return count;
}
int nodesOf(const Document& document) { return nodesIn(document.graph.nodes); }

}  // namespace

class ProgramTest : public QObject {
  Q_OBJECT
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<XUser> user_;

  QString home() const { return folder_->filePath("data"); }
  QString ownGraph(int steps) const {
    const QString file = folder_->filePath("mine.loom");
    Document document = readDocument(NOISELOOM_SOURCE_DIR "/graphs/ddim.loom");
    document = withNode(document, "timesteps", [steps](Node& node) { node.params["steps"] = steps; });
    writeDocument(withNode(document, "start", [](Node& node) { node.params["batch"] = 1; }), file);
    return file;
  }
  // Those for the first steps are known.
  void withoutHints() const {
    QVERIFY(QDir().mkpath(home() + "/noiseloom"));
    QFile settings(home() + "/noiseloom/settings.ini");
    QVERIFY(settings.open(QIODevice::WriteOnly));
    settings.write("[hints]\nnext=3\n");
  }
  bool ended(qint64 process) const {
    return waitFor([process] { return ::kill(static_cast<pid_t>(process), 0) != 0; });
  }

 private Q_SLOTS:
  void initTestCase() {
    if (!QFile::exists(NOISELOOM_EDITOR_PROGRAM)) QSKIP("noiseloom-editor is not built");
  }
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    user_ = std::make_unique<XUser>();
  }

  void whatWasDoneBeforeItWasKilledIsHadBack() {
    Document expected;
    {
      Program editor(*user_, home());
      XUser::Window window = editor.window("Noiseloom");
      QVERIFY(window.id);
      user_->giveKeyboard(window);
      user_->click(window.rect.topLeft() + QPoint(180, 260));  // the gallery's first card
      QVERIFY(editor.window("ddpm.loom").id);
      QVERIFY(waitFor([&] { return editor.workerKnown(); }));
      const Document before = readDocument(NOISELOOM_SOURCE_DIR "/graphs/ddpm.loom");
      QImage seen = Program::look(window);
      user_->key(XUser::kTab);
      QVERIFY(Program::changed(window, seen));
      user_->type("gaussian noise");
      seen = Program::look(window);
      user_->key(XUser::kReturn);
      QVERIFY(waitFor([&] { return nodesOf(editor.journal()) == nodesOf(before) + 1; }));
      const qint64 worker = editor.worker();
      editor.kill();
      QVERIFY(ended(worker));
      expected = editor.journal();
      QCOMPARE(nodesOf(expected), nodesOf(before) + 1);
    }
    Program again(*user_, home());
    XUser::Window window = again.window("Noiseloom");
    QVERIFY(window.id);
    QVERIFY(!again.hasWindow("ddpm.loom"));
    user_->giveKeyboard(window);
    QVERIFY(Program::changed(window, {}));
    user_->key(' ');  // the offer to recover has the keyboard
    window = again.window("ddpm.loom*");
    QVERIFY(window.id);
    user_->giveKeyboard(window);
    user_->key('s', {XUser::kControl, XUser::kShift});
    const XUser::Window dialog = again.window("Save as");
    QVERIFY(dialog.id);
    user_->giveKeyboard(dialog);
    QVERIFY(Program::changed(dialog, {}));
    const QString saved = folder_->filePath("saved.loom");
    user_->type(saved);
    QVERIFY(waitFor([&] {
      if (QFile::exists(saved)) return true;
      user_->key(XUser::kReturn);  // the first one may close the list of names
      QTest::qWait(500);
      return false;
    }));
    QVERIFY(again.window("saved.loom —").id);
    QCOMPARE(QString::fromStdString(writeGraph(readDocument(saved))),
             QString::fromStdString(writeGraph(expected)));
    const qint64 worker = again.worker();
    user_->giveKeyboard(again.window("saved.loom"));
    user_->key('q', {XUser::kControl});
    QVERIFY(waitFor([&] { return user_->windowsOf(again.pid()).empty(); }));
    QVERIFY(worker == 0 || ended(worker));
  }

  void itsWorkerIsKilledUnderIt() {
    withoutHints();
    Program editor(*user_, home(), {ownGraph(4)});
    const XUser::Window window = editor.window("mine.loom");
    QVERIFY(window.id);
    user_->giveKeyboard(window);
    QVERIFY(waitFor([&] { return editor.workerKnown(); }));
    user_->key(XUser::kReturn, {XUser::kControl});
    QVERIFY(waitFor([&] { return editor.finishedRuns() == 1; }));
    const qint64 worker = editor.worker();
    QCOMPARE(::kill(static_cast<pid_t>(worker), SIGKILL), 0);
    QVERIFY(waitFor([&] { return editor.worker() != 0 && editor.worker() != worker; }));
    QVERIFY(editor.hasWindow("mine.loom"));
    user_->key(XUser::kReturn, {XUser::kControl});
    QVERIFY(waitFor([&] { return editor.finishedRuns() == 2; }));
  }

  void aSecondEditorOfAFileIsTold() {
    withoutHints();
    const QString file = ownGraph(4);
    Program first(*user_, home(), {file});
    const XUser::Window one = first.window("mine.loom");
    QVERIFY(one.id);
    // A line over the canvas: much of one colour, at its top.
    const auto told = [](const XUser::Window& window) {
      const QImage image = Program::look(window);
      int pixels = 0;
      for (int y = 80; y < 160; ++y)
        for (int x = image.width() / 4; x < image.width() * 3 / 4; ++x)
          pixels += image.pixel(x, y) == Theme::darkTheme().raised.rgb();
      return pixels > 3000;
    };
    QVERIFY(Program::changed(one, {}));
    QVERIFY(!told(one));
    Program second(*user_, home(), {file});
    const XUser::Window other = second.window("mine.loom");
    QVERIFY(other.id);
    user_->raise(other);
    QVERIFY(waitFor([&] { return told(other); }));
    user_->raise(one);
    QVERIFY(waitFor([&] { return !told(one); }));
  }
};

QTEST_MAIN(ProgramTest)
#include "program_test.moc"
