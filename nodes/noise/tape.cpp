#include "nodes/noise/tape.h"

#include <algorithm>

namespace loom {
namespace {

std::string names(const Weights& file) {
  std::string text;
  size_t shown = 0;
  for (const auto& [name, tensor] : file.tensors) {
    if (shown == 6) return text + ", …";
    text += (shown++ ? ", " : "") + name;
  }
  return text.empty() ? "nothing" : text;
}

std::string number(const std::string& format, int64_t step) {
  std::string text = std::to_string(step);
  if (format.empty()) return text;
  const bool digits =
      format.size() >= 2 && format.size() <= 3 && format[0] == ':' &&
      std::all_of(format.begin() + 1, format.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) throw Error("a key's placeholder is {step} or {step:04}, not {step" + format + "}");
  const size_t width = std::stoul(format.substr(1));
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

}  // namespace

std::string keyAt(const std::string& pattern, int64_t step) {
  constexpr std::string_view opening = "{step";
  std::string key;
  size_t at = 0;
  while (true) {
    const size_t open = pattern.find('{', at);
    if (open == std::string::npos) return key + pattern.substr(at);
    const size_t close = pattern.find('}', open);
    if (pattern.compare(open, opening.size(), opening) != 0 || close == std::string::npos)
      throw Error("a key's placeholder is {step} or {step:04}; this key is " + pattern);
    key += pattern.substr(at, open - at);
    key += number(pattern.substr(open + opening.size(), close - open - opening.size()), step);
    at = close + 1;
  }
}

bool hasDraw(const Weights& file, const std::string& pattern, int64_t step) {
  const std::string key = keyAt(pattern, step);
  return key.empty() || file.tensors.contains(key);
}

at::Tensor drawOf(const Weights& file, const std::string& pattern, TapeLayout layout, int64_t step) {
  std::string key = keyAt(pattern, step);
  if (key.empty()) {
    if (file.tensors.size() != 1)
      throw Error("the file holds " + std::to_string(file.tensors.size()) +
                  " tensors; name one of them: " + names(file));
    key = file.tensors.begin()->first;
  }
  const auto found = file.tensors.find(key);
  if (found == file.tensors.end()) throw Error("the file has no tensor " + key + "; it holds " + names(file));
  const at::Tensor& tensor = found->second;
  if (!tensor.is_floating_point()) throw Error(key + " is " + describe(tensor) + "; noise is made of floats");
  if (layout == TapeLayout::named) return tensor;
  if (tensor.dim() < 1 || step >= tensor.size(0))
    throw Error(key + " is " + describe(tensor) + " and holds no draw for step " + std::to_string(step));
  return tensor[step];
}

}  // namespace loom
