#include "app/editor/shell/widgets.h"

#include <QLayout>
#include <QPainter>
#include <QScreen>
#include <cmath>

#include "app/editor/gl/theme.h"

namespace loom::editor {

QLabel* textLabel(const QString& text, QWidget* parent) {
  auto* label = new QLabel(text, parent);
  label->setTextFormat(Qt::PlainText);  // texts come from strangers' files
  label->setWordWrap(true);
  return label;
}

QLabel* dimLabel(const QString& text, QWidget* parent) {
  QLabel* label = textLabel(text, parent);
  label->setProperty("dim", true);
  return label;
}

QLabel* headingLabel(const QString& text, QWidget* parent) {
  QLabel* label = textLabel(text, parent);
  label->setProperty("heading", true);
  return label;
}

QFrame* ruleLine(QWidget* parent) {
  auto* line = new QFrame(parent);
  line->setProperty("rule", true);
  return line;
}

QPushButton* wordButton(const QString& text, const QString& name, QWidget* parent) {
  auto* button = new QPushButton(text, parent);
  button->setObjectName(name);
  button->setAutoDefault(false);
  return button;
}

QPushButton* smallButton(const QString& text, const QString& name, const QString& help, QWidget* parent) {
  QPushButton* button = wordButton(text, name, parent);
  button->setProperty("small", true);
  button->setToolTip(help);
  button->setAccessibleName(help);
  return button;
}

QImage imageOf(const Picture& picture) {
  if (picture.width <= 0 || picture.height <= 0 ||
      picture.rgba.size() < static_cast<size_t>(picture.width) * picture.height * 4)
    return {};
  return QImage(picture.rgba.data(), picture.width, picture.height, picture.width * 4,
                QImage::Format_RGBA8888)
      .copy();
}

QPixmap pixmapOf(const QImage& image, int side, qreal ratio) {
  if (image.isNull()) return {};
  const int pixels = static_cast<int>(std::lround(side * ratio));
  const bool enlarged = std::max(image.width(), image.height()) < pixels;
  QPixmap pixmap = QPixmap::fromImage(image.scaled(
      pixels, pixels, Qt::KeepAspectRatio, enlarged ? Qt::FastTransformation : Qt::SmoothTransformation));
  pixmap.setDevicePixelRatio(ratio);
  return pixmap;
}

QFont numberFont(const QFont& like) {
  QFont font(like);
  font.setFamilies({"JetBrains Mono", "DejaVu Sans Mono", "monospace"});
  return font;
}

QFont titleFont(const QFont& like, double factor) {
  QFont font(like);
  if (font.pixelSize() > 0)
    font.setPixelSize(static_cast<int>(std::lround(font.pixelSize() * factor)));
  else
    font.setPointSizeF(font.pointSizeF() * factor);
  font.setWeight(QFont::DemiBold);
  return font;
}

void sizeDialog(QWidget* dialog, QSize designed) {
  constexpr double kDesigned = 13, kOfTheScreen = 0.92;  // pixels of text; a share
  const int pixels = dialog->font().pixelSize();
  const QSize wanted = designed * (pixels > 0 ? std::max(1., pixels / kDesigned) : 1.);
  const QSize screen = dialog->screen()->availableSize() * kOfTheScreen;
  const QSize window =
      dialog->parentWidget() ? dialog->parentWidget()->window()->size().expandedTo(designed) : screen;
  dialog->resize(wanted.boundedTo(screen).boundedTo(window));
}

QString bytesText(double bytes) {
  const char* const units[] = {"B", "kB", "MB", "GB", "TB"};
  int unit = 0;
  while (bytes >= 1000 && unit < 4) bytes /= 1024, ++unit;
  return QString("%1 %2").arg(bytes, 0, 'f', unit < 3 || bytes >= 100 ? 0 : 1).arg(units[unit]);
}

QString secondsText(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return {};
  if (seconds < 10) return QString("%1 s").arg(seconds, 0, 'f', 1);
  const auto whole = static_cast<qint64>(std::llround(seconds));
  if (whole < 60) return QString("%1 s").arg(whole);
  if (whole < 3600) return QString("%1 min %2 s").arg(whole / 60).arg(whole % 60);
  return QString("%1 h %2 min").arg(whole / 3600).arg(whole / 60 % 60);
}

QString numberText(double value) { return QString::number(value, 'g', 4); }

std::optional<int> fuzzyScore(QStringView query, QStringView text) {
  int score = 0;
  qsizetype at = 0, last = -2;
  for (const QChar wanted : query) {
    if (wanted.isSpace()) continue;
    qsizetype found = -1;
    for (qsizetype i = at; i < text.size(); ++i) {
      if (text[i].toLower() != wanted.toLower()) continue;
      const bool begins = i == 0 || !text[i - 1].isLetterOrNumber();
      if (found < 0 || begins || i == last + 1) found = i;
      if (begins || i == last + 1) break;
    }
    if (found < 0) return {};
    const bool begins = found == 0 || !text[found - 1].isLetterOrNumber();
    score += found == last + 1 ? 8 : begins ? 6 : 1;
    last = found;
    at = found + 1;
  }
  return score * 4 - static_cast<int>(std::min<qsizetype>(text.size(), 60)) / 4;
}

void RowDelegate::paint(QPainter* painter, const QStyleOptionViewItem& given,
                        const QModelIndex& index) const {
  QStyleOptionViewItem option(given);
  initStyleOption(&option, index);
  const QString title = option.text;
  option.text.clear();
  const QStyle* style = option.widget ? option.widget->style() : QApplication::style();
  style->drawControl(QStyle::CE_ItemViewItem, &option, painter, option.widget);
  const Theme& theme = Theme::current();
  painter->save();
  QRect area = option.rect.adjusted(8, 0, -8, 0);
  if (const QVariant colour = index.data(dot); colour.isValid()) {
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(colour.value<QColor>());
    painter->drawEllipse(QPointF(area.left() + 4, area.center().y() + 0.5), 3.5, 3.5);
    area.setLeft(area.left() + 16);
  }
  const QFontMetrics metrics(option.font);
  if (const QString end = index.data(atEnd).toString(); !end.isEmpty()) {
    painter->setPen(theme.dim);
    painter->drawText(area, Qt::AlignRight | Qt::AlignVCenter, end);
    area.setRight(area.right() - metrics.horizontalAdvance(end) - 12);
  }
  painter->setPen(option.state & QStyle::State_Enabled ? theme.text : theme.dim);
  painter->setFont(option.font);
  const QString shown = metrics.elidedText(title, Qt::ElideRight, area.width());
  painter->drawText(area, Qt::AlignLeft | Qt::AlignVCenter, shown);
  area.setLeft(area.left() + metrics.horizontalAdvance(shown) + 10);
  if (const QString print = index.data(smallPrint).toString(); !print.isEmpty() && area.width() > 30) {
    painter->setPen(theme.dim);
    painter->drawText(area, Qt::AlignLeft | Qt::AlignVCenter,
                      metrics.elidedText(print, Qt::ElideRight, area.width()));
  }
  painter->restore();
}

QSize RowDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  // As wide as the list is: what does not fit is given up to an ellipsis.
  return {std::min(60, QStyledItemDelegate::sizeHint(option, index).width()),
          QFontMetrics(option.font).height() + 9};
}

void ElidedLabel::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setPen(property("dim").toBool() ? Theme::current().dim : palette().color(QPalette::WindowText));
  painter.setFont(font());
  painter.drawText(contentsRect(), static_cast<int>(alignment()),
                   fontMetrics().elidedText(text(), Qt::ElideRight, contentsRect().width()));
}

void clearLayout(QLayout* layout) {
  while (QLayoutItem* item = layout->takeAt(0)) {
    if (QWidget* widget = item->widget()) {
      widget->hide();
      widget->deleteLater();
    } else if (QLayout* inner = item->layout()) {
      clearLayout(inner);
    }
    delete item;
  }
}

}  // namespace loom::editor
