#include "app/editor/session/shared_values.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstring>

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr int64_t kMostElements = int64_t{1} << 40;
constexpr uint64_t kReadUpTo = 4 << 20;  // larger ones stay where the worker put them

size_t bytesOf(const std::string& dtype) {
  if (dtype == "float64" || dtype == "int64" || dtype == "uint64") return 8;
  if (dtype == "float32" || dtype == "int32" || dtype == "uint32") return 4;
  if (dtype == "float16" || dtype == "bfloat16" || dtype == "int16" || dtype == "uint16") return 2;
  if (dtype == "uint8" || dtype == "int8" || dtype == "bool") return 1;
  return 0;
}

float fromHalf(uint16_t half) {
  const float sign = half & 0x8000 ? -1.f : 1.f;
  const int exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
  if (exponent == 31) return fraction ? std::nanf("") : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(fraction | 0x400), exponent - 25);
}

template <class From, class Convert>
void convert(const std::vector<char>& bytes, std::vector<float>& to, Convert how) {
  for (size_t i = 0; i < to.size(); ++i) {
    From from;
    std::memcpy(&from, bytes.data() + i * sizeof(From), sizeof(From));
    to[i] = how(from);
  }
}

void convertAll(const std::string& dtype, const std::vector<char>& bytes, std::vector<float>& to) {
  const auto number = [](auto from) { return static_cast<float>(from); };
  if (dtype == "float64") return convert<double>(bytes, to, number);
  if (dtype == "int64") return convert<int64_t>(bytes, to, number);
  if (dtype == "uint64") return convert<uint64_t>(bytes, to, number);
  if (dtype == "int32") return convert<int32_t>(bytes, to, number);
  if (dtype == "uint32") return convert<uint32_t>(bytes, to, number);
  if (dtype == "int16") return convert<int16_t>(bytes, to, number);
  if (dtype == "uint16") return convert<uint16_t>(bytes, to, number);
  if (dtype == "int8") return convert<int8_t>(bytes, to, number);
  if (dtype == "float16") return convert<uint16_t>(bytes, to, fromHalf);
  if (dtype == "bfloat16")
    return convert<uint16_t>(
        bytes, to, [](uint16_t from) { return std::bit_cast<float>(static_cast<uint32_t>(from) << 16); });
  convert<uint8_t>(bytes, to, number);
}

}  // namespace

std::optional<SharedBytes> SharedBytes::open(const std::string& path, uint64_t bytes) {
  if (!path.starts_with("/proc/")) return {};
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  struct stat about = {};
  if (::fstat(fd, &about) != 0 || about.st_size < 0 || static_cast<uint64_t>(about.st_size) < bytes) {
    ::close(fd);
    return {};
  }
  return SharedBytes(fd, bytes);
}

SharedBytes::~SharedBytes() {
  if (fd_ >= 0) ::close(fd_);
}

SharedBytes::SharedBytes(SharedBytes&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

// Read, not mapped: nobody can make a read fault.
bool SharedBytes::read(void* to) const {
  uint64_t done = 0;
  while (done < size_) {
    const ssize_t got = ::pread(fd_, static_cast<char*>(to) + done, size_ - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<uint64_t>(got);
  }
  return true;
}

// A read can't fault; a mapping only can't where the memory is sealed.
std::shared_ptr<const float> SharedBytes::map() const {
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK;
  const int seals = ::fcntl(fd_, F_GET_SEALS);
  if (size_ == 0 || seals < 0 || (seals & kSeals) != kSeals) return {};
  void* memory = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd_, 0);
  if (memory == MAP_FAILED) return {};
  return {static_cast<const float*>(memory),
          [size = size_](const float* from) { ::munmap(const_cast<float*>(from), size); }};
}

std::optional<TensorShape> tensorShapeFrom(const json& answer) {
  try {
    TensorShape result;
    result.shape = answer.at("shape").get<std::vector<int64_t>>();
    result.dtype = answer.at("dtype").get<std::string>();
    result.type = answer.value("type", "");
    return result;
  } catch (const json::exception&) {
    return {};
  }
}

ValuesPtr valuesFrom(const SharedBytes& bytes, const TensorShape& shape) {
  int64_t count = 1;
  for (const int64_t size : shape.shape) {
    if (size < 0 || (size > 0 && count > kMostElements / size)) return {};
    count *= size;
  }
  const size_t each = bytesOf(shape.dtype);
  if (each == 0 || bytes.size() != static_cast<uint64_t>(count) * each) return {};
  auto values = std::make_shared<Values>();
  values->shape = shape.shape;
  values->dtype = shape.dtype;
  values->type = shape.type;
  const auto size = static_cast<size_t>(count);
  if (shape.dtype == "float32" && bytes.size() > kReadUpTo)
    if (const auto mapped = bytes.map()) {
      values->data = Numbers(mapped, size);
      return values;
    }
  std::vector<float>& data = values->data.own();
  data.resize(size);
  if (shape.dtype == "float32") {
    if (!bytes.read(data.data())) return {};
    return values;
  }
  std::vector<char> raw(bytes.size());
  if (!bytes.read(raw.data())) return {};
  convertAll(shape.dtype, raw, data);
  return values;
}

PicturePtr pictureFrom(const SharedBytes& bytes, const json& answer) {
  try {
    auto picture = std::make_shared<Picture>();
    picture->width = answer.at("width");
    picture->height = answer.at("height");
    picture->columns = answer.value("columns", 1);
    picture->rows = answer.value("rows", 1);
    picture->low = answer.value("low", 0.f);
    picture->high = answer.value("high", 1.f);
    picture->as = answer.value("as", "");
    const auto need = static_cast<uint64_t>(std::max(0, picture->width)) *
                      static_cast<uint64_t>(std::max(0, picture->height)) * 4;
    if (need == 0 || bytes.size() != need) return {};
    picture->rgba.resize(need);
    if (!bytes.read(picture->rgba.data())) return {};
    picture->id = nextPictureId();
    return picture;
  } catch (const json::exception&) {
    return {};
  }
}

}  // namespace loom::editor
