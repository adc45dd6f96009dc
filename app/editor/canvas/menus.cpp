#include "app/editor/canvas/menus.h"

#include <imgui.h>

#include <QClipboard>
#include <QGuiApplication>

#include "app/editor/gl/theme.h"

namespace loom::editor {
namespace {

using Kind = Hit::Kind;

std::string freeName(const std::vector<std::string>& taken, const std::string& wanted) {
  std::string name = wanted;
  for (int i = 2; std::find(taken.begin(), taken.end(), name) != taken.end(); ++i)
    name = wanted + "_" + std::to_string(i);
  return name;
}

struct NamedColour {
  const char* name;
  const char* value;
};
constexpr NamedColour kColours[] = {{"Red", "#C0504D"},    {"Orange", "#D0844A"}, {"Yellow", "#D4B455"},
                                    {"Green", "#5DA271"},  {"Teal", "#4AA5A0"},   {"Blue", "#4F86C6"},
                                    {"Violet", "#8A6BBE"}, {"Pink", "#C46AA8"}};

}  // namespace

void Menus::open(const Hit& hit, Point at) {
  hit_ = hit;
  at_ = at;
  id_ = hit.id;
  node_.clear();
  if (hit.node >= 0) {
    const NodeShape& shape = state_.scene.nodes()[hit.node];
    node_ = shape.id;
    if (hit.socket >= 0) socket_ = shape.sockets[hit.socket];
  }
  if (hit.wire >= 0) {
    wire_ = state_.scene.wires()[hit.wire].wire;
    key_ = state_.scene.wires()[hit.wire].key();
    corner_ = hit.corner;
  }
  opening_ = true;
  there_ = false;
  state_.redraw();
}

void Menus::openThere(const Hit& hit, Point at) {
  open(hit, at);
  there_ = true;
}

void Menus::draw() {
  if (opening_ && there_) ImGui::SetNextWindowPos(state_.camera.toScreen(at_), ImGuiCond_Appearing);
  if (opening_) ImGui::OpenPopup("##menu");
  opening_ = false;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(8, 8));
  ImGui::PushStyleVar(ImGuiStyleVar_PopupBorderSize, 1);
  ImGui::PushStyleVar(ImGuiStyleVar_PopupRounding, 7);
  shown_ = ImGui::BeginPopup("##menu");
  if (shown_) {
    if (ImGui::IsKeyPressed(ImGuiKey_Escape, false)) ImGui::CloseCurrentPopup();
    switch (hit_.kind) {
      case Kind::socket:
        socket();
        break;
      case Kind::field:
      case Kind::fieldSign:
      case Kind::fieldLock:
        parameter();
        break;
      case Kind::wire:
      case Kind::corner:
        wire();
        break;
      case Kind::frame:
        canvas();
        break;
      case Kind::frameTitle:
      case Kind::frameBorder:
      case Kind::note:
      case Kind::noteBorder:
        frameOrNote();
        break;
      case Kind::zone:
        zone();
        break;
      case Kind::nothing:
        canvas();
        break;
      default:
        node();
    }
    ImGui::EndPopup();
  }
  ImGui::PopStyleVar(3);
}

void Menus::selection() {
  if (ImGui::MenuItem("Copy")) canvas_.copySelected();
  if (ImGui::MenuItem("Cut")) canvas_.cutSelected();
  if (ImGui::MenuItem("Duplicate")) canvas_.duplicateSelected(false);
  if (ImGui::MenuItem("Duplicate, keep links")) canvas_.duplicateSelected(true);
  if (ImGui::MenuItem("Delete")) canvas_.removeSelected(false);
  if (ImGui::MenuItem("Delete and reconnect")) canvas_.removeSelected(true);
}

void Menus::colours(const std::string& id) {
  if (!ImGui::BeginMenu("Colour")) return;
  const auto set = [&](const std::string& colour) {
    const Ids ids = state_.selected(id) ? state_.session.selection().nodes : Ids{id};
    state_.editLayout("Set colour", [&](Layout& layout) {
      for (const std::string& each : ids)
        if (const auto frame = layout.frames.find(each); frame != layout.frames.end())
          frame->second.colour = colour;
        else if (const auto note = layout.notes.find(each); note != layout.notes.end())
          note->second.colour = colour;
        else
          layout.nodes[each].colour = colour;
    });
  };
  if (ImGui::MenuItem("As usual")) set("");
  for (const NamedColour& each : kColours) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const std::string label = std::string("      ") + each.name;
    if (ImGui::MenuItem(label.c_str())) set(each.value);
    ImGui::GetWindowDrawList()->AddRectFilled({at.x + 3, at.y + 3}, {at.x + 16, at.y + 15},
                                              imColour(QColor(each.value)), 3);
  }
  ImGui::EndMenu();
}

void Menus::node() {
  const NodeShape* shape = this->shape();
  if (!shape) return ImGui::CloseCurrentPopup();
  const size_t many = state_.session.selection().nodes.size();
  ImGui::TextDisabled("%s",
                      many > 1 ? (std::to_string(many) + " selected").c_str() : shape->face->title.c_str());
  ImGui::Separator();
  if (many == 1) {
    if (ImGui::MenuItem("Rename")) canvas_.renameSelected();
    if (shape->group && ImGui::MenuItem("Enter group")) canvas_.enterSelected();
    if (shape->group && ImGui::MenuItem("Expand group")) canvas_.expandSelected();
    for (const SocketShape& socket : shape->sockets)
      if (socket.output && !socket.inside && !socket.adds) {
        if (ImGui::MenuItem("Show in viewer") && state_.openViewer)
          state_.openViewer(state_.port(shape->id + "." + socket.slot));
        break;
      }
  }
  if (ImGui::MenuItem("Watch on the timeline")) canvas_.watchSelected();
  ImGui::Separator();
  selection();
  ImGui::Separator();
  if (ImGui::MenuItem("Mute", nullptr, shape->node->mode == NodeMode::muted)) canvas_.muteSelected();
  if (ImGui::MenuItem("Bypass", nullptr, shape->node->mode == NodeMode::bypassed)) canvas_.bypassSelected();
  if (ImGui::MenuItem("Collapse", nullptr, shape->collapsed)) canvas_.collapseSelected();
  colours(shape->id);
  ImGui::Separator();
  if (ImGui::MenuItem("Group")) canvas_.groupSelected();
  if (ImGui::MenuItem("Wrap in a zone")) canvas_.wrapSelectedInZone();
  if (ImGui::MenuItem("Frame")) canvas_.frameSelected();
  if (ImGui::BeginMenu("Select")) {
    if (ImGui::MenuItem("What feeds it")) canvas_.selectLinked(true, false);
    if (ImGui::MenuItem("What it feeds")) canvas_.selectLinked(false, true);
    if (ImGui::MenuItem("All linked with it")) canvas_.selectLinked(true, true);
    ImGui::EndMenu();
  }
  if (many > 1 && ImGui::BeginMenu("Align")) {
    const std::pair<const char*, Align> all[] = {{"Left", Align::left},
                                                 {"Centre", Align::centre},
                                                 {"Right", Align::right},
                                                 {"Top", Align::top},
                                                 {"Middle", Align::middle},
                                                 {"Bottom", Align::bottom},
                                                 {"Spread across", Align::spreadAcross},
                                                 {"Spread down", Align::spreadDown}};
    for (const auto& [name, how] : all)
      if (ImGui::MenuItem(name)) canvas_.alignSelected(how);
    ImGui::EndMenu();
  }
  if (many > 1 && ImGui::MenuItem("Tidy up these")) canvas_.tidyUp(true);
}

void Menus::zone() {
  if (ImGui::MenuItem("Add node…") && addAt) addAt(at_);
  if (ImGui::MenuItem("Paste")) canvas_.paste();
  if (ImGui::MenuItem("Add state")) {
    const NodeShape* shape = this->shape();
    std::vector<std::string> taken;
    if (shape)
      for (const Zone::State& each : shape->node->zone->state) taken.push_back(each.name);
    const std::string name = freeName(taken, "x");
    state_.edit("Add state", [&](const Document& document) {
      return addState(document, state_.session.place(), node_, name);
    });
  }
  ImGui::Separator();
  if (!state_.selected(node_) && ImGui::MenuItem("Select zone")) state_.select({node_});
  if (state_.selected(node_)) node();
}

void Menus::parameter() {
  const NodeShape* shape = this->shape();
  if (!shape) return ImGui::CloseCurrentPopup();
  const std::string slot = socket_.slot, name = paramOf(slot);
  ImGui::TextDisabled("%s.%s", node_.c_str(), name.c_str());
  ImGui::Separator();
  if (ImGui::MenuItem("Edit")) parameters_.begin(node_, slot);
  if (ImGui::MenuItem("Reset to default", nullptr, false, socket_.changed))
    parameters_.set(node_, slot, nullptr);
  if (socket_.type == "seed" && ImGui::MenuItem("Draw another seed")) parameters_.drawSeed(node_, slot);
  if (socket_.type == "seed" && ImGui::MenuItem("Draw one for each run", nullptr, socket_.rolled))
    parameters_.toggleLock(node_, socket_);
  if (socket_.type == "path" && ImGui::MenuItem("Choose file…") && state_.openFilePicker)
    state_.openFilePicker(node_, slot);
  ImGui::Separator();
  const Graph& graph = graphAt(state_.session.document(), state_.session.place());
  std::vector<std::string> taken;
  std::string exposed;
  for (const ExposedInput& each : graph.inputs) {
    taken.push_back(each.name);
    for (const Link& link : each.to)
      if (link.node == node_ && link.port == name) exposed = each.name;
  }
  if (exposed.empty()) {
    if (ImGui::MenuItem("Expose")) {
      const std::string as = freeName(taken, name);
      state_.edit("Expose " + QString::fromStdString(as), [&](const Document& document) {
        return expose(document, state_.session.place(), state_.session.catalog(), {node_, slot}, as);
      });
    }
  } else if (ImGui::MenuItem(("Expose no longer (as “" + exposed + "”)").c_str())) {
    state_.edit("Expose no longer", [&](const Document& document) {
      return unexpose(document, state_.session.place(), exposed);
    });
  }
  if (ImGui::MenuItem("Copy name"))
    QGuiApplication::clipboard()->setText(QString::fromStdString(state_.port(node_ + "." + name)));
  if (ImGui::MenuItem("Copy value"))
    QGuiApplication::clipboard()->setText(QString::fromStdString(valueText(valueOf(*shape->node, socket_))));
}

void Menus::socket() {
  const std::string port = node_ + "." + socket_.slot;
  ImGui::TextDisabled("%s", port.c_str());
  ImGui::Separator();
  const std::string place = state_.session.place();
  std::vector<Wire> wires;
  for (const WireShape& wire : state_.scene.wires())
    if (socket_.output ? wire.wire.from.node == node_ && wire.wire.from.port == socket_.slot
                       : wire.wire.to.node == node_ && wire.wire.to.slot == socket_.slot)
      wires.push_back(wire.wire);
  if (ImGui::MenuItem(wires.size() > 1 ? "Cut all links" : "Cut link", nullptr, false, !wires.empty()))
    state_.edit("Cut links", [&](const Document& document) { return disconnect(document, place, wires); });
  if (socket_.output && !socket_.adds) {
    if (ImGui::MenuItem("Show in viewer") && state_.openViewer) state_.openViewer(state_.port(port));
    if (ImGui::MenuItem("Watch on the timeline")) {
      Selection selection;
      selection.nodes = {node_};
      selection.port = state_.port(port);
      state_.session.select(selection);
      canvas_.watchSelected();
    }
    const Graph& graph = graphAt(state_.session.document(), place);
    std::vector<std::string> taken;
    for (const ExposedOutput& each : graph.outputs) taken.push_back(each.name);
    if (!socket_.inside && ImGui::MenuItem("Expose as an output")) {
      const std::string as = freeName(taken, socket_.slot);
      state_.edit("Expose " + QString::fromStdString(as), [&](const Document& document) {
        return exposeOutput(document, place, {node_, socket_.slot}, as);
      });
    }
  } else if (!socket_.output && !socket_.adds && socket_.slot.find('.') == std::string::npos &&
             socket_.slot[0] != '@') {
    parameter();
  }
  const bool named = socket_.slot.find('.') != std::string::npos;
  if (named && !socket_.adds) {
    ImGui::Separator();
    if (ImGui::MenuItem("Remove from the zone"))
      state_.edit("Remove " + QString::fromStdString(socket_.slot), [&](const Document& document) {
        return renameZonePort(document, place, node_, socket_.slot, "");
      });
    if (socket_.slot.compare(0, 8, "collect.") == 0)
      for (const int64_t every : {1, 5, 10, 50})
        if (ImGui::MenuItem(every == 1 ? "Keep every step"
                                       : ("Keep every " + std::to_string(every) + "th step").c_str()))
          state_.edit("Keep steps", [&](const Document& document) {
            return setCollectEvery(document, place, node_, socket_.slot.substr(8), every);
          });
  }
  if (ImGui::MenuItem("Copy name"))
    QGuiApplication::clipboard()->setText(QString::fromStdString(state_.port(port)));
}

void Menus::wire() {
  ImGui::TextDisabled("%s → %s.%s", wire_.from.text().c_str(), wire_.to.node.c_str(), wire_.to.slot.c_str());
  ImGui::Separator();
  const std::string place = state_.session.place();
  if (ImGui::MenuItem("Cut link"))
    state_.edit("Cut link", [&](const Document& document) { return disconnect(document, place, {wire_}); });
  if (hit_.kind == Kind::wire && ImGui::MenuItem("Add corner"))
    state_.editLayout("Add corner", [&](Layout& layout) { layout.reroutes[key_].push_back(at_); });
  if (hit_.kind == Kind::corner && ImGui::MenuItem("Remove corner"))
    state_.editLayout("Remove corner", [&](Layout& layout) {
      auto& corners = layout.reroutes[key_];
      if (corner_ < static_cast<int>(corners.size())) corners.erase(corners.begin() + corner_);
      if (corners.empty()) layout.reroutes.erase(key_);
    });
  if (state_.scene.layout().reroutes.count(key_) && ImGui::MenuItem("Straighten"))
    state_.editLayout("Straighten link", [&](Layout& layout) { layout.reroutes.erase(key_); });
  if (ImGui::MenuItem("Show in viewer") && state_.openViewer)
    state_.openViewer(state_.port(wire_.from.text()));
  if (ImGui::MenuItem("Go to where it begins")) canvas_.centreOn(wire_.from.node);
  if (ImGui::MenuItem("Go to where it ends")) canvas_.centreOn(wire_.to.node);
}

void Menus::frameOrNote() {
  const bool note = hit_.kind == Kind::note || hit_.kind == Kind::noteBorder;
  ImGui::TextDisabled(note ? "Note" : "Frame");
  ImGui::Separator();
  if (ImGui::MenuItem(note ? "Edit text" : "Rename") && rename) rename(id_);
  colours(id_);
  if (ImGui::MenuItem("Delete")) canvas_.removeSelected(false);
}

void Menus::canvas() {
  if (ImGui::MenuItem("Add node…") && addAt) addAt(at_);
  if (ImGui::MenuItem("Add note") && addNote) addNote(at_);
  if (ImGui::MenuItem("Add frame") && addFrame) addFrame(at_);
  if (ImGui::MenuItem("Paste")) canvas_.paste();
  ImGui::Separator();
  if (ImGui::MenuItem("Select all")) canvas_.selectAll();
  if (ImGui::MenuItem("Tidy up")) canvas_.tidyUp(false);
  if (ImGui::MenuItem("Fit all")) canvas_.fitAll();
  if (ImGui::MenuItem("Find node…")) canvas_.openFind();
  if (ImGui::MenuItem("Minimap", nullptr, canvas_.minimapShown()))
    canvas_.showMinimap(!canvas_.minimapShown());
  if (ImGui::MenuItem("Snap to the grid", nullptr, canvas_.snapping()))
    canvas_.setSnapping(!canvas_.snapping());
  if (!state_.session.place().empty() && ImGui::MenuItem("Leave group")) canvas_.leaveGroup();
}

}  // namespace loom::editor
