#pragma once
// Ctrl-C and SIGTERM, turned into a request to stop. The first asks the run to end within its step; the
// second ends the program at once. One object at a time, for the length of a run.
#include <csignal>

#include "engine/core/cancel.h"

namespace loom {

class Interrupt {
 public:
  /// The token outlives the object. A SIGINT that was ignored when the program began (as in a background job)
  /// stays ignored.
  explicit Interrupt(CancelToken& token);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

 private:
  struct sigaction oldInterrupt_ {
  }, oldTerminate_{};
};

}  // namespace loom
