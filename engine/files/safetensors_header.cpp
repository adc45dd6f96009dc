#include "engine/files/safetensors_header.h"

#include <algorithm>
#include <array>
#include <set>

namespace loom {
namespace {

using Json = nlohmann::json;

struct DtypeName {
  std::string_view name;
  at::ScalarType dtype;
};
constexpr std::array kDtypes{
    DtypeName{"F64", at::kDouble},
    DtypeName{"F32", at::kFloat},
    DtypeName{"F16", at::kHalf},
    DtypeName{"BF16", at::kBFloat16},
    DtypeName{"I64", at::kLong},
    DtypeName{"I32", at::kInt},
    DtypeName{"I16", at::kShort},
    DtypeName{"I8", at::kChar},
    DtypeName{"U8", at::kByte},
    DtypeName{"BOOL", at::kBool},
    DtypeName{"U16", at::kUInt16},
    DtypeName{"U32", at::kUInt32},
    DtypeName{"U64", at::kUInt64},
    DtypeName{"F8_E4M3", at::kFloat8_e4m3fn},
    DtypeName{"F8_E5M2", at::kFloat8_e5m2},
};

/// Reads the header as a stream of events, so that deep or huge JSON builds nothing. Depth 1 is the list of
/// tensors, depth 2 one tensor or the metadata, depth 3 a shape or a pair of offsets.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(const std::string& file) : file_(file) {}

  SafetensorsHeader take() { return std::move(header_); }

  bool start_object(std::size_t) override {
    if (++depth_ == 2) {
      inMetadata_ = name_ == "__metadata__";
      item_ = {};
      item_.name = name_;
      seen_ = {};
    } else if (depth_ > 2) {
      refuse("\"" + name_ + "\" holds an object where a value should be");
    }
    return true;
  }
  bool end_object() override {
    if (depth_-- == 2 && !inMetadata_) finishTensor();
    return true;
  }
  bool key(string_t& text) override {
    if (depth_ == 1) {
      name_ = std::move(text);
      if (!names_.insert(name_).second) refuse("it lists \"" + name_ + "\" twice");
    } else {
      field_ = std::move(text);
      if (inMetadata_ && header_.metadata.contains(field_))
        refuse("its metadata has \"" + field_ + "\" twice");
    }
    return true;
  }
  bool start_array(std::size_t) override {
    if (++depth_ != 3 || inMetadata_) refuse("it has a list where none belongs");
    if (field_ == "shape")
      once(seen_.shape);
    else if (field_ == "data_offsets")
      once(seen_.offsets);
    return true;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool string(string_t& text) override {
    needField();
    if (inMetadata_) {
      header_.metadata.emplace(field_, std::move(text));
    } else if (field_ == "dtype") {
      once(seen_.dtype);
      setDtype(text);
    } else if (field_ == "shape" || field_ == "data_offsets") {
      wrongValue();
    }
    return true;
  }
  bool number_unsigned(number_unsigned_t number) override {
    needField();
    if (depth_ != 3) return scalar();
    if (field_ == "shape") {
      // 64 is as many dimensions as torch itself takes.
      if (number > INT64_MAX || item_.shape.size() == 64)
        refuse("the shape of \"" + name_ + "\" is out of range");
      item_.shape.push_back(static_cast<int64_t>(number));
    } else if (field_ == "data_offsets") {
      if (offsets_ == 2) wrongValue();
      (offsets_++ == 0 ? item_.begin : item_.end) = number;
    }
    return true;
  }
  bool number_integer(number_integer_t) override { return scalar(); }
  bool number_float(number_float_t, const string_t&) override { return scalar(); }
  bool boolean(bool) override { return scalar(); }
  bool null() override { return scalar(); }
  bool binary(binary_t&) override { return scalar(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    refuse("its header is no valid JSON at byte " + std::to_string(position + 8));
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(file_ + " is not a sound safetensors file: " + what + ". Get the file again");
  }
  [[noreturn]] void wrongValue() const { refuse("\"" + name_ + "\" has no valid " + field_); }
  void needField() const {
    if (depth_ < 2) refuse("\"" + name_ + "\" is not described by an object");
  }
  /// A number, bool or null: allowed only in a field that the format does not define.
  bool scalar() const {
    needField();
    if (inMetadata_ || field_ == "dtype" || field_ == "shape" || field_ == "data_offsets") wrongValue();
    return true;
  }
  void once(bool& seen) {
    if (seen) refuse("\"" + name_ + "\" has " + field_ + " twice");
    seen = true;
    offsets_ = field_ == "data_offsets" ? 0 : offsets_;
  }
  void setDtype(const std::string& text) {
    const auto known = std::find_if(kDtypes.begin(), kDtypes.end(), [&](auto& d) { return d.name == text; });
    if (known == kDtypes.end())
      throw Error(file_ + " holds \"" + name_ + "\" as " + text +
                  ", which can't be read. Convert it to F32, F16 or BF16");
    item_.dtype = known->dtype;
  }
  void finishTensor() {
    field_ = !seen_.dtype ? "dtype" : !seen_.shape ? "shape" : "data_offsets";
    if (!seen_.dtype || !seen_.shape || !seen_.offsets || offsets_ != 2) wrongValue();
    const std::optional<int64_t> bytes = byteCount(item_.shape, item_.dtype);
    if (!bytes) refuse("the shape of \"" + name_ + "\", " + shapeText(item_.shape) + ", is out of range");
    if (item_.end < item_.begin || item_.end - item_.begin != static_cast<uint64_t>(*bytes))
      refuse("\"" + name_ + "\" is " + dtypeName(item_.dtype) + " " + shapeText(item_.shape) + " and needs " +
             std::to_string(*bytes) + " bytes, but its offsets are " + std::to_string(item_.begin) + " to " +
             std::to_string(item_.end));
    header_.tensors.push_back(std::move(item_));
  }

  const std::string& file_;
  SafetensorsHeader header_;
  std::set<std::string> names_;
  std::string name_, field_;
  SafetensorsHeader::Item item_;
  struct {
    bool dtype = false, shape = false, offsets = false;
  } seen_;
  int offsets_ = 0;
  int depth_ = 0;
  bool inMetadata_ = false;
};

}  // namespace

SafetensorsHeader parseSafetensorsHeader(std::string_view json, const std::string& file) {
  HeaderReader reader(file);
  Json::sax_parse(json.begin(), json.end(), &reader);
  SafetensorsHeader header = reader.take();
  std::sort(header.tensors.begin(), header.tensors.end(), [](auto& a, auto& b) { return a.name < b.name; });
  return header;
}

std::string_view safetensorsDtype(at::ScalarType dtype) {
  for (const DtypeName& known : kDtypes)
    if (known.dtype == dtype) return known.name;
  return {};
}

}  // namespace loom
