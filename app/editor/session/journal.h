#pragma once
// The document as of the last edit, on disk: what is left of an editor that did not end in order. One file an
// editor, DATA/journals/<its name>.journal: a line of JSON that says what it is of, the graph's text, and the
// edits since, each as the part of the text that it changed. An edit of a large document costs no more than
// what it changes; one that was cut off in the middle is none.
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
  /// The text of one of those, as it was after its last whole edit; empty where it can't be read.
  static std::string textOf(const QString& journal);
  /// Takes the place of its editor and removes it; false where another editor does.
  bool discard(const QString& journal) const;

 private:
  bool writeAll(const QByteArray& head, const std::string& text);
  bool append(const std::string& text);

  const Presence& presence_;
  QString folder_, file_;
  QByteArray head_;      // as it stands in the file; empty: there is none
  std::string text_;     // what the file comes to
  size_t appended_ = 0;  // bytes of edits in it
};

}  // namespace loom::editor
