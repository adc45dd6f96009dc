// SharedFrames: what another process reads is whole, and the newest; a slow reader slows nobody.
#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QElapsedTimer>
#include <QProcess>
#include <QtTest>
#include <chrono>
#include <thread>

#include "engine/live/shared_frames.h"
#include "tests/engine/files/scratch.h"

using namespace loom;

namespace {

constexpr uint32_t kWidth = 64, kHeight = 64;  // x 4 bytes: 16 KiB a frame

// Every 8 bytes follow from the generation and their place: any mixture of two frames is seen.
void fill(std::vector<uint64_t>& content, uint64_t generation) {
  uint64_t x = generation * 0x9E3779B97F4A7C15u;
  for (uint64_t& word : content) word = x += 0xBF58476D1CE4E5B9u;
}

bool isContentOf(const std::vector<std::byte>& payload, uint64_t generation) {
  std::vector<uint64_t> expected(payload.size() / 8);
  fill(expected, generation);
  return payload.size() == kWidth * kHeight * 4 &&
         std::memcmp(expected.data(), payload.data(), payload.size()) == 0;
}

/// Code 0: true.
template <class Action>
pid_t inAnotherProcess(Action action) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int code = 1;
  try {
    code = action();
  } catch (...) {
    code = 99;
  }
  ::_exit(code);
}

// What a reader process goes through: until it has read so many frames, and one from `last` on; `pause`
// between two reads.
int readAll(const std::string& path, uint64_t last, uint64_t count, std::chrono::microseconds pause = {}) {
  SharedFramesReader reader(path);
  uint64_t seen = 0;
  for (uint64_t i = 0; i < count || seen < last;) {
    const auto read = reader.newest(seen);
    if (!read) {
      std::this_thread::yield();
      continue;
    }
    if (read->frame.generation <= seen) return 2;                                  // not newer
    if (!isContentOf(read->payload, read->frame.generation)) return 3;             // torn
    if (read->frame.iteration.at(1) != int64_t(read->frame.generation)) return 4;  // another's header
    seen = read->frame.generation;
    ++i;
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
  }
  return 0;
}

}  // namespace

class SharedFramesTest : public QObject {
  Q_OBJECT

  std::vector<uint64_t> content_ = std::vector<uint64_t>(kWidth * kHeight / 2);
  uint64_t written_ = 0;

  void write(SharedFrames& frames) {
    fill(content_, ++written_);
    frames.write({.iteration = {7, int64_t(written_)}, .width = kWidth, .height = kHeight},
                 std::as_bytes(std::span(content_)));
  }
  // Goes on for as long as readers need to see what they want.
  int writeUntilDone(SharedFrames& frames, std::vector<pid_t> readers) {
    while (!readers.empty()) {
      for (int i = 0; i < 1000; ++i) write(frames);
      int status = 0;
      if (::waitpid(readers.back(), &status, WNOHANG) == 0) continue;
      readers.pop_back();
      if (!WIFEXITED(status)) return 100 + WTERMSIG(status);
      if (WEXITSTATUS(status) != 0) return WEXITSTATUS(status);
    }
    return 0;
  }

 private Q_SLOTS:
  void init() { written_ = 0; }

  void whatIsWrittenIsRead() {
    SharedFrames frames(100);
    SharedFramesReader reader(frames.memory().path());
    QVERIFY(!reader.newest());
    const std::string text = "abcdefghijkl";
    QCOMPARE(frames.write({.iteration = {1, -2},
                           .width = 3,
                           .height = 2,
                           .channels = 1,
                           .dtype = FrameDtype::float16,
                           .stepSeconds = 0.25},
                          std::as_bytes(std::span(text))),
             uint64_t{1});
    const auto read = reader.newest();
    QVERIFY(read);
    QCOMPARE(read->frame.iteration, (std::vector<int64_t>{1, -2}));
    QCOMPARE(read->frame.width, 3u);
    QCOMPARE(read->frame.height, 2u);
    QVERIFY(read->frame.dtype == FrameDtype::float16);
    QCOMPARE(read->frame.stepSeconds, 0.25);
    QVERIFY(std::abs(read->frame.written - double(std::time(nullptr))) < 100);
    QCOMPARE(read->payload.size(), text.size());
    QVERIFY(std::memcmp(read->payload.data(), text.data(), text.size()) == 0);
    QVERIFY(!reader.newest(1));
  }

  // 100,000 frames and more, one process that reads as fast as it can and one that is slow.
  void neverTorn() {
    SharedFrames frames(kWidth * kHeight * 4);
    const std::string path = frames.memory().path();
    QElapsedTimer timer;
    timer.start();
    const pid_t fast = inAnotherProcess([&] { return readAll(path, 100'000, 500); });
    const pid_t slow =
        inAnotherProcess([&] { return readAll(path, 100'000, 20, std::chrono::milliseconds(20)); });
    QCOMPARE(writeUntilDone(frames, {slow, fast}), 0);
    qInfo("%llu frames, %.0f a second", (unsigned long long)written_,
          1e3 * double(written_) / double(timer.elapsed()));
  }

  // A reader that stops in the middle of everything.
  void aStoppedReaderStopsNobody() {
    SharedFrames frames(kWidth * kHeight * 4);
    const std::string path = frames.memory().path();
    const pid_t child = inAnotherProcess([&] { return readAll(path, 20'000, 10); });
    while (written_ < 10'000) write(frames);
    ::kill(child, SIGSTOP);
    QElapsedTimer timer;
    timer.start();
    while (written_ < 20'000) write(frames);
    QVERIFY(timer.elapsed() < 20'000);  // 10,000 frames take some 50 ms
    ::kill(child, SIGCONT);
    QCOMPARE(writeUntilDone(frames, {child}), 0);
  }

  // The layout as it is written down, read by Python's standard library.
  void readByPython() {
    if (QProcess::execute("/usr/bin/python3", {"-c", ""}) != 0) QSKIP("there is no python3");
    SharedFrames frames(1000);
    const std::string text = "0123456789ab";
    for (int i = 0; i < 5; ++i)
      frames.write({.iteration = {i, 42}, .width = 2, .height = 2, .channels = 3, .stepSeconds = 1.5},
                   std::as_bytes(std::span(text)));
    const QString program = R"(
import mmap, os, struct, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
m = mmap.mmap(fd, os.fstat(fd).st_size, mmap.MAP_SHARED, mmap.PROT_READ)
magic, version, n, stride, most, newest = struct.unpack_from('<8sIIQQQ', m, 0)
at = 4096 + (newest - 1) % n * stride
stamp, generation = struct.unpack_from('<QQ', m, at)
steps = struct.unpack_from('<8q', m, at + 16)
depth, w, h, c, dtype, zero, count, written, took = struct.unpack_from('<6IQdd', m, at + 80)
print(magic.decode(), version, n, most, newest, stamp, generation, list(steps[:depth]), w, h, c, dtype,
      count, written > 1e9, took, m[at + 256:at + 256 + count].decode())
)";
    QProcess python;
    python.start("/usr/bin/python3", {"-c", program, QString::fromStdString(frames.memory().path())});
    QVERIFY(python.waitForFinished());
    QCOMPARE(python.readAllStandardError(), QByteArray());
    QCOMPARE(python.readAllStandardOutput().trimmed(),
             QByteArray("NLFRAMES 1 3 1000 5 10 5 [4, 42] 2 2 3 0 12 True 1.5 0123456789ab"));
  }

  void nobodyElseCanChangeIt() {
    SharedFrames frames(1000);
    const std::string path = frames.memory().path();
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (file >= 0) {
      QVERIFY(::ftruncate(file, 0) != 0);
      QVERIFY(::ftruncate(file, 1 << 20) != 0);
      const int seals = ::fcntl(file, F_GET_SEALS);
      if (seals & 0x10) {  // F_SEAL_FUTURE_WRITE
        QVERIFY(::write(file, "x", 1) < 0);
        QVERIFY(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED);
      }
      ::close(file);
    }
    const std::string text = "still";
    frames.write({.width = 5, .height = 1, .channels = 1}, std::as_bytes(std::span(text)));
    QVERIFY(SharedFramesReader(path).newest());
  }

  void refusals() {
    SharedFrames frames(16);
    const std::vector<std::byte> bytes(32);
    const auto write = [&](SharedFrame frame, size_t count) {
      frames.write(frame, std::span(bytes).first(count));
    };
    QVERIFY_REFUSED(write({.width = 8, .height = 1}, 32), "room for 16");
    QVERIFY_REFUSED(write({.width = 2, .height = 1}, 9), "does not go with");
    QVERIFY_REFUSED(write({.width = 0xFFFFFFFF, .height = 0xFFFFFFFF, .channels = 0xFFFFFFFF}, 16), "not go");
    QVERIFY_REFUSED(write({.width = 1, .height = 1, .channels = 1, .dtype = FrameDtype(8)}, 16),
                    "no dtype 8");
    QVERIFY_REFUSED(write({.iteration = std::vector<int64_t>(9), .width = 4, .height = 1}, 16), "8 zones");
    write({.width = 4, .height = 1}, 16);
    QCOMPARE(SharedFramesReader(frames.memory().path()).newest()->frame.generation, uint64_t{1});
    QVERIFY_REFUSED(SharedFrames(0), "bytes");
    QVERIFY_REFUSED(SharedFrames(1, 1), "2 to 64 buffers");
  }

  // A memory that is no ring, or one with a head that lies, is refused before it is believed.
  void strangersMemory() {
    QVERIFY_REFUSED(SharedFramesReader("/proc/self/fd/99999"), "cannot read");
    const test::Scratch scratch;
    QVERIFY_REFUSED(SharedFramesReader(scratch.put("file", std::string(10'000, 'x'))), "no shared frames");
    for (const uint64_t stride : {uint64_t{0}, uint64_t{4097}, uint64_t{1} << 60}) {
      SharedMemory memory("test", 100'000);
      std::string head = "NLFRAMES" + test::little(uint32_t{1}) + test::little(uint32_t{3}) +
                         test::little(stride) + test::little(uint64_t{100}) + test::little(uint64_t{1});
      QCOMPARE(::pwrite(memory.fd(), head.data(), head.size(), 0), ssize_t(head.size()));
      ::fcntl(memory.fd(), F_ADD_SEALS, F_SEAL_SHRINK);
      QVERIFY_REFUSED(SharedFramesReader(memory.path()), "no shared frames");
    }
    // A frame whose stamp is right and whose sizes are not.
    SharedMemory memory("test", 4096 + 2 * 4096);
    const std::string head = "NLFRAMES" + test::little(uint32_t{1}) + test::little(uint32_t{2}) +
                             test::little(uint64_t{4096}) + test::little(uint64_t{100}) +
                             test::little(uint64_t{1});
    std::string frame(256, '\0');
    frame.replace(0, 16, test::little(uint64_t{2}) + test::little(uint64_t{1}));
    frame.replace(104, 8, test::little(~uint64_t{0}));
    QCOMPARE(::pwrite(memory.fd(), head.data(), head.size(), 0), ssize_t(head.size()));
    QCOMPARE(::pwrite(memory.fd(), frame.data(), frame.size(), 4096), ssize_t(frame.size()));
    ::fcntl(memory.fd(), F_ADD_SEALS, F_SEAL_SHRINK);
    SharedFramesReader reader(memory.path());
    QVERIFY_REFUSED(reader.newest(), "not what its header says");
  }

  void blocks_data() {
    QTest::addColumn<int>("rows");
    QTest::newRow("nothing") << 0;
    QTest::newRow("some") << 5;
    QTest::newRow("40 MB") << 1'000'000;
  }
  void blocks() {
    QFETCH(int, rows);
    const at::Tensor tensor = at::rand({10, rows}).t();  // not in row order
    SharedBlock block(tensor);
    QCOMPARE(block.bytes(), uint64_t(rows) * 40);
    QCOMPARE(block.shape(), (std::vector<int64_t>{rows, 10}));
    SharedBlock moved = std::move(block);
    const int file = ::open(moved.memory().path().c_str(), O_RDONLY | O_CLOEXEC);
    QVERIFY(file >= 0);
    struct stat status {};
    QCOMPARE(::fstat(file, &status), 0);
    QCOMPARE(uint64_t(status.st_size), moved.bytes());
    if (rows > 0) {
      void* data = ::mmap(nullptr, moved.bytes(), PROT_READ, MAP_SHARED, file, 0);
      QVERIFY(data != MAP_FAILED);
      QVERIFY(at::from_blob(data, {rows, 10}).equal(tensor));
      ::munmap(data, moved.bytes());
    }
    ::close(file);
    // Nobody can change it any more.
    QVERIFY(::ftruncate(moved.memory().fd(), 1) != 0);
    QVERIFY(::pwrite(moved.memory().fd(), "x", 1, 0) < 0);
  }
};

QTEST_GUILESS_MAIN(SharedFramesTest)
#include "shared_frames_test.moc"
