#include "engine/graph/json_reader.h"

#include <algorithm>
#include <unordered_set>

#include "engine/core/error.h"
#include "engine/core/text.h"

namespace loom {
namespace {

using Json = nlohmann::ordered_json;

std::string place(std::string_view text, size_t byte) {
  byte = std::min(byte, text.size());
  const size_t line = 1 + static_cast<size_t>(std::count(text.begin(), text.begin() + byte, '\n'));
  const size_t start = text.substr(0, byte).rfind('\n');
  const size_t column = start == std::string_view::npos ? byte : byte - start - 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

// nlohmann's own tree builder looks each key up in the object it grows, which is quadratic for ordered
// objects; this one appends and keeps a set of keys for the objects that are open.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, int mostDepth) : text_(text), mostDepth_(mostDepth) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return open(Json::object()); }
  bool start_array(size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& key) override {
    if (!open_.back().keys.insert(key).second)
      throw Error("\"" + shortened(key, 64) + "\" stands twice in one object");
    key_ = std::move(key);
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    std::string what = error.what();
    // It quotes the text as it stands there, and that may be no UTF-8.
    std::replace_if(
        what.begin(), what.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
    // After "[json.exception.parse_error.101] parse error at line 1, column 2: ".
    size_t begin = what.find("syntax error");
    if (begin == std::string::npos) begin = what.starts_with('[') ? what.find("] ") + 2 : 0;
    throw Error("this is not JSON at " + place(text_, position) + ": " + shortened(what.substr(begin), 200));
  }

  Json take() { return std::move(root_); }

 private:
  struct Open {
    Json* json;
    std::unordered_set<std::string> keys;
  };

  Json* place_(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *open_.back().json;
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    auto& members = static_cast<Json::object_t::Container&>(parent.get_ref<Json::object_t&>());
    members.emplace_back(std::move(key_), std::move(value));
    return &members.back().second;
  }

  template <class T>
  bool put(T value) {
    place_(Json(std::move(value)));
    return true;
  }

  bool open(Json value) {
    if (static_cast<int>(open_.size()) >= mostDepth_)
      throw Error("nested deeper than " + std::to_string(mostDepth_) +
                  " levels; nothing that Noiseloom writes is");
    open_.push_back({place_(std::move(value)), {}});
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  int mostDepth_;
  Json root_;
  std::string key_;
  std::vector<Open> open_;
};

}  // namespace

nlohmann::ordered_json parseJson(std::string_view text, int mostDepth) {
  Builder builder(text, mostDepth);
  Json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

}  // namespace loom
