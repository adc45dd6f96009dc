#pragma once
// Versions, device and licences.
#include <QDialog>

#include "app/editor/session/session.h"

namespace loom::editor {

class AboutDialog : public QDialog {
  Q_OBJECT
 public:
  explicit AboutDialog(Session& session, QWidget* parent = nullptr);
};

}  // namespace loom::editor
