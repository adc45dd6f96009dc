#pragma once
// Pictures as GL textures, by the picture's own id, and the one way to draw them. Kept while they are drawn
// and a while longer; the oldest go beyond a budget. Used and destroyed with the GL context current.
#include <imgui.h>

#include <cstdint>
#include <unordered_map>

#include "app/editor/session/picture.h"

namespace loom::editor {

class Textures {
 public:
  ~Textures();

  /// The part of a picture from uv0 to uv1 between two corners. Pixels that are drawn larger than they are
  /// become squares; drawn smaller they are averaged, for single ones would flicker.
  void draw(ImDrawList* list, const PicturePtr& picture, ImVec2 low, ImVec2 high, ImVec2 uv0 = {0, 0},
            ImVec2 uv1 = {1, 1});
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
  ImTextureID of(const PicturePtr& picture);

  static constexpr size_t kBudget = 256u << 20;
  std::unordered_map<uint64_t, Entry> entries_;  // by the picture's id
  int64_t frame_ = 0;
  size_t bytes_ = 0;
};

/// The largest place within two corners, in their middle, that has the picture's proportions.
void fitPicture(const Picture& picture, ImVec2& low, ImVec2& high);

}  // namespace loom::editor
