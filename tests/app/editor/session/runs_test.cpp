// Runs of the example graph in a real worker: watched at every step, steered, forked, waiting in line.
#include "tests/app/editor/session/example.h"

using namespace loom;
using namespace loom::editor;
using testing::doneOf;
using testing::kPatience;
using State = RunInfo::State;

class RunsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:

  void initTestCase() {
    folder_ = std::make_unique<QTemporaryDir>();
    session_ = std::make_unique<Session>(testing::withWorker(folder_->path()));
    QTRY_VERIFY_WITH_TIMEOUT(!session_->catalog().empty(), kPatience);
  }

  void cleanupTestCase() {
    session_.reset();
    folder_.reset();
  }

  void init() { session_->openDocument(testing::quickDdpm(), {}, QStringLiteral("Example")); }

  // --- checks ---

  void checkedAsItIsEdited() {
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current, kPatience);
    QVERIFY(session_->checked().ok);
    QCOMPARE(session_->checked().ports.at("sampling.x"), std::string("Latent float32 [1, 3, 32, 32]"));
    QCOMPARE(session_->checked().shapes.at("sampling.x"), (std::vector<std::string>{"1", "3", "32", "32"}));
    QVERIFY(session_->checked().peakBytes > 0);
    session_->edit(QStringLiteral("Break"), [](const Document& document) {
      return withNode(document, "step", [](Node& node) { node.inputs.erase("x_t"); });
    });
    QVERIFY(!session_->checked().current);
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current, kPatience);
    QVERIFY(!session_->checked().ok);
    QCOMPARE(session_->checked().errors.size(), size_t{1});
    QCOMPARE(session_->checked().errors.front().node, std::string("step"));
    QCOMPARE(session_->checked().errors.front().port, std::string("x_t"));
    session_->undoOnce();
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current && session_->checked().ok, kPatience);
    // What only moves is nothing to check.
    session_->edit(QStringLiteral("Move"), [](const Document& document) {
      Document other = document;
      other.layout.own()["nodes"]["step"]["at"] = {10, 20};
      return other;
    });
    QVERIFY(session_->checked().current);
  }

  void mutedTakesAlongWhatNeedsIt() {
    session_->edit(QStringLiteral("Mute"), [](const Document& document) {
      return withNode(document, "strip", [](Node& node) { node.mode = NodeMode::muted; });
    });
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current, kPatience);
    QVERIFY(session_->checked().muted.contains("save_strip"));
    QVERIFY(!session_->checked().muted.contains("save"));
  }

  void newestOfManyEditsIsChecked() {
    for (int i = 1; i <= 50; ++i)
      session_->edit(QStringLiteral("Batch"),
                     [&](const Document& document) { return withValue(document, "batch", i); });
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current, kPatience);
    QCOMPARE(session_->checked().shapes.at("sampling.x").front(), std::string("50"));
  }

  // --- to the end ---

  void everyStepIsSeen() {
    QSignalSpy redraws(session_.get(), &Session::redraw);
    const QString id = session_->run();
    const auto run = session_->runs().find(id);
    QVERIFY(run);
    QCOMPARE(session_->shownRun(), run);
    QTRY_VERIFY_WITH_TIMEOUT(run->over(), kPatience);
    QVERIFY2(run->state == State::finished, run->error ? qPrintable(run->error->message) : "stopped");
    QCOMPARE(run->zones.at("sampling").done, 10);
    QVERIFY(run->seconds > 0);
    QVERIFY(redraws.count() > 0);
    Frames& frames = session_->frames();
    QCOMPARE(frames.ports(id), (std::vector<std::string>{"predict.x0", "sampling.x"}));
    for (const std::string port : {"sampling.x", "predict.x0"}) {
      QTRY_COMPARE_WITH_TIMEOUT(frames.iterations(id, port).size(), size_t{10}, kPatience);
      for (int64_t step = 0; step < 10; ++step) {
        QTRY_VERIFY_WITH_TIMEOUT(frames.thumbnail(id, port, {step}), kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(frames.values(id, port, {step}), kPatience);
        const ValuesPtr values = frames.values(id, port, {step});
        QCOMPARE(values->shape, (std::vector<int64_t>{1, 3, 32, 32}));
        QCOMPARE(values->type, std::string("latent"));
      }
      const std::vector<StatisticsRow> rows = frames.statistics(id, port);
      QCOMPARE(rows.size(), size_t{10});
      // The numbers are those the worker counted.
      const ValuesPtr last = frames.values(id, port, {9});
      double sum = 0;
      for (const float each : last->data) sum += each;
      QVERIFY(std::abs(sum / static_cast<double>(last->data.size()) - rows.back().mean) < 1e-4);
    }
    QTRY_VERIFY_WITH_TIMEOUT(frames.live(id, "picture.image"), kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(run->thumbnail, kPatience);
    // What it wrote outlives the worker.
    QVERIFY(!run->files.isEmpty());
    QVERIFY(run->files.first().startsWith(session_->runs().folderOf(id)));
    QVERIFY(QFile::exists(run->files.first()));
    // The cursor at a step: its picture, not the newest.
    session_->setCursor({.run = id, .iteration = {2}, .live = false});
    QCOMPARE(session_->pictureOf("sampling.x"), frames.thumbnail(id, "sampling.x", {2}));
    session_->setCursor({});
    QVERIFY(session_->pictureOf("sampling.x") != frames.thumbnail(id, "sampling.x", {2}));
    QVERIFY(session_->pictureOf("picture.image"));
  }

  void againAfterAnEditComputesWhatChanged() {
    const QString first = session_->run();
    QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(first)->over(), kPatience);
    // Nothing changed: no step is taken.
    const QString same = session_->run();
    QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(same)->over(), kPatience);
    QCOMPARE(session_->runs().find(same)->state, State::finished);
    QTRY_COMPARE_WITH_TIMEOUT(session_->runs().find(same)->zones.at("sampling").first, 10, kPatience);
    QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(same, "sampling.x").size(), size_t{10},
                              kPatience);
    QVERIFY(session_->runs().find(same)->differs.isEmpty());
    session_->edit(QStringLiteral("Variance"), [](const Document& document) {
      return withValue(document, "step.variance", "fixed_large");
    });
    const QString other = session_->run();
    QCOMPARE(session_->runs().find(other)->differs,
             QStringList{QStringLiteral("step.variance: fixed_small → fixed_large")});
    QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(other)->over(), kPatience);
    QCOMPARE(session_->runs().find(other)->state, State::finished);
  }

  // --- steering ---

  void pausesStepsAndGoesOn() {
    Runs& runs = session_->runs();
    const QString id = session_->run(2);
    const auto run = runs.find(id);
    const auto done = [&] { return doneOf(*run); };
    QTRY_COMPARE_WITH_TIMEOUT(run->state, State::paused, kPatience);
    QCOMPARE(done(), 2);
    runs.step(id);
    QTRY_VERIFY_WITH_TIMEOUT(done() == 3 && run->state == State::paused, kPatience);
    runs.step(id, 2);
    QTRY_VERIFY_WITH_TIMEOUT(done() == 5 && run->state == State::paused, kPatience);
    runs.runTo(id, 7);
    QTRY_VERIFY_WITH_TIMEOUT(done() == 7 && run->state == State::paused, kPatience);
    QTRY_COMPARE_WITH_TIMEOUT(runs.forkable(id), (std::vector<Steps>{1, 2, 3, 4, 5, 6, 7}), kPatience);
    // What was computed is seen while it waits.
    QTRY_VERIFY_WITH_TIMEOUT(session_->frames().values(id, "predict.x0", {6}), kPatience);
    QCOMPARE(session_->frames().iterations(id, "predict.x0").size(), size_t{7});
    runs.proceed(id);
    QTRY_VERIFY_WITH_TIMEOUT(run->over(), kPatience);
    QCOMPARE(run->state, State::finished);
    QCOMPARE(done(), 10);
  }

  void runsToAStep() {
    const QString id = session_->run(2);
    const auto run = session_->runs().find(id);
    QTRY_COMPARE_WITH_TIMEOUT(run->state, State::paused, kPatience);
    const size_t runs = session_->runs().all().size();
    session_->runTo(6);
    QTRY_VERIFY_WITH_TIMEOUT(doneOf(*run) == 6 && run->state == State::paused, kPatience);
    // It does not go back, and says so.
    QSignalSpy noticed(session_.get(), &Session::noticed);
    session_->runTo(3);
    QCOMPARE(noticed.count(), 1);
    QCOMPARE(doneOf(*run), 6);
    QCOMPARE(session_->runs().all().size(), runs);
    session_->runs().proceed(id);
    QTRY_VERIFY_WITH_TIMEOUT(run->over(), kPatience);

    // One that computes is told, too: no second one begins.
    session_->openDocument(testing::quickDdpm(900), {}, QStringLiteral("Long"));
    const QString longer = session_->run();
    const auto computes = session_->runs().find(longer);
    QTRY_VERIFY_WITH_TIMEOUT(computes->state == State::running && doneOf(*computes) > 0, kPatience);
    const size_t all = session_->runs().all().size();
    const int64_t goal = doneOf(*computes) + 200;
    session_->runTo(goal);
    QCOMPARE(session_->runs().all().size(), all);
    QTRY_COMPARE_WITH_TIMEOUT(computes->state, State::paused, kPatience);
    QCOMPARE(doneOf(*computes), goal);
    session_->runs().stop(longer);
    QTRY_VERIFY_WITH_TIMEOUT(computes->over(), kPatience);
    // Of one that is over another goes to there.
    session_->openDocument(testing::quickDdpm(), {}, QStringLiteral("Example"));
    session_->runTo(4);
    const auto other = session_->shownRun();
    QTRY_COMPARE_WITH_TIMEOUT(other->state, State::paused, kPatience);
    QCOMPARE(doneOf(*other), 4);
    session_->runs().stop(other->id);
  }

  void stops() {
    session_->openDocument(testing::quickDdpm(900), {}, QStringLiteral("Long"));
    const QString id = session_->run();
    const auto run = session_->runs().find(id);
    QTRY_VERIFY_WITH_TIMEOUT(run->state == State::running && doneOf(*run) > 0, kPatience);
    session_->runs().pause(id);
    QTRY_COMPARE_WITH_TIMEOUT(run->state, State::paused, kPatience);
    session_->runs().stop(id);
    QTRY_COMPARE_WITH_TIMEOUT(run->state, State::stopped, kPatience);
    QVERIFY(!run->error);
  }

  void forksFromAStep() {
    const QString parent = session_->run();
    QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(parent)->over(), kPatience);
    session_->edit(QStringLiteral("Variance"), [](const Document& document) {
      return withValue(document, "step.variance", "fixed_large");
    });
    const QString id = session_->forkFrom(parent, 5);
    const auto fork = session_->runs().find(id);
    QCOMPARE(fork->parent, parent);
    QTRY_VERIFY_WITH_TIMEOUT(fork->over(), kPatience);
    QVERIFY2(fork->state == State::finished, fork->error ? qPrintable(fork->error->message) : "");
    QTRY_COMPARE_WITH_TIMEOUT(fork->zones.at("sampling").first, 5, kPatience);
    QCOMPARE(fork->forkedAt, 5);
    Frames& frames = session_->frames();
    QTRY_COMPARE_WITH_TIMEOUT(frames.iterations(id, "predict.x0").size(), size_t{10}, kPatience);
    QTRY_COMPARE_WITH_TIMEOUT(frames.statistics(id, "predict.x0").size(), size_t{10}, kPatience);
    for (int64_t step = 0; step < 10; ++step) {
      QTRY_VERIFY_WITH_TIMEOUT(frames.values(id, "predict.x0", {step}), kPatience);
      QTRY_VERIFY_WITH_TIMEOUT(frames.values(parent, "predict.x0", {step}), kPatience);
      const ValuesPtr mine = frames.values(id, "predict.x0", {step});
      const ValuesPtr theirs = frames.values(parent, "predict.x0", {step});
      // The first step after the fork sees the same x; from then on all differs.
      if (step < 5)
        QCOMPARE(mine, theirs);
      else if (step > 5)
        QVERIFY(mine->data != theirs->data);
    }
  }

  // A fork of a run that the worker no longer has is what it would have been: the steps before it are its
  // parent's, with the parent's values.
  void forkOfARunThatIsGoneIsTheSame() {
    const auto variance = [&](const char* value) {
      session_->edit(QStringLiteral("Variance"),
                     [&](const Document& document) { return withValue(document, "step.variance", value); });
    };
    const auto last = [&](const QString& run) {
      const bool came = QTest::qWaitFor(
          [&] {
            return session_->runs().find(run)->over() &&
                   session_->frames().values(run, "sampling.x", {9}) != nullptr;
          },
          kPatience);
      if (!came) return Numbers();
      const ValuesPtr values = session_->frames().values(run, "sampling.x", {9});
      return values ? values->data : Numbers();
    };
    const QString parent = session_->run();
    const Numbers first = last(parent);
    variance("fixed_large");
    const QString fork = session_->forkFrom(parent, 5);
    const Numbers forked = last(fork);
    // A fork of the fork: both are computed again, each up to where the next goes on.
    variance("fixed_small");
    const QString twice = session_->forkFrom(fork, 7);
    const Numbers forkedTwice = last(twice);
    QVERIFY(!first.empty() && !forked.empty() && !forkedTwice.empty());
    QVERIFY(first != forked && forked != forkedTwice && forkedTwice != first);

    session_->worker().restart();
    QTRY_VERIFY_WITH_TIMEOUT(!session_->runs().find(parent)->inWorker(), kPatience);
    variance("fixed_large");
    const size_t before = session_->runs().all().size();
    const QString again = session_->forkFrom(parent, 5);
    const auto run = session_->runs().find(again);
    QCOMPARE(last(again), forked);
    QVERIFY2(run->state == State::finished, run->error ? qPrintable(run->error->message) : "");
    QTRY_COMPARE_WITH_TIMEOUT(run->zones.at("sampling").first, 5, kPatience);
    QCOMPARE(run->parent, parent);
    QVERIFY2(run->log.join('\n').contains(parent), qPrintable(run->log.join('\n')));
    // What was computed for it waits no longer.
    QCOMPARE(session_->runs().all().size(), before + 2);
    for (const auto& each : session_->runs().all()) QTRY_VERIFY_WITH_TIMEOUT(each->over(), kPatience);
    // What was seen of the first stays.
    QCOMPARE(last(parent), first);

    session_->worker().restart();
    QTRY_VERIFY_WITH_TIMEOUT(!session_->runs().find(again)->inWorker(), kPatience);
    variance("fixed_small");
    const QString twiceAgain = session_->forkFrom(fork, 7);
    QCOMPARE(last(twiceAgain), forkedTwice);

    // Asked for again it is a fork again.
    session_->worker().restart();
    QTRY_VERIFY_WITH_TIMEOUT(!session_->runs().find(twiceAgain)->inWorker(), kPatience);
    const QString third = session_->runAgain(fork);
    QCOMPARE(last(third), forked);
    QCOMPARE(session_->shownRun()->id, third);
    QCOMPARE(session_->runs().differences(fork, third), QStringList());
    QCOMPARE(session_->runs().differences(parent, fork),
             QStringList{QStringLiteral("step.variance: fixed_small → fixed_large")});
    // And where its parent was forgotten, that is said.
    session_->runs().forget(parent);
    session_->worker().restart();
    QTRY_VERIFY_WITH_TIMEOUT(!session_->runs().find(third)->inWorker(), kPatience);
    const QString orphan = session_->runAgain(fork);
    QTRY_COMPARE_WITH_TIMEOUT(session_->runs().find(orphan)->state, State::failed, kPatience);
    QVERIFY2(session_->runs().find(orphan)->error->message.contains(parent),
             qPrintable(session_->runs().find(orphan)->error->message));
  }

  // More pictures than any memory holds: refused before it starts, and the node is named.
  void tooLargeForTheMemoryNamesTheNode() {
    session_->edit(QStringLiteral("Huge"), [](const Document& document) {
      return withNode(document, "start", [](Node& node) {
        node.params["batch"] = 65536;
        node.params["shape"] = {3, 16384, 16384};
      });
    });
    const QString id = session_->run();
    const auto run = session_->runs().find(id);
    QTRY_COMPARE_WITH_TIMEOUT(run->state, State::failed, kPatience);
    QVERIFY(run->error);
    QVERIFY2(!run->error->node.isEmpty(), qPrintable(run->error->message));
    QVERIFY2(findNode(session_->document().graph, run->error->node.toStdString()),
             qPrintable(run->error->node));
    QVERIFY2(run->error->message.contains(QStringLiteral("TiB")), qPrintable(run->error->message));
    // And the worker goes on.
    session_->undoOnce();
    const QString next = session_->run();
    QTRY_COMPARE_WITH_TIMEOUT(session_->runs().find(next)->state, State::finished, kPatience);
  }

  void failsAtItsNode() {
    session_->edit(QStringLiteral("Break"), [](const Document& document) {
      return withNode(document, "weights", [](Node& node) { node.params["path"] = "nothing.safetensors"; });
    });
    QSignalSpy failed(&session_->runs(), &Runs::failed);
    const QString id = session_->run();
    const auto run = session_->runs().find(id);
    QTRY_COMPARE_WITH_TIMEOUT(run->state, State::failed, kPatience);
    QVERIFY(run->error);
    QCOMPARE(run->error->node, QStringLiteral("weights"));
    QVERIFY(run->error->message.contains(QStringLiteral("nothing.safetensors")));
    QCOMPARE(failed.count(), 1);
  }

  // --- the queue ---

  void waitInLineAndCanBeReordered() {
    session_->openDocument(testing::quickDdpm(900), {}, QStringLiteral("Long"));
    Runs& runs = session_->runs();
    const QString first = session_->run();
    QTRY_COMPARE_WITH_TIMEOUT(runs.find(first)->state, State::running, kPatience);
    session_->openDocument(testing::quickDdpm(3), {}, QStringLiteral("Short"));
    const QString second = session_->run(), third = session_->run(), fourth = session_->run();
    QCOMPARE(runs.queue(), (std::vector<QString>{second, third, fourth}));
    QTRY_VERIFY_WITH_TIMEOUT(runs.find(fourth)->inWorker(), kPatience);
    runs.move(fourth, 0);
    QCOMPARE(runs.queue(), (std::vector<QString>{fourth, second, third}));
    runs.stop(third);
    QTRY_COMPARE_WITH_TIMEOUT(runs.find(third)->state, State::stopped, kPatience);
    std::vector<QString> order;
    connect(&runs, &Runs::changed, &runs, [&](const QString& id) {
      const auto run = runs.find(id);
      if (run && run->state == State::finished && std::find(order.begin(), order.end(), id) == order.end())
        order.push_back(id);
    });
    runs.stop(first);
    QTRY_COMPARE_WITH_TIMEOUT(order, (std::vector<QString>{fourth, second}), kPatience);
    QVERIFY(runs.queue().empty());
    disconnect(&runs, &Runs::changed, &runs, nullptr);
  }

  void watchedLaterAndNoMore() {
    const QString id = session_->run(3);
    const auto run = session_->runs().find(id);
    QTRY_COMPARE_WITH_TIMEOUT(run->state, State::paused, kPatience);
    Frames& frames = session_->frames();
    frames.watch(id, "step.mean");
    frames.unwatch(id, "predict.x0");
    session_->runs().proceed(id);
    QTRY_VERIFY_WITH_TIMEOUT(run->over(), kPatience);
    QTRY_COMPARE_WITH_TIMEOUT(frames.iterations(id, "step.mean").size(), size_t{7}, kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(frames.thumbnail(id, "step.mean", {9}), kPatience);
    QCOMPARE(frames.ports(id), (std::vector<std::string>{"sampling.x", "step.mean"}));
  }

  // What was not kept of a run that is over is said, and the next run has all of it.
  void watchedWhenItIsOver() {
    const QString id = session_->run();
    QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(id)->over(), kPatience);
    QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(id, "sampling.x").size(), size_t{10}, kPatience);
    QSignalSpy noticed(session_.get(), &Session::noticed);
    session_->watch("sampling.x");
    QCOMPARE(noticed.count(), 0);  // it has been
    session_->watch("step.mean");
    QCOMPARE(noticed.count(), 1);
    QVERIFY(noticed.first().first().toString().contains(QStringLiteral("step.mean")));
    QVERIFY(!noticed.first().at(1).toBool());
    QCOMPARE(layoutOf(session_->document(), "")->watched.back(), std::string("step.mean"));
    const QString next = session_->run();
    QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(next)->over(), kPatience);
    QCOMPARE(session_->runs().find(next)->state, State::finished);
    for (const char* port : {"step.mean", "sampling.x", "predict.x0"})
      QTRY_COMPARE_WITH_TIMEOUT(session_->frames().iterations(next, port).size(), size_t{10}, kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(session_->frames().values(next, "step.mean", {0}), kPatience);
  }

  // A file that was chosen by hand is read, wherever it lies; one that a stranger's graph names is not.
  void chosenFilesAreRead() {
    QTemporaryDir elsewhere;
    const QString file = elsewhere.filePath(QStringLiteral("own.safetensors"));
    QVERIFY(
        QFile::copy(testing::sources() + QStringLiteral("/resources/models/ddpm_emoji.safetensors"), file));
    session_->edit(QStringLiteral("Path"), [&](const Document& document) {
      return withNode(document, "weights", [&](Node& node) { node.params["path"] = file.toStdString(); });
    });
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current, kPatience);
    QVERIFY(!session_->checked().ok);
    session_->allowFile(QStringLiteral("relative.safetensors"));
    session_->allowFile(file + QStringLiteral(".none"));
    QVERIFY(session_->allowedFolders().empty());
    session_->allowFile(file);
    QCOMPARE(session_->allowedFolders(), std::vector<QString>{QFileInfo(file).canonicalPath()});
    session_->allowFile(file);
    QCOMPARE(session_->allowedFolders().size(), size_t{1});
    QTRY_VERIFY_WITH_TIMEOUT(session_->checked().current && session_->checked().ok, kPatience);
    const QString id = session_->run();
    QTRY_COMPARE_WITH_TIMEOUT(session_->runs().find(id)->state, State::finished, kPatience);
    session_->settings().remove(QStringLiteral("files/allowed"));
  }

  void budgetOfMemoryHolds() {
    Frames& frames = session_->frames();
    frames.setBudget(0);
    const size_t pictureAtMost = 96 * 96 * 4, valuesAtMost = 3 * 32 * 32 * 4;
    QVERIFY(frames.bytes() <= pictureAtMost + valuesAtMost);
    const QString id = session_->run();
    QTRY_VERIFY_WITH_TIMEOUT(session_->runs().find(id)->over(), kPatience);
    QTRY_COMPARE_WITH_TIMEOUT(frames.iterations(id, "sampling.x").size(), size_t{10}, kPatience);
    // What went is asked for again.
    for (int64_t step = 0; step < 10; ++step)
      QTRY_VERIFY_WITH_TIMEOUT(frames.values(id, "sampling.x", {step}), kPatience);
    QVERIFY(frames.bytes() <= pictureAtMost + valuesAtMost);
    frames.setBudget(size_t{512} << 20);
  }

 private:
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Session> session_;
};

QTEST_GUILESS_MAIN(RunsTest)
#include "runs_test.moc"
