#pragma once
// What the worker prints, what runs say, what the editor told: newest at the end, to be filtered.
#include <QCheckBox>
#include <QLineEdit>
#include <QPlainTextEdit>

#include "app/editor/session/session.h"

namespace loom::editor {

class LogPanel : public QWidget {
  Q_OBJECT
 public:
  explicit LogPanel(Session& session, QWidget* parent = nullptr);

 private:
  void add(const QString& from, const QString& text);
  void show(const QString& line);
  void filter();
  Session& session_;
  QPlainTextEdit* text_;
  QLineEdit* filter_;
  QStringList lines_;
};

}  // namespace loom::editor
