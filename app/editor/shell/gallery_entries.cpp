#include "app/editor/shell/gallery_entries.h"

#include <QDir>
#include <QFileInfo>
#include <algorithm>

#include "app/editor/document/document_file.h"
#include "app/editor/shell/places.h"
#include "engine/core/error.h"

namespace loom::editor {
namespace {

// In the order in which one learns from them. What is not named comes after, by name.
const std::pair<const char*, const char*> kPlaces[] = {
    {"ddpm", QT_TRANSLATE_NOOP("Gallery", "Begin here")},
    {"ddim", QT_TRANSLATE_NOOP("Gallery", "Begin here")},
    {"compare_steps", QT_TRANSLATE_NOOP("Gallery", "Compare")},
    {"compare_eta", QT_TRANSLATE_NOOP("Gallery", "Compare")},
    {"interpolate", QT_TRANSLATE_NOOP("Gallery", "Explore")},
    {"train/ddpm_emoji", QT_TRANSLATE_NOOP("Gallery", "Train")},
    {"dataset", QT_TRANSLATE_NOOP("Gallery", "Train")}};
constexpr const char* kOthers = QT_TRANSLATE_NOOP("Gallery", "More");

size_t placeOf(const QString& name) {
  const auto found = std::find_if(std::begin(kPlaces), std::end(kPlaces),
                                  [&name](const auto& place) { return name == place.first; });
  return static_cast<size_t>(found - std::begin(kPlaces));
}

}  // namespace

std::vector<GalleryEntry> galleryEntries(const QString& folder) {
  std::vector<std::pair<size_t, GalleryEntry>> found;
  for (const QString& place : {QString(), QString("train/")})
    for (const QFileInfo& file :
         QDir(folder + "/" + place).entryInfoList({"*.loom"}, QDir::Files, QDir::Name))
      try {
        const Document document = readDocument(file.absoluteFilePath());
        const size_t at = placeOf(place + file.completeBaseName());
        GalleryEntry entry;
        entry.file = file.absoluteFilePath();
        entry.title = QString::fromStdString(document.title);
        if (entry.title.isEmpty()) entry.title = file.completeBaseName();
        entry.about = QString::fromStdString(document.about);
        entry.section =
            QCoreApplication::translate("Gallery", at < std::size(kPlaces) ? kPlaces[at].second : kOthers);
        entry.picture = galleryPicture(entry.file);
        found.emplace_back(at, std::move(entry));
      } catch (const Error&) {  // one that this program can't read is not offered
      }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<GalleryEntry> entries;
  for (auto& [at, entry] : found) entries.push_back(std::move(entry));
  return entries;
}

}  // namespace loom::editor
