// Hashes of weight files from one process to the next: taken over, kept, and safe against whatever the file
// may hold.
#include <ATen/ATen.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QtTest>

#include "app/cli/hash_memory.h"
#include "engine/files/sha256.h"
#include "tests/engine/files/scratch.h"

using namespace loom;
using namespace loom::test;

namespace {

std::filesystem::path oldFile(const Scratch& scratch, const std::string& name, const std::string& bytes) {
  const auto path = scratch.put(name, bytes);
  std::filesystem::last_write_time(path,
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  return path;
}

std::string lineFor(const std::filesystem::path& path, const std::string& hash) {
  const FileIdentity is = identify(path);
  return std::to_string(is.device) + " " + std::to_string(is.inode) + " " + std::to_string(is.size) + " " +
         std::to_string(is.modified) + " " + hash + "\n";
}

const std::string kHead = "noiseloom hashes 1\n";

}  // namespace

class HashMemoryTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void keptAndRecalled() {
    const Scratch scratch;
    const auto memory = scratch.path("cache/hashes");
    const auto weights = oldFile(scratch, "w", "some weights");
    const std::string hash = sha256OfFile(weights);
    keepHashes(memory);
    QVERIFY(bytesOf(memory).find(lineFor(weights, hash)) != std::string::npos);
    const std::string before = bytesOf(memory);
    keepHashes(memory);  // nothing new: nothing is written
    QCOMPARE(bytesOf(memory), before);
  }

  // What was recalled is believed, as long as the file's identity stays.
  void recalledIsBelieved() {
    const Scratch scratch;
    const auto weights = oldFile(scratch, "w", "believed");
    const std::string other(64, 'a');
    recallHashes(scratch.put("hashes", kHead + lineFor(weights, other)));
    QCOMPARE(sha256OfFile(weights), other);
    scratch.put("w", "believed no more");
    QVERIFY(sha256OfFile(weights) != other);
  }

  // A change within the same tick of the clock would go unseen.
  void newFilesAreLeftOut() {
    const Scratch scratch;
    const auto weights = scratch.put("new", "just written");
    const std::string hash = sha256OfFile(weights);
    keepHashes(scratch.path("hashes"));
    QVERIFY(bytesOf(scratch.path("hashes")).find(hash) == std::string::npos);
  }

  void hostileContent_data() {
    QTest::addColumn<QByteArray>("content");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("other first line") << QByteArray("hashes\n1 2 3 4 5\n");
    QTest::newRow("binary") << QByteArray("noiseloom hashes 1\n\0\xff\xfe\n\n\n1 1 1 1", 30);
    QTest::newRow("no hash") << QByteArray(
                                    "noiseloom hashes 1\n1 2 3 4 zz\n1 2 3 4\n99999999999999999999 1 1 1 ") +
                                    QByteArray(64, 'a') + "\n";
    QTest::newRow("one long line") << QByteArray("noiseloom hashes 1\n") + QByteArray(3 << 20, '7');
  }
  void hostileContent() {
    QFETCH(QByteArray, content);
    const Scratch scratch;
    const auto weights = oldFile(scratch, "w", "hostile");
    const auto memory = scratch.put("hashes", content.toStdString());
    recallHashes(memory);
    const std::string hash = sha256OfFile(weights);
    QCOMPARE(hash, sha256(std::as_bytes(std::span(std::string_view("hostile")))));
    keepHashes(memory);  // and it is a good file again
    QVERIFY(bytesOf(memory).starts_with(kHead));
    QVERIFY(bytesOf(memory).find(lineFor(weights, hash)) != std::string::npos);
    QVERIFY(bytesOf(memory).size() < size_t{2} << 20);
  }

  void unusablePlaces() {
    const Scratch scratch;
    std::filesystem::create_directories(scratch.path("folder/hashes"));
    sha256OfFile(oldFile(scratch, "w", "unusable"));
    recallHashes(scratch.path("folder/hashes"));
    keepHashes(scratch.path("folder/hashes"));
    keepHashes("/proc/no/such/place");
  }

  void severalWriters() {
    const Scratch scratch;
    const auto memory = scratch.path("hashes");
    std::vector<pid_t> children;
    for (int child = 0; child < 4; ++child) {
      const pid_t pid = ::fork();
      if (pid == 0) {
        for (int i = 0; i < 20; ++i) {
          sha256OfFile(oldFile(scratch, std::to_string(child) + "-" + std::to_string(i),
                               std::to_string(100 * child + i)));
          keepHashes(memory);
        }
        ::_exit(0);
      }
      children.push_back(pid);
    }
    bool done = false;
    while (!done) {  // whole at every moment
      const std::string content = bytesOf(memory);
      QVERIFY(content.empty() || (content.starts_with(kHead) && content.ends_with('\n')));
      done = ::waitpid(-1, nullptr, WNOHANG) < 0;
    }
    // The last writer of each process saw what was there: its own twenty are among them, or were lost to a
    // writer at the same moment and would be learnt again.
    QVERIFY(bytesOf(memory).size() > 20 * 100);
  }
};

QTEST_GUILESS_MAIN(HashMemoryTest)
#include "hash_memory_test.moc"
