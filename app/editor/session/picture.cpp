#include "app/editor/session/picture.h"

#include <atomic>

namespace loom::editor {

uint64_t nextPictureId() {
  static std::atomic<uint64_t> next{1};
  return next++;
}

}  // namespace loom::editor
