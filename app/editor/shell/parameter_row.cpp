#include "app/editor/shell/parameter_row.h"

#include <QAction>
#include <QVBoxLayout>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr int kLabelWidth = 104;

QString rangeText(const PortType& port) {
  if (port.min && port.max) return QObject::tr("%1 to %2").arg(numberText(*port.min), numberText(*port.max));
  if (port.min) return QObject::tr("%1 or more").arg(numberText(*port.min));
  if (port.max) return QObject::tr("%1 or less").arg(numberText(*port.max));
  return {};
}

}  // namespace

ParameterRow::ParameterRow(const PortType& port, const QString& label, const QString& doc,
                           const QString& folder, const QString& name, QWidget* parent)
    : QWidget(parent),
      port_(port),
      label_(new ElidedLabel(label)),
      editor_(ParameterEditor::make(port, folder, name)),
      reset_(new QToolButton),
      row_(new QHBoxLayout(this)) {
  row_->setContentsMargins(0, 0, 0, 0);
  row_->setSpacing(4);
  label_->setTextFormat(Qt::PlainText);
  label_->setFixedWidth(kLabelWidth);
  label_->setContextMenuPolicy(Qt::ActionsContextMenu);
  QString tip = doc;
  if (const QString range = rangeText(port); !range.isEmpty()) tip += "\n" + range;
  if (!port.value.is_null())
    tip += "\n" + tr("Without being set: %1").arg(QString::fromStdString(port.value.dump()).left(200));
  label_->setToolTip("<p style='white-space:pre-wrap'>" + tip.toHtmlEscaped() + "</p>");
  editor_->setToolTip(label_->toolTip());
  reset_->setText("↺");
  reset_->setAutoRaise(true);
  reset_->setObjectName(name + ".reset");
  reset_->setToolTip(tr("Back to the default"));
  reset_->setAccessibleName(tr("Back to the default"));
  QSizePolicy keeps = reset_->sizePolicy();
  keeps.setRetainSizeWhenHidden(true);
  reset_->setSizePolicy(keeps);
  row_->addWidget(label_);
  row_->addWidget(editor_, 1);
  row_->addWidget(reset_);
  connect(editor_, &ParameterEditor::edited, this, &ParameterRow::edited);
  connect(editor_, &ParameterEditor::settled, this, &ParameterRow::settled);
  connect(reset_, &QToolButton::clicked, this, [this] { Q_EMIT edited(nullptr, false); });
  addToMenu(tr("Back to the default"), [this] { Q_EMIT edited(nullptr, false); });
}

void ParameterRow::addToMenu(const QString& text, std::function<void()> run) {
  auto* action = new QAction(text, label_);
  connect(action, &QAction::triggered, this, std::move(run));
  label_->addAction(action);
}

QPushButton* ParameterRow::addSwitch(const QString& text, const QString& name, const QString& help) {
  QPushButton* button = smallButton(text, name, help);
  button->setCheckable(true);
  row_->insertWidget(row_->indexOf(reset_), button);
  return button;
}

void ParameterRow::setValue(const nlohmann::json& value) {
  const bool changed = !value.is_null() && value != port_.value;
  QFont font = label_->font();
  font.setBold(changed);
  label_->setFont(font);
  reset_->setVisible(!value.is_null() && !driver_);
  editor_->show(value.is_null() ? port_.value : value);
}

void ParameterRow::setDriver(const QString& text) {
  editor_->hide();
  reset_->hide();
  driver_ = new ElidedLabel(tr("from %1").arg(text));
  driver_->setTextFormat(Qt::PlainText);
  driver_->setProperty("dim", true);
  row_->insertWidget(1, driver_, 1);
  QPushButton* unlink =
      smallButton(tr("Unlink"), editor_->objectName() + ".unlink", tr("Take the link away"));
  row_->insertWidget(2, unlink);
  connect(unlink, &QPushButton::clicked, this, &ParameterRow::unlinkAsked);
}

}  // namespace loom::editor
