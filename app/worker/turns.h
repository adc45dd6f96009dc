#pragma once
// Which run computes: one at a time, in the order they were asked for. A run that is paused gives its turn
// away and is the first in line when it goes on. May be used from any thread.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "engine/core/cancel.h"

namespace loom {

class Turns {
 public:
  enum class Place { last, first };

  /// To be called before wait(), so that the order is that of the calls and not of threads.
  void queue(int64_t run, Place place = Place::last);
  /// Waits for this run's turn. Throws Cancelled, and the run is in line no more.
  void wait(int64_t run, const CancelToken& cancel);
  /// Lets the next one go.
  void done(int64_t run);
  /// Wakes those that wait, to look at their tokens.
  void wake();

  /// Places a waiting run anew, 0 for the next to go. False: it is not waiting.
  bool move(int64_t run, size_t place);
  std::vector<int64_t> waiting() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<int64_t> waiting_;
  int64_t turn_ = -1;  // whose it is; -1: nobody's
};

}  // namespace loom
