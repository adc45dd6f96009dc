#pragma once
// Keeps what chosen ports held at the steps of a run, and statistics of others. An Observer like any other.
// The run's thread writes; any thread may read, add and remove ports at any time.
//
// Frames are kept in memory up to a budget. Beyond it the oldest go to files (recording_folder.h, which other
// processes can read too) or, where there is no folder for them, every second one is let go, again and again.
// A thread of the recorder's own writes the files: a step then takes no longer for a slow disk until the
// budget is used up. Only then does the run wait for the disk, since what is kept must not depend on how fast
// the disk was.
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/run/observer.h"
#include "engine/run/recording_folder.h"
#include "engine/run/statistics.h"

namespace loom {

/// The tensor that stands for a value on a plot or in a file: its own, or a number as a tensor [] (float64,
/// int64 or bool). Undefined where there is none.
at::Tensor tensorFor(const Value& value);
/// Whether values of this type have one.
bool hasTensor(const TypeInfo& type);

/// Which frames of a port are kept: each `every`-th from its first, and of the others the last `last`. The
/// newest frame is always there.
struct RecordRule {
  int64_t every = 1;
  int64_t last = 0;
};

class Recorder final : public Observer {
 public:
  struct Row {
    std::vector<int64_t> iteration;
    Statistics statistics;
  };
  struct Options {
    std::vector<std::string> record = {};      // ports whose values are kept from the start
    std::vector<std::string> statistics = {};  // ports whose statistics are kept from the start
    RecordRule rule = {};                      // of `record`
    size_t mostBytes = size_t{512} << 20;      // in memory, of all recordings together
    /// Where frames beyond it go; the recorder's own: chunks that lie there are removed first. They stay when
    /// the recorder ends (clearRecordingFolder). Empty: recordings are thinned instead.
    std::filesystem::path folder = {};
    uint64_t mostDiskBytes = uint64_t{16} << 30;  // beyond it they are thinned as well
    // These are called on the run's thread, and may be null.
    /// A recording is thinned to every 2nd, 4th... of what its rule asks for, to stay within the budgets.
    std::function<void(const std::string& port, int64_t every)> thinned = {};
    /// Every row of statistics as it comes.
    std::function<void(const std::string& port, const Row&)> row = {};
    /// Once, when the folder can't be written or the disk is full; recordings are thinned from there on.
    std::function<void(const std::string& message)> say = {};
  };

  explicit Recorder(Options options);
  ~Recorder() override;

  void probed(const ProbeEvent& event) override;
  void runFinished() override { tell(); }

  /// From the next value on. Throws Error on a rule that is none. A port that is recorded stays as it is.
  void add(const std::string& port, RecordRule rule = {});
  /// Its frames go too, those on disk as well.
  void remove(const std::string& port);
  void addStatistics(const std::string& port);
  void removeStatistics(const std::string& port);

  struct FrameInfo {
    std::vector<int64_t> iteration;
    size_t bytes = 0;  // of the value
    bool onDisk = false;
    at::ScalarType dtype = at::kFloat;  // of tensorFor(value)
    std::vector<int64_t> shape;
  };
  // Of a port that is not recorded all of these throw Error.
  std::vector<FrameInfo> frames(const std::string& port) const;
  /// A frame that lies on disk is read: a plain tensor, whatever type it had. Empty where it is not kept.
  /// Throws Error where its file is gone or damaged.
  Value frame(const std::string& port, std::span<const int64_t> iteration) const;
  /// All frames in memory, those on disk read again: for recordings known to be small.
  Recording recording(const std::string& port) const;
  /// The rule's `every` while nothing was thinned, else 2, 4, ... times as many.
  int64_t every(const std::string& port) const;
  std::vector<Row> statistics(const std::string& port) const;
  /// Of all values in memory. A first and a last frame stay whatever the budget. Each frame on disk takes
  /// some 300 bytes besides.
  size_t bytes() const;
  uint64_t diskBytes() const;

 private:
  struct Frame {
    std::vector<int64_t> iteration;
    Value value;                   // empty where it lies on disk
    SafetensorsHeader::Item item;  // dtype and shape; on disk: where
    size_t bytes = 0;
    int64_t chunk = -1;    // -1: in memory
    bool hasFile = false;  // it can go to disk
    bool writing = false;  // the writer is at it, and holds the value too
  };
  struct StoredChunk {
    uint64_t bytes = 0, dead = 0;
    std::set<int64_t> frames;  // those that live in it
  };
  struct Track {
    std::string port;
    int64_t id = 0;  // of this recording: a port can be removed and added again
    int64_t every = 1, last = 0, seen = 0;
    std::map<int64_t, Frame> frames;  // by number: 0 for the first value the port had
    std::deque<int64_t> others;       // of them, those that are no multiples of `every`
    std::map<int64_t, StoredChunk> chunks;
    size_t bytes = 0, inMemory = 0;  // of values in memory; and how many
    uint64_t diskBytes = 0;          // of frames on disk
    int64_t nextToSpill = 0;         // those before are on disk, or can't go there
  };
  /// Frames on their way to one chunk.
  struct Batch {
    std::string port;
    int64_t track = 0;
    std::vector<FolderFrame> frames;
    std::vector<Value> values;  // held, so that the run can't take them and write into them meanwhile
    std::vector<size_t> costs;  // in memory
    std::vector<std::map<int64_t, Frame>::node_type> left;  // what the track had of them before
  };
  using Lock = std::unique_lock<std::mutex>;

  static size_t costOf(size_t bytes) { return bytes + 512; }  // what keeping a value costs in all
  void record(const ProbeEvent& event);
  void count(const ProbeEvent& event);
  void fit(Lock& lock);
  bool thinLargest();
  void thin(Track& track);
  void drop(Track& track, int64_t number);
  void tell();
  Track* find(const std::string& port, int64_t id);
  const Track& trackOf(const std::string& port) const;
  Value valueOf(const std::string& port, int64_t number) const;

  // In recorder_disk.cpp; all but write() with the lock held.
  bool spills() const { return !options_.folder.empty() && !diskClosed_; }
  size_t spillsFrom() const { return options_.mostBytes / 4 * 3; }
  size_t chunkBytes() const;
  std::filesystem::path fileOf(const std::string& port, int64_t chunk) const;
  void write();
  Track* fullest();
  bool hasToSpill(Track& track);
  Batch takeBatch(Track& track);
  bool hasRoom(Track& track) const;
  bool makeRoom(Lock& lock);
  bool compact(Lock& lock);
  void store(Batch& batch, Lock& lock);
  void moved(Batch& batch, int64_t chunk, const Chunk& written);
  void notMoved(const Batch& batch);
  void leaveMemory(Track& track, Frame& frame);
  void leaveChunk(Track& track, const Frame& frame, int64_t number);
  void removeGarbage(Lock& lock);
  void closeDisk(const std::string& why);

  Options options_;
  mutable std::mutex mutex_;
  std::map<std::string, Track> tracks_;
  std::map<std::string, std::vector<Row>> rows_;
  std::vector<std::function<void()>> untold_;  // calls of options_.thinned and say
  size_t bytes_ = 0;
  uint64_t diskBytes_ = 0;
  int64_t nextTrack_ = 0, nextChunk_ = 0;

  std::thread writer_;  // started when it is first needed
  std::condition_variable wake_, written_;
  std::vector<std::filesystem::path> garbage_;  // files to be removed
  std::vector<Batch> done_;                     // written, to be freed by the run's thread
  bool diskClosed_ = false, writing_ = false, ending_ = false;
};

}  // namespace loom
