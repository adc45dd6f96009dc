#include "app/editor/canvas/parameters.h"

#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>

#include <charconv>
#include <cmath>

#include "app/editor/canvas/pen.h"
#include "app/editor/gl/imgui_widget.h"
#include "engine/core/error.h"

namespace loom::editor {
namespace {

using nlohmann::json;

double numberIn(const std::string& text) {
  const auto value = evaluate(text);
  if (!value) throw Error("“" + text + "” is not a number");
  return *value;
}

int64_t wholeIn(const std::string& text) {
  const double value = numberIn(text);
  if (std::abs(value) >= 9.2e18 || value != std::floor(value))
    throw Error("“" + text + "” is not a whole number");
  return static_cast<int64_t>(value);
}

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\n"), end = text.find_last_not_of(" \t\n");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

std::vector<std::string> itemsOf(const std::string& text, bool sizes) {
  std::string inner = trimmed(text);
  if (!inner.empty() && inner.front() == '[') inner.erase(0, 1);
  if (!inner.empty() && inner.back() == ']') inner.pop_back();
  if (sizes)  // "3x32x32", "3×32×32"
    for (const std::string& sign : {std::string("×"), std::string("x")})
      for (size_t at; (at = inner.find(sign)) != std::string::npos;) inner.replace(at, sign.size(), 1, ',');
  std::vector<std::string> items;
  int depth = 0;
  std::string item;
  for (const char each : inner) {
    depth += each == '(' ? 1 : each == ')' ? -1 : 0;
    if (each == ',' && depth == 0) {
      items.push_back(trimmed(item));
      item.clear();
    } else {
      item += each;
    }
  }
  if (!trimmed(item).empty()) items.push_back(trimmed(item));
  return items;
}

// As it was in steps that a person would take: 0.1, 1, 10.
double rounded(double value, double step) {
  const double grain = std::pow(10, std::floor(std::log10(step)));
  const double result = std::round(value / grain) * grain;
  char text[40];
  std::snprintf(text, sizeof text, "%.12g", result);
  return std::atof(text);
}

}  // namespace

json parsed(const PortType& port, const std::string& text) {
  const std::string& type = port.type;
  if (type == "int") return wholeIn(trimmed(text));
  if (type == "seed") {
    const std::string digits = trimmed(text);
    uint64_t seed = 0;
    const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
    if (bad == std::errc() && end == digits.data() + digits.size() && !digits.empty()) return seed;
    const int64_t whole = wholeIn(digits);
    if (whole < 0) throw Error("a seed is 0 or more");
    return static_cast<uint64_t>(whole);
  }
  if (type == "real") return numberIn(trimmed(text));
  if (type == "bool") {
    const std::string word = trimmed(text);
    if (word == "on" || word == "true" || word == "yes" || word == "1") return true;
    if (word == "off" || word == "false" || word == "no" || word == "0") return false;
    throw Error("“" + word + "” is neither on nor off");
  }
  if (type == "shape" || type == "numbers") {
    json list = json::array();
    for (const std::string& item : itemsOf(text, type == "shape"))
      if (type == "shape")
        list.push_back(wholeIn(item));
      else
        list.push_back(numberIn(item));
    return list;
  }
  return text;
}

json valueOf(const Node& node, const SocketShape& socket) {
  if (socket.slot == "@count") return node.zone && node.zone->count ? json(*node.zone->count) : json();
  const auto own = node.params.find(socket.slot);
  return own != node.params.end() ? own->second : socket.port->value;
}

bool Parameters::set(const std::string& node, const std::string& slot, const json& value,
                     const std::string& merge) {
  const std::string name = paramOf(slot);
  const bool done = state_.session.edit(
      QString::fromStdString(value.is_null() ? "Reset " + name : "Set " + name),
      [&](const Document& document) {
        return setParam(document, state_.session.place(), state_.session.catalog(), node, name, value);
      },
      merge);
  // Who types where a file is means that it is read.
  const Node* found = findNode(graphAt(state_.session.document(), state_.session.place()), node);
  const NodeType* type = found ? state_.session.catalog().node(found->type) : nullptr;
  const PortType* port = type ? type->input(name) : nullptr;
  if (done && port) state_.session.allowTyped(*port, value);
  return done;
}

void Parameters::drawSeed(const std::string& node, const std::string& slot) {
  set(node, slot, Session::anotherSeed());
}

void Parameters::toggleLock(const std::string& node, const SocketShape& seed) {
  const std::string slot = seed.slot;
  const bool locks = seed.rolled;
  state_.edit(locks ? "Lock seed" : "Unlock seed", [&](const Document& document) {
    return lockSeed(document, state_.session.place(), node, slot, locks ? Lock::on : Lock::off);
  });
}

const SocketShape* Parameters::socket() const {
  const NodeShape* shape = node();
  const int found = shape ? shape->find(slot_, false, false) : -1;
  return found >= 0 && shape->sockets[found].field ? &shape->sockets[found] : nullptr;
}

void Parameters::clicked(const Hit& hit, bool twice) {
  const NodeShape& shape = state_.scene.nodes()[hit.node];
  const SocketShape& field = shape.sockets[hit.socket];
  const std::string id = shape.id, slot = field.slot;
  if (hit.kind == Hit::Kind::fieldSign) {
    if (twice) return;
    if (field.type == "seed") drawSeed(id, slot);
    if (field.type == "path" && state_.openFilePicker) state_.openFilePicker(id, slot);
    return;
  }
  if (hit.kind == Hit::Kind::fieldLock) {
    if (!twice) toggleLock(id, field);
    return;
  }
  if (field.type == "bool") {
    const json now = valueOf(*shape.node, field);
    set(id, slot, !(now.is_boolean() && now.get<bool>()));
    return;
  }
  // Numbers are dragged, so typing takes two clicks; all else takes one.
  const bool number = field.type == "int" || field.type == "real";
  if (twice || !number) open(id, field);
}

bool Parameters::begin(const std::string& id, const std::string& slot) {
  state_.rebuild();
  const NodeShape* shape = state_.scene.node(id);
  if (!shape) return false;
  for (const SocketShape& each : shape->sockets)
    if (each.field && (slot.empty() || each.slot == slot)) {
      open(id, each);
      return true;
    }
  return false;
}

bool Parameters::beginNext(int by) {
  const NodeShape* shape = node();
  if (!shape) return false;
  std::vector<const SocketShape*> fields;
  int now = 0;
  for (const SocketShape& each : shape->sockets) {
    if (!each.field) continue;
    if (each.slot == slot_) now = static_cast<int>(fields.size());
    fields.push_back(&each);
  }
  if (fields.empty()) return false;
  const int count = static_cast<int>(fields.size());
  open(shape->id, *fields[(now + by + count) % count]);
  return true;
}

void Parameters::open(const std::string& id, const SocketShape& field) {
  const NodeShape* shape = state_.scene.node(id);
  node_ = id;
  slot_ = field.slot;
  const json value = valueOf(*shape->node, field);
  text_ = value.is_string() ? value.get<std::string>() : valueText(value);
  if (value.is_number_float()) {  // all digits, not those that the field has room for
    char buffer[32];
    text_ = std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value.get<double>()).ptr);
  }
  error_.clear();
  fresh_ = true;
  mode_ = Mode::line;
  if (field.type == "bool") mode_ = Mode::toggle;
  if (field.type == "text") mode_ = Mode::lines;
  if (field.type == "choice" && !field.port->choices.empty()) {
    mode_ = Mode::list;
    choice_ = 0;
    for (size_t i = 0; i < field.port->choices.size(); ++i)
      if (field.port->choices[i] == text_) choice_ = static_cast<int>(i);
  }
  state_.editing = mode_ == Mode::list || mode_ == Mode::toggle ? std::string() : node_ + "." + slot_;
  state_.redraw();
}

void Parameters::close() {
  mode_ = Mode::none;
  state_.editing.clear();
  state_.redraw();
}

void Parameters::cancel() {
  if (busy()) close();
}

// Why what is typed can't be, while it is typed.
void Parameters::check() {
  error_.clear();
  const SocketShape* field = socket();
  if (!field) return;
  try {
    setParam(state_.session.document(), state_.session.place(), state_.session.catalog(), node_,
             paramOf(slot_), parsed(*field->port, text_));
  } catch (const std::exception& error) {
    error_ = error.what();
  }
}

bool Parameters::commit() {
  const SocketShape* field = socket();
  if (!field) return true;
  try {
    const json value = parsed(*field->port, text_);
    if (value == valueOf(*node()->node, *field)) return true;
    return set(node_, slot_, value);
  } catch (const std::exception& error) {
    state_.session.notice(QString::fromUtf8(error.what()), true);
    return false;
  }
}

void Parameters::draw(const Pen& pen) {
  if (mode_ == Mode::none) return;
  const SocketShape* field = socket();
  if (!field) return close();  // it is gone, or linked now
  const Rect at = moved(field->fieldAt, corner(node()->rect));
  switch (mode_) {
    case Mode::line:
      return drawLine(pen, at);
    case Mode::lines:
      return drawLines(pen, at);
    case Mode::list:
      return drawList(pen, at);
    default:
      return drawToggle(pen, at);
  }
}

void Parameters::drawLine(const Pen& pen, const Rect& field) {
  const SocketShape& shape = *socket();
  ImVec2 from = pen.at(corner(field)), to = pen.at({right(field), bottom(field)});
  const float size = std::clamp(sizes::kSmall * pen.zoom(), 11.f, 40.f);
  const float label = pen.width(FontKind::text, sizes::kSmall, shape.label) * pen.zoom() + 12 * pen.zoom();
  if (to.x - from.x - label > 60) from.x += label;
  const float wide = std::max(to.x - from.x, 90.f);
  ImGui::PushFont(pen.font(FontKind::numbers), size / state_.host.textScale());
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                      ImVec2(5, std::max((to.y - from.y - size * 1.25f) / 2, 1.f)));
  ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 1);
  ImGui::PushStyleColor(ImGuiCol_Border, imColour(error_.empty() ? pen.theme().accent : pen.theme().error));
  ImGui::PushStyleColor(ImGuiCol_FrameBg, imColour(pen.theme().field));
  ImGui::SetCursorScreenPos(from);
  ImGui::SetNextItemWidth(wide);
  if (fresh_) ImGui::SetKeyboardFocusHere();
  const std::string name = "##" + node_ + "." + slot_;
  const bool entered = ImGui::InputText(
      name.c_str(), &text_, ImGuiInputTextFlags_AutoSelectAll | ImGuiInputTextFlags_EnterReturnsTrue);
  const bool edited = ImGui::IsItemEdited(), left = ImGui::IsItemDeactivated();
  ImGui::PopStyleColor(2);
  ImGui::PopStyleVar(2);
  ImGui::PopFont();
  const bool tab = ImGui::IsKeyPressed(ImGuiKey_Tab, false);
  const bool escape = ImGui::IsKeyPressed(ImGuiKey_Escape, false);
  if (edited || fresh_) check();
  fresh_ = false;
  if (!error_.empty() && !entered) {
    ImGui::SetNextWindowPos({from.x, to.y + 4});
    ImGui::PushStyleColor(ImGuiCol_Text, imColour(pen.theme().error));
    ImGui::BeginTooltip();
    ImGui::PushTextWrapPos(320);
    ImGui::TextUnformatted(error_.c_str());
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
    ImGui::PopStyleColor();
  }
  if (escape) return close();
  if (tab && (error_.empty() ? commit() : true)) {
    const int by = ImGui::GetIO().KeyShift ? -1 : 1;
    beginNext(by);
    return;
  }
  if (entered) {
    if (commit()) return close();
    fresh_ = true;  // stays, with the reason beside it
    return;
  }
  if (left) {
    if (error_.empty()) commit();
    close();
  }
}

void Parameters::drawLines(const Pen& pen, const Rect& field) {
  const ImVec2 at = pen.at({field.x, bottom(field) + 3});
  ImGui::SetNextWindowPos(at, ImGuiCond_Always);
  const float wide = 340 * state_.host.textScale();
  ImGui::SetNextWindowSize({wide, 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(8, 8));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 6);
  ImGui::PushStyleColor(ImGuiCol_WindowBg, imColour(pen.theme().panel));
  ImGui::Begin("##lines", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_AlwaysAutoResize);
  if (fresh_) {
    ImGui::SetWindowFocus();
    ImGui::SetKeyboardFocusHere();
  }
  const int lines = 1 + static_cast<int>(std::count(text_.begin(), text_.end(), '\n'));
  const float high = ImGui::GetTextLineHeight() * static_cast<float>(std::clamp(lines + 1, 3, 12)) + 12;
  ImGui::InputTextMultiline("##text", &text_, {wide - 16, high},
                            ImGuiInputTextFlags_CtrlEnterForNewLine | ImGuiInputTextFlags_EnterReturnsTrue);
  const bool entered = ImGui::IsItemDeactivated() && !ImGui::IsKeyPressed(ImGuiKey_Escape, false);
  ImGui::TextDisabled("Enter: done    Ctrl+Enter: new line    Esc: back");
  const bool escape = ImGui::IsKeyPressed(ImGuiKey_Escape, false);
  const bool outside = ImGui::IsMouseClicked(0) && !ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows);
  ImGui::End();
  ImGui::PopStyleColor();
  ImGui::PopStyleVar(3);
  const bool first = fresh_;
  fresh_ = false;
  if (first) return;
  if (escape) return close();
  if (entered || outside) {
    commit();
    close();
  }
}

void Parameters::drawList(const Pen& pen, const Rect& field) {
  const SocketShape& shape = *socket();
  const std::vector<std::string> choices = shape.port->choices;
  const std::string now = valueText(valueOf(*node()->node, shape));
  ImVec2 at = pen.at({field.x, bottom(field) + 2});
  const float wide = std::max(field.width * pen.zoom(), 140.f);
  const float line = ImGui::GetTextLineHeight() + 8;
  const float high = std::min(line * static_cast<float>(choices.size()) + 12, 320.f);
  at.y = std::min(at.y, std::max(ImGui::GetIO().DisplaySize.y - high - 4, 0.f));
  ImGui::SetNextWindowPos(at);
  ImGui::SetNextWindowSize({wide, high});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(4, 6));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(4, 0));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 6);
  ImGui::PushStyleColor(ImGuiCol_WindowBg, imColour(pen.theme().panel));
  ImGui::Begin("##choices", nullptr,
               ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoSavedSettings);
  if (fresh_) ImGui::SetWindowFocus();
  int chosen = -1;
  const int count = static_cast<int>(choices.size());
  if (!fresh_) {
    if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) choice_ = (choice_ + 1) % count;
    if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) choice_ = (choice_ + count - 1) % count;
    if (ImGui::IsKeyPressed(ImGuiKey_Enter) || ImGui::IsKeyPressed(ImGuiKey_KeypadEnter)) chosen = choice_;
  }
  for (int i = 0; i < count; ++i) {
    ImGui::PushID(i);
    const ImVec2 from = ImGui::GetCursorScreenPos();
    const bool pressed = ImGui::InvisibleButton("choice", {wide - 8, line});
    const ImVec2 delta = ImGui::GetIO().MouseDelta;
    if (ImGui::IsItemHovered() && (delta.x != 0 || delta.y != 0)) choice_ = i;
    if (pressed) chosen = i;
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (i == choice_)
      list->AddRectFilled(from, {from.x + wide - 8, from.y + line}, imColour(pen.theme().accent, 0.25), 4);
    if (choices[i] == now)
      list->AddCircleFilled({from.x + 9, from.y + line / 2}, 3, imColour(pen.theme().accent));
    list->AddText({from.x + 20, from.y + 4}, imColour(pen.theme().text), choices[i].c_str());
    if (i == choice_ && fresh_) ImGui::SetScrollHereY();
    ImGui::PopID();
  }
  const bool outside = ImGui::IsMouseClicked(0) && !ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows);
  ImGui::End();
  ImGui::PopStyleColor();
  ImGui::PopStyleVar(4);
  const bool first = fresh_;
  fresh_ = false;
  if (first) return;
  if (chosen >= 0) {
    if (choices[chosen] != now) set(node_, slot_, choices[chosen]);
    return close();
  }
  if (ImGui::IsKeyPressed(ImGuiKey_Tab, false)) {
    beginNext(ImGui::GetIO().KeyShift ? -1 : 1);
    return;
  }
  if (outside || ImGui::IsKeyPressed(ImGuiKey_Escape, false)) close();
}

// A switch that the keyboard stands on.
void Parameters::drawToggle(const Pen& pen, const Rect& field) {
  pen.outline(grown(field, 1), imColour(pen.theme().accent), 5, 1.5f);
  const bool first = fresh_;
  fresh_ = false;
  if (first) return;
  if (ImGui::IsKeyPressed(ImGuiKey_Space, false) || ImGui::IsKeyPressed(ImGuiKey_LeftArrow, false) ||
      ImGui::IsKeyPressed(ImGuiKey_RightArrow, false)) {
    const json now = valueOf(*node()->node, *socket());
    set(node_, slot_, !(now.is_boolean() && now.get<bool>()));
    return;
  }
  if (ImGui::IsKeyPressed(ImGuiKey_Tab, false)) {
    beginNext(ImGui::GetIO().KeyShift ? -1 : 1);
    return;
  }
  if (ImGui::IsKeyPressed(ImGuiKey_Enter, false) || ImGui::IsKeyPressed(ImGuiKey_Escape, false) ||
      ImGui::IsMouseClicked(0))
    close();
}

bool Parameters::canScrub(const Hit& hit) const {
  if (hit.kind != Hit::Kind::field) return false;
  const std::string& type = state_.scene.nodes()[hit.node].sockets[hit.socket].type;
  return type == "int" || type == "real";
}

void Parameters::beginScrub(const Hit& hit) {
  const NodeShape& shape = state_.scene.nodes()[hit.node];
  const SocketShape& field = shape.sockets[hit.socket];
  node_ = shape.id;
  slot_ = field.slot;
  wasOwn_ = shape.node->params.count(slot_) > 0 || slot_ == "@count";
  before_ = valueOf(*shape.node, field);
  start_ = before_.is_number() ? before_.get<double>() : field.port->min.value_or(0);
  state_.session.endMerge();
}

void Parameters::scrub(float pixels, bool fine, bool coarse) {
  const SocketShape* field = socket();
  if (!field) return;
  const PortType& port = *field->port;
  const double by = fine ? 0.1 : coarse ? 10 : 1;
  double value;
  if (port.type == "int") {
    value = std::round(start_ + std::trunc(pixels / 6 * by));
  } else {
    // A range is gone through in three hundred pixels; without one the number itself says what is much.
    const bool ranged = port.min && port.max && *port.max - *port.min <= 1000;
    const double unit = ranged ? (*port.max - *port.min) / 300 : std::max(std::abs(start_), 0.01) / 100;
    value = rounded(start_ + pixels * unit * by, unit * std::min(by, 1.0));
  }
  if (port.min) value = std::max(value, *port.min);
  if (port.max) value = std::min(value, *port.max);
  if (slot_ == "@count") value = std::max(value, 1.0);
  const json now = port.type == "int" ? json(static_cast<int64_t>(value)) : json(value);
  if (now == valueOf(*node()->node, *field)) return;
  set(node_, slot_, now, "drag:" + node_ + "." + slot_);
}

void Parameters::endScrub(bool keep) {
  if (!keep) set(node_, slot_, wasOwn_ ? before_ : json(), "drag:" + node_ + "." + slot_);
  state_.session.endMerge();
}

}  // namespace loom::editor
