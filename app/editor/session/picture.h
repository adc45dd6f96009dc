#pragma once
// What the editor holds of a run's values: pictures to draw, tensors to look into. Immutable and shared.
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace loom::editor {

struct Picture {
  uint64_t id = 0;  // its own, for the texture cache; nextPictureId()
  int width = 0, height = 0;
  std::vector<uint8_t> rgba;  // rows from the top
  int columns = 1, rows = 1;  // of tiles, where it is a sheet of samples or channels
  float low = 0, high = 1;    // the numbers of the darkest and brightest colour
  std::string as;             // "picture", "normalised", "false_colour", "channels"
};
using PicturePtr = std::shared_ptr<const Picture>;
uint64_t nextPictureId();

/// Many numbers: its own, or somewhere else, where those that nobody looks at take no memory of this process.
class Numbers {
 public:
  Numbers() = default;
  Numbers(std::vector<float> own) : own_(std::move(own)) {}
  Numbers(std::initializer_list<float> own) : own_(own) {}
  Numbers(std::shared_ptr<const float> elsewhere, size_t size)
      : elsewhere_(std::move(elsewhere)), size_(size) {}

  const float* data() const { return elsewhere_ ? elsewhere_.get() : own_.data(); }
  size_t size() const { return elsewhere_ ? size_ : own_.size(); }
  bool empty() const { return size() == 0; }
  const float* begin() const { return data(); }
  const float* end() const { return data() + size(); }
  float front() const { return *data(); }
  float operator[](size_t index) const { return data()[index]; }
  bool operator==(const Numbers& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }
  std::vector<float>& own() { return own_; }

 private:
  std::vector<float> own_;
  std::shared_ptr<const float> elsewhere_;
  size_t size_ = 0;
};

/// Numbers of a wire at a step, as float32 whatever they were on the wire.
struct Values {
  std::vector<int64_t> shape;
  std::string dtype, type;  // as on the wire; the value type's id
  Numbers data;             // row major
  int64_t size(int dimension) const { return shape.at(dimension < 0 ? shape.size() + dimension : dimension); }
};
using ValuesPtr = std::shared_ptr<const Values>;

/// One row of statistics, of the finite elements.
struct StatisticsRow {
  std::vector<int64_t> iteration;
  double min = 0, max = 0, mean = 0, std = 0, norm = 0;
  int64_t count = 0, nan = 0, inf = 0;
};

using Iteration = std::vector<int64_t>;  // outermost zone first; empty: outside of zones

}  // namespace loom::editor
