#pragma once
// A function on a stack of its own that can be left in the middle and gone on with: how several runs take
// turns on one thread, without one of them knowing. POSIX ucontext; nothing else in the engine depends on the
// platform for this.
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>

namespace loom {

class Fiber {
 public:
  /// Nothing runs before resume(). Throws std::bad_alloc where there is no memory for the stack, of which
  /// only what is touched counts.
  explicit Fiber(std::function<void()> body, size_t stackBytes = size_t{8} << 20);
  /// A fiber that has begun must have finished.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs the body until it suspends or ends. Called from outside of the fiber, on one thread for all its
  /// life.
  void resume();
  /// Called within the body: returns to where resume() was called. Not from inside a catch block: the
  /// exception that is being handled belongs to the thread.
  void suspend();
  bool finished() const { return finished_; }
  /// What the body threw; null where it ended by returning, or has not ended.
  std::exception_ptr failure() const { return failure_; }

 private:
  struct Contexts;
  static void enter(unsigned low, unsigned high);

  std::function<void()> body_;
  std::unique_ptr<Contexts> contexts_;
  bool finished_ = false;
  std::exception_ptr failure_;
};

}  // namespace loom
