#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QtTest>
#include <csignal>
#include <thread>

#include "engine/files/atomic_file.h"
#include "tests/engine/files/scratch.h"

using namespace loom;
using namespace loom::test;

namespace {

/// Runs `action` in a child process and returns its wait status.
template <class Action>
int inChild(Action action) {
  const pid_t child = ::fork();
  if (child == 0) {
    action();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

/// Files of at most `bytes` while it lives.
struct FileLimit {
  explicit FileLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before);
    rlimit limit = before;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() { ::setrlimit(RLIMIT_FSIZE, &before); }
  rlimit before{};
};

}  // namespace

class AtomicFileTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void writesAndReplaces() {
    const Scratch scratch;
    writeAtomically(scratch.path("a.txt"), "one");
    ::chmod(scratch.path("a.txt").c_str(), 0600);
    writeAtomically(scratch.path("a.txt"), "two");
    QCOMPARE(bytesOf(scratch.path("a.txt")), std::string("two"));
    struct stat status {};
    ::stat(scratch.path("a.txt").c_str(), &status);
    QCOMPARE(status.st_mode & 0777, mode_t{0600});
    QCOMPARE(scratch.count(), size_t{1});
  }

  void fewerBytesThanAnnounced() {
    const Scratch scratch;
    AtomicFile file(scratch.path("a"), {.bytes = 100000});
    file.write("short");
    file.commit();
    QCOMPARE(bytesOf(scratch.path("a")), std::string("short"));
  }

  void untilCommitTheOldContentStands() {
    const Scratch scratch;
    scratch.put("a.mp4", "old");
    {
      AtomicFile file(scratch.path("a.mp4"));
      file.write("new");
      QCOMPARE(bytesOf(scratch.path("a.mp4")), std::string("old"));
      QCOMPARE(file.partial().extension().string(), std::string(".mp4"));
      QCOMPARE(file.partial().parent_path(), scratch.path("a.mp4").parent_path());
    }
    QCOMPARE(bytesOf(scratch.path("a.mp4")), std::string("old"));
    QCOMPARE(scratch.count(), size_t{1});
  }

  void aLibraryMayWriteByName_data() {
    QTest::addColumn<bool>("anew");
    QTest::newRow("same file") << false;
    QTest::newRow("removed and made anew") << true;
  }
  void aLibraryMayWriteByName() {
    QFETCH(bool, anew);
    const Scratch scratch;
    AtomicFile file(scratch.path("a.png"));
    if (anew) std::filesystem::remove(file.partial());
    std::ofstream(file.partial()) << "by name";
    file.commit();
    QCOMPARE(bytesOf(scratch.path("a.png")), std::string("by name"));
    QCOMPARE(scratch.count(), size_t{1});
  }

  void twoWritersOfOneTargetDoNotMeet() {
    const Scratch scratch;
    AtomicFile first(scratch.path("a")), second(scratch.path("a"));
    QVERIFY(first.partial() != second.partial());
    first.write("first");
    second.write("second");
    second.commit();
    first.commit();
    QCOMPARE(bytesOf(scratch.path("a")), std::string("first"));
    QCOMPARE(scratch.count(), size_t{1});
  }

  void manyThreadsLeaveOneWholeFile() {
    const Scratch scratch;
    std::vector<std::thread> threads;
    for (char c = 'a'; c < 'e'; ++c)
      threads.emplace_back([&, c] {
        for (int i = 0; i < 25; ++i) writeAtomically(scratch.path("x"), std::string(5000, c));
      });
    for (std::thread& thread : threads) thread.join();
    const std::string left = bytesOf(scratch.path("x"));
    QCOMPARE(left, std::string(5000, left.at(0)));
    QCOMPARE(scratch.count(), size_t{1});
  }

  void whatAKilledWriterLeftIsCleared() {
    const Scratch scratch;
    const int status = inChild([&] {
      AtomicFile first(scratch.path("a")), second(scratch.path("a"));
      first.write("half");
      second.write("half");
      ::kill(::getpid(), SIGKILL);
    });
    QVERIFY(WIFSIGNALED(status));
    QCOMPARE(scratch.count(), size_t{2});
    QVERIFY(!std::filesystem::exists(scratch.path("a")));
    writeAtomically(scratch.path("a"), "whole");
    QCOMPARE(bytesOf(scratch.path("a")), std::string("whole"));
    QCOMPARE(scratch.count(), size_t{1});
  }

  void aPartialFileOfSomeoneAliveIsLeftAlone() {
    const Scratch scratch;
    AtomicFile other(scratch.path("a"));
    other.write("other");
    writeAtomically(scratch.path("a"), "mine");
    QCOMPARE(bytesOf(other.partial()), std::string("other"));
  }

  void aLinkInPlaceOfThePartialFileIsNotFollowed() {
    const Scratch scratch;
    scratch.put("precious", "keep");
    const std::filesystem::path partial = AtomicFile(scratch.path("a")).partial();
    std::filesystem::create_symlink("precious", partial);
    QVERIFY(!refusal([&] { writeAtomically(scratch.path("a"), "x"); }).empty());
    QCOMPARE(bytesOf(scratch.path("precious")), std::string("keep"));
  }

  void longNames() {
    const Scratch scratch;
    const std::string name = std::string(250, 'n') + ".png";
    writeAtomically(scratch.path(name), "x");
    QCOMPARE(bytesOf(scratch.path(name)), std::string("x"));
    QCOMPARE(scratch.count(), size_t{1});
  }

  void refusals_data() {
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("message");
    QTest::newRow("no folder") << "none/a"
                               << "there is no folder";
    QTest::newRow("a file for a folder") << "file/a"
                                         << "is no folder";
    QTest::newRow("a folder's name") << "folder"
                                     << "a folder of that name";
    QTest::newRow("no name") << "folder/"
                             << "names no file";
  }
  void refusals() {
    QFETCH(QString, name);
    QFETCH(QString, message);
    const Scratch scratch;
    scratch.put("file", "x");
    std::filesystem::create_directory(scratch.path("folder"));
    QVERIFY_REFUSED(writeAtomically(scratch.path(name.toStdString()), "x"), message.toStdString());
    QCOMPARE(scratch.count(), size_t{2});
  }

  void aFileBeyondTheLimit_data() {
    QTest::addColumn<quint64>("announced");
    QTest::newRow("announced") << quint64{100000};
    QTest::newRow("not announced") << quint64{0};
  }
  void aFileBeyondTheLimit() {
    QFETCH(quint64, announced);
    const Scratch scratch;
    const FileLimit limit(4096);
    const std::string big(100000, 'x');
    const auto write = [&] {
      AtomicFile file(scratch.path("a"), {.bytes = announced});
      file.write(big);
      file.commit();
    };
    QVERIFY_REFUSED(write(), "100000 bytes are more");
    QCOMPARE(scratch.count(), size_t{0});
  }

  void aFullDisk_data() { aFileBeyondTheLimit_data(); }
  void aFullDisk() {
    QFETCH(quint64, announced);
    const Scratch scratch;
    const std::string disk = scratch.folder.path().toStdString();
    if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") != 0)
      QSKIP("mounting a small disk needs root");
    scratch.put("a", "old");
    const auto write = [&] {
      AtomicFile file(scratch.path("a"), {.bytes = announced});
      for (int i = 0; i < 10; ++i) file.write(std::string(10000, 'x'));
      file.commit();
    };
    const std::string message = refusal(write);
    const std::string left = bytesOf(scratch.path("a"));
    const size_t count = scratch.count();
    ::umount(disk.c_str());
    QVERIFY2(message.find("the disk is full") != std::string::npos, message.c_str());
    QVERIFY2(message.find(announced ? "needs 100000 bytes" : "needs ") != std::string::npos, message.c_str());
    QVERIFY2(message.find("are free there") != std::string::npos, message.c_str());
    QCOMPARE(left, std::string("old"));
    QCOMPARE(count, size_t{1});
  }
};

QTEST_GUILESS_MAIN(AtomicFileTest)
#include "atomic_file_test.moc"
