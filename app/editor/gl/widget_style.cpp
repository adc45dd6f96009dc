#include "app/editor/gl/widget_style.h"

#include <QFileDialog>
#include <QHeaderView>
#include <QPainter>
#include <QPainterPath>
#include <QStyleOption>
#include <QTreeView>

#include "app/editor/gl/theme.h"

namespace loom::editor {
namespace {

constexpr double kRound = 4;

void drawBox(QPainter& painter, const QRect& rect, const QStyleOption& option) {
  const Theme& theme = Theme::current();
  const bool enabled = option.state & QStyle::State_Enabled;
  const bool hot = option.state & (QStyle::State_HasFocus | QStyle::State_MouseOver);
  painter.setPen(enabled && hot ? theme.accent : theme.border);
  painter.setBrush(enabled ? theme.field : theme.panel);
  painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), kRound, kRound);
}

void drawArrow(QPainter& painter, const QRect& rect, bool up, bool enabled) {
  const QPointF middle = QRectF(rect).center();
  const double width = 3.5, height = up ? -2 : 2;
  QColor colour = Theme::current().dim;
  if (!enabled) colour.setAlphaF(0.5f);
  painter.setPen(QPen(colour, 1.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  painter.setBrush(Qt::NoBrush);
  painter.drawPolyline(QPolygonF{middle + QPointF(-width, -height), middle + QPointF(0, height),
                                 middle + QPointF(width, -height)});
}

}  // namespace

WidgetStyle::WidgetStyle() : QProxyStyle("Fusion") {}

void WidgetStyle::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
                                     QPainter* painter, const QWidget* widget) const {
  if (control != CC_ComboBox && control != CC_SpinBox)
    return QProxyStyle::drawComplexControl(control, option, painter, widget);
  const bool enabled = option->state & State_Enabled;
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  drawBox(*painter, option->rect, *option);
  if (control == CC_ComboBox) {
    drawArrow(*painter, subControlRect(control, option, SC_ComboBoxArrow, widget), false, enabled);
  } else {
    drawArrow(*painter, subControlRect(control, option, SC_SpinBoxUp, widget), true, enabled);
    drawArrow(*painter, subControlRect(control, option, SC_SpinBoxDown, widget), false, enabled);
  }
  painter->restore();
}

void WidgetStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                                const QWidget* widget) const {
  if (element == PE_IndicatorArrowDown) {
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    drawArrow(*painter, option->rect, false, option->state & State_Enabled);
    painter->restore();
    return;
  }
  if (element != PE_IndicatorCheckBox) return QProxyStyle::drawPrimitive(element, option, painter, widget);
  const Theme& theme = Theme::current();
  const bool on = option->state & State_On, enabled = option->state & State_Enabled;
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  const QRectF box = QRectF(option->rect).adjusted(0.5, 0.5, -0.5, -0.5);
  const bool hot = option->state & (State_HasFocus | State_MouseOver);
  painter->setPen(on || hot ? theme.accent : theme.dim);
  painter->setBrush(on && enabled ? theme.accent : theme.field);
  painter->drawRoundedRect(box, 3, 3);
  if (on) {
    painter->setPen(QPen(theme.dark ? QColor("#0B0D11") : QColor("#FFFFFF"), 1.8, Qt::SolidLine, Qt::RoundCap,
                         Qt::RoundJoin));
    painter->setBrush(Qt::NoBrush);
    const auto at = [&box](double x, double y) {
      return QPointF(box.left() + box.width() * x, box.top() + box.height() * y);
    };
    painter->drawPolyline(QPolygonF{at(0.22, 0.52), at(0.43, 0.73), at(0.78, 0.3)});
  }
  painter->restore();
}

// Qt's own dialog for files, where the system has none: wide enough for its dates.
void WidgetStyle::polish(QWidget* widget) {
  QProxyStyle::polish(widget);
  if (auto* dialog = qobject_cast<QFileDialog*>(widget)) {
    if (!dialog->isVisible()) dialog->resize(dialog->size().expandedTo({820, 520}));
  } else if (auto* list = qobject_cast<QTreeView*>(widget);
             list && qobject_cast<QFileDialog*>(list->window())) {
    for (int column = 0; column < list->header()->count(); ++column)
      list->header()->setSectionResizeMode(column,
                                           column ? QHeaderView::ResizeToContents : QHeaderView::Stretch);
  }
}

int WidgetStyle::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                           QStyleHintReturn* data) const {
  if (hint == SH_DialogButtonBox_ButtonsHaveIcons) return 0;
  return QProxyStyle::styleHint(hint, option, widget, data);
}

}  // namespace loom::editor
