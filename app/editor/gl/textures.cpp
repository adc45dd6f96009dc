#include "app/editor/gl/textures.h"

#include <QOpenGLContext>
#include <QOpenGLExtraFunctions>
#include <algorithm>
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
  list->AddImage(of(picture), low, high, uv0, uv1);
  list->AddCallback(ImGui::GetPlatformIO().DrawCallback_SetSamplerLinear, nullptr);
}

Textures::~Textures() = default;

ImTextureID Textures::of(const PicturePtr& picture) {
  Entry& entry = entries_[picture->id];
  entry.used = frame_;
  if (entry.texture) return entry.texture;
  entry.picture = picture;
  entry.bytes = picture->rgba.size();
  bytes_ += entry.bytes;
  gl()->glGenTextures(1, &entry.texture);
  gl()->glBindTexture(GL_TEXTURE_2D, entry.texture);
  gl()->glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  gl()->glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR_MIPMAP_LINEAR);
  gl()->glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  gl()->glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
  gl()->glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
  gl()->glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, picture->width, picture->height, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                     picture->rgba.data());
  gl()->glGenerateMipmap(GL_TEXTURE_2D);
  return entry.texture;
}

void Textures::endFrame() {
  ++frame_;
  if (bytes_ <= kBudget) return;
  std::vector<std::pair<int64_t, uint64_t>> byAge;
  for (const auto& [key, entry] : entries_)
    if (entry.used < frame_ - 2) byAge.emplace_back(entry.used, key);
  std::sort(byAge.begin(), byAge.end());
  for (const auto& [used, key] : byAge) {
    if (bytes_ <= kBudget / 2) return;
    const auto entry = entries_.find(key);
    gl()->glDeleteTextures(1, &entry->second.texture);
    bytes_ -= entry->second.bytes;
    entries_.erase(entry);
  }
}

void Textures::clear() {
  for (auto& [key, entry] : entries_) gl()->glDeleteTextures(1, &entry.texture);
  entries_.clear();
  bytes_ = 0;
}

}  // namespace loom::editor
