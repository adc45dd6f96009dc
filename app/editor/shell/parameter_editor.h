#pragma once
// The editor of one parameter, of the kind its port asks for: number, choice, seed with dice, file with a
// picker, text of one or more lines, sizes, yes or no.
#include <QWidget>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/editor/catalog/catalog.h"

namespace loom::editor {

class ParameterEditor : public QWidget {
  Q_OBJECT
 public:
  /// `folder`: where the graph's files are looked up, for file pickers. The editor's field is called `name`.
  static ParameterEditor* make(const PortType& port, const QString& folder, const QString& name,
                               QWidget* parent = nullptr);
  virtual void show(const nlohmann::json& value) = 0;
  using QWidget::show;

 Q_SIGNALS:
  void edited(const nlohmann::json& value, bool going);
  void settled();

 protected:
  explicit ParameterEditor(QWidget* parent) : QWidget(parent) {}
};

/// "[3, 32, 32]", "3, 32, 32", "3x32x32": each may be an expression. Empty where it is none.
std::optional<nlohmann::json> listFrom(const QString& text, bool whole);
QString listAsText(const nlohmann::json& list);

}  // namespace loom::editor
