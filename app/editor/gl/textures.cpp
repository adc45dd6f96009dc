#include "app/editor/gl/textures.h"

#include <QOpenGLContext>
#include <QOpenGLExtraFunctions>
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace loom::editor {
namespace {

QOpenGLExtraFunctions* gl() { return QOpenGLContext::currentContext()->extraFunctions(); }

// ImGui's backend binds a sampler of its own where there are such, which overrules the texture's filter.
// While a picture is drawn none is bound.
void useOwnFilter(const ImDrawList*, const ImDrawCmd*) {
  const QSurfaceFormat format = QOpenGLContext::currentContext()->format();
  const bool samplers = QOpenGLContext::currentContext()->isOpenGLES() ? format.majorVersion() >= 3
                                                                       : format.version() >= std::pair(3, 3);
  if (samplers) gl()->glBindSampler(0, 0);
}

}  // namespace

void fitPicture(const Picture& picture, ImVec2& low, ImVec2& high) {
  const auto wide = static_cast<float>(std::max(picture.width, 1));
  const auto tall = static_cast<float>(std::max(picture.height, 1));
  const float scale = std::min((high.x - low.x) / wide, (high.y - low.y) / tall);
  const ImVec2 middle((low.x + high.x) / 2, (low.y + high.y) / 2);
  low = ImVec2(middle.x - wide * scale / 2, middle.y - tall * scale / 2);
  high = ImVec2(middle.x + wide * scale / 2, middle.y + tall * scale / 2);
}

void Textures::draw(ImDrawList* list, const PicturePtr& picture, ImVec2 low, ImVec2 high, ImVec2 uv0,
                    ImVec2 uv1) {
  list->AddCallback(useOwnFilter, nullptr);
  if (int64_t{picture->width} * picture->height > kWhole) {
    drawTiles(list, picture, low, high, uv0, uv1);
  } else {
    Entry& entry = of(picture, -1);
    if (!entry.texture) upload(entry, picture, {0, 0, picture->width, picture->height}, true);
    list->AddImage(static_cast<ImTextureID>(entry.texture), low, high, uv0, uv1);
  }
  list->AddCallback(ImGui::GetPlatformIO().DrawCallback_SetSamplerLinear, nullptr);
}

void Textures::drawTiles(ImDrawList* list, const PicturePtr& picture, ImVec2 low, ImVec2 high, ImVec2 uv0,
                         ImVec2 uv1) {
  const auto width = static_cast<float>(picture->width), height = static_cast<float>(picture->height);
  const ImVec2 first(uv0.x * width, uv0.y * height), last(uv1.x * width, uv1.y * height);
  if (last.x <= first.x || last.y <= first.y || high.x <= low.x || high.y <= low.y) return;
  const ImVec2 scale((high.x - low.x) / (last.x - first.x), (high.y - low.y) / (last.y - first.y));
  const ImVec2 clipLow = list->GetClipRectMin(), clipHigh = list->GetClipRectMax();
  const auto tileAt = [](float pixel, int most) {
    return std::clamp(static_cast<int>(std::floor(pixel / kTile)), 0, most);
  };
  const int columns = (picture->width + kTile - 1) / kTile, rows = (picture->height + kTile - 1) / kTile;
  const int left = tileAt(std::max(first.x + (clipLow.x - low.x) / scale.x, first.x), columns - 1),
            right = tileAt(std::min(first.x + (clipHigh.x - low.x) / scale.x, last.x), columns - 1),
            top = tileAt(std::max(first.y + (clipLow.y - low.y) / scale.y, first.y), rows - 1),
            bottom = tileAt(std::min(first.y + (clipHigh.y - low.y) / scale.y, last.y), rows - 1);
  for (int row = top; row <= bottom; ++row)
    for (int column = left; column <= right; ++column) {
      const Part part{column * kTile, row * kTile, std::min(kTile, picture->width - column * kTile),
                      std::min(kTile, picture->height - row * kTile)};
      Entry& entry = of(picture, row * columns + column);
      if (!entry.texture) {
        if (uploaded_ >= kMostAtOnce) {
          lacking_ = true;
          continue;
        }
        upload(entry, picture, part, false);
      }
      const auto x = static_cast<float>(part.x), y = static_cast<float>(part.y),
                 wide = static_cast<float>(part.width), tall = static_cast<float>(part.height);
      const ImVec2 from(std::max(x, first.x), std::max(y, first.y)),
          to(std::min(x + wide, last.x), std::min(y + tall, last.y));
      if (to.x <= from.x || to.y <= from.y) continue;
      const auto place = [&](ImVec2 pixel) {
        return ImVec2(low.x + (pixel.x - first.x) * scale.x, low.y + (pixel.y - first.y) * scale.y);
      };
      list->AddImage(static_cast<ImTextureID>(entry.texture), place(from), place(to),
                     {(from.x - x) / wide, (from.y - y) / tall}, {(to.x - x) / wide, (to.y - y) / tall});
    }
}

Textures::~Textures() = default;

Textures::Entry& Textures::of(const PicturePtr& picture, int tile) {
  Entry& entry = entries_[{picture->id, tile}];
  entry.used = frame_;
  return entry;
}

// Tiles are drawn no smaller than half their size: smaller pictures are there for that.
void Textures::upload(Entry& entry, const PicturePtr& picture, const Part& part, bool whole) {
  entry.bytes = static_cast<size_t>(part.width) * static_cast<size_t>(part.height) * 4;
  bytes_ += entry.bytes;
  if (!whole) uploaded_ += entry.bytes;
  const size_t from =
      (static_cast<size_t>(part.y) * static_cast<size_t>(picture->width) + static_cast<size_t>(part.x)) * 4;
  gl()->glGenTextures(1, &entry.texture);
  gl()->glBindTexture(GL_TEXTURE_2D, entry.texture);
  gl()->glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  gl()->glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, whole ? GL_LINEAR_MIPMAP_LINEAR : GL_LINEAR);
  gl()->glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  gl()->glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
  gl()->glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
  gl()->glPixelStorei(GL_UNPACK_ROW_LENGTH, picture->width);
  gl()->glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, part.width, part.height, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                     picture->rgba.data() + from);
  gl()->glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
  if (whole) gl()->glGenerateMipmap(GL_TEXTURE_2D);
}

bool Textures::endFrame() {
  ++frame_;
  uploaded_ = 0;
  const bool lacking = std::exchange(lacking_, false);
  if (bytes_ <= kBudget) return lacking;
  std::vector<std::pair<int64_t, std::pair<uint64_t, int>>> byAge;
  for (const auto& [key, entry] : entries_)
    if (entry.used < frame_ - 2) byAge.emplace_back(entry.used, key);
  std::sort(byAge.begin(), byAge.end());
  for (const auto& [used, key] : byAge) {
    if (bytes_ <= kBudget / 2) break;
    const auto entry = entries_.find(key);
    gl()->glDeleteTextures(1, &entry->second.texture);
    bytes_ -= entry->second.bytes;
    entries_.erase(entry);
  }
  return lacking;
}

void Textures::clear() {
  for (auto& [key, entry] : entries_) gl()->glDeleteTextures(1, &entry.texture);
  entries_.clear();
  bytes_ = 0;
}

}  // namespace loom::editor
