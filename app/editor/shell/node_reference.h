#pragma once
// Help on every node and port, made from their declarations; to be searched.
#include <QDialog>
#include <QLineEdit>
#include <QListWidget>
#include <QTextBrowser>

#include "app/editor/session/session.h"

namespace loom::editor {

class NodeReference : public QDialog {
  Q_OBJECT
 public:
  explicit NodeReference(Session& session, QWidget* parent = nullptr);
  void showNode(const QString& type);

 private:
  void fill();
  void filter();
  QString page(const NodeType& node) const;
  Session& session_;
  QLineEdit* search_;
  QListWidget* list_;
  QTextBrowser* page_;
};

}  // namespace loom::editor
