#pragma once
// Where steps lie across the film strip and the plots under it: zoom, scroll, and which steps have room for a
// picture. Pure arithmetic.
#include <cstdint>
#include <vector>

namespace loom::editor {

class StepAxis {
 public:
  /// Each frame: `count` steps between the middles of a first and a last picture that is this wide.
  void place(double left, double width, double picture, int64_t count);

  double left() const { return left_; }
  double width() const { return width_; }
  int64_t count() const { return count_; }
  double x(double step) const { return left_ + picture_ / 2 + (step - first_) * scale_; }
  double stepAt(double x) const { return first_ + (x - left_ - picture_ / 2) / scale_; }
  int64_t nearest(double x) const;         // a step there is
  double scale() const { return scale_; }  // pixels a step
  double first() const { return first_; }  // the step in the middle of the leftmost picture
  double last() const { return first_ + visible(); }
  double zoom() const { return zoom_; }

  void zoomBy(double factor, double x);  // what is at x stays there
  void scrollBy(double steps);
  void show(int64_t step);  // scrolls no more than needed
  void showAll();

  /// Steps whose pictures fit side by side, evenly chosen, the last among them; only those in view.
  std::vector<int64_t> chosen(double gap) const;

 private:
  double visible() const;  // steps
  void keepInside();
  double left_ = 0, width_ = 1, picture_ = 1, scale_ = 1, first_ = 0, zoom_ = 1;
  int64_t count_ = 0;
};

}  // namespace loom::editor
