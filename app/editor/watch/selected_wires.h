#pragma once
// A wire that is selected while a run goes on is kept by step from then on, so that nobody needs to know what
// a probe is. Those selected longest ago are let go of again; what the document itself watches is untouched.
#include <deque>

#include "app/editor/watch/reel.h"

namespace loom::editor {

class SelectedWires {
 public:
  static constexpr size_t kMost = 6;  // beside those that the document watches

  SelectedWires(Session& session, Reels& reels) : session_(session), reels_(reels) {}
  /// When something else is selected, and when a run begins.
  void follow() { keep(session_.selection().port); }
  void keep(const std::string& port);

 private:
  Session& session_;
  Reels& reels_;
  QString run_;  // whose wires these are
  std::deque<std::string> ports_;
};

}  // namespace loom::editor
