// Results of one call of the program, used by the next.

#include <ATen/ATen.h>

#include <QtTest>

#include "nodes/images/png_file.h"
#include "tests/app/cli/program.h"

class ResultCacheTest : public QObject {
  Q_OBJECT

  Program program_;

  // Nodes that were not computed in this run.
  static QStringList cached(const Outcome& outcome) {
    QStringList nodes;
    for (const QJsonObject& event : eventsOf(outcome.out, "node-finished"))
      if (event["cached"].toBool()) nodes << event["node"].toString();
    return nodes;
  }
  Outcome run(const QStringList& more, const QString& threads = "1") const {
    const Outcome outcome =
        program_.run(QStringList{"run", "slow.loom", "--json", "--threads", threads} + more);
    if (outcome.code != 0) qFatal("%s", qPrintable(outcome.text()));
    return outcome;
  }

 private Q_SLOTS:
  // Large enough that a chain takes some tenths of a second, well above the 50 ms below which nothing is
  // kept.
  void initTestCase() {
    QByteArray slow = kWalk;
    slow.replace("[3, 8, 8]", "[3, 64, 64]")
        .replace("\"batch\": 2", "\"batch\": 16")
        .replace("\"steps\": 100", "\"steps\": 300");
    program_.write("slow.loom", slow);
    program_.environment.remove("NOISELOOM_CACHE_SIZE");
    program_.environment.insert("XDG_CACHE_HOME", program_.path("cache"));
  }
  void init() { QDir(program_.path("cache/noiseloom/results")).removeRecursively(); }

  void anotherNameSamplesNotAgain() {
    const Outcome first = run({});
    QCOMPARE(cached(first), QStringList());
    QCOMPARE(eventsOf(first.out, "zone-started").size(), 1);
    const Outcome second = run({"--set", "save.path=renamed.png"});
    QVERIFY2(cached(second).contains("sampling") || cached(second).contains("picture"),
             qPrintable(second.text()));
    QCOMPARE(eventsOf(second.out, "zone-started").size(), 0);
    QVERIFY(at::equal(loom::readPng(program_.path("out/walk.png").toStdString()),
                      loom::readPng(program_.path("out/renamed.png").toStdString())));
    const Outcome third = run({"--seed", "5"});  // another result
    QCOMPARE(cached(third), QStringList());
    QCOMPARE(cached(run({}, "2")), QStringList());  // whose last digits may be others
  }

  void notUsedWhenNotWanted() {
    run({"--no-cache"});
    QVERIFY(!program_.has("cache/noiseloom/results"));
    run({"--cache-size", "0"});
    QVERIFY(!program_.has("cache/noiseloom/results"));
    run({});
    QVERIFY(program_.has("cache/noiseloom/results"));
    QCOMPARE(cached(run({"--no-cache"})), QStringList());
    // What is watched goes round, whatever is known.
    QCOMPARE(eventsOf(run({"--stats", "sampling.x"}).out, "statistics").size(), 300);
  }

  void shownAndCleared() {
    run({});
    const QJsonObject there = eventsOf(program_.run({"cache", "--json"}).out).at(0);
    QVERIFY(there["results"].toInt() > 0 && there["bytes"].toDouble() > 700'000);
    const Outcome shown = program_.run({"cache"});
    QVERIFY2(shown.code == 0 && shown.out.contains("cache/noiseloom/results"), qPrintable(shown.text()));
    const Outcome cleared = program_.run({"cache", "--clear"});
    QVERIFY2(cleared.code == 0 && cleared.out.startsWith("removed "), qPrintable(cleared.text()));
    QCOMPARE(eventsOf(program_.run({"cache", "--json"}).out).at(0)["results"].toInt(), 0);
    QCOMPARE(cached(run({})), QStringList());
  }

  void aSmallBudgetIsKeptTo() {
    for (int seed = 0; seed < 4; ++seed) run({"--cache-size", "2M", "--seed", QString::number(seed)});
    QVERIFY(eventsOf(program_.run({"cache", "--json"}).out).at(0)["bytes"].toDouble() <= 2 << 20);
  }

  // Of many at once, each gets its own picture.
  void severalAtOnce() {
    std::vector<std::unique_ptr<QProcess>> all;
    for (int i = 0; i < 4; ++i) {
      all.push_back(std::make_unique<QProcess>());
      program_.start(*all.back(), {"run", "slow.loom", "--threads", "1", "--quiet", "--seed",
                                   QString::number(i % 2), "--out", "at-once-" + QString::number(i)});
    }
    for (auto& process : all) {
      const Outcome outcome = Program::finish(*process);
      QVERIFY2(outcome.code == 0, qPrintable(outcome.text()));
    }
    const auto picture = [&](int i) {
      return loom::readPng(program_.path("at-once-" + QString::number(i) + "/walk.png").toStdString());
    };
    for (int i = 2; i < 4; ++i) QVERIFY(at::equal(picture(i), picture(i % 2)));
    QVERIFY(!at::equal(picture(0), picture(1)));
  }

  void withoutAPlaceForIt() {
    program_.environment.remove("XDG_CACHE_HOME");
    const QString home = program_.environment.value("HOME");
    program_.environment.remove("HOME");
    QCOMPARE(cached(run({})), QStringList());
    QCOMPARE(program_.run({"cache"}).code, 2);
    program_.environment.insert("HOME", home);
    program_.environment.insert("XDG_CACHE_HOME", "/proc/none");
    const Outcome outcome = run({});
    QCOMPARE(eventsOf(outcome.out, "message").size(), 1);  // said, and no reason to fail
    program_.environment.insert("XDG_CACHE_HOME", program_.path("cache"));
  }
};

QTEST_GUILESS_MAIN(ResultCacheTest)
#include "result_cache_test.moc"
