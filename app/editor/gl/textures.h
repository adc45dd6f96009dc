#pragma once
// Pictures as GL textures, by the picture's own id. Kept while they are drawn and a while longer; the oldest
// go beyond a budget. Used and destroyed with the GL context current.
#include <imgui.h>

#include <cstdint>
#include <unordered_map>

#include "app/editor/session/picture.h"

namespace loom::editor {

class Textures {
 public:
  enum class Filter { nearest, linear };
  ~Textures();

  /// To be given to ImGui in this frame. Pixels are drawn as squares with `nearest`.
  ImTextureID of(const PicturePtr& picture, Filter filter = Filter::nearest);
  /// After a frame: lets go what was not drawn for long, beyond the budget.
  void endFrame();
  void clear();
  size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    unsigned texture = 0;
    int64_t used = 0;
    size_t bytes = 0;
    PicturePtr picture;
  };
  static constexpr size_t kBudget = 256u << 20;
  std::unordered_map<uint64_t, Entry> entries_;  // by id, twice: + filter
  int64_t frame_ = 0;
  size_t bytes_ = 0;
};

}  // namespace loom::editor
