#pragma once
// Lines on their way to the client, written by a thread of its own: nobody who sends ever waits for the
// client to read. Bounded: answers by the client itself (waitForRoom() before the next request is read), what
// tells of progress by keeping only the newest of each kind, messages by dropping the oldest and saying so.
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <unordered_map>

namespace loom {

class Outbox {
 public:
  struct Options {
    int file = -1;                        // descriptor, not owned
    size_t mostBytes = size_t{16} << 20;  // of answers, beyond which no further request is read
    size_t mostNews = 4096;               // messages that may be dropped
    std::function<void()> broken;         // the client reads no more; called once, on the writer's thread
  };
  explicit Outbox(Options options);
  ~Outbox();  // what has not been written is not
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Answers and changes of state: always arrive.
  void send(const nlohmann::json& message);
  /// Progress: replaces what is waiting under the same key.
  void newest(const std::string& key, const nlohmann::json& message);
  /// Single events that can also be asked for later: the oldest go where too many are waiting.
  void news(const nlohmann::json& message);

  /// Waits until little enough is waiting, or `seconds` have passed. False: still too much.
  bool waitForRoom(double seconds);
  /// Waits until all is written. False: it is not.
  bool flush(double seconds);
  /// Bytes the client has been given.
  uint64_t written() const;

 private:
  enum class Kind { sure, newest, news };
  struct Entry {
    Kind kind;
    std::string key, line;
  };
  using Entries = std::list<Entry>;

  void add(Kind kind, std::string key, std::string line);
  void erase(Entries::iterator entry);
  void write();
  bool writeAll(std::string_view bytes);

  Options options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Entries entries_;
  std::unordered_map<std::string, Entries::iterator> byKey_;
  size_t sureBytes_ = 0, news_ = 0, dropped_ = 0;
  uint64_t written_ = 0;
  bool writing_ = false, broken_ = false, end_ = false;
  int wake_ = -1;
  std::thread thread_;
};

}  // namespace loom
