#include "app/editor/gl/textures.h"

#include <QOpenGLContext>
#include <QOpenGLFunctions>
#include <algorithm>
#include <vector>

namespace loom::editor {
namespace {

QOpenGLFunctions* gl() { return QOpenGLContext::currentContext()->functions(); }

}  // namespace

Textures::~Textures() = default;

ImTextureID Textures::of(const PicturePtr& picture, Filter filter) {
  const uint64_t key = picture->id * 2 + (filter == Filter::linear);
  Entry& entry = entries_[key];
  entry.used = frame_;
  if (entry.texture) return entry.texture;
  entry.picture = picture;
  entry.bytes = picture->rgba.size();
  bytes_ += entry.bytes;
  gl()->glGenTextures(1, &entry.texture);
  gl()->glBindTexture(GL_TEXTURE_2D, entry.texture);
  const GLint how = filter == Filter::linear ? GL_LINEAR : GL_NEAREST;
  gl()->glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, how);
  // Always smooth where it is drawn smaller than it is: single pixels would flicker.
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
