#pragma once
// A number to be dragged, typed or calculated: a press that moves sideways changes it (Shift: finely, Ctrl:
// coarsely), a click edits its text, which may be an expression ("2*pi", "1/255"). Whole numbers reach from
// -2^63 to 2^64 - 1, as seeds do.
#include <QLineEdit>
#include <nlohmann/json.hpp>
#include <optional>

namespace loom::editor {

class NumberField : public QLineEdit {
  Q_OBJECT
 public:
  struct Range {
    bool whole = false;
    std::optional<double> min, max;
  };
  explicit NumberField(Range range, QWidget* parent = nullptr);
  void setValue(const nlohmann::json& value);  // a number; else it shows nothing
  const nlohmann::json& value() const { return value_; }

 Q_SIGNALS:
  void edited(const nlohmann::json& value, bool going);  // going: a drag that is not over
  void settled();                                        // a drag is over

 protected:
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  bool event(QEvent* event) override;

 private:
  void commit();
  void revert();
  void stepBy(double steps, bool going);
  double stepSize() const;
  nlohmann::json clamped(double value) const;

  Range range_;
  nlohmann::json value_;
  std::optional<QPoint> pressed_;
  double dragFrom_ = 0;
  bool dragging_ = false;
};

/// Text as JSON: whole numbers exactly, others by evaluate(). Empty: it is no number.
std::optional<nlohmann::json> numberFrom(const QString& text, bool whole);
QString numberAsText(const nlohmann::json& value);

}  // namespace loom::editor
