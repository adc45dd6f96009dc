#pragma once
// What the worker hands over in anonymous memory ("/proc/<pid>/fd/<n>"): opened at once, so that it may be
// let go of there, read wherever there is time.
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/editor/session/picture.h"

namespace loom::editor {

class SharedBytes {
 public:
  /// Empty where there is none, or not as much as that.
  static std::optional<SharedBytes> open(const std::string& path, uint64_t bytes);
  ~SharedBytes();
  SharedBytes(SharedBytes&& other) noexcept;
  SharedBytes& operator=(SharedBytes&&) = delete;

  uint64_t size() const { return size_; }
  /// All of it; false where reading fails.
  bool read(void* to) const;
  /// All of it, where it lies; null where it could change or shrink meanwhile.
  std::shared_ptr<const float> map() const;

 private:
  SharedBytes(int fd, uint64_t size) : fd_(fd), size_(size) {}
  int fd_;
  uint64_t size_;
};

/// What an answer of `tensor` or `preview` describes. Null where the two do not fit together.
struct TensorShape {
  std::vector<int64_t> shape;
  std::string dtype, type;
};
ValuesPtr valuesFrom(const SharedBytes& bytes, const TensorShape& shape);
std::optional<TensorShape> tensorShapeFrom(const nlohmann::json& answer);
PicturePtr pictureFrom(const SharedBytes& bytes, const nlohmann::json& answer);

}  // namespace loom::editor
