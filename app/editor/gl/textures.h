#pragma once
// Pictures as GL textures, by the picture's own id, and the one way to draw them. Kept while they are drawn
// and a while longer; the oldest go beyond a budget. Large pictures are drawn in tiles: those that are seen,
// a few more with each frame. Used and destroyed with the GL context current.
#include <imgui.h>

#include <cstdint>
#include <map>

#include "app/editor/session/picture.h"

namespace loom::editor {

class Textures {
 public:
  ~Textures();

  /// The part of a picture from uv0 to uv1 between two corners. Pixels that are drawn larger than they are
  /// become squares; drawn smaller they are averaged, for single ones would flicker.
  void draw(ImDrawList* list, const PicturePtr& picture, ImVec2 low, ImVec2 high, ImVec2 uv0 = {0, 0},
            ImVec2 uv1 = {1, 1});
  /// After a frame: lets go what was not drawn for long, beyond the budget. True: tiles are lacking, another
  /// frame has them.
  bool endFrame();
  void clear();
  size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    unsigned texture = 0;
    int64_t used = 0;
    size_t bytes = 0;
  };
  /// A part of a picture, from its left upper pixel on, of that many.
  struct Part {
    int x = 0, y = 0, width = 0, height = 0;
  };
  Entry& of(const PicturePtr& picture, int tile);
  void upload(Entry& entry, const PicturePtr& picture, const Part& part, bool whole);
  void drawTiles(ImDrawList* list, const PicturePtr& picture, ImVec2 low, ImVec2 high, ImVec2 uv0,
                 ImVec2 uv1);

  static constexpr size_t kBudget = 256u << 20, kMostAtOnce = 8u << 20;  // of tiles, with one frame
  static constexpr int kWhole = 1 << 20, kTile = 512;                    // pixels; of a tile's side
  std::map<std::pair<uint64_t, int>, Entry> entries_;  // by the picture's id, and which tile; -1: all of it
  int64_t frame_ = 0;
  size_t bytes_ = 0, uploaded_ = 0;
  bool lacking_ = false;
};

/// The largest place within two corners, in their middle, that has the picture's proportions.
void fitPicture(const Picture& picture, ImVec2& low, ImVec2& high);

}  // namespace loom::editor
