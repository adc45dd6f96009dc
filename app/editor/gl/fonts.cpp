#include "app/editor/gl/fonts.h"

#include <imgui.h>

#include <QFile>
#include <QStandardPaths>
#include <map>
#include <memory>

namespace loom::editor {
namespace {

constexpr qint64 kMostFontBytes = 64 << 20;

// Where Debian and others put fonts; a machine without them gets what ImGui carries.
QString fontFile(const QStringList& names) {
  for (const QString& folder : QStandardPaths::standardLocations(QStandardPaths::FontsLocation) +
                                   QStringList{"/usr/share/fonts", "/usr/local/share/fonts"})
    for (const QString& name : names)
      if (QFile::exists(folder + "/" + name)) return folder + "/" + name;
  return {};
}

// A font of many megabytes stands behind three faces: mapped once, and read where it is looked at.
struct Mapped {
  void* bytes = nullptr;
  int size = 0;
};
Mapped mapped(const QString& path) {
  static std::map<QString, std::unique_ptr<QFile>> files;
  static std::map<QString, Mapped> known;
  const auto [found, isNew] = known.try_emplace(path);
  if (!isNew) return found->second;
  auto file = std::make_unique<QFile>(path);
  if (!file->open(QIODevice::ReadOnly) || file->size() > kMostFontBytes) return {};
  found->second = {file->map(0, file->size()), static_cast<int>(file->size())};
  files[path] = std::move(file);
  return found->second;
}

ImFont* addFont(const QStringList& names, bool merge) {
  const QString path = fontFile(names);
  if (path.isEmpty()) return nullptr;
  const Mapped font = mapped(path);
  if (!font.bytes) return nullptr;
  ImFontConfig config;
  config.MergeMode = merge;
  config.FontDataOwnedByAtlas = false;
  return ImGui::GetIO().Fonts->AddFontFromMemoryTTF(font.bytes, font.size, 0, &config);
}

// What the face before it lacks: signs of mathematics, other scripts. The first that is there of each row.
void mergeFallbacks(bool bold) {
  const QString weight = bold ? "-Bold.ttf" : "-Regular.ttf";
  QList<QStringList> rows{
      {bold ? "truetype/dejavu/DejaVuSans-Bold.ttf" : "truetype/dejavu/DejaVuSans.ttf",
       "truetype/dejavu/DejaVuSans.ttf"},
      {"opentype/noto/NotoSansCJK-Regular.ttc", "truetype/noto/NotoSansCJK-Regular.ttc",
       "noto-cjk/NotoSansCJK-Regular.ttc", "google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
       "truetype/wqy/wqy-microhei.ttc", "truetype/wqy/wqy-zenhei.ttc",
       "truetype/droid/DroidSansFallbackFull.ttf"}};
  // What DejaVu lacks, in the alphabet's order.
  for (const char* script : {"Bengali", "Devanagari", "Gujarati", "Gurmukhi", "Hebrew", "Kannada", "Khmer",
                             "Lao", "Malayalam", "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu", "Thai"}) {
    const QString sans = QString("truetype/noto/NotoSans%1").arg(script);
    rows << QStringList{sans + "UI" + weight, sans + weight};
  }
  rows << QStringList{"truetype/unifont/unifont.ttf"};
  for (const QStringList& row : rows) addFont(row, true);
}

}  // namespace

Fonts addFonts() {
  Fonts fonts{};
  fonts.text = addFont({"opentype/inter/Inter-Regular.otf", "truetype/inter/Inter-Regular.ttf"}, false);
  if (!fonts.text) fonts.text = ImGui::GetIO().Fonts->AddFontDefault();
  mergeFallbacks(false);
  fonts.bold = addFont({"opentype/inter/Inter-SemiBold.otf", "truetype/inter/Inter-SemiBold.ttf"}, false);
  if (fonts.bold) mergeFallbacks(true);
  if (!fonts.bold) fonts.bold = fonts.text;
  fonts.numbers = addFont({"truetype/jetbrains-mono/JetBrainsMono-Regular.ttf"}, false);
  if (fonts.numbers) mergeFallbacks(false);
  if (!fonts.numbers) fonts.numbers = fonts.text;
  ImGui::GetIO().FontDefault = fonts.text;
  return fonts;
}

}  // namespace loom::editor
