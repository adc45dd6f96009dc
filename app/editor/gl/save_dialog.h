#pragma once
// The one way in which something that is shown is saved to a file of the user's choice.
#include <QString>
#include <functional>

class QWidget;

namespace loom::editor {

class Session;

struct SaveQuestion {
  QString title, name;  // of the dialog; of the file, to begin with
  QString filter;       // as QFileDialog's, the name's own kind first
};
/// Writes a file; false where that can't be done. Called on another thread.
using FileWriter = std::function<bool()>;

/// Asks with the next event (a frame may be under way, and a dialog runs events of its own), beginning in the
/// session's folder. `writer` gives the writer of what there is when the file has been chosen. What came of
/// it is a notice of the session.
void askAndSave(Session& session, QWidget* window, const SaveQuestion& question,
                std::function<FileWriter(const QString& file)> writer);

}  // namespace loom::editor
