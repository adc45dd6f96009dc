#pragma once
// Fusion with the boxes, arrows and ticks of our own: flat, in the theme's colours, sharp at every pixel
// ratio.
#include <QProxyStyle>

namespace loom::editor {

class WidgetStyle : public QProxyStyle {
  Q_OBJECT
 public:
  WidgetStyle();
  void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                          const QWidget* widget) const override;
  void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override;
  void polish(QWidget* widget) override;
  using QProxyStyle::polish;
  int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                QStyleHintReturn* data) const override;
};

}  // namespace loom::editor
