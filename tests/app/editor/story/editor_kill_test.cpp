// The editor itself, window and all, killed at any moment while edits arrive and runs go: its worker ends by
// itself, and the next start offers the document as it was at the last edit.
#include <signal.h>
#include <unistd.h>

#include <QCryptographicHash>
#include <QTemporaryDir>
#include <QtTest>
#include <random>

#include "app/editor/document/edits.h"
#include "app/editor/shell/main_window.h"
#include "engine/core/error.h"
#include "engine/graph/graph_file.h"

using namespace loom;
using namespace loom::editor;

namespace {

constexpr int kPatience = 60'000;

std::string hashOf(const Document& document) {
  return QCryptographicHash::hash(QByteArray::fromStdString(writeGraph(document)), QCryptographicHash::Sha1)
      .toHex()
      .toStdString();
}

void say(const std::string& line) {
  const std::string whole = line + "\n";
  if (::write(1, whole.data(), whole.size()) < 0) ::_exit(1);
}

// Some edit, by chance. Throws where it can't be done.
Document edited(const Document& document, const Catalog& catalog, std::mt19937& random) {
  const auto pick = [&](size_t n) { return random() % n; };
  std::vector<std::string> ids;
  for (const NodePtr& node : document.graph.nodes) ids.push_back(node->id);
  if (ids.empty()) return addNode(document, "", catalog, "noise.gaussian", {0, 0}, "").document;
  const std::string id = ids[pick(ids.size())];
  const Point at{static_cast<float>(pick(2000)), static_cast<float>(pick(2000))};
  switch (pick(7)) {
    case 0: {
      const NodeType& type = catalog.nodes()[pick(catalog.nodes().size())];
      return addNode(document, "", catalog, type.id, at, "").document;
    }
    case 1:
      return removeNodes(document, "", catalog, {id});
    case 2:
      return duplicate(document, "", catalog, {id}, {30, 30}, true).document;
    case 3:
      return rename(document, "", id, id + "_" + std::to_string(pick(100)));
    case 4:
      return setTitle(document, "", id, "Title " + std::to_string(pick(1000)));
    default:
      return moveBy(document, "", {id}, {at.x - 1000, at.y - 1000});
  }
}

// The editor at work until it is killed. It says "next" and what an edit will make of the document, and
// "done" when the edit has returned.
class Hand : public QObject {
 public:
  Hand(Session& session, unsigned seed) : session_(session), random_(seed) {
    connect(&session_.worker(), &WorkerClient::stateChanged, this, [this] { tellWorker(); });
    connect(&turn_, &QTimer::timeout, this, [this] { edit(); });
    tellWorker();
    turn_.start(0);
  }

 private:
  void tellWorker() {
    if (const qint64 pid = session_.worker().pid(); pid != worker_)
      say("worker " + std::to_string(worker_ = pid));
  }

  void edit() {
    tellWorker();
    if (session_.catalog().empty()) return;
    if (random_() % 8 == 0 && session_.undo().canUndo()) {
      say("next " + hashOf(session_.undo().entries()[session_.undo().now() - 1].document));
      session_.undoOnce();
      return say("done");
    }
    Document next;
    try {
      next = edited(session_.document(), session_.catalog(), random_);
    } catch (const Error&) {
      return;
    }
    say("next " + hashOf(next));
    session_.edit(QStringLiteral("Edit"), [&](const Document&) { return next; });
    say("done");
    if (random_() % 16 == 0) session_.run();
  }

  Session& session_;
  std::mt19937 random_;
  QTimer turn_;
  qint64 worker_ = 0;
};

int editUntilKilled(int argc, char** argv) {
  QApplication application(argc, argv);
  const QStringList arguments = application.arguments();
  MainWindow window({.runner = QStringLiteral(NOISELOOM_RUNNER), .dataFolder = arguments.at(2)});
  window.resize(900, 600);
  window.show();
  if (!window.openFile(arguments.at(3))) return 1;
  Hand hand(window.session(), arguments.at(4).toUInt());
  return application.exec();
}

/// One of those that are killed, and what it said.
class Editor {
 public:
  Editor(const QString& data, const QString& file, unsigned seed) : file(file) {
    process_.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    process_.start(QCoreApplication::applicationFilePath(),
                   {QStringLiteral("--edit"), data, file, QString::number(seed)});
  }

  /// So many edits are done, and its worker is there.
  bool waitFor(int edits) {
    while (done < edits || worker == 0)
      if (!process_.waitForReadyRead(kPatience))
        return false;
      else
        read();
    return true;
  }

  void kill() {
    ::kill(static_cast<pid_t>(process_.processId()), SIGKILL);
    process_.waitForFinished();
    read();
  }

  const QString file;
  int done = 0;
  qint64 worker = 0;
  std::string last, next;  // the document at the last edit that was done; what the one under way makes of it

 private:
  void read() {
    text_ += process_.readAllStandardOutput();
    for (qsizetype end; (end = text_.indexOf('\n')) >= 0; text_.remove(0, end + 1)) {
      const QByteArray line = text_.left(end);
      if (line.startsWith("worker ")) worker = line.mid(7).toLongLong();
      if (line.startsWith("next ")) next = line.mid(5).toStdString();
      if (line == "done") {
        last = next;
        ++done;
      }
    }
  }

  QProcess process_;
  QByteArray text_;
};

}  // namespace

class EditorKillTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void killedAtAnyMoment();
};

void EditorKillTest::killedAtAnyMoment() {
  constexpr int kRounds = 10, kEditors = 3;  // three at a time, of one data folder
  QTemporaryDir folder;
  const QString data = folder.filePath(QStringLiteral("data"));
  const QString example = QStringLiteral(NOISELOOM_SOURCE_DIR "/graphs/ddpm.loom");
  std::mt19937 random(21);
  int offered = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::unique_ptr<Editor>> editors;
    for (int i = 0; i < kEditors; ++i) {
      const QString file = folder.filePath(QStringLiteral("graph-%1-%2.loom").arg(round).arg(i));
      QVERIFY(QFile::copy(example, file));
      QFile::setPermissions(file, QFile::ReadOwner | QFile::WriteOwner);
      editors.push_back(std::make_unique<Editor>(data, file, static_cast<unsigned>(random())));
    }
    for (const auto& editor : editors) {
      QVERIFY(editor->waitFor(1 + static_cast<int>(random() % 40)));
      editor->kill();
    }
    for (const auto& editor : editors)
      QTRY_VERIFY_WITH_TIMEOUT(::kill(static_cast<pid_t>(editor->worker), 0) != 0, kPatience);

    // Now and then the next start is a window, whose gallery has what is to be had back.
    if (round % 5 == 4) {
      MainWindow window({.runner = QStringLiteral("/nowhere/noiseloom"), .dataFolder = data});
      window.show();
      window.begin();
      QVERIFY(window.session().recoverable().size() >= 1);
      const auto buttons = window.findChildren<QAbstractButton*>(QStringLiteral("recover"));
      QCOMPARE(buttons.size(), static_cast<qsizetype>(window.session().recoverable().size()));
      QVERIFY(buttons.first()->isVisible());
    }
    Session session({.runner = QStringLiteral("/nowhere/noiseloom"), .dataFolder = data});
    for (const auto& editor : editors) {
      const std::vector<Session::Recoverable> left = session.recoverable();
      const auto found = std::find_if(left.begin(), left.end(), [&](const Session::Recoverable& each) {
        return each.file == editor->file;
      });
      if (found == left.end()) {  // its edits were all undone: it is as the file is
        QVERIFY(session.open(editor->file));
      } else {
        ++offered;
        QVERIFY(session.recover(*found));
        QCOMPARE(session.file(), editor->file);
      }
      const std::string is = hashOf(session.document());
      QVERIFY2(is == editor->last || is == editor->next,
               qPrintable(QStringLiteral("after %1 edits another document is offered").arg(editor->done)));
    }
    QVERIFY(session.recoverable().empty());
  }
  QVERIFY2(offered >= 20, qPrintable(QString::number(offered)));
}

int main(int argc, char** argv) {
  if (argc > 4 && std::string_view(argv[1]) == "--edit") return editUntilKilled(argc, argv);
  QApplication application(argc, argv);
  EditorKillTest test;
  return QTest::qExec(&test, argc, argv);
}
#include "editor_kill_test.moc"
