// Runs outlive the editor: those that are over are in the list, those that waited are computed, those that
// were computed when it was killed say so.
#include <signal.h>

#include <iostream>

#include "app/editor/session/presence.h"
#include "app/editor/session/run_history.h"
#include "tests/app/editor/session/example.h"

using namespace loom;
using namespace loom::editor;
using testing::doneOf;
using testing::kPatience;
using State = RunInfo::State;

namespace {

constexpr int kSteps = 8, kForkAt = 4;

Document forked() { return withValue(testing::quickDdpm(kSteps), "step.variance", "fixed_large"); }

// An editor with a run that is over, one that computes and three that wait, the last one a fork of the first,
// until it is killed.
int runUntilKilled(int argc, char** argv) {
  QCoreApplication application(argc, argv);
  Session session(testing::withWorker(application.arguments().at(2)));
  QString parent, computes;
  const auto startOthers = [&] {
    session.openDocument(testing::quickDdpm(900), {}, QStringLiteral("Long"));
    computes = session.run();
    session.openDocument(testing::quickDdpm(3), {}, QStringLiteral("Short"));
    session.run();
    session.openDocument(testing::quickDdpm(4), {}, QStringLiteral("Short"));
    const QString last = session.run();
    session.openDocument(forked(), {}, QStringLiteral("Fork"));
    session.forkFrom(parent, kForkAt);
    session.runs().move(last, 0);
  };
  QObject::connect(&session, &Session::catalogChanged, &session, [&] {
    if (!parent.isEmpty()) return;
    session.openDocument(testing::quickDdpm(kSteps), {}, QStringLiteral("Parent"));
    parent = session.run();
  });
  QObject::connect(&session.runs(), &Runs::changed, &session, [&](const QString& id) {
    const auto run = session.runs().find(id);
    if (id == parent && run->over() && computes.isEmpty()) {
      computes = QStringLiteral("soon");
      QTimer::singleShot(0, &session, startOthers);
    }
    if (id == computes && doneOf(*run) > 1) std::cout << session.worker().pid() << std::endl;
  });
  return application.exec();
}

}  // namespace

class RunHistoryTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void runsAreThereTheNextTime() {
    QTemporaryDir folder;
    QString id;
    std::string text;
    {
      Session session(testing::withWorker(folder.path()));
      QTRY_VERIFY_WITH_TIMEOUT(!session.catalog().empty(), kPatience);
      session.openDocument(testing::quickDdpm(3), {}, QStringLiteral("Example"));
      text = writeGraph(session.document());
      id = session.run();
      QTRY_COMPARE_WITH_TIMEOUT(session.runs().find(id)->state, State::finished, kPatience);
      QTRY_VERIFY_WITH_TIMEOUT(session.runs().find(id)->thumbnail, kPatience);
      QThreadPool::globalInstance()->waitForDone();
    }
    Session session(testing::withoutWorker(folder.path()));
    QTRY_COMPARE(session.runs().all().size(), size_t{1});
    const auto run = session.runs().find(id);
    QVERIFY(run);
    QCOMPARE(run->state, State::finished);
    QCOMPARE(run->title, QStringLiteral("Emoji by DDPM"));
    QCOMPARE(session.runs().graphText(id), text);
    QCOMPARE(run->zones.at("sampling").done, 3);
    QVERIFY(run->thumbnail && run->thumbnail->width > 0);
    QVERIFY(!run->inWorker());
    QVERIFY(run->files.size() == 2 && QFile::exists(run->files.first()));
    QVERIFY(!session.shownRun());  // it is another document's
    const QString files = session.runs().folderOf(id);
    session.runs().forget(id);
    QVERIFY(session.runs().all().empty());
    QTRY_VERIFY(!QDir(files).exists());
  }

  void queueSurvivesAKilledEditor() {
    QTemporaryDir folder;
    QProcess editor;
    editor.start(QCoreApplication::applicationFilePath(), {QStringLiteral("--run"), folder.path()});
    QVERIFY(editor.waitForReadyRead(kPatience));
    const auto worker = editor.readLine().trimmed().toLongLong();
    QVERIFY(worker > 0);
    // Another editor leaves a living one's runs alone.
    {
      Session session(testing::withoutWorker(folder.path()));
      QTRY_COMPARE_WITH_TIMEOUT(session.runs().all().size(), size_t{1}, kPatience);
      QCOMPARE(session.runs().all().front()->state, State::finished);
      QVERIFY(session.runs().queue().empty());
    }
    ::kill(static_cast<pid_t>(editor.processId()), SIGKILL);
    QVERIFY(editor.waitForFinished());
    // Its worker ends by itself.
    QTRY_VERIFY_WITH_TIMEOUT(::kill(static_cast<pid_t>(worker), 0) != 0, 15'000);
    // They wait in the order that was chosen, however often the editor ends.
    const std::vector<QString> order{QStringLiteral("run 4"), QStringLiteral("run 3"),
                                     QStringLiteral("run 5")};
    for (int i = 0; i < 2; ++i) {
      Session session(testing::withoutWorker(folder.path()));
      QTRY_COMPARE_WITH_TIMEOUT(session.runs().queue(), order, kPatience);
    }
    Session session(testing::withWorker(folder.path()));
    QTRY_VERIFY_WITH_TIMEOUT(session.runs().all().size() >= 5, kPatience);
    const auto runOf = [&](int number) { return session.runs().find(QStringLiteral("run %1").arg(number)); };
    QCOMPARE(runOf(2)->state, State::lost);
    QVERIFY(runOf(2)->error && runOf(2)->error->message.contains(QStringLiteral("the editor ended")));
    for (int number : {1, 3, 4, 5})
      QTRY_COMPARE_WITH_TIMEOUT(runOf(number)->state, State::finished, kPatience);
    QVERIFY(session.runs().queue().empty());
    // The fork went on from its parent's step, which was computed again, and came to what it comes to.
    QCOMPARE(runOf(5)->parent, QStringLiteral("run 1"));
    QTRY_COMPARE_WITH_TIMEOUT(runOf(5)->zones.at("sampling").first, kForkAt, kPatience);
    session.openDocument(testing::quickDdpm(kSteps), {}, QStringLiteral("Parent"));
    const QString parent = session.run();
    QTRY_COMPARE_WITH_TIMEOUT(session.runs().find(parent)->state, State::finished, kPatience);
    session.openDocument(forked(), {}, QStringLiteral("Fork"));
    const QString fork = session.forkFrom(parent, kForkAt);
    QTRY_COMPARE_WITH_TIMEOUT(session.runs().find(fork)->state, State::finished, kPatience);
    const auto last = [&](const QString& id) {
      return session.frames().values(id, "sampling.x", {kSteps - 1});
    };
    QTRY_VERIFY_WITH_TIMEOUT(last(fork) && last(QStringLiteral("run 5")), kPatience);
    QCOMPARE(last(fork)->data, last(QStringLiteral("run 5"))->data);
  }

  void damagedFilesAreNoHarm() {
    QTemporaryDir folder;
    const auto put = [&](const QString& name, const QByteArray& bytes) {
      const QString file = folder.filePath(QStringLiteral("runs/")) + name;
      QVERIFY(QDir().mkpath(QFileInfo(file).path()));
      QFile out(file);
      QVERIFY(out.open(QIODevice::WriteOnly));
      out.write(bytes);
    };
    put(QStringLiteral("1/run.json"), "no json");
    put(QStringLiteral("2/run.json"), "{\"title\": 7}");
    put(QStringLiteral("3/run.json"),
        R"({"title":"T","state":"queued","editor":"1-gone","zones":{"a":{"done":"x"}}})");
    put(QStringLiteral("4/run.json"), R"({"title":"Waits","state":"queued","editor":"1-gone"})");
    put(QStringLiteral("4/request.json"), R"({"folder":"/tmp"})");
    put(QStringLiteral("4/graph.loom"), "no graph");
    put(QStringLiteral("5/run.json"), R"({"title":"Fine","state":"finished","files":["a",7]})");
    put(QStringLiteral("5/thumbnail.png"), "no picture");
    put(QStringLiteral("../elsewhere/run.json"), "{}");
    Session session(testing::withoutWorker(folder.path()));
    QTRY_VERIFY(session.runs().find(QStringLiteral("run 5")));
    QCOMPARE(session.runs().find(QStringLiteral("run 5"))->files, QStringList{QStringLiteral("a")});
    QCOMPARE(session.runs().find(QStringLiteral("run 4"))->state, State::lost);
    QVERIFY(session.runs().queue().empty());
    QCOMPARE(session.runs().all().size(), size_t{2});
  }

  void onlyTheNewestStay() {
    QTemporaryDir folder;
    for (int i = 1; i <= RunHistory::kMost + 20; ++i) {
      const QString at = folder.filePath(QStringLiteral("runs/%1").arg(i));
      QVERIFY(QDir().mkpath(at));
      QFile out(at + QStringLiteral("/run.json"));
      QVERIFY(out.open(QIODevice::WriteOnly));
      out.write(R"({"title":"T","state":"finished"})");
    }
    Session session(testing::withoutWorker(folder.path()));
    QTRY_COMPARE_WITH_TIMEOUT(session.runs().all().size(), size_t{RunHistory::kMost}, kPatience);
    QCOMPARE(session.runs().all().front()->number, 21);
    QVERIFY(!QDir(folder.filePath(QStringLiteral("runs/20"))).exists());
  }

  void numbersAreNobodyElses() {
    QTemporaryDir folder;
    const Presence presence(folder.path());
    RunHistory one(presence), other(presence);
    std::set<int> numbers;
    for (int i = 0; i < 20; ++i) QVERIFY(numbers.insert((i % 3 ? one : other).claim()).second);
  }
};

int main(int argc, char** argv) {
  if (argc > 2 && std::string_view(argv[1]) == "--run") return runUntilKilled(argc, argv);
  QCoreApplication application(argc, argv);
  RunHistoryTest test;
  return QTest::qExec(&test, argc, argv);
}
#include "run_history_test.moc"
