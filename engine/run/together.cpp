#include "engine/run/together.h"

#include <c10/core/GradMode.h>

#include <algorithm>

#include "engine/run/fiber.h"
#include "engine/run/implementation.h"

namespace loom {
namespace {

// Each run goes on in a fiber until it comes to calls that may be joined; when all have come to some, or are
// done, what belongs together is done as one. Which run waits where follows from their graphs alone.
class Meeting {
 public:
  explicit Meeting(const std::vector<std::unique_ptr<Run>>& runs) {
    lanes_.reserve(runs.size());
    for (const auto& run : runs) lanes_.push_back(std::make_unique<Lane>(run.get()));
  }

  std::vector<std::exception_ptr> hold() {
    while (true) {
      for (auto& lane : lanes_)
        if (!lane->fiber.finished() && !lane->type) lane->fiber.resume();
      std::vector<Lane*> waiting;
      for (auto& lane : lanes_)
        if (!lane->fiber.finished()) waiting.push_back(lane.get());
      if (waiting.empty()) break;
      while (!waiting.empty()) {
        const Lane& first = *waiting.front();
        const auto others = std::stable_partition(waiting.begin(), waiting.end(),
                                                  [&](const Lane* lane) { return lane->joins(first); });
        answer({waiting.begin(), others});
        for (auto lane = waiting.begin(); lane != others; ++lane) (*lane)->type = nullptr;
        waiting.erase(waiting.begin(), others);
      }
    }
    std::vector<std::exception_ptr> failures;
    for (const auto& lane : lanes_) failures.push_back(lane->fiber.failure());
    return failures;
  }

 private:
  struct Lane final : CallJoiner {
    explicit Lane(Run* run) : fiber([this, run] { run->execute(this); }) {}

    void call(const NodeType& wanted, const void* shared, std::vector<Exec>& made) override {
      type = &wanted;
      same = shared;
      calls = &made;
      fiber.suspend();
      if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
    }
    bool joins(const Lane& other) const { return type == other.type && same == other.same; }

    Fiber fiber;
    const NodeType* type = nullptr;  // null: not waiting
    const void* same = nullptr;
    std::vector<Exec>* calls = nullptr;
    std::exception_ptr failure;
  };

  // A call that fails must fail in its own run alone, so after a failure each makes its calls by itself.
  static void answer(const std::vector<Lane*>& lanes) {
    if (lanes.size() > 1) {
      std::vector<Exec> all;
      for (const Lane* lane : lanes) all.insert(all.end(), lane->calls->begin(), lane->calls->end());
      try {
        lanes.front()->type->merge->execute(all);
        return;
      } catch (...) {
      }
    }
    for (Lane* lane : lanes) {
      try {
        lane->type->merge->execute(*lane->calls);
      } catch (...) {
        lane->failure = std::current_exception();
      }
    }
  }

  std::vector<std::unique_ptr<Lane>> lanes_;
};

std::exception_ptr executeAlone(Run& run) {
  try {
    run.execute();
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace

std::vector<std::exception_ptr> executeTogether(const std::vector<std::unique_ptr<Run>>& runs) {
  const bool trains = std::any_of(runs.begin(), runs.end(), [](const auto& run) { return run->trains(); });
  if (trains || runs.size() < 2) {
    std::vector<std::exception_ptr> failures;
    for (const auto& run : runs) failures.push_back(executeAlone(*run));
    return failures;
  }
  // Each run puts the thread's mode back as it found it, and they do not end in the order they began in.
  const c10::AutoGradMode noGradients(false);
  return Meeting(runs).hold();
}

}  // namespace loom
