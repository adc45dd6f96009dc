#pragma once
// One parameter in the inspector: its name (bold where it differs from the default), its editor, a way back
// to the default. Where a link drives it, what does.
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>

#include "app/editor/document/face.h"
#include "app/editor/shell/parameter_editor.h"

namespace loom::editor {

class ParameterRow : public QWidget {
  Q_OBJECT
 public:
  /// `name`: as it is called in tests and for screen readers, "step.eta". `label`: as it is shown.
  ParameterRow(const PortType& port, const QString& label, const QString& doc, const QString& folder,
               const QString& name, QWidget* parent = nullptr);
  /// null: it has the default.
  void setValue(const nlohmann::json& value);
  void setDriver(const QString& text);  // instead of the editor
  void addToMenu(const QString& text, std::function<void()> run);
  QPushButton* addSwitch(const QString& text, const QString& name, const QString& help);  // after the editor

 Q_SIGNALS:
  void edited(const nlohmann::json& value, bool going);  // null: back to the default
  void settled();
  void unlinkAsked();

 private:
  PortType port_;
  QLabel* label_;
  ParameterEditor* editor_;
  QToolButton* reset_;
  QLabel* driver_ = nullptr;
  QHBoxLayout* row_;
};

}  // namespace loom::editor
