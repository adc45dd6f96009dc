// Values and titles as short texts.
#include <charconv>

#include "app/editor/canvas/scene.h"

namespace loom::editor {

using nlohmann::json;

namespace {

std::string numberText(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  // Shortest digits that give the same number; long ones are for the file, not for the eye.
  if (text.size() > 10) {
    char rounded[32];
    std::snprintf(rounded, sizeof rounded, "%.6g", value);
    text = rounded;
  }
  return text;
}

}  // namespace

std::string valueText(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return "";
    case json::value_t::string:
      return value.get<std::string>();
    case json::value_t::boolean:
      return value.get<bool>() ? "on" : "off";
    case json::value_t::number_float:
      return numberText(value.get<double>());
    case json::value_t::array: {
      std::string text = "[";
      for (const json& each : value) {
        if (text.size() > 1) text += ", ";
        text += valueText(each);
        if (text.size() > 2000) return text + ", …]";
      }
      return text + "]";
    }
    default:
      return value.dump(-1, ' ', false, json::error_handler_t::replace);
  }
}

std::string paramOf(const std::string& slot) { return slot == "@count" ? "count" : slot; }

std::string shortened(const std::string& text, float width, float size, FontKind font,
                      const Scene::Measure& measure, bool path) {
  if (measure(font, text) * size <= width) return text;
  const auto boundary = [&](size_t at) {  // never within a character
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    return at;
  };
  const std::string bounded = text.size() > 400 ? text.substr(0, boundary(400)) : text;
  size_t low = 0, high = bounded.size();
  std::string best = "…";
  while (low < high) {  // the most characters that fit
    const size_t half = (low + high + 1) / 2;
    const std::string tried =
        path ? "…" + bounded.substr(std::min(boundary(bounded.size() - half), bounded.size()))
             : bounded.substr(0, std::min(boundary(half), bounded.size())) + "…";
    if (measure(font, tried) * size <= width) {
      best = tried;
      low = half;
    } else {
      high = half - 1;
    }
  }
  return best;
}

}  // namespace loom::editor
