#pragma once
// All that is wrong with the graph at hand, or was with the run that is shown; a click leads to the node.
#include <QLabel>
#include <QListWidget>

#include "app/editor/session/session.h"

namespace loom::editor {

class ProblemsPanel : public QWidget {
  Q_OBJECT
 public:
  explicit ProblemsPanel(Session& session, QWidget* parent = nullptr);
  int count() const;

 Q_SIGNALS:
  void countChanged(int count);
  void jumpAsked(const std::string& node);  // "group/node" in a group

 private:
  void fill();
  Session& session_;
  QListWidget* list_;
  QLabel* none_;
};

}  // namespace loom::editor
