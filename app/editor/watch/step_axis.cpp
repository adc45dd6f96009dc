#include "app/editor/watch/step_axis.h"

#include <algorithm>
#include <cmath>

namespace loom::editor {

double StepAxis::visible() const { return std::max<double>(static_cast<double>(count_ - 1), 1) / zoom_; }

void StepAxis::place(double left, double width, double picture, int64_t count) {
  left_ = left;
  width_ = std::max(width, 1.0);
  picture_ = std::min(picture, width_);
  count_ = std::max<int64_t>(count, 0);
  keepInside();
}

void StepAxis::keepInside() {
  // No further in than a step as wide as four pictures, or than all there is.
  const double room = std::max(width_ - picture_, 1.0),
               all = std::max<double>(static_cast<double>(count_ - 1), 1);
  zoom_ = std::clamp(zoom_, 1.0, std::max(1.0, all * picture_ * 4 / room));
  first_ = std::clamp(first_, 0.0, std::max(all - visible(), 0.0));
  scale_ = room / visible();
}

int64_t StepAxis::nearest(double x) const {
  return std::clamp<int64_t>(std::llround(stepAt(x)), 0, std::max<int64_t>(count_ - 1, 0));
}

void StepAxis::zoomBy(double factor, double x) {
  const double at = stepAt(x), part = (x - left_ - picture_ / 2) / std::max(width_ - picture_, 1.0);
  zoom_ *= factor;
  keepInside();
  first_ = at - part * visible();
  keepInside();
}

void StepAxis::scrollBy(double steps) {
  first_ += steps;
  keepInside();
}

void StepAxis::show(int64_t step) {
  first_ = std::clamp(first_, static_cast<double>(step) - visible(), static_cast<double>(step));
  keepInside();
}

void StepAxis::showAll() {
  zoom_ = 1;
  first_ = 0;
  keepInside();
}

std::vector<int64_t> StepAxis::chosen(double gap) const {
  if (count_ <= 0) return {};
  if (count_ == 1) return {0};
  const auto last = static_cast<double>(count_ - 1);
  const double apart = (picture_ + gap) / scale_;  // steps from one picture to the next, at the least
  const double begin = first_ - picture_ / scale_, end = this->last() + picture_ / scale_;
  std::vector<int64_t> steps;
  if (scale_ > gap / 2) {
    // A step is wide enough to be seen: the same number of them between any two. Counted from the end, which
    // is what a run is for.
    const auto stride = std::max<int64_t>(static_cast<int64_t>(std::ceil(apart - 1e-9)), 1);
    for (int64_t step = (count_ - 1) % stride; step < count_; step += stride)
      if (static_cast<double>(step) >= begin && static_cast<double>(step) <= end) steps.push_back(step);
    return steps;
  }
  const double spaces = std::max(std::floor(last / apart), 1.0);
  const double from = std::max(std::floor(begin * spaces / last), 0.0);
  const double to = std::min(std::ceil(end * spaces / last), spaces);
  for (double k = from; k <= to; ++k) steps.push_back(std::llround(k * last / spaces));
  return steps;
}

}  // namespace loom::editor
