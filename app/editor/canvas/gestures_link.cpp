// Dragging links: new ones, by their ends, all of an output.
#include <imgui.h>

#include "app/editor/canvas/gestures.h"

namespace loom::editor {

using Kind = Hit::Kind;
using What = LinkDrag::What;

void Gestures::beginLink() {
  const NodeShape& node = state_.scene.nodes()[pressed_.node];
  const SocketShape& socket = node.sockets[pressed_.socket];
  LinkDrag link;
  link.fixed = node.at(socket);
  link.type = socket.type;
  const auto& wires = state_.scene.wires();
  if (socket.output) {
    link.from = {node.id, socket.slot};
    if (shift_)
      for (const WireShape& wire : wires)
        if (wire.from == pressed_.node && wire.fromSocket == pressed_.socket) link.wires.push_back(wire.wire);
    link.what = link.wires.empty() ? What::fromOutput : What::allOfOutput;
    if (link.what == What::allOfOutput) link.to = link.wires.front().to;
  } else {
    link.to = {node.id, socket.slot};
    link.what = What::fromInput;
    for (const WireShape& wire : wires)  // the last, where there are many
      if (wire.to == pressed_.node && wire.toSocket == pressed_.socket && wire.fromSocket >= 0) {
        const NodeShape& source = state_.scene.nodes()[wire.from];
        link.what = What::detached;
        link.wire = wire.wire;
        link.from = wire.wire.from;
        link.type = source.sockets[wire.fromSocket].type;
        link.fixed = source.at(source.sockets[wire.fromSocket]);
      }
  }
  doing_ = Doing::linking;
  state_.link = std::move(link);
  refusalFor_.clear();
}

// On a node's body the best fitting port is meant: the same type before a conversion, free before taken.
void Gestures::snapToPort() {
  Hit& hit = state_.hover;
  if (hit.kind == Kind::field || hit.kind == Kind::fieldSign || hit.kind == Kind::fieldLock ||
      hit.kind == Kind::socket)
    return;
  if (!hit.body() && hit.kind != Kind::thumb) {
    hit.node = hit.socket = -1;
    return;
  }
  const NodeShape& node = state_.scene.nodes()[hit.node];
  int best = 0;
  hit.socket = -1;
  for (size_t i = 0; i < node.sockets.size(); ++i) {
    const SocketShape& socket = node.sockets[i];
    if (socket.slot == "@when" || socket.adds) continue;
    const int fit = fitOf(state_, *state_.link, node, socket);
    if (!fit) continue;
    // A label under the mouse says which one is meant.
    const bool row = contains(moved(socket.row, corner(node.rect)), state_.mouse);
    const int score =
        fit * 4 + (socket.linked && !socket.port->many ? 0 : 2) + (socket.field ? 0 : 1) + (row ? 16 : 0);
    if (score > best) {
      best = score;
      hit.socket = static_cast<int>(i);
    }
  }
}

void Gestures::dragLink() {
  state_.hover = hitAt(state_, state_.mouse);
  snapToPort();
  const Hit& hit = state_.hover;
  std::string key;
  if (hit.socket >= 0) {
    const NodeShape& node = state_.scene.nodes()[hit.node];
    const SocketShape& socket = node.sockets[hit.socket];
    key = node.id + "." + socket.slot + (socket.output ? ">" : "<") + (socket.inside ? "i" : "");
  } else if (hit.node >= 0) {
    key = state_.scene.nodes()[hit.node].id;
  }
  if (key == refusalFor_) return;
  refusalFor_ = key;
  state_.refusal.clear();
  if (hit.node < 0) return;
  const Catalog& catalog = state_.session.catalog();
  const NodeShape& node = state_.scene.nodes()[hit.node];
  if (hit.socket < 0) {
    const ValueType* type = catalog.type(state_.link->type);
    const std::string name = type ? type->name : state_.link->type;
    state_.refusal = state_.link->wantsInput() ? "No input of “" + node.title + "” takes “" + name + "”"
                                               : "No output of “" + node.title + "” gives “" + name + "”";
    return;
  }
  const SocketShape& socket = node.sockets[hit.socket];
  const bool back =
      state_.link->what == What::detached && state_.link->wire.to == InputSlot{node.id, socket.slot};
  if (back) return;
  Link from;
  InputSlot to;
  if (!linkFrom(from, to)) {
    state_.refusal = state_.link->wantsInput() ? "A link ends at an input" : "A link begins at an output";
    return;
  }
  const Document& document = state_.session.document();
  try {
    if (const auto reason = refusal(document, state_.session.place(), catalog, from, to)) {
      // It may still be mended, by taking the node into the zone.
      state_.refusal = *reason;
      connect(document, state_.session.place(), catalog, from, to);
      state_.refusal.clear();
    }
  } catch (const std::exception& error) {
    state_.refusal = error.what();
  }
}

// Both ends, as the mouse has it; false where two of a kind would meet.
bool Gestures::linkFrom(Link& from, InputSlot& to) const {
  const NodeShape& node = state_.scene.nodes()[state_.hover.node];
  const SocketShape& socket = node.sockets[state_.hover.socket];
  if (state_.link->wantsInput() == socket.output) return false;
  from = state_.link->wantsInput() ? state_.link->from : Link{node.id, socket.slot};
  to = state_.link->wantsInput() ? InputSlot{node.id, socket.slot} : state_.link->to;
  return true;
}

void Gestures::dropLink() {
  const LinkDrag link = *state_.link;
  const std::string place = state_.session.place();
  const Catalog& catalog = state_.session.catalog();
  const std::string reason = state_.refusal;
  Link from;
  InputSlot to;
  const bool onPort = state_.hover.node >= 0 && state_.hover.socket >= 0 && linkFrom(from, to);
  const bool onNode = state_.hover.node >= 0;
  state_.link.reset();
  state_.refusal.clear();
  state_.redraw();
  if (!reason.empty()) return state_.session.notice(QString::fromStdString(reason), true);
  if (onPort) {
    if (link.what == What::allOfOutput) {
      state_.edit("Move links", [&](const Document& document) {
        Document next = disconnect(document, place, link.wires);
        for (const Wire& wire : link.wires) next = connect(next, place, catalog, from, wire.to);
        return next;
      });
      return;
    }
    if (link.what == What::detached && link.wire.to == to) return;
    state_.edit(link.what == What::detached ? "Move link" : "Link " + QString::fromStdString(to.slot),
                [&](const Document& document) {
                  return connect(
                      link.what == What::detached ? disconnect(document, place, {link.wire}) : document,
                      place, catalog, from, to);
                });
    return;
  }
  if (onNode) return;
  if (link.what == What::detached) {
    state_.edit("Cut link",
                [&](const Document& document) { return disconnect(document, place, {link.wire}); });
    return;
  }
  if (link.what != What::allOfOutput) search_.openAdd(ImGui::GetIO().MousePos, state_.mouse, link);
}

}  // namespace loom::editor
