#pragma once
// The graphs that come with the program, as the gallery shows them: which, in which order, under which
// heading.
#include <QString>
#include <vector>

namespace loom::editor {

struct GalleryEntry {
  QString file, title, about, section;
  QString picture;  // a file; empty: there is none
};

/// The graphs of a folder and of its folder train/, those to begin with first. Files that can't be read are
/// left out.
std::vector<GalleryEntry> galleryEntries(const QString& folder);

}  // namespace loom::editor
