// What is told of the thing under the mouse.
#include <imgui.h>

#include "app/editor/canvas/canvas_state.h"
#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/textures.h"
#include "app/editor/gl/theme.h"

namespace loom::editor {
namespace {

using Kind = Hit::Kind;
constexpr float kWide = 320;

void dimText(const std::string& text) {
  if (text.empty()) return;
  ImGui::PushStyleColor(ImGuiCol_Text, imColour(Theme::current().dim));
  ImGui::PushTextWrapPos(kWide);
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
  if (const PicturePtr picture = state.session.pictureOf(port); picture && picture->width > 0) {
    const float scale = std::min(192.f / static_cast<float>(std::max(picture->width, picture->height)), 6.f);
    ImGui::Image(
        state.host.textures().of(picture, scale >= 2 ? Textures::Filter::nearest : Textures::Filter::linear),
        {static_cast<float>(picture->width) * scale, static_cast<float>(picture->height) * scale});
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
    ImGui::PushTextWrapPos(kWide);
    ImGui::TextUnformatted(each.c_str());
    ImGui::PopTextWrapPos();
    ImGui::PopStyleColor();
  }
}

}  // namespace

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
    ImGui::PushTextWrapPos(kWide);
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
  } else {
    problemTip(state, *node);
    if (hit.kind == Kind::header || hit.kind == Kind::title || !state.problems.count(node->id))
      nodeTip(state, *node);
  }
  ImGui::EndTooltip();
  ImGui::PopStyleVar(4);
}

}  // namespace loom::editor
