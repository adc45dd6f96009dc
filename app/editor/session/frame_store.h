#pragma once
// What Frames holds: an entry a port and step, shared by a run and its forks, within a budget of memory.
// Numbers go first, those looked at longest ago before others; then pictures.
#include <QString>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "app/editor/session/picture.h"

namespace loom::editor {

struct FrameEntry {
  /// Of one of its two parts.
  struct Part {
    size_t bytes = 0;
    int tries = 0;
    bool asked = false;    // waits in line or is on its way
    bool refused = false;  // the worker has it not
    bool evicted = false;  // was here, and went: only who asks gets it again
  };
  ~FrameEntry() {
    if (total) *total -= picture.bytes + number.bytes;
  }

  PicturePtr thumbnail;
  ValuesPtr values;
  Part picture, number;
  std::shared_ptr<size_t> total;  // of all entries
};
using FrameEntryPtr = std::shared_ptr<FrameEntry>;

struct FramePort {
  std::map<Iteration, FrameEntryPtr> entries;
  std::map<Iteration, StatisticsRow> statistics;
  bool watched = false;
  bool shownAsked = false;
  bool listing = false, listAgain = false;
  PicturePtr live;
  Iteration liveIteration;
  uint64_t generation = 0;
  std::string slot;
};

struct FrameRun {
  QString workerRun;  // empty: the worker has it no longer
  QString parent;
  std::map<std::string, FramePort> ports;
};

class FrameStore {
 public:
  FrameEntryPtr make();
  void put(const FrameEntryPtr& entry, PicturePtr picture);
  void put(const FrameEntryPtr& entry, ValuesPtr values);
  void used(const FrameEntryPtr& entry);  // looked at now
  size_t bytes() const { return *total_; }
  size_t budget() const { return budget_; }
  void setBudget(size_t bytes);

 private:
  struct Line {  // oldest first
    std::list<std::weak_ptr<FrameEntry>> order;
    std::map<FrameEntry*, std::list<std::weak_ptr<FrameEntry>>::iterator> places;
    void toEnd(const FrameEntryPtr& entry);
    FrameEntryPtr oldest();
    void dropOldest();
  };
  void shrink(const FrameEntry* but);

  std::shared_ptr<size_t> total_ = std::make_shared<size_t>(0);
  size_t budget_ = size_t{512} << 20;
  Line values_, pictures_;
};

}  // namespace loom::editor
