// A worker that is killed at any moment of a run takes nothing with it: the document, the frames that were
// seen and the run before stay, and the next run works.
#include <signal.h>

#include <random>

#include "tests/app/editor/session/example.h"

using namespace loom;
using namespace loom::editor;
using testing::doneOf;
using testing::kPatience;
using State = RunInfo::State;

class WorkerKillTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    session_ = std::make_unique<Session>(testing::withWorker(folder_->path()));
    QTRY_VERIFY_WITH_TIMEOUT(!session_->catalog().empty(), kPatience);
  }

  void cleanup() {
    session_.reset();
    folder_.reset();
  }

  void killedAtAnyMoment() {
    constexpr int kKills = 30, kSteps = 100, kQuick = 6;
    std::mt19937 random(5);
    session_->openDocument(testing::quickDdpm(kSteps), {}, QStringLiteral("Example"));
    const std::string text = writeGraph(session_->document());
    Frames& frames = session_->frames();
    int lost = 0;
    size_t kept = 0;
    for (int kill = 0; kill < kKills; ++kill) {
      // Each one is another picture: nothing of it is in any cache.
      session_->edit(QStringLiteral("Seed"), [&](const Document& document) {
        return withValue(withValue(document, "seed", 1000 + kill), "steps", kSteps);
      });
      const QString id = session_->run();
      const auto run = session_->runs().find(id);
      // One in four at about the moment it is asked for, the others at a step: with 40 of them to go it can't
      // be over by then, however fast the machine is.
      const auto moment = static_cast<int64_t>(random());
      if (kill % 4 == 0)
        QTest::qWait(static_cast<int>(moment % 200));
      else {
        // Somebody looks at numbers on the way; pictures are shown as they come.
        QTRY_VERIFY_WITH_TIMEOUT(doneOf(*run) >= moment % (kSteps - 40) / 2, kPatience);
        for (const Iteration& at : frames.iterations(id, "sampling.x")) frames.values(id, "sampling.x", at);
        QTRY_VERIFY_WITH_TIMEOUT(doneOf(*run) >= moment % (kSteps - 40), kPatience);
      }
      QTRY_VERIFY_WITH_TIMEOUT(session_->worker().pid() > 0, kPatience);
      const qint64 pid = session_->worker().pid();
      std::map<int64_t, ValuesPtr> seen;
      std::map<int64_t, PicturePtr> shown;
      for (const Iteration& at : frames.iterations(id, "sampling.x")) {
        if (ValuesPtr values = frames.values(id, "sampling.x", at)) seen[at.front()] = values;
        if (PicturePtr picture = frames.thumbnail(id, "sampling.x", at)) shown[at.front()] = picture;
      }
      ::kill(static_cast<pid_t>(pid), SIGKILL);
      // It is over where it had begun, else it waits for the next worker.
      QTRY_VERIFY_WITH_TIMEOUT(session_->worker().pid() != pid, kPatience);
      if (kill % 8 == 0 && session_->worker().state() != WorkerClient::State::failed)
        QTRY_VERIFY_WITH_TIMEOUT(run->over(), kPatience);
      else
        session_->runs().stop(id);
      if (run->state == State::lost) {
        ++lost;
        QVERIFY(run->error);
        // What it was at when it went, as when the system's memory killer ends it.
        if (doneOf(*run) > 0) QCOMPARE(run->error->node, QStringLiteral("sampling"));
        QVERIFY2(run->error->message.contains(QStringLiteral("signal 9")) ||
                     run->error->message.contains(QStringLiteral("within a minute")),
                 qPrintable(run->error->message));
      }
      for (const auto& [step, values] : seen) {
        QCOMPARE(frames.values(id, "sampling.x", {step}), values);
        QCOMPARE(values->data.size(), size_t{3 * 32 * 32});
      }
      for (const auto& [step, picture] : shown) QCOMPARE(frames.thumbnail(id, "sampling.x", {step}), picture);
      kept += std::min(seen.size(), shown.size());
      QVERIFY(session_->modified());
      if (kill % 5 != 4) continue;
      // The next one works, with a worker that is given up too: whoever asks for a run wants one.
      session_->edit(QStringLiteral("Steps"),
                     [&](const Document& document) { return withValue(document, "steps", kQuick); });
      const QString next = session_->run();
      QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(next)->over(), kPatience);
      QCOMPARE(session_->runs().find(next)->state, State::finished);
      QTRY_COMPARE_WITH_TIMEOUT(frames.iterations(next, "predict.x0").size(), size_t{kQuick}, kPatience);
    }
    QVERIFY2(lost >= 15, qPrintable(QString::number(lost)));
    QVERIFY(kept > 0);
    session_->goTo(0);
    QCOMPARE(writeGraph(session_->document()), text);
  }

  void checksGoOnWithTheNextWorker() {
    session_->openDocument(testing::quickDdpm(), {}, QStringLiteral("Example"));
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current, kPatience);
    ::kill(static_cast<pid_t>(session_->worker().pid()), SIGKILL);
    session_->edit(QStringLiteral("Batch"),
                   [](const Document& document) { return withValue(document, "batch", 3); });
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current, kPatience);
    QCOMPARE(session_->checked().shapes.at("sampling.x").front(), std::string("3"));
  }

  void hungWorkerCanBeStopped() {
    session_->openDocument(testing::quickDdpm(900), {}, QStringLiteral("Long"));
    const QString id = session_->run();
    const auto run = session_->runs().find(id);
    QTRY_VERIFY_WITH_TIMEOUT(run->state == State::running && doneOf(*run) > 2, kPatience);
    const qint64 pid = session_->worker().pid();
    ::kill(static_cast<pid_t>(pid), SIGSTOP);
    QTRY_COMPARE_WITH_TIMEOUT(session_->worker().state(), WorkerClient::State::hung, kPatience);
    QCOMPARE(run->state, State::running);
    // It hears nothing: whoever stops its run stops it.
    session_->runs().stop(id);
    QTRY_COMPARE_WITH_TIMEOUT(run->state, State::stopped, kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(session_->worker().pid() != pid, kPatience);
    session_->openDocument(testing::quickDdpm(3), {}, QStringLiteral("Short"));
    const QString next = session_->run();
    QTRY_COMPARE_WITH_TIMEOUT(session_->runs().find(next)->state, State::finished, kPatience);
    QVERIFY(session_->worker().pid() != pid);
  }

 private:
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Session> session_;
};

QTEST_GUILESS_MAIN(WorkerKillTest)
#include "worker_kill_test.moc"
