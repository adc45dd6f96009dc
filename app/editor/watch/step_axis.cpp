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
  // So many spaces between pictures that none is narrower than a picture.
  const double spaces = std::clamp(std::floor(last * scale_ / (picture_ + gap) + 1e-9), 1.0, last);
  const auto step = [&](double k) { return std::llround(k * last / spaces); };
  const double margin = picture_ / scale_;
  const double begin = std::max(std::floor((first_ - margin) * spaces / last), 0.0);
  const double end = std::min(std::ceil((this->last() + margin) * spaces / last), spaces);
  std::vector<int64_t> steps;
  for (double k = begin; k <= end; ++k) steps.push_back(step(k));
  return steps;
}

}  // namespace loom::editor
