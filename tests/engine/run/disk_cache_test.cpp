// Results in a folder that many processes use: whole or not there, within the budget, whatever is killed.
#include <ATen/ATen.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QtTest>
#include <random>
#include <thread>

#include "engine/run/disk_cache.h"
#include "tests/engine/files/scratch.h"
#include "tests/engine/test_nodes.h"

using namespace loom;
using namespace loom::test;
namespace fs = std::filesystem;

namespace {

// Everything is worth keeping here: the results of tests take no time.
DiskCache::Options optionsFor(const fs::path& folder, uint64_t most = uint64_t{1} << 30) {
  DiskCache::Options options;
  options.folder = folder;
  options.mostBytes = most;
  options.leastSeconds = 0;
  options.readBytesPerSecond = 1e30;
  options.program = "test 1";
  options.registry = &registry();
  return options;
}

Key keyOf(int64_t number) { return KeyBuilder("test").add(number).key(); }

// What stands under a key, so that any process can tell whether it got the right one.
std::vector<Value> resultOf(int64_t number, int64_t elements = 1000) {
  return {Value::of<at::Tensor>(at::arange(elements, at::kLong) * 7 + number),
          Value::of<Real>(static_cast<double>(number) / 3)};
}

bool isResultOf(const std::vector<Value>& values, int64_t number) {
  return values.size() == 2 && values[0].is<at::Tensor>() && values[1].is<Real>() &&
         values[1].as<Real>() == static_cast<double>(number) / 3 &&
         values[0].as<at::Tensor>().equal(
             resultOf(number, values[0].as<at::Tensor>().numel())[0].as<at::Tensor>());
}

size_t partials(const fs::path& folder) {
  size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder))
    count += entry.path().filename().string().find(".partial-") != std::string::npos;
  return count;
}

template <class Action>
pid_t startChild(const Action& action) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int code = 1;
  try {
    code = action() ? 0 : 1;
  } catch (...) {
  }
  ::_exit(code);
}

int statusOf(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace

class DiskCacheTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init() {
    at::set_num_threads(1);  // children of fork() have no pool
    resetCalls();
  }

  void foundByLaterProcesses() {
    const Scratch scratch;
    DiskCache(optionsFor(scratch.path("c"))).put(keyOf(1), resultOf(1), 1);
    DiskCache later(optionsFor(scratch.path("c")));
    const auto found = later.find(keyOf(1));
    QVERIFY(found && isResultOf(*found, 1));
    QVERIFY(!later.find(keyOf(2)));
    QVERIFY(!later.find(Key{}));
    QCOMPARE(DiskCache::contentsOf(scratch.path("c")).entries, size_t{1});
    const auto first = fs::last_write_time(later.fileOf(keyOf(1)));
    later.put(keyOf(1), resultOf(1), 1);  // it is there: nothing is written
    QCOMPARE(fs::last_write_time(later.fileOf(keyOf(1))), first);
  }

  void anotherProgramSeesNothing() {
    const Scratch scratch;
    DiskCache(optionsFor(scratch.path("c"))).put(keyOf(1), resultOf(1), 1);
    DiskCache::Options options = optionsFor(scratch.path("c"));
    options.program = "test 2";
    QVERIFY(!DiskCache(options).find(keyOf(1)));
    // Not even where the file has its name.
    const DiskCache other(options);
    fs::copy_file(DiskCache(optionsFor(scratch.path("c"))).fileOf(keyOf(1)), other.fileOf(keyOf(1)));
    QVERIFY(!DiskCache(options).find(keyOf(1)));
    QVERIFY(!fs::exists(other.fileOf(keyOf(1))));
  }

  void recordingsAndEmptyValues() {
    const Scratch scratch;
    Recording recording;
    for (int64_t i = 0; i < 5; ++i)
      recording.frames.push_back({{i}, Value::of<at::Tensor>(at::full({2, 3}, static_cast<double>(i)))});
    DiskCache cache(optionsFor(scratch.path("c")));
    cache.put(keyOf(1), {Value::of<Recording>(recording), Value()}, 1);
    const auto found = cache.find(keyOf(1));
    QVERIFY(found && found->size() == 2 && (*found)[1].empty());
    const auto& again = (*found)[0].as<Recording>();
    QCOMPARE(again.frames.size(), size_t{5});
    QVERIFY(again.frames[4].value.as<at::Tensor>().equal(at::full({2, 3}, 4.0)));
    QCOMPARE(again.frames[3].iteration, std::vector<int64_t>{3});
  }

  void whatIsNotWorthKeeping() {
    const Scratch scratch;
    DiskCache::Options options = optionsFor(scratch.path("c"), 1 << 20);
    options.leastSeconds = 0.05;
    options.readBytesPerSecond = 400e6;
    DiskCache cache(options);
    cache.put(keyOf(1), resultOf(1), 0.049);            // quickly computed
    cache.put(keyOf(2), resultOf(2, 1 << 20), 100);     // larger than all there may be
    cache.put(keyOf(3), {Value::of<Net>({2.0})}, 100);  // has no form in a file
    cache.put(Key{}, resultOf(4), 100);                 // has no key
    QVERIFY(!fs::exists(scratch.path("c")));
    options.mostBytes = uint64_t{1} << 30;
    DiskCache(options).put(keyOf(5), resultOf(5, 10 << 20),
                           0.1);  // 80 MB: computed in half the time of reading
    QVERIFY(!fs::exists(scratch.path("c")));
    cache.put(keyOf(6), resultOf(6), 0.051);
    QVERIFY(cache.find(keyOf(6)));
  }

  // At every moment, and what was used last stays.
  void boundedInBytes() {
    const Scratch scratch;
    const fs::path folder = scratch.path("c");
    constexpr uint64_t kMost = 1'000'000;
    DiskCache cache(optionsFor(folder, kMost));
    for (int64_t i = 0; i < 40; ++i) {
      cache.put(keyOf(i), resultOf(i, 10'000), 1);  // 80 kB each
      QVERIFY2(DiskCache::contentsOf(folder).bytes <= kMost, qPrintable(QString::number(i)));
      QVERIFY(cache.find(keyOf(0)));                              // in use: it stays
      std::this_thread::sleep_for(std::chrono::milliseconds(2));  // of a clock that is coarse
    }
    QVERIFY(cache.find(keyOf(39)) && !cache.find(keyOf(1)));
    QVERIFY(DiskCache::contentsOf(folder).entries >= 10);
    // A smaller budget is kept to by the next that writes.
    DiskCache(optionsFor(folder, 300'000)).put(keyOf(100), resultOf(100), 1);
    QVERIFY(DiskCache::contentsOf(folder).bytes <= 300'000);
  }

  void clearsWhatIsItsOwn() {
    const Scratch scratch;
    DiskCache cache(optionsFor(scratch.path(".")));
    cache.put(keyOf(1), resultOf(1), 1);
    scratch.put("notes.safetensors", "mine");
    scratch.put("0123456789abcdef0123456789abcdef.txt", "mine");
    const auto was = DiskCache::clear(scratch.path("."));
    QCOMPARE(was.entries, size_t{1});
    QCOMPARE(DiskCache::contentsOf(scratch.path(".")).entries, size_t{0});
    QCOMPARE(scratch.count(), size_t{2});
  }

  // Any one byte changed, or cut off anywhere: the right result or none, and the file is gone where none.
  void damagedEntries() {
    const Scratch scratch;
    DiskCache cache(optionsFor(scratch.path("c")));
    cache.put(keyOf(1), resultOf(1, 50), 1);
    const fs::path file = cache.fileOf(keyOf(1));
    const std::string whole = bytesOf(file);
    std::mt19937 random(1);
    int refused = 0;
    for (size_t at = 0; at < whole.size(); ++at) {
      std::string bytes = whole;
      if (at % 2)
        bytes.resize(at);
      else
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
      std::ofstream(file, std::ios::binary) << bytes;
      const auto found = cache.find(keyOf(1));
      if (found) {
        QVERIFY2(isResultOf(*found, 1), qPrintable(QString::number(at)));
      } else {
        ++refused;
        QVERIFY(!fs::exists(file));
      }
    }
    QVERIFY(refused > static_cast<int>(whole.size()) * 9 / 10);
    cache.put(keyOf(1), resultOf(1, 50), 1);
    QVERIFY(cache.find(keyOf(1)));
  }

  // Three that write and two that read, in a folder too small for all: nobody ever gets a wrong result.
  void manyProcesses() {
    const Scratch scratch;
    const fs::path folder = scratch.path("c");
    std::vector<pid_t> children;
    for (int child = 0; child < 5; ++child)
      children.push_back(startChild([&] {
        DiskCache cache(optionsFor(folder, 600'000));
        std::mt19937 random(static_cast<unsigned>(child));
        int hits = 0;
        for (int i = 0; i < 150; ++i) {
          const int64_t number = random() % 12;
          if (const auto found = cache.find(keyOf(number))) {
            if (!isResultOf(*found, number)) return false;
            ++hits;
          } else if (child < 3) {
            cache.put(keyOf(number), resultOf(number, 5000 + 1000 * number), 1);
          }
        }
        return child < 3 || hits >= 0;
      }));
    for (const pid_t child : children) QCOMPARE(statusOf(child), 0);
    QVERIFY(DiskCache::contentsOf(folder).bytes <= 600'000);
    QCOMPARE(partials(folder), size_t{0});
    DiskCache cache(optionsFor(folder));
    int found = 0;
    for (int64_t number = 0; number < 12; ++number)
      if (const auto values = cache.find(keyOf(number))) {
        QVERIFY(isResultOf(*values, number));
        ++found;
      }
    QVERIFY(found > 3);
  }

  // What has its name is whole, whenever its writer was killed; what has not is removed by the next writer.
  void writersAreKilled() {
    const Scratch scratch;
    const fs::path folder = scratch.path("c");
    std::mt19937 random(7);
    int leftovers = 0;
    for (int round = 0; round < 40; ++round) {
      const pid_t child = startChild([&] {
        DiskCache cache(optionsFor(folder, 40'000'000));
        const std::vector<Value> result = resultOf(round, 1'000'000);
        for (int64_t i = 0;; ++i) cache.put(keyOf(round * 1000 + i), result, 1);
        return true;
      });
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 80'000));
      ::kill(child, SIGKILL);
      QVERIFY(WIFSIGNALED(statusOf(child)));
      if (!fs::exists(folder)) continue;
      leftovers += partials(folder) > 0;
      DiskCache reader(optionsFor(folder, 40'000'000));
      for (int64_t i = 0; fs::exists(reader.fileOf(keyOf(round * 1000 + i))); ++i) {
        const auto found = reader.find(keyOf(round * 1000 + i));
        QVERIFY(found && isResultOf(*found, round));
      }
      reader.put(keyOf(-round - 1), resultOf(round, 10), 1);
      QCOMPARE(partials(folder), size_t{0});
    }
    qInfo("%d of 40 were killed while they wrote", leftovers);
    QVERIFY(DiskCache::contentsOf(folder).bytes <= 40'000'000);
  }

  // Said once, and no reason to stop anything.
  void fullDisk() {
    const Scratch scratch;
    fs::create_directories(scratch.path("disk"));
    const bool mounted = ::mount("tmpfs", scratch.path("disk").c_str(), "tmpfs", 0, "size=256k") == 0;
    std::vector<std::string> said;
    DiskCache::Options options = optionsFor(scratch.path("disk/c"));
    options.say = [&](const std::string& message) { said.push_back(message); };
    DiskCache cache(options);
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{}, small{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    if (!mounted) small.rlim_cur = 100'000;  // the next best: a limit on files
    ::setrlimit(RLIMIT_FSIZE, &small);
    cache.put(keyOf(1), resultOf(1, 100'000), 1);
    cache.put(keyOf(2), resultOf(2, 100'000), 1);
    const auto contents = DiskCache::contentsOf(options.folder);
    const size_t left = fs::exists(options.folder) ? partials(options.folder) : 0;
    const bool found = cache.find(keyOf(1)).has_value();
    DiskCache(options).put(keyOf(3), resultOf(3, 10), 1);  // what has room is kept
    const bool small3 = DiskCache(options).find(keyOf(3)).has_value();
    ::setrlimit(RLIMIT_FSIZE, &before);
    if (mounted) ::umount(scratch.path("disk").c_str());
    QCOMPARE(said.size(), size_t{1});
    QVERIFY2(said[0].find(mounted ? "full" : "more than a file may have") != std::string::npos,
             said[0].c_str());
    QCOMPARE(contents.entries, size_t{0});
    QCOMPARE(left, size_t{0});
    QVERIFY(!found && small3);
  }

  void placesThatCantBeUsed() {
    const Scratch scratch;
    scratch.put("file", "no folder");
    for (const fs::path& folder : {scratch.path("file/c"), fs::path("/proc/none"), fs::path()}) {
      std::vector<std::string> said;
      DiskCache::Options options = optionsFor(folder);
      options.say = [&](const std::string& message) { said.push_back(message); };
      DiskCache cache(options);
      cache.put(keyOf(1), resultOf(1), 1);
      QVERIFY(!cache.find(keyOf(1)));
      QCOMPARE(said.size(), size_t{1});
    }
  }

  // A run in another process computes nothing that is known, and what is no such value is not believed.
  void behindARun() {
    const Scratch scratch;
    const char* const graph =
        "{'noiseloom':1,'nodes':{'c':{'type':'test.constant','params':{'value':3}},"
        "'z':{'type':'zone','count':5,'state':{'x':{'init':'c.value','next':'m.result'}},'collect':{'h':{'"
        "from':"
        "'m.result'}},'nodes':{'m':{'type':'test.multiply','inputs':{'a':'z.x'},'params':{'b':2}}}}},"
        "'outputs':{'x':{'from':'z.x'},'h':{'from':'z.h'}}}";
    DiskCache disk(optionsFor(scratch.path("c")));
    Cache cache(0, &disk);
    RunOptions options;
    options.cache = &cache;
    QCOMPARE(finish(graph, options).real("x"), 96.0);
    QCOMPARE(calls("multiply"), int64_t{5});
    QCOMPARE(cache.bytes(), size_t{0});
    resetCalls();
    DiskCache disk2(optionsFor(scratch.path("c")));
    Cache cache2(0, &disk2);
    options.cache = &cache2;
    const Finished again = finish(graph, options);
    QCOMPARE(again.real("x"), 96.0);
    QCOMPARE(again.value("h").as<Recording>().frames.size(), size_t{5});
    QCOMPARE(calls("multiply") + calls("constant"), int64_t{0});

    DiskCache hostile(optionsFor(scratch.path("h")));
    const auto plan = planOf(graph);
    for (const PlanOp& op : plan->ops) {
      if (!op.key) continue;
      hostile.put(op.key, std::vector<Value>(op.out.size(), Value::of<at::Tensor>(at::zeros({1}))), 1);
    }
    QVERIFY(DiskCache::contentsOf(scratch.path("h")).entries > 0);
    Cache cache3(1 << 20, &hostile);
    options.cache = &cache3;
    QCOMPARE(finish(graph, options).real("x"), 96.0);
    QCOMPARE(calls("multiply"), int64_t{5});
  }
};

QTEST_GUILESS_MAIN(DiskCacheTest)
#include "disk_cache_test.moc"
