#include "app/editor/shell/number_field.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <charconv>
#include <cmath>

#include "app/editor/document/edits.h"
#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr int kDragBegins = 3;        // pixels
constexpr double kPixelsAStep = 4;    // of a drag
constexpr int kMostTextLength = 200;  // of an expression

}  // namespace

std::optional<nlohmann::json> numberFrom(const QString& text, bool whole) {
  const std::string plain = text.trimmed().toStdString();
  const char* const end = plain.data() + plain.size();
  if (uint64_t number = 0; std::from_chars(plain.data(), end, number) == std::from_chars_result{end, {}})
    return nlohmann::json(number);
  if (int64_t number = 0; std::from_chars(plain.data(), end, number) == std::from_chars_result{end, {}})
    return nlohmann::json(number);
  const std::optional<double> number = evaluate(plain);
  if (!number || !std::isfinite(*number)) return {};
  if (!whole) return nlohmann::json(*number);
  const double rounded = std::round(*number);
  if (std::abs(rounded - *number) > 1e-9 * std::max(1., std::abs(rounded)) || std::abs(rounded) > 9.2e18)
    return {};
  return nlohmann::json(static_cast<int64_t>(rounded));
}

QString numberAsText(const nlohmann::json& value) {
  if (!value.is_number()) return {};
  return QString::fromStdString(value.dump());
}

NumberField::NumberField(Range range, QWidget* parent) : QLineEdit(parent), range_(range) {
  setFont(numberFont(font()));
  setAlignment(Qt::AlignRight);
  setMaxLength(kMostTextLength);
  setFocusPolicy(Qt::TabFocus);  // a press may be a drag; a click takes the focus itself
  setCursor(Qt::SizeHorCursor);
  connect(this, &QLineEdit::editingFinished, this, &NumberField::commit);
}

void NumberField::setValue(const nlohmann::json& value) {
  value_ = value;
  if (!isModified() || !hasFocus()) setText(numberAsText(value));
}

nlohmann::json NumberField::clamped(double value) const {
  if (range_.min) value = std::max(value, *range_.min);
  if (range_.max) value = std::min(value, *range_.max);
  if (!range_.whole) return value;
  value = std::round(std::clamp(value, -9.0e18, 1.8e19));
  if (value > 9.0e18) return static_cast<uint64_t>(value);
  return static_cast<int64_t>(value);
}

double NumberField::stepSize() const {
  if (range_.whole) return 1;
  if (range_.min && range_.max && *range_.max - *range_.min <= 1e4) return (*range_.max - *range_.min) / 100;
  const double magnitude = value_.is_number() ? std::abs(value_.get<double>()) : 1;
  return magnitude > 0 ? std::pow(10, std::floor(std::log10(magnitude)) - 1) : 0.01;
}

void NumberField::stepBy(double steps, bool going) {
  const double from = going ? dragFrom_ : value_.is_number() ? value_.get<double>() : 0;
  double to = from + steps * stepSize();
  if (!range_.whole) {
    const double grid = stepSize() / 10;  // no 0.30000000000000004
    to = QString::number(std::round(to / grid) * grid, 'g', 10).toDouble();
  }
  const nlohmann::json value = clamped(to);
  if (value == value_) return;
  value_ = value;
  setText(numberAsText(value));
  setModified(false);
  Q_EMIT edited(value, going);
}

void NumberField::commit() {
  if (!isModified()) return;
  const std::optional<nlohmann::json> value = numberFrom(text(), range_.whole);
  setProperty("bad", !value);
  style()->unpolish(this);
  style()->polish(this);
  if (!value) {
    setToolTip(range_.whole ? tr("A whole number is wanted, or what gives one: 2**10, 3*64")
                            : tr("A number is wanted, or what gives one: 0.5, 1/255, 2*pi"));
    return;
  }
  setModified(false);
  if (*value == value_) return revert();
  value_ = *value;
  setText(numberAsText(value_));
  Q_EMIT edited(value_, false);
}

void NumberField::revert() {
  setText(numberAsText(value_));
  setModified(false);
  setProperty("bad", false);
  style()->unpolish(this);
  style()->polish(this);
}

void NumberField::mousePressEvent(QMouseEvent* event) {
  if (hasFocus() || event->button() != Qt::LeftButton) return QLineEdit::mousePressEvent(event);
  pressed_ = event->pos();
  dragFrom_ = value_.is_number() ? value_.get<double>() : 0;
  dragging_ = false;
}

void NumberField::mouseMoveEvent(QMouseEvent* event) {
  if (!pressed_) return QLineEdit::mouseMoveEvent(event);
  const int by = event->pos().x() - pressed_->x();
  if (!dragging_ && std::abs(by) < kDragBegins) return;
  dragging_ = true;
  const double speed = event->modifiers() & Qt::ShiftModifier     ? 0.1
                       : event->modifiers() & Qt::ControlModifier ? 10
                                                                  : 1;
  stepBy(std::trunc(by / kPixelsAStep * speed * (range_.whole ? 1 : 10)) / (range_.whole ? 1 : 10), true);
}

void NumberField::mouseReleaseEvent(QMouseEvent* event) {
  if (!pressed_) return QLineEdit::mouseReleaseEvent(event);
  pressed_.reset();
  if (dragging_) {
    dragging_ = false;
    Q_EMIT settled();
    return;
  }
  setFocus(Qt::MouseFocusReason);
  setCursor(Qt::IBeamCursor);
  selectAll();
}

void NumberField::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Up || event->key() == Qt::Key_Down) {
    commit();
    const double size = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
    return stepBy(event->key() == Qt::Key_Up ? size : -size, false);
  }
  if (event->key() == Qt::Key_Escape) {
    revert();
    return clearFocus();
  }
  QLineEdit::keyPressEvent(event);
}

void NumberField::focusOutEvent(QFocusEvent* event) {
  QLineEdit::focusOutEvent(event);
  setCursor(Qt::SizeHorCursor);
  deselect();
  if (isModified()) revert();  // it was no number
}

bool NumberField::event(QEvent* event) {
  if (event->type() == QEvent::ShortcutOverride) {
    const auto* key = static_cast<QKeyEvent*>(event);
    if (key->key() == Qt::Key_Escape) {
      event->accept();
      return true;
    }
    // What was typed here and taken over is the document's: its undo takes it back.
    if (!isModified() && (key->matches(QKeySequence::Undo) || key->matches(QKeySequence::Redo))) {
      event->ignore();
      return true;
    }
  }
  return QLineEdit::event(event);
}

}  // namespace loom::editor
