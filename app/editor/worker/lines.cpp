#include "app/editor/worker/lines.h"

namespace loom::editor {

void Lines::add(const QByteArray& bytes) {
  // What was taken is let go of now and then, not with every line: that would be quadratic.
  if (begin_ > bytes_.size() / 2) {
    bytes_.remove(0, begin_);
    searched_ -= begin_;
    begin_ = 0;
  }
  bytes_ += bytes;
}

std::optional<QByteArray> Lines::next() {
  const qsizetype end = bytes_.indexOf('\n', searched_);
  if (end < 0) {
    searched_ = bytes_.size();
    return {};
  }
  QByteArray line = bytes_.mid(begin_, end - begin_);
  begin_ = searched_ = end + 1;
  if (begin_ == bytes_.size()) clear();
  return line;
}

bool Lines::tooLong() const { return bytes_.size() - begin_ > kMostBytes && !waiting(); }

bool Lines::waiting() const { return bytes_.indexOf('\n', searched_) >= 0; }

void Lines::clear() {
  bytes_.clear();
  begin_ = searched_ = 0;
}

}  // namespace loom::editor
