// What is told of the thing under the mouse.
#include <imgui.h>

#include "app/editor/canvas/canvas_state.h"
#include "app/editor/canvas/pen.h"
#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/textures.h"
#include "app/editor/gl/theme.h"

namespace loom::editor {
namespace {

using Kind = Hit::Kind;
constexpr float kWide = 25;  // letters' heights, of a line

void dimText(const std::string& text) {
  if (text.empty()) return;
  ImGui::PushStyleColor(ImGuiCol_Text, imColour(Theme::current().dim));
  ImGui::PushTextWrapPos(ImGui::GetFontSize() * kWide);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
}

void heading(const CanvasState& state, const std::string& name, const std::string& type) {
  ImGui::PushFont(state.host.boldFont(), 0);
  ImGui::TextUnformatted(name.c_str());
  ImGui::PopFont();
  if (type.empty()) return;
  const ValueType* found = state.session.catalog().type(type);
  ImGui::SameLine();
  ImGui::PushStyleColor(ImGuiCol_Text, state.wireColour(state.session.catalog().colour(type)));
  ImGui::TextUnformatted((found ? found->name : type).c_str());
  ImGui::PopStyleColor();
}

// The newest row up to the cursor's step.
std::optional<StatisticsRow> rowOf(const CanvasState& state, const std::string& port) {
  const auto run = state.session.shownRun();
  if (!run) return {};
  const auto rows = state.session.frames().statistics(run->id, port);
  if (rows.empty()) return {};
  const Cursor& cursor = state.session.cursor();
  if (cursor.live || cursor.iteration.empty()) return rows.back();
  const StatisticsRow* best = &rows.front();
  for (const StatisticsRow& row : rows)
    if (row.iteration <= cursor.iteration) best = &row;
  return *best;
}

// Last value of an output: what it is, numbers, how it looks.
void value(const CanvasState& state, const std::string& local) {
  const std::string port = state.port(local);
  const Checked& checked = state.session.checked();
  ImGui::PushFont(state.host.numberFont(), 12);
  if (const auto text = checked.ports.find(port); text != checked.ports.end())
    ImGui::TextUnformatted(text->second.c_str());
  if (const auto row = rowOf(state, port)) {
    ImGui::Text("min %.4g   max %.4g", row->min, row->max);
    ImGui::Text("mean %.4g   std %.4g", row->mean, row->std);
    if (row->nan || row->inf) {
      ImGui::PushStyleColor(ImGuiCol_Text, imColour(Theme::current().error));
      ImGui::Text("NaN %lld   Inf %lld", static_cast<long long>(row->nan), static_cast<long long>(row->inf));
      ImGui::PopStyleColor();
    }
  }
  ImGui::PopFont();
  if (const PicturePtr picture = state.session.pictureOf(local); picture && picture->width > 0) {
    const float scale = std::min(192.f / static_cast<float>(std::max(picture->width, picture->height)), 6.f);
    const ImVec2 low = ImGui::GetCursorScreenPos();
    const ImVec2 size(static_cast<float>(picture->width) * scale,
                      static_cast<float>(picture->height) * scale);
    ImGui::Dummy(size);
    state.host.textures().draw(ImGui::GetWindowDrawList(), picture, low, {low.x + size.x, low.y + size.y});
  }
}

void socketTip(const CanvasState& state, const NodeShape& node, const SocketShape& socket) {
  if (socket.adds) {
    heading(state,
            socket.state                                 ? "A new state"
            : socket.output || socket.slot == "collect." ? "A new collection"
                                                         : "A new sequence",
            "");
    dimText(socket.slot == "init."   ? "Link a first value here: it goes round in the zone."
            : socket.slot == "over." ? "Link what the zone shall go over, step by step."
                                     : "Link what shall be kept of each step.");
    return;
  }
  const bool generic = socket.slot.find('.') != std::string::npos;
  heading(state, generic ? socket.slot : socket.label, socket.type);
  dimText(socket.port->doc);
  if (!socket.port->id.empty() && (socket.port->min || socket.port->max)) {
    char range[80];
    if (socket.port->min && socket.port->max)
      std::snprintf(range, sizeof range, "%.6g to %.6g", *socket.port->min, *socket.port->max);
    else if (socket.port->min)
      std::snprintf(range, sizeof range, "%.6g or more", *socket.port->min);
    else
      std::snprintf(range, sizeof range, "%.6g or less", *socket.port->max);
    dimText(range);
  }
  if (!socket.exposed.empty()) dimText("Exposed as “" + socket.exposed + "”");
  if (socket.changed) dimText("Default: " + valueText(socket.port->value));
  if (socket.output) return value(state, node.id + "." + socket.slot);
  for (const WireShape& wire : state.scene.wires())
    if (&state.scene.nodes()[wire.to] == &node && wire.toSocket >= 0 &&
        &node.sockets[wire.toSocket] == &socket) {
      dimText("from " + wire.wire.from.text());
      return value(state, wire.wire.from.text());
    }
}

void nodeTip(const CanvasState& state, const NodeShape& node) {
  heading(state, node.face->title, "");
  ImGui::PushStyleColor(ImGuiCol_Text, imColour(Theme::current().dim));
  ImGui::TextUnformatted((node.face->kind + "  ·  " + node.id).c_str());
  ImGui::PopStyleColor();
  dimText(node.face->doc);
  if (!node.face->known)
    dimText("This program does not know the type. It stays in the file as it is; a run that needs it stops.");
  if (node.node->mode == NodeMode::muted) dimText("Muted: it does not run, nor does what depends on it.");
  if (node.node->mode == NodeMode::bypassed) dimText("Bypassed: what goes in comes out.");
  if (state.session.checked().hoisted.count(state.port(node.id)))
    dimText("Runs once: it depends on nothing that changes in the loop.");
}

void problemTip(const CanvasState& state, const NodeShape& node) {
  const auto found = state.problems.find(node.id);
  if (found == state.problems.end()) return;
  for (const std::string& each : found->second) {
    ImGui::PushStyleColor(ImGuiCol_Text, imColour(Theme::current().error));
    ImGui::PushTextWrapPos(ImGui::GetFontSize() * kWide);
    ImGui::TextUnformatted(each.c_str());
    ImGui::PopTextWrapPos();
    ImGui::PopStyleColor();
  }
}

// Beside a node, where no other one lies nor a zone's header; none where there is no room.
std::optional<Rect> freePlace(const CanvasState& state, const NodeShape& node, float wide, float high) {
  const Rect& at = node.rect;
  for (const Rect& tried : {Rect{at.x, bottom(at) + 6, wide, high}, Rect{at.x, at.y - high - 6, wide, high},
                            Rect{right(at) + 14, bottom(at) - high, wide, high}}) {
    const auto& nodes = state.scene.nodes();
    if (std::none_of(nodes.begin(), nodes.end(), [&](const NodeShape& each) {
          return overlap(each.region() ? each.header() : each.rect, tried);
        }))
      return tried;
  }
  return {};
}

}  // namespace

void drawValues(const CanvasState& state, const Pen& pen) {
  using namespace sizes;
  const Ids& selected = state.session.selection().nodes;
  const NodeShape* node = selected.size() == 1 ? state.scene.node(*selected.begin()) : nullptr;
  if (!node || node->region() || !pen.rows() || state.problems.count(node->id) ||
      !pen.sees(grown(node->rect, 80)))
    return;
  struct Line {
    const SocketShape* socket;
    std::string shape, numbers;
  };
  std::vector<Line> lines;
  for (const SocketShape& socket : node->sockets) {
    if (!socket.output || socket.adds || lines.size() == 3) continue;
    const std::string port = state.port(node->id + "." + socket.slot);
    const auto row = rowOf(state, port);
    const auto known = state.session.checked().ports.find(port);
    if (!row) continue;
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, "%.4g … %.4g   μ %.3g  σ %.3g", row->min, row->max, row->mean,
                  row->std);
    lines.push_back({&socket, known == state.session.checked().ports.end() ? "" : known->second, numbers});
  }
  if (lines.empty()) return;
  constexpr float kLine = 16, kInner = 8;
  float wide = node->rect.width;
  for (const Line& line : lines)
    wide = std::max({wide, pen.width(FontKind::numbers, kSmall, line.numbers) + 2 * kInner,
                     pen.width(FontKind::bold, kSmall, line.socket->label) +
                         pen.width(FontKind::numbers, kSmall, line.shape) + 10 + 2 * kInner});
  const Theme& theme = pen.theme();
  const auto place = freePlace(state, *node, wide, 2 * kLine * static_cast<float>(lines.size()) + kInner);
  if (!place) return;
  const Rect box = *place;
  pen.fill(box, imColour(theme.field, 0.94), 5);
  pen.outline(box, imColour(theme.border), 5, 1);
  float y = box.y + kInner / 2 + kLine / 2;
  for (const Line& line : lines) {
    const float label = pen.textWithin(FontKind::bold, kSmall, {box.x + kInner, y}, wide, kRow,
                                       state.wireColour(line.socket->colour), line.socket->label);
    pen.textWithin(FontKind::numbers, kSmall, {box.x + kInner + label + 8, y}, wide - label - 2 * kInner - 8,
                   kRow, imColour(theme.dim), line.shape);
    pen.textWithin(FontKind::numbers, kSmall, {box.x + kInner, y + kLine}, wide - 2 * kInner, kRow,
                   imColour(theme.text), line.numbers);
    y += 2 * kLine;
  }
}

void drawTooltip(const CanvasState& state) {
  const Hit& hit = state.hover;
  const NodeShape* node = hit.node >= 0 ? &state.scene.nodes()[hit.node] : nullptr;
  // On the body of a node only what is wrong with it: one reads there, and works.
  const bool quiet = hit.kind == Kind::zone || hit.kind == Kind::zoneBorder ||
                     (hit.kind == Kind::node && node && !state.problems.count(node->id) && node->face->known);
  const bool anything = hit.kind == Kind::wire || (node && !quiet);
  if (!anything && state.refusal.empty()) return;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(11, 9));
  ImGui::PushStyleVar(ImGuiStyleVar_PopupBorderSize, 1);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 7);
  ImGui::PushStyleVar(ImGuiStyleVar_PopupRounding, 7);
  ImGui::BeginTooltip();
  if (!state.refusal.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, imColour(Theme::current().error));
    ImGui::PushTextWrapPos(ImGui::GetFontSize() * kWide);
    ImGui::TextUnformatted(state.refusal.c_str());
    ImGui::PopTextWrapPos();
    ImGui::PopStyleColor();
  } else if (hit.kind == Kind::wire) {
    const WireShape& wire = state.scene.wires()[hit.wire];
    std::string type;
    if (wire.fromSocket >= 0) type = state.scene.nodes()[wire.from].sockets[wire.fromSocket].type;
    heading(state, wire.wire.from.text(), type);
    if (wire.constantIn >= 0)
      dimText("The same in all steps of “" + state.scene.nodes()[wire.constantIn].title + "”");
    value(state, wire.wire.from.text());
  } else if (hit.kind == Kind::thumb) {
    heading(state, hit.port, "");
    value(state, hit.port);
  } else if (hit.socket >= 0) {
    socketTip(state, *node, node->sockets[hit.socket]);
    if (hit.kind == Kind::fieldSign)
      dimText(node->sockets[hit.socket].type == "seed" ? "Click: draw another seed" : "Click: choose a file");
    if (hit.kind == Kind::fieldLock)
      dimText(node->sockets[hit.socket].rolled
                  ? "Each run draws another seed. Click: keep this one"
                  : "Each run has this seed. Click: draw another one for each run");
  } else {
    problemTip(state, *node);
    if (hit.kind == Kind::header || hit.kind == Kind::title || !state.problems.count(node->id))
      nodeTip(state, *node);
  }
  ImGui::EndTooltip();
  ImGui::PopStyleVar(4);
}

}  // namespace loom::editor
