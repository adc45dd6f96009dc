// Recordings larger than their memory: what lies on disk comes back bit for bit, can be read by others while
// it grows, and neither a kill nor a full disk leaves anything half-written or stops the run.
#include <ATen/ATen.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QElapsedTimer>
#include <QtTest>
#include <atomic>
#include <thread>

#include "engine/run/recorder.h"
#include "tests/engine/files/scratch.h"

using namespace loom;
using loom::test::Scratch;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kNumbers = 16 * 1024;              // in a frame
constexpr size_t kFrame = kNumbers * sizeof(float);  // 64 KiB
constexpr size_t kBudget = 16 * (kFrame + 512);
constexpr const char* kPort = "group/zone.x";

// A frame's content follows from its step, so any process can check it.
at::Tensor contentOf(int64_t step) {
  return at::arange(kNumbers, at::kFloat).mul_(0.001f).add_(static_cast<float>(step)).reshape({4, -1});
}

void probe(Recorder& recorder, int64_t step, const at::Tensor& tensor, const std::string& port = kPort) {
  const int64_t iteration[] = {step};
  recorder.probed({port, iteration, Value::of<at::Tensor>(tensor)});
}

bool isContent(const Value& value, int64_t step) {
  return !value.empty() && value.tensor()->equal(contentOf(step));
}

std::vector<int64_t> stepsOf(const Recorder& recorder, const std::string& port = kPort) {
  std::vector<int64_t> steps;
  for (const auto& frame : recorder.frames(port)) steps.push_back(frame.iteration.at(0));
  return steps;
}

size_t onDisk(const Recorder& recorder) {
  size_t count = 0;
  for (const auto& frame : recorder.frames(kPort)) count += frame.onDisk;
  return count;
}

std::vector<fs::path> filesBelow(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& each : fs::recursive_directory_iterator(folder, ignored))
    if (each.is_regular_file()) files.push_back(each.path());
  return files;
}

uint64_t bytesBelow(const fs::path& folder) {
  uint64_t bytes = 0;
  std::error_code gone;
  for (const fs::path& file : filesBelow(folder))
    if (const uintmax_t size = fs::file_size(file, gone); !gone) bytes += size;
  return bytes;
}

/// The most memory this process has had since it was last asked to forget, in bytes.
size_t peakMemory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) * 1024;
  return 0;
}

template <class Action>
pid_t inAnotherProcess(Action action) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int code = 99;
  try {
    code = action();
  } catch (...) {
  }
  ::_exit(code);
}

int codeOf(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

}  // namespace

class RecorderDiskTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init() {
    at::set_num_threads(1);  // children of fork() have no pool
  }

  // 20 times what memory may hold.
  void equalToOneInMemory() {
    const Scratch scratch;
    Recorder whole({.record = {kPort}});
    Recorder spilled({.record = {kPort}, .mostBytes = kBudget, .folder = scratch.path("r")});
    constexpr int kSteps = 320;
    for (int step = 0; step < kSteps; ++step) {
      const at::Tensor x = step % 7 ? contentOf(step) : contentOf(step).to(at::kHalf).slice(0, 0, 3);
      probe(whole, step, x);
      probe(spilled, step, x);
      QVERIFY(spilled.bytes() <= kBudget);
    }
    QVERIFY(onDisk(spilled) >= kSteps - 20);  // some frames are smaller
    QCOMPARE(spilled.every(kPort), int64_t{1});
    const uint64_t told = spilled.diskBytes();  // before the look: its thread may be writing still
    QVERIFY(bytesBelow(scratch.path("r")) >= told);
    const Recording expected = whole.recording(kPort), found = spilled.recording(kPort);
    QCOMPARE(found.frames.size(), size_t{kSteps});
    for (size_t i = 0; i < kSteps; ++i) {
      QCOMPARE(found.frames[i].iteration, expected.frames[i].iteration);
      const at::Tensor& a = *expected.frames[i].value.tensor();
      const at::Tensor& b = *found.frames[i].value.tensor();
      QVERIFY(a.scalar_type() == b.scalar_type() && a.equal(b));
    }
  }

  void memoryStaysBounded() {
    const Scratch scratch;
    const pid_t child = inAnotherProcess([&] {
      constexpr size_t kMost = size_t{8} << 20;
      Recorder recorder({.record = {kPort}, .mostBytes = kMost, .folder = scratch.path("r")});
      for (int step = 0; step < 50; ++step) probe(recorder, step, contentOf(step));
      std::ofstream("/proc/self/clear_refs") << "5";
      const size_t before = peakMemory();
      for (int step = 50; step < 3200; ++step) probe(recorder, step, contentOf(step));  // 200 MiB
      for (int step = 0; step < 3200; step += 100)
        if (!isContent(recorder.frame(kPort, std::array{int64_t{step}}), step)) return 255;
      return static_cast<int>((peakMemory() - before) >> 20);
    });
    const int growth = codeOf(child);
    qInfo("%d MiB more at most", growth);
    // The budget, chunks being written and read, and what the allocator keeps.
    QVERIFY(growth <= 32);
  }

  void rules_data() {
    QTest::addColumn<int>("every");
    QTest::addColumn<int>("last");
    QTest::addColumn<int>("steps");
    QTest::addColumn<QList<int>>("kept");
    QTest::newRow("all") << 1 << 0 << 4 << QList<int>{0, 1, 2, 3};
    QTest::newRow("every third") << 3 << 0 << 10 << QList<int>{0, 3, 6, 9};
    QTest::newRow("and the newest") << 3 << 0 << 9 << QList<int>{0, 3, 6, 8};
    QTest::newRow("and the last two") << 3 << 2 << 10 << QList<int>{0, 3, 6, 7, 8, 9};
    QTest::newRow("the last five") << 1000 << 5 << 10 << QList<int>{0, 5, 6, 7, 8, 9};
    QTest::newRow("more than there are") << 4 << 100 << 5 << QList<int>{0, 1, 2, 3, 4};
    QTest::newRow("one step") << 7 << 3 << 1 << QList<int>{0};
  }
  void rules() {
    QFETCH(int, every);
    QFETCH(int, last);
    QFETCH(int, steps);
    QFETCH(QList<int>, kept);
    const Scratch scratch;
    for (const size_t budget : {size_t{1} << 30, size_t{1}}) {  // all in memory; all but the newest on disk
      Recorder recorder({.mostBytes = budget, .folder = scratch.path("r")});
      recorder.add(kPort, {every, last});
      for (int step = 0; step < steps; ++step) probe(recorder, step, contentOf(step));
      const std::vector<int64_t> found = stepsOf(recorder);
      QCOMPARE(QList<int>(found.begin(), found.end()), kept);
      for (const int64_t step : found) QVERIFY(isContent(recorder.frame(kPort, std::array{step}), step));
      QVERIFY(recorder.frame(kPort, std::array{int64_t{steps}}).empty());
      QVERIFY(recorder.frame(kPort, {}).empty());
    }
    Recorder recorder({});
    QVERIFY_REFUSED(recorder.add(kPort, {0, 0}), "no rule");
    QVERIFY_REFUSED(recorder.add(kPort, {1, -1}), "no rule");
  }

  // Thinned on disk too: room is given back, and what stays is what the rule says.
  void theDiskHasABudgetToo() {
    const Scratch scratch;
    constexpr uint64_t kMostDisk = 64 * (kFrame + 300);
    int64_t told = 1;
    uint64_t most = 0;
    Recorder recorder({.record = {kPort},
                       .mostBytes = 2 * kBudget,
                       .folder = scratch.path("r"),
                       .mostDiskBytes = kMostDisk,
                       .thinned = [&](const std::string& port, int64_t every) {
                         QCOMPARE(port, std::string(kPort));
                         QCOMPARE(every, 2 * told);
                         told = every;
                       }});
    for (int step = 0; step < 1000; ++step) {
      probe(recorder, step, contentOf(step));
      most = std::max(most, recorder.diskBytes());
      QVERIFY(recorder.bytes() <= 2 * kBudget);
    }
    recorder.runFinished();
    QCOMPARE(told, recorder.every(kPort));
    QVERIFY(told >= 8 && told <= 32);
    QVERIFY2(most <= kMostDisk, qPrintable(QString::number(most)));
    const std::vector<int64_t> steps = stepsOf(recorder);
    for (size_t i = 0; i + 1 < steps.size(); ++i) QCOMPARE(steps[i], static_cast<int64_t>(i) * told);
    QCOMPARE(steps.back(), int64_t{999});
    for (const int64_t step : steps) QVERIFY(isContent(recorder.frame(kPort, std::array{step}), step));
  }

  void othersReadWhileItGrows() {
    const Scratch scratch;
    const fs::path folder = scratch.path("r");
    constexpr int64_t kSteps = 600;
    const pid_t reader = inAnotherProcess([&] {
      size_t most = 0, looks = 0;
      for (int64_t last = -1; last < kSteps - 40; ++looks) {
        const std::vector<FolderFrame> frames = readRecordingFolder(folder, kPort);
        if (frames.size() < most) return 2;  // nothing is ever let go here
        most = frames.size();
        for (size_t i = 0; i < frames.size(); ++i) {
          if (frames[i].number != static_cast<int64_t>(i)) return 3;
          if (frames[i].iteration != std::vector<int64_t>{frames[i].number}) return 4;
          if (frames[i].number > last && !frames[i].tensor.equal(contentOf(frames[i].number))) return 5;
        }
        if (!frames.empty()) last = frames.back().number;
      }
      return looks > 2 ? 0 : 6;
    });
    {
      Recorder recorder({.record = {kPort}, .mostBytes = kBudget, .folder = folder});
      for (int64_t step = 0; step < kSteps; ++step) probe(recorder, step, contentOf(step));
      QCOMPARE(codeOf(reader), 0);
    }
    // The files stay when the recorder goes; the next one begins anew.
    QVERIFY(readRecordingFolder(folder, kPort).size() >= kSteps - 40);
    Recorder next({.record = {kPort}, .folder = folder});
    QVERIFY(!fs::exists(folder));
  }

  void killedInTheMiddle() {
    const Scratch scratch;
    const fs::path folder = scratch.path("r");
    int interrupted = 0, frames = 0;
    for (int kill = 0; kill < 20; ++kill) {
      const pid_t child = inAnotherProcess([&] {
        Recorder recorder({.record = {kPort}, .mostBytes = kBudget, .folder = folder});
        for (int64_t step = 0;; ++step) probe(recorder, step, contentOf(step));
        return 0;
      });
      while (readRecordingFolder(folder, kPort).empty()) ::usleep(1000);
      ::usleep(static_cast<useconds_t>(1000 + 1700 * kill));
      ::kill(child, SIGKILL);
      codeOf(child);
      for (const fs::path& file : filesBelow(folder)) {
        if (file.filename().string().starts_with("."))
          ++interrupted;
        else
          readSafetensors(file);  // throws where it is not whole
      }
      const auto found = readRecordingFolder(folder, kPort);
      for (size_t i = 0; i < found.size(); ++i) {
        QCOMPARE(found[i].number, static_cast<int64_t>(i));
        QVERIFY(found[i].tensor.equal(contentOf(found[i].number)));
      }
      frames += static_cast<int>(found.size());
      clearRecordingFolder(folder);
      QVERIFY(!fs::exists(folder));
    }
    qInfo("%d of 20 were killed while they wrote; %d frames were whole", interrupted, frames);
  }

  void fullDisk() {
    const Scratch scratch;
    const fs::path disk = scratch.path("disk");
    fs::create_directories(disk);
    const bool mounted = ::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=3m") == 0;
    if (!mounted) QSKIP("mounting a small disk needs root");
    {
      std::vector<std::string> said;
      Recorder recorder({.record = {kPort},
                         .mostBytes = kBudget,
                         .folder = disk / "r",
                         .say = [&](const std::string& message) { said.push_back(message); }});
      for (int step = 0; step < 500; ++step) {
        probe(recorder, step, contentOf(step));
        QVERIFY(recorder.bytes() <= kBudget);
      }
      recorder.runFinished();
      const std::vector<int64_t> steps = stepsOf(recorder);
      const int64_t every = recorder.every(kPort);
      bool whole = true;
      for (const int64_t step : steps)
        whole = whole && isContent(recorder.frame(kPort, std::array{step}), step);
      for (const fs::path& file : filesBelow(disk))
        whole = whole && !file.filename().string().starts_with(".");
      ::umount2(disk.c_str(), MNT_DETACH);
      QCOMPARE(said.size(), size_t{1});
      QVERIFY2(said[0].find("the disk is full") != std::string::npos, said[0].c_str());
      QVERIFY(every > 1);
      for (size_t i = 0; i + 1 < steps.size(); ++i) QCOMPARE(steps[i], static_cast<int64_t>(i) * every);
      QCOMPARE(steps.back(), int64_t{499});
      QVERIFY(whole);
    }
  }

  void placesThatCantBeUsed() {
    const Scratch scratch;
    scratch.put("file", "no folder");
    for (const fs::path& folder : {scratch.path("file/r"), scratch.path("file"), fs::path("/proc/none")}) {
      std::vector<std::string> said;
      Recorder recorder(
          {.record = {kPort}, .mostBytes = kBudget, .folder = folder, .say = [&](const std::string& message) {
             said.push_back(message);
           }});
      for (int step = 0; step < 100; ++step) probe(recorder, step, contentOf(step));
      recorder.runFinished();
      QCOMPARE(said.size(), size_t{1});
      QVERIFY2(said[0].starts_with("recordings are thinned"), said[0].c_str());
      QCOMPARE(stepsOf(recorder).back(), int64_t{99});
      QVERIFY(recorder.bytes() <= kBudget);
    }
    QCOMPARE(test::bytesOf(scratch.path("file")), std::string("no folder"));
  }

  void removedPortsLeaveNothing() {
    const Scratch scratch;
    const fs::path folder = scratch.path("r");
    {
      Recorder recorder({.record = {kPort, "zone.y"}, .mostBytes = kBudget, .folder = folder});
      for (int step = 0; step < 100; ++step) {
        probe(recorder, step, contentOf(step));
        probe(recorder, step, contentOf(step + 1), "zone.y");
      }
      recorder.remove(kPort);
      QVERIFY_REFUSED(recorder.frames(kPort), "was not recorded");
      QVERIFY_REFUSED(recorder.frame(kPort, {}), "was not recorded");
      recorder.remove(kPort);
      recorder.add(kPort);
      QCOMPARE(recorder.frames(kPort).size(), size_t{0});
      probe(recorder, 7, contentOf(7));
      QCOMPARE(stepsOf(recorder), std::vector<int64_t>{7});
      QCOMPARE(stepsOf(recorder, "zone.y").size(), size_t{100});
      recorder.remove(kPort);
      recorder.remove("zone.y");
      QTRY_COMPARE(recorder.bytes(), size_t{0});  // the writer may be at one of them
      QCOMPARE(recorder.diskBytes(), uint64_t{0});
    }
    QCOMPARE(bytesBelow(folder), uint64_t{0});
  }

  // All that may happen at once, at once.
  void readAddedAndRemovedWhileItRuns() {
    const Scratch scratch;
    Recorder recorder({.record = {kPort},
                       .mostBytes = kBudget,
                       .folder = scratch.path("r"),
                       .mostDiskBytes = 100 * kFrame});
    std::atomic<bool> done{false};
    std::atomic<int> read{0}, wrong{0};
    std::thread reader([&] {
      while (!done) {
        for (const auto& frame : recorder.frames(kPort)) {
          const Value value = recorder.frame(kPort, frame.iteration);
          if (value.empty()) continue;  // let go meanwhile
          ++read;
          if (!isContent(value, frame.iteration[0])) ++wrong;
        }
      }
    });
    std::thread other([&] {
      for (int i = 0; !done; ++i) {
        recorder.add("zone.y", {1 + i % 3, i % 5});
        recorder.addStatistics("zone.y");
        ::usleep(300);
        recorder.remove("zone.y");
        recorder.removeStatistics("zone.y");
      }
    });
    for (int step = 0; step < 1500; ++step) {
      probe(recorder, step, contentOf(step));
      probe(recorder, step, contentOf(step), "zone.y");
    }
    done = true;
    reader.join();
    other.join();
    recorder.remove("zone.y");
    QCOMPARE(wrong.load(), 0);
    QVERIFY(read.load() > 100);
    const std::vector<int64_t> steps = stepsOf(recorder);
    QCOMPARE(steps.back(), int64_t{1499});
    for (const int64_t step : steps) QVERIFY(isContent(recorder.frame(kPort, std::array{step}), step));
  }

  // What the writer is at is never written into: the run takes a value only where nobody else holds it. A
  // value that is taken is spoiled here, as a run would.
  void whatIsBeingWrittenIsNotTaken() {
    const Scratch scratch;
    const fs::path folder = scratch.path("r");
    {
      Recorder recorder({.mostBytes = kBudget, .folder = folder});
      recorder.add(kPort, {1'000'000, 14});  // all frames but the first are let go soon, some while written
      std::deque<std::pair<int64_t, Value>> held;
      for (int64_t step = 0; step < 3000; ++step) {
        held.emplace_back(step, Value::of<at::Tensor>(contentOf(step)));
        const int64_t iteration[] = {step};
        recorder.probed({kPort, iteration, held.back().second});
        for (auto& [number, value] : held)
          if (at::Tensor* mine = number < step - 2 ? value.unique<at::Tensor>() : nullptr) mine->zero_();
        if (held.size() > 40) held.pop_front();
        if (step % 50) continue;
        for (const FolderFrame& frame : readRecordingFolder(folder, kPort))
          QVERIFY2(frame.tensor.equal(contentOf(frame.number)), "written while it was changed");
      }
    }
  }

  void numbersStayInMemory() {
    const Scratch scratch;
    Recorder recorder({.record = {"zone.t"}, .mostBytes = 10'000, .folder = scratch.path("r")});
    for (int64_t step = 0; step < 100; ++step) {
      const int64_t iteration[] = {step};
      recorder.probed({"zone.t", iteration, Value::of<Int>(step)});
    }
    QVERIFY(recorder.bytes() <= 10'000);
    QCOMPARE(recorder.every("zone.t"), int64_t{8});  // 17 of 576 bytes fit
    QCOMPARE(recorder.frame("zone.t", std::array{int64_t{16}}).as<Int>(), Int{16});
    QVERIFY(!fs::exists(scratch.path("r")));
  }

  // Someone else's files below the folder are neither believed nor removed.
  void strangersFiles() {
    const Scratch scratch;
    const fs::path folder = scratch.path("r"), port = folder / portStem(kPort);
    const FolderFrame good{3, {0, 3}, contentOf(3)};
    writeChunk(port / "1.safetensors", kPort, std::span(&good, 1));
    const at::Tensor x = at::ones({2});
    const TextMap sound{{"recording", "1"}, {"port", kPort}, {"iterations", R"({"5": [5]})"}};
    const auto put = [&](const char* name, const std::string& tensor, const char* key, const char* text) {
      TextMap metadata = sound;
      metadata[key] = text;
      writeSafetensors(port / name, {{tensor, x}}, metadata);
    };
    put("2.safetensors", "5", "port", "zone.y");
    put("3.safetensors", "5", "recording", "2");
    put("4.safetensors", "5", "iterations", "{}");
    put("5.safetensors", "5", "iterations", "[[[[");
    put("6.safetensors", "5", "iterations", R"({"5": {"a": 1}})");
    put("7.safetensors", "5", "iterations", R"({"5": ["a"]})");
    put("8.safetensors", "-1", "port", kPort);
    put("9.safetensors", "99999999999999999999", "port", kPort);
    put("other.safetensors", "5", "port", kPort);
    std::ofstream(port / "10.safetensors") << "no tensors";
    fs::create_directory(port / "11.safetensors");
    const auto found = readRecordingFolder(folder, kPort);
    QCOMPARE(found.size(), size_t{1});
    QCOMPARE(found[0].number, int64_t{3});
    QCOMPARE(found[0].iteration, (std::vector<int64_t>{0, 3}));
    QVERIFY(found[0].tensor.equal(contentOf(3)));
    QVERIFY(readRecordingFolder(scratch.path("none"), kPort).empty());
    std::ofstream(folder / "notes.txt") << "mine";
    clearRecordingFolder(folder);
    QVERIFY(fs::exists(folder / "notes.txt") && fs::exists(port / "other.safetensors"));
    QVERIFY(!fs::exists(port / "1.safetensors"));
  }

  void stemsOfPorts() {
    QCOMPARE(portStem("group/sampling.x"), std::string("group.sampling.x"));
    QCOMPARE(portStem("net:mid.attention"), std::string("net.mid.attention"));
    QCOMPARE(portStem("../x"), std::string("_...x"));
    const std::string a(300, 'a');
    QVERIFY(portStem(a).size() < 200);
    QVERIFY(portStem(a) != portStem(a + "b"));
  }

  // What a step pays while the writer's thread writes; told, not judged: disks differ.
  void whatAStepPays() {
    const Scratch scratch;
    Recorder recorder({.record = {kPort}, .mostBytes = size_t{64} << 20, .folder = scratch.path("r")});
    const at::Tensor x = at::rand({1, 3, 256, 256});  // 768 KiB
    std::vector<qint64> times;
    for (int step = 0; step < 400; ++step) {
      const at::Tensor copy = x.clone();
      ::usleep(2000);  // the step itself
      QElapsedTimer timer;
      timer.start();
      probe(recorder, step, copy);
      times.push_back(timer.nsecsElapsed());
    }
    std::sort(times.begin(), times.end());
    qInfo("a step of 768 KiB pays %.1f us, 1 of 100 more than %.1f us, at most %.1f us", times[200] / 1e3,
          times[396] / 1e3, times.back() / 1e3);
    QVERIFY(onDisk(recorder) > 0);
  }
};

QTEST_GUILESS_MAIN(RecorderDiskTest)
#include "recorder_disk_test.moc"
