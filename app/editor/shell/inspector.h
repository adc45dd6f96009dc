#pragma once
// The panel that shows and edits what is selected: a node with its parameters and ports, a zone, a frame or
// note, or the document when nothing is. All edits go through the session's undo.
#include <QPointer>
#include <QScrollArea>
#include <QTimer>
#include <QVBoxLayout>

#include "app/editor/session/session.h"

namespace loom::editor {

/// A part of the inspector, built for one thing; shows its newest state on refresh().
class InspectorPart : public QWidget {
  Q_OBJECT
 public:
  InspectorPart(Session& session, QWidget* parent);
  virtual void refresh() = 0;      // the document or what is known of it has changed
  virtual void refreshValues() {}  // what the runs hold, or the cursor, has changed

 Q_SIGNALS:
  void helpAsked(const QString& type);

 protected:
  QVBoxLayout* column() const { return column_; }
  Session& session_;

 private:
  QVBoxLayout* column_;
};

class Inspector : public QScrollArea {
  Q_OBJECT
 public:
  explicit Inspector(Session& session, QWidget* parent = nullptr);
  /// Puts the keyboard into the first parameter.
  void focusFirst();

 Q_SIGNALS:
  void helpAsked(const QString& type);

 private:
  std::string subject() const;  // what the parts were built for; another one: built anew
  void update();
  void build();

  Session& session_;
  std::string built_;
  std::vector<InspectorPart*> parts_;
  QTimer values_;  // values are shown at most ten times a second
};

}  // namespace loom::editor
