#include "engine/files/npy.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include "engine/core/error.h"
#include "engine/files/atomic_file.h"
#include "engine/files/file_tensor.h"

namespace loom {
namespace {

constexpr std::string_view kMagic{"\x93NUMPY", 6};
constexpr size_t kAlignment = 64;  // of the data, as numpy itself writes

struct DtypeName {
  std::string_view name;
  at::ScalarType dtype;
};
constexpr std::array kDtypes{
    DtypeName{"<f4", at::kFloat},  DtypeName{"<f8", at::kDouble}, DtypeName{"<f2", at::kHalf},
    DtypeName{"<i8", at::kLong},   DtypeName{"<i4", at::kInt},    DtypeName{"<i2", at::kShort},
    DtypeName{"|i1", at::kChar},   DtypeName{"|u1", at::kByte},   DtypeName{"|b1", at::kBool},
    DtypeName{"<u2", at::kUInt16}, DtypeName{"<u4", at::kUInt32}, DtypeName{"<u8", at::kUInt64},
};

/// Reads the header, a Python dictionary of three known keys: {'descr': '<f4', 'fortran_order': False,
/// 'shape': (3, 4), }.
class DictReader {
 public:
  DictReader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  NpyHeader read() {
    NpyHeader header;
    bool dtype = false, order = false, shape = false;
    need('{');
    while (!skip('}')) {
      const std::string_view key = quoted();
      need(':');
      if (key == "descr") {
        header.dtype = dtypeOf(quoted());
        dtype = true;
      } else if (key == "fortran_order") {
        header.columnsFirst = word("True");
        if (!header.columnsFirst && !word("False")) refuse();
        order = true;
      } else if (key == "shape") {
        header.shape = tuple();
        shape = true;
      } else {
        refuse();
      }
      skip(',');
    }
    if (!dtype || !order || !shape) refuse();
    return header;
  }

 private:
  [[noreturn]] void refuse() const {
    throw Error(file_ + " is not a sound .npy file: its header can't be read. Save it again with numpy.save");
  }
  void blanks() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\n')) text_.remove_prefix(1);
  }
  bool skip(char wanted) {
    blanks();
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  void need(char wanted) {
    if (!skip(wanted)) refuse();
  }
  bool word(std::string_view wanted) {
    blanks();
    if (!text_.starts_with(wanted)) return false;
    text_.remove_prefix(wanted.size());
    return true;
  }
  std::string_view quoted() {
    blanks();
    if (text_.empty() || (text_.front() != '\'' && text_.front() != '"')) refuse();
    const size_t end = text_.find(text_.front(), 1);
    if (end == text_.npos) refuse();
    const std::string_view inside = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return inside;
  }
  std::vector<int64_t> tuple() {
    std::vector<int64_t> sizes;
    need('(');
    while (!skip(')')) {
      blanks();
      int64_t size = -1;
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), size);
      if (error != std::errc{} || size < 0 || sizes.size() == 64) refuse();
      text_.remove_prefix(static_cast<size_t>(end - text_.data()));
      skip('L');  // Python 2 wrote long integers so
      sizes.push_back(size);
      if (!skip(',') && (text_.empty() || text_.front() != ')')) refuse();
    }
    return sizes;
  }
  at::ScalarType dtypeOf(std::string_view text) const {
    for (const DtypeName& known : kDtypes) {
      const bool oneByte = known.name[0] == '|';
      if (text == known.name || (oneByte && text.ends_with(known.name.substr(1)) && text.size() == 3))
        return known.dtype;
    }
    throw Error(file_ + " holds " + std::string(text.substr(0, 20)) +
                ", which is no tensor's dtype. Save it as little-endian float32 with numpy.save");
  }

  std::string_view text_;
  const std::string& file_;
};

}  // namespace

bool looksLikeNpy(std::span<const std::byte> bytes) {
  return bytes.size() >= kMagic.size() && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

NpyHeader readNpyHeader(const MappedFile& file) {
  const auto bytes = file.bytes();
  const auto damaged = [&](const std::string& what) {
    throw Error(file.name() + " is not a sound .npy file: " + what + ". Get the file again");
  };
  if (!looksLikeNpy(bytes) || bytes.size() < 10) damaged("it does not begin with a header");
  const auto version = static_cast<int>(bytes[6]);
  if (version < 1 || version > 3) damaged("its version is " + std::to_string(version));
  const size_t prefix = version == 1 ? 10 : 12;
  uint32_t length = 0;
  if (bytes.size() < prefix) damaged("it does not begin with a header");
  std::memcpy(&length, bytes.data() + 8, prefix - 8);
  if (length > bytes.size() - prefix) damaged("its header is longer than the file");
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + prefix, length);
  const std::string name = file.name();
  NpyHeader header = DictReader(text, name).read();
  header.begin = prefix + length;
  const std::optional<int64_t> needed = byteCount(header.shape, header.dtype);
  if (!needed) damaged("its shape " + shapeText(header.shape) + " is out of range");
  if (static_cast<uint64_t>(*needed) > bytes.size() - header.begin)
    damaged("it is cut short: " + dtypeName(header.dtype) + " " + shapeText(header.shape) + " needs " +
            std::to_string(*needed) + " bytes and " + std::to_string(bytes.size() - header.begin) +
            " are there");
  return header;
}

at::Tensor readNpy(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  const NpyHeader header = readNpyHeader(*file);
  std::vector<int64_t> shape = header.shape;
  // Column order is the row order of the transposed tensor.
  if (header.columnsFirst) std::reverse(shape.begin(), shape.end());
  const at::Tensor tensor = viewOfFile(file, header.begin, header.dtype, shape);
  if (!header.columnsFirst) return tensor;
  std::vector<int64_t> reversed(shape.size());
  for (size_t d = 0; d < reversed.size(); ++d) reversed[d] = static_cast<int64_t>(reversed.size() - 1 - d);
  return tensor.permute(reversed);
}

void writeNpy(const std::filesystem::path& path, const at::Tensor& tensor) {
  const auto known = std::find_if(kDtypes.begin(), kDtypes.end(),
                                  [&](const DtypeName& d) { return d.dtype == tensor.scalar_type(); });
  if (known == kDtypes.end())
    throw Error("cannot write \"" + path.string() + "\": numpy has no " + dtypeName(tensor.scalar_type()) +
                ". Convert it to float32, or write a .safetensors file");
  std::string shape;
  for (const int64_t size : tensor.sizes()) shape += std::to_string(size) + ", ";
  if (tensor.dim() > 1) shape.resize(shape.size() - 2);
  if (tensor.dim() == 1) shape.pop_back();
  std::string dict =
      "{'descr': '" + std::string(known->name) + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  const size_t prefix = kMagic.size() + 4;
  dict.resize((prefix + dict.size() + kAlignment) / kAlignment * kAlignment - prefix - 1, ' ');
  dict += '\n';

  const at::Tensor flat = plainBytes(tensor);
  AtomicFile file(path, {.bytes = prefix + dict.size() + flat.nbytes()});
  file.write(kMagic);
  file.write(std::string_view("\x01\x00", 2));
  const auto length = static_cast<uint16_t>(dict.size());
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(dict);
  file.write(std::span(static_cast<const std::byte*>(flat.const_data_ptr()), flat.nbytes()));
  file.commit();
}

}  // namespace loom
