#include "engine/run/together.h"

namespace loom {

std::vector<std::exception_ptr> executeTogether(const std::vector<std::unique_ptr<Run>>& runs) {
  std::vector<std::exception_ptr> failures(runs.size());
  for (size_t i = 0; i < runs.size(); ++i) {
    try {
      runs[i]->execute();
    } catch (...) {
      failures[i] = std::current_exception();
    }
  }
  return failures;
}

}  // namespace loom
