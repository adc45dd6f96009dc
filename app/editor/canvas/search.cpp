#include "app/editor/canvas/search.h"

#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>

#include <cctype>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/theme.h"

namespace loom::editor {
namespace {

constexpr float kWide = 380, kLine = 25, kHigh = 330;  // at the usual text size
constexpr size_t kMostRecent = 12;

char lower(char each) { return static_cast<char>(std::tolower(static_cast<unsigned char>(each))); }

bool wordBegins(std::string_view text, size_t at) {
  return at == 0 || !std::isalnum(static_cast<unsigned char>(text[at - 1]));
}

size_t findIgnoringCase(std::string_view text, std::string_view part) {
  const auto at = std::search(text.begin(), text.end(), part.begin(), part.end(),
                              [](char a, char b) { return lower(a) == lower(b); });
  return at == text.end() ? std::string_view::npos : static_cast<size_t>(at - text.begin());
}

}  // namespace

int fuzzyScore(std::string_view letters, std::string_view text) {
  if (letters.empty()) return 1;
  if (const size_t at = findIgnoringCase(text, letters); at != std::string_view::npos)
    return 1000 + (wordBegins(text, at) ? 500 : 0) + (at == 0 ? 300 : 0) -
           static_cast<int>(std::min<size_t>(text.size(), 200));
  int score = 100;
  size_t at = 0, last = std::string_view::npos;
  for (const char each : letters) {
    if (each == ' ') continue;
    while (at < text.size() && lower(text[at]) != lower(each)) ++at;
    if (at == text.size()) return 0;
    if (wordBegins(text, at)) score += 30;
    if (last != std::string_view::npos)
      score += at == last + 1 ? 15 : -static_cast<int>(std::min<size_t>(at - last, 20));
    last = at++;
  }
  return std::max(score, 1);
}

void Search::openAdd(ImVec2 pixel, Point place, std::optional<LinkDrag> link) {
  open_ = fresh_ = true;
  find_ = false;
  pixel_ = pixel;
  place_ = place;
  link_ = std::move(link);
  text_.clear();
  items_.clear();
  collectTypes();
  filter();
  state_.redraw();
}

void Search::openFind(ImVec2 pixel) {
  open_ = fresh_ = find_ = true;
  pixel_ = pixel;
  link_.reset();
  text_.clear();
  items_.clear();
  collectNodes();
  filter();
  state_.redraw();
}

void Search::close() {
  open_ = false;
  state_.redraw();
}

int Search::fitOf(const std::vector<PortType>& inputs, const std::vector<PortType>& outputs) const {
  if (!link_) return 1;
  const Catalog& catalog = state_.session.catalog();
  int best = 0;
  if (link_->wantsInput()) {
    for (const PortType& port : inputs) best = std::max(best, catalog.fit(link_->type, port.type));
  } else {
    for (const PortType& port : outputs) best = std::max(best, catalog.fit(port.type, link_->type));
  }
  if (link_->type != "any" || best == 0) return best;
  // Everything fits: what gives a value from nothing comes first where one is asked for.
  const auto needed = [](const PortType& port) { return port.required; };
  return link_->wantsInput() || std::any_of(inputs.begin(), inputs.end(), needed) ? 1 : 2;
}

Document Search::atSocket(Edited made) const {
  if (made.made.empty()) return made.document;
  Scene scene = state_.scene;
  scene.build(made.document, state_.session.place(), state_.session.catalog(), state_.measure());
  const int added = scene.find(*made.made.begin());
  for (const WireShape& wire : scene.wires()) {
    const int socket = wire.from == added ? wire.fromSocket : wire.to == added ? wire.toSocket : -1;
    if (socket < 0) continue;
    const NodeShape& node = scene.nodes()[added];
    const Point by = place_ - node.at(node.sockets[socket]);
    return moveBy(made.document, state_.session.place(), made.made, {snapped(by.x), snapped(by.y)});
  }
  return made.document;
}

void Search::collectTypes() {
  const QStringList recent = state_.session.settings().value("canvas/recentTypes").toStringList();
  const auto add = [&](Item item) {
    const int at = static_cast<int>(recent.indexOf(QString::fromStdString(item.id)));
    item.recent = at < 0 ? 0 : static_cast<int>(recent.size()) - at;
    if (item.fit > 0) items_.push_back(std::move(item));
  };
  for (const NodeType& type : state_.session.catalog().nodes())
    add({type.id, type.title, type.group, type.doc, type.group, fitOf(type.inputs, type.outputs)});
  add({"zone", "Zone", "loop", "A loop: what is in it is done again and again, on what goes round", "zone"});
  for (const auto& [name, group] : state_.session.document().groups) {
    std::vector<PortType> inputs, outputs;
    Node node;
    node.id = "new";
    node.type = std::string(kGroupPrefix) + name;
    try {
      const Face face =
          faceOf(state_.session.document(), state_.session.place(), node, state_.session.catalog());
      for (const Socket& socket : face.inputs) inputs.push_back(socket.port);
      for (const Socket& socket : face.outputs) outputs.push_back(socket.port);
    } catch (const std::exception&) {
      continue;  // a group that is broken can't be added
    }
    if (name == state_.session.place()) continue;
    add({node.type, name, "group", "A group of this document", "group", fitOf(inputs, outputs)});
  }
  if (link_) return;
  add({"@note", "Note", "canvas", "Text to read, beside the nodes", "", 1, 0, 0, Item::What::note});
  add({"@frame", "Frame", "canvas", "A titled rectangle behind nodes, which moves with them", "", 1, 0, 0,
       Item::What::frame});
}

void Search::collectNodes() {
  const Document& document = state_.session.document();
  collectNodes(document.graph.nodes, "");
  for (const auto& [name, group] : document.groups) collectNodes(group.nodes, name);
}

void Search::collectNodes(const std::vector<NodePtr>& nodes, const std::string& place) {
  for (const NodePtr& node : nodes) {
    const NodeType* type = state_.session.catalog().node(node->type);
    Item item;
    item.id = node->id;
    const std::string kind = type ? type->title : node->zone ? "Zone" : node->type;
    item.title = node->title.empty() ? kind : node->title;
    item.detail = place.empty() ? node->id : node->id + " in " + place;
    item.doc = node->type;
    item.group = type ? type->group : "zone";
    item.what = Item::What::node;
    item.place = place;
    items_.push_back(std::move(item));
    if (node->zone) collectNodes(node->zone->nodes, place);
  }
}

void Search::filter() {
  shown_.clear();
  for (size_t i = 0; i < items_.size(); ++i) {
    Item& item = items_[i];
    const int title = fuzzyScore(text_, item.title), id = fuzzyScore(text_, item.id);
    item.score = std::max(title * 2, id * 2 - 1);
    if (!text_.empty()) {
      item.score = std::max(item.score, fuzzyScore(text_, item.detail));
      if (findIgnoringCase(item.doc, text_) != std::string_view::npos) item.score = std::max(item.score, 150);
    }
    if (item.score > 0) shown_.push_back(static_cast<int>(i));
  }
  std::stable_sort(shown_.begin(), shown_.end(), [&](int a, int b) {
    const Item &left = items_[a], &right = items_[b];
    if (text_.empty()) {
      if (left.fit != right.fit) return left.fit > right.fit;
      if (left.recent != right.recent) return left.recent > right.recent;
      return left.title < right.title;
    }
    const int one = left.score + left.fit * 200 + std::min(left.recent, 12) * 4;
    const int other = right.score + right.fit * 200 + std::min(right.recent, 12) * 4;
    return one != other ? one > other : left.title < right.title;
  });
  current_ = 0;
  moved_ = true;
}

void Search::choose(const Item& item) {
  const Item chosen = item;  // the list goes
  close();
  if (chosen.what == Item::What::node) {
    if (found) found(chosen.place, chosen.id);
    return;
  }
  if (chosen.what == Item::What::note) return addNote ? addNote(place_) : void();
  if (chosen.what == Item::What::frame) return addFrame ? addFrame(place_) : void();
  const std::string place = state_.session.place(), zone = state_.zoneIdAt(place_);
  const Point at{snapped(place_.x), snapped(place_.y)};
  const Catalog& catalog = state_.session.catalog();
  const bool done =
      state_.editAndSelect("Add " + QString::fromStdString(chosen.title), [&](const Document& document) {
        if (!link_) return addNode(document, place, catalog, chosen.id, at, zone);
        Edited made = link_->wantsInput()
                          ? addNodeFrom(document, place, catalog, chosen.id, at, zone, link_->from)
                          : addNodeTo(document, place, catalog, chosen.id, at, zone, link_->to);
        made.document = atSocket(made);
        return made;
      });
  if (!done) return;
  QStringList recent = state_.session.settings().value("canvas/recentTypes").toStringList();
  recent.removeAll(QString::fromStdString(chosen.id));
  recent.prepend(QString::fromStdString(chosen.id));
  while (recent.size() > static_cast<qsizetype>(kMostRecent)) recent.removeLast();
  state_.session.settings().setValue("canvas/recentTypes", recent);
}

void Search::drawItem(const Item& item, int index, float wide, float line, bool& pressed) {
  const Theme& theme = Theme::current();
  const ImVec2 from = ImGui::GetCursorScreenPos();
  pressed = ImGui::InvisibleButton("item", {wide, line});
  const ImVec2 delta = ImGui::GetIO().MouseDelta;
  if (ImGui::IsItemHovered() && (delta.x != 0 || delta.y != 0)) current_ = index;
  ImDrawList* list = ImGui::GetWindowDrawList();
  if (index == current_)
    list->AddRectFilled(from, {from.x + wide, from.y + line}, imColour(theme.accent, 0.22), 5);
  const float y = from.y + (line - ImGui::GetFontSize()) / 2 - 1;
  const QColor group = item.what == Item::What::note    ? QColor("#E5C07B")
                       : item.what == Item::What::frame ? theme.constant
                                                        : theme.group(item.group);
  list->AddRectFilled({from.x + 9, from.y + line / 2 - 5}, {from.x + 19, from.y + line / 2 + 5},
                      imColour(theme.dark ? group.lighter(190) : group.darker(150)), 3);
  list->AddText({from.x + 29, y}, imColour(theme.text), item.title.c_str());
  const float detail = ImGui::CalcTextSize(item.detail.c_str()).x;
  list->AddText({from.x + wide - detail - 10, y}, imColour(theme.dim), item.detail.c_str());
}

void Search::draw() {
  if (!open_) return;
  const Theme& theme = Theme::current();
  const Camera& camera = state_.camera;
  const float scale = state_.host.textScale(), boxWide = kWide * scale, line = kLine * scale,
              boxHigh = kHigh * scale;
  ImVec2 at = pixel_;
  at.x =
      std::clamp(at.x, camera.at.x + 6, std::max(camera.at.x + camera.size.x - boxWide - 6, camera.at.x + 6));
  at.y = std::clamp(at.y, camera.at.y + 6,
                    std::max(camera.at.y + camera.size.y - boxHigh - 90, camera.at.y + 6));
  ImGui::SetNextWindowPos(at);
  ImGui::SetNextWindowSize({boxWide, 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(8, 8));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 8);
  ImGui::PushStyleColor(ImGuiCol_WindowBg, imColour(theme.panel));
  ImGui::PushStyleColor(ImGuiCol_Border, imColour(theme.border));
  ImGui::Begin("##search", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_AlwaysAutoResize);
  if (fresh_) {
    ImGui::SetWindowFocus();
    ImGui::SetKeyboardFocusHere();
  }
  ImGui::SetNextItemWidth(-1);
  const char* hint = find_   ? "Find a node by name, title or type"
                     : link_ ? "Add a node that fits this link"
                             : "Add a node: type a few letters";
  const std::string before = text_;
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(9, 7));
  ImGui::InputTextWithHint("##letters", hint, &text_);
  ImGui::PopStyleVar();
  if (text_ != before) filter();
  const int count = static_cast<int>(shown_.size());
  int chosen = -1;
  if (!fresh_ && count > 0) {
    const int page = 10;
    const int was = current_;
    if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) current_ = (current_ + 1) % count;
    if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) current_ = (current_ + count - 1) % count;
    if (ImGui::IsKeyPressed(ImGuiKey_PageDown)) current_ = std::min(current_ + page, count - 1);
    if (ImGui::IsKeyPressed(ImGuiKey_PageUp)) current_ = std::max(current_ - page, 0);
    moved_ |= was != current_;
    if (ImGui::IsKeyPressed(ImGuiKey_Enter, false) || ImGui::IsKeyPressed(ImGuiKey_KeypadEnter, false))
      chosen = current_;
  }
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
  ImGui::BeginChild("##list", {0, std::min(boxHigh, std::max(line * static_cast<float>(count), line))});
  const float wide = ImGui::GetContentRegionAvail().x;
  if (moved_ && count > 0) {
    const float top = line * static_cast<float>(current_), high = ImGui::GetWindowHeight();
    if (top < ImGui::GetScrollY()) ImGui::SetScrollY(top);
    if (top + line > ImGui::GetScrollY() + high) ImGui::SetScrollY(top + line - high);
    moved_ = false;
  }
  ImGuiListClipper clipper;
  clipper.Begin(count, line);
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      ImGui::PushID(i);
      bool pressed = false;
      drawItem(items_[shown_[i]], i, wide, line, pressed);
      if (pressed) chosen = i;
      ImGui::PopID();
    }
  if (count == 0) ImGui::TextDisabled("  Nothing by that name%s", link_ ? " fits this link" : "");
  ImGui::EndChild();
  ImGui::PopStyleVar();
  if (count > 0 && !items_[shown_[current_]].doc.empty()) {
    ImGui::Separator();
    ImGui::PushTextWrapPos(0);
    ImGui::PushStyleColor(ImGuiCol_Text, imColour(theme.dim));
    ImGui::TextUnformatted(items_[shown_[current_]].doc.c_str());
    ImGui::PopStyleColor();
    ImGui::PopTextWrapPos();
  }
  const bool outside = (ImGui::IsMouseClicked(0) || ImGui::IsMouseClicked(1)) &&
                       !ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows |
                                               ImGuiHoveredFlags_AllowWhenBlockedByActiveItem);
  ImGui::End();
  ImGui::PopStyleColor(2);
  ImGui::PopStyleVar(3);
  const bool first = fresh_;
  fresh_ = false;
  if (chosen >= 0) return choose(items_[shown_[chosen]]);
  if (!first && (outside || ImGui::IsKeyPressed(ImGuiKey_Escape, false))) close();
}

}  // namespace loom::editor
