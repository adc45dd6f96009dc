#include "app/editor/shell/gallery_card.h"

#include <QKeyEvent>
#include <QPainter>
#include <QPainterPath>
#include <QTextLayout>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr int kSide = 14, kAbove = 10, kBelow = 12, kBetween = 4;  // around the words
constexpr int kMostLines = 7, kMostRecentLines = 1, kLarge = 400;  // wide enough for larger words
constexpr double kPictureShare = 0.53, kRecentPictureShare = 0.5;

}  // namespace

GalleryCard::GalleryCard(Look look, const QString& title, const QString& about, QWidget* parent)
    : QAbstractButton(parent), look_(look), about_(about) {
  setText(title);
  setToolTip("<p>" + about.toHtmlEscaped() + "</p>");
  setAccessibleName(title);
  setAccessibleDescription(about);
  setCursor(Qt::PointingHandCursor);
  setFocusPolicy(Qt::StrongFocus);
}

void GalleryCard::setPicture(const QImage& picture) {
  picture_ = picture;
  scaled_ = {};
  update();
}

QFont GalleryCard::titleFontAt(int width) const {
  return titleFont(font(), look_ == Look::recent ? 1 : width >= kLarge ? 1.35 : 1.08);
}

QFont GalleryCard::textFontAt(int width) const {
  QFont larger(font());
  if (look_ != Look::recent && width >= kLarge && larger.pixelSize() > 0)
    larger.setPixelSize(larger.pixelSize() + 2);
  return larger;
}

// Whole words only; where there are more than there is room for, an ellipsis says so and the tooltip has all.
QStringList GalleryCard::lines(int width) const {
  const QFont font = textFontAt(width);
  const int room = width - 2 * kSide, most = look_ == Look::recent ? kMostRecentLines : kMostLines;
  if (look_ == Look::recent) return {QFontMetrics(font).elidedText(about_, Qt::ElideMiddle, room)};
  QTextLayout layout(about_, font);
  QStringList result;
  layout.beginLayout();
  for (QTextLine line = layout.createLine(); line.isValid(); line = layout.createLine()) {
    line.setLineWidth(room);
    if (result.size() == most) {
      QString& last = result.last();
      const QFontMetrics metrics(font);
      while (!last.isEmpty() && metrics.horizontalAdvance(last + " …") > room)
        last = last.left(std::max<qsizetype>(0, last.lastIndexOf(' ')));
      last += " …";
      break;
    }
    result << about_.mid(line.textStart(), line.textLength()).trimmed();
  }
  layout.endLayout();
  return result;
}

int GalleryCard::pictureHeight(int width) const {
  return static_cast<int>(width * (look_ == Look::recent ? kRecentPictureShare : kPictureShare)) + stretch_;
}

int GalleryCard::textHeight(int width) const {
  return kAbove + QFontMetrics(titleFontAt(width)).height() + kBetween +
         static_cast<int>(lines(width).size()) * QFontMetrics(textFontAt(width)).lineSpacing() + kBelow;
}

void GalleryCard::paintPicture(QPainter& painter, const QRectF& top) {
  const Theme& theme = Theme::current();
  painter.fillRect(top, theme.canvas);
  if (look_ == Look::empty) {
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.border);
    for (double x = top.left() + 14; x < top.right(); x += 24)
      for (double y = top.top() + 14; y < top.bottom(); y += 24) painter.drawEllipse(QPointF(x, y), 1.3, 1.3);
    const double arm = std::min(26., top.height() / 6);
    painter.setPen(QPen(theme.accent, 4, Qt::SolidLine, Qt::RoundCap));
    painter.drawLine(top.center() - QPointF(arm, 0), top.center() + QPointF(arm, 0));
    painter.drawLine(top.center() - QPointF(0, arm), top.center() + QPointF(0, arm));
    return;
  }
  if (picture_.isNull()) return;
  const qreal ratio = devicePixelRatioF();
  const QSize size = (top.size() * ratio).toSize();
  if (scaled_.size() != size) {
    const QImage filled = picture_.scaled(size, Qt::KeepAspectRatioByExpanding, Qt::SmoothTransformation);
    scaled_ = QPixmap::fromImage(filled.copy(
        QRect(QPoint((filled.width() - size.width()) / 2, (filled.height() - size.height()) / 2), size)));
    scaled_.setDevicePixelRatio(ratio);
  }
  painter.drawPixmap(top.topLeft(), scaled_);
}

void GalleryCard::paintEvent(QPaintEvent*) {
  const Theme& theme = Theme::current();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setOpacity(isEnabled() ? 1 : 0.55);
  const QRectF whole = QRectF(rect()).adjusted(2, 2, -2, -2);
  QPainterPath shape;
  shape.addRoundedRect(whole, 9, 9);
  painter.fillPath(shape, isDown() || underMouse() || hasFocus() ? theme.raised : theme.panel);
  painter.save();
  painter.setClipPath(shape);
  paintPicture(painter, QRectF(whole.left(), whole.top(), whole.width(), pictureHeight(width())));
  painter.restore();
  const bool hot = underMouse() && isEnabled();
  painter.setPen(QPen(hasFocus() || hot ? theme.accent : theme.border, hasFocus() ? 3 : hot ? 2 : 1));
  painter.setBrush(Qt::NoBrush);
  painter.drawPath(shape);
  QRect words = rect().adjusted(kSide, pictureHeight(width()) + kAbove, -kSide, -kBelow);
  painter.setFont(titleFontAt(width()));
  painter.setPen(theme.text);
  const QFontMetrics large(painter.font());
  painter.drawText(words, Qt::AlignTop | Qt::AlignLeft,
                   large.elidedText(text(), Qt::ElideRight, words.width()));
  words.setTop(words.top() + large.height() + kBetween);
  painter.setFont(textFontAt(width()));
  painter.setPen(theme.dim);
  const QFontMetrics small(painter.font());
  int y = words.top() + small.ascent();
  for (const QString& line : lines(width())) {
    painter.drawText(words.left(), y, line);
    y += small.lineSpacing();
  }
}

void GalleryCard::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Right:
    case Qt::Key_Up:
    case Qt::Key_Down:
    case Qt::Key_Home:
    case Qt::Key_End:
      Q_EMIT arrowPressed(event->key());
      return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (event->modifiers() & ~Qt::KeypadModifier) return event->ignore();
      return click();
    default:
      QAbstractButton::keyPressEvent(event);
  }
}

void GalleryCard::focusInEvent(QFocusEvent* event) {
  QAbstractButton::focusInEvent(event);
  Q_EMIT focused();
}

}  // namespace loom::editor
