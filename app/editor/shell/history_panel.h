#pragma once
// What was done to the document, step by step; a click goes there.
#include <QListWidget>

#include "app/editor/session/session.h"

namespace loom::editor {

class HistoryPanel : public QListWidget {
  Q_OBJECT
 public:
  explicit HistoryPanel(Session& session, QWidget* parent = nullptr);

 private:
  void fill();
  Session& session_;
};

}  // namespace loom::editor
