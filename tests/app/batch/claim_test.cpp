// Who does a job: one at a time, and the dead hold nothing.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <QtTest>

#include <thread>

#include "app/batch/claim.h"
#include "tests/engine/files/scratch.h"

using namespace loom;

class ClaimTest : public QObject {
  Q_OBJECT

  static std::string lockText(const std::filesystem::path& folder) {
    return test::bytesOf(folder / "a.lock");
  }

  // A process that claims and is killed; its lock file stays.
  static void leaveDead(const Claims::Options& options) {
    const pid_t child = fork();
    if (child == 0) {
      Claims claims(options);
      const auto claim = claims.claim("a");
      raise(SIGKILL);
    }
    waitpid(child, nullptr, 0);
  }

 private Q_SLOTS:
  void ways_data() {
    QTest::addColumn<bool>("locks");
    QTest::newRow("locks") << true;
    QTest::newRow("a file system without locks") << false;
  }
  void ways() {
    QFETCH(bool, locks);
    const test::Scratch scratch;
    const Claims::Options options{.folder = scratch.path("jobs"), .locks = locks};
    Claims one(options), other(options);
    QVERIFY(!other.isHeld("a"));
    auto claim = one.claim("a");
    QVERIFY(claim);
    QVERIFY(other.isHeld("a"));
    QVERIFY(!other.claim("a"));
    QVERIFY(other.claim("b"));
    claim.reset();
    QVERIFY(!std::filesystem::exists(scratch.path("jobs/a.lock")));
    QVERIFY(!one.isHeld("a"));
    QVERIFY(other.claim("a"));
  }

  void theDead_data() { ways_data(); }
  void theDead() {
    QFETCH(bool, locks);
    const test::Scratch scratch;
    const Claims::Options options{.folder = scratch.path("jobs"), .locks = locks};
    leaveDead(options);
    QVERIFY(std::filesystem::exists(scratch.path("jobs/a.lock")));
    Claims claims(options);
    QVERIFY(!claims.isHeld("a"));
    QVERIFY(claims.claim("a"));
    leaveDead(options);
    claims.tidy("a");
    QVERIFY(!std::filesystem::exists(scratch.path("jobs/a.lock")));
    const auto held = claims.claim("a");
    claims.tidy("a");
    QVERIFY(std::filesystem::exists(scratch.path("jobs/a.lock")));
  }

  // Of another machine all that can be seen is whether it touches its file.
  void anotherMachine() {
    const test::Scratch scratch;
    std::filesystem::create_directory(scratch.path("jobs"));
    scratch.put("jobs/a.lock", "another-machine 1 2\n");
    Claims claims({.folder = scratch.path("jobs"), .silenceSeconds = 0.3});
    QVERIFY(claims.isHeld("a"));
    QVERIFY(!claims.claim("a"));
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    QVERIFY(!claims.isHeld("a"));
    const auto claim = claims.claim("a");
    QVERIFY(claim);
    QVERIFY(!QByteArray::fromStdString(lockText(scratch.path("jobs"))).startsWith("another-machine"));
  }

  void touched() {
    const test::Scratch scratch;
    Claims claims({.folder = scratch.path("jobs"), .touchSeconds = 0.05});
    const auto claim = claims.claim("a");
    const auto before = std::filesystem::last_write_time(scratch.path("jobs/a.lock"));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    QVERIFY(std::filesystem::last_write_time(scratch.path("jobs/a.lock")) > before);
  }

  // Many ask for the same jobs at once: each job is had by one at a time.
  void contended() {
    const test::Scratch scratch;
    std::array<std::atomic<int>, 5> holders{};
    std::atomic<int> had = 0;
    std::atomic<bool> twice = false;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        Claims claims({.folder = scratch.path("jobs")});
        for (int i = 0; i < 200; ++i) {
          const auto job = static_cast<size_t>(i + t) % holders.size();
          const auto claim = claims.claim("job" + std::to_string(job));
          if (!claim) continue;
          if (holders[job]++ != 0) twice = true;
          ++had;
          std::this_thread::yield();
          --holders[job];
        }
      });
    for (std::thread& thread : threads) thread.join();
    QVERIFY(!twice);
    QVERIFY(had > 5);
    Claims claims({.folder = scratch.path("jobs")});
    for (size_t job = 0; job < holders.size(); ++job) QVERIFY(claims.claim("job" + std::to_string(job)));
  }

  void noFolder() {
    const test::Scratch scratch;
    scratch.put("jobs", "a file");
    Claims claims({.folder = scratch.path("jobs")});
    QVERIFY_REFUSED(claims.claim("a"), "can't be claimed");
  }
};

QTEST_GUILESS_MAIN(ClaimTest)
#include "claim_test.moc"
