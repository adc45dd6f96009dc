#pragma once
// The node library: all node types by group, to be searched, dragged onto the canvas or added by a double
// click. Below, what the chosen one does.
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTreeWidget>

#include "app/editor/session/session.h"

namespace loom::editor {

/// "denoise" as a heading: "Denoise".
QString groupTitle(const std::string& group);

class LibraryPanel : public QWidget {
  Q_OBJECT
 public:
  explicit LibraryPanel(Session& session, QWidget* parent = nullptr);
  void focusSearch();

 Q_SIGNALS:
  void addAsked(const QString& type);
  void helpAsked(const QString& type);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void fill();
  void filter();
  void describe();

  Session& session_;
  QLineEdit* search_;
  QTreeWidget* tree_;
  QLabel* title_;
  QLabel* doc_;
  QPushButton* more_;
};

}  // namespace loom::editor
