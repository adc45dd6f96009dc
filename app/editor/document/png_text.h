#pragma once
// Texts in PNG files, of any length up to a bound, without looking at the picture.
#include <QByteArray>
#include <QIODevice>
#include <optional>
#include <string>

namespace loom::editor {

bool isPng(QIODevice& file);

/// The last text of this keyword (tEXt, zTXt, iTXt), in UTF-8. Empty where there is none, where the file is
/// damaged, or the text is longer than `most`.
std::optional<std::string> textInPng(QIODevice& file, const std::string& keyword, size_t most);

/// A PNG with one text more.
QByteArray withTextInPng(const QByteArray& png, const std::string& keyword, const std::string& text);

}  // namespace loom::editor
