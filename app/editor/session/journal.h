#pragma once
// The document as of the last edit, on disk: what is left of an editor that did not end in order. One file an
// editor, DATA/journals/<its name>.journal: a line of JSON that says what it is of, then the graph's text.
#include <QDateTime>
#include <QString>
#include <optional>
#include <string>
#include <vector>

#include "app/editor/session/presence.h"

namespace loom::editor {

class Journal {
 public:
  explicit Journal(const Presence& presence);

  bool write(const std::string& text, const QString& file, const QString& title);
  void remove();

  struct Left {
    QString journal, file, title;
    QDateTime when;
  };
  /// Of editors that are gone, the newest first.
  std::vector<Left> left() const;
  /// The text of one of those; empty where it can't be read.
  static std::string textOf(const QString& journal);
  /// Takes the place of its editor and removes it; false where another editor does.
  bool discard(const QString& journal) const;

 private:
  const Presence& presence_;
  QString folder_, file_;
  bool written_ = false;
};

}  // namespace loom::editor
