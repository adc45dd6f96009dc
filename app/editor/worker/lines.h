#pragma once
// Bytes as they come, lines as they are whole. Bounded: a line that grows beyond the bound is an error of
// whoever writes it.
#include <QByteArray>
#include <optional>

namespace loom::editor {

class Lines {
 public:
  static constexpr qsizetype kMostBytes = qsizetype{64} << 20;

  void add(const QByteArray& bytes);
  std::optional<QByteArray> next();                           // without its end
  bool tooLong() const;                                       // what is left is longer than any line may be
  bool waiting() const;                                       // a whole line is there
  qsizetype bytes() const { return bytes_.size() - begin_; }  // that nobody has taken yet
  void clear();

 private:
  QByteArray bytes_;
  qsizetype begin_ = 0, searched_ = 0;
};

}  // namespace loom::editor
