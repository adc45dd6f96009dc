#pragma once
// Small pieces that the panels are made of, so that all look alike.
#include <QFrame>
#include <QLabel>
#include <QPixmap>
#include <QPushButton>
#include <QStyledItemDelegate>
#include <QToolButton>
#include <optional>

#include "app/editor/session/picture.h"

namespace loom::editor {

QLabel* textLabel(const QString& text, QWidget* parent = nullptr);
QLabel* dimLabel(const QString& text, QWidget* parent = nullptr);      // small print, wrapped
QLabel* headingLabel(const QString& text, QWidget* parent = nullptr);  // of a section
QFrame* ruleLine(QWidget* parent = nullptr);
QPushButton* wordButton(const QString& text, const QString& name, QWidget* parent = nullptr);
QPushButton* smallButton(const QString& text, const QString& name, const QString& help,
                         QWidget* parent = nullptr);

QImage imageOf(const Picture& picture);
/// Fitted into a square, pixels as squares where it is enlarged. `ratio`: the screen's pixels to a unit.
QPixmap pixmapOf(const QImage& image, int side, qreal ratio);
QFont numberFont(const QFont& like);
QFont titleFont(const QFont& like, double factor = 1.15);  // larger and bolder

/// A dialog as large as it was designed to be, larger where text is, never larger than its window's screen.
void sizeDialog(QWidget* dialog, QSize designed);

/// "1.2 GB", "3 min 20 s", "2 min ago": as people say them.
QString bytesText(double bytes);
QString secondsText(double seconds);
QString numberText(double value);  // four digits that count

/// How well `query` fits a text: letters in order, better at beginnings of words. Empty: not at all.
std::optional<int> fuzzyScore(QStringView query, QStringView text);

/// A row of a list: title, small print after it, something at the right end.
class RowDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  enum Role { smallPrint = Qt::UserRole + 100, atEnd, dot };
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

/// A label that gives its text up to the width there is, with an ellipsis.
class ElidedLabel : public QLabel {
  Q_OBJECT
 public:
  using QLabel::QLabel;
  QSize minimumSizeHint() const override { return {20, QLabel::minimumSizeHint().height()}; }

 protected:
  void paintEvent(QPaintEvent* event) override;
};

/// Takes all widgets out of a layout and lets them go.
void clearLayout(QLayout* layout);

}  // namespace loom::editor
