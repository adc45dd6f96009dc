// Where nodes are, what sees what, and what depends on what.
#include "app/editor/document/graph_edit.h"

#include <algorithm>
#include <deque>
#include <unordered_set>

#include "engine/core/error.h"

namespace loom::editor {

namespace {

thread_local const StillGraph* still = nullptr;  // the newest

}  // namespace

StillGraph::StillGraph(const Graph& graph) : graph_(graph), index_(GraphIndex::of(graph)), before_(still) {
  still = this;
}

StillGraph::~StillGraph() { still = before_; }

std::shared_ptr<const GraphIndex> GraphIndex::of(const Graph& graph) {
  for (const StillGraph* each = still; each; each = each->before_)
    if (&each->graph_ == &graph) return each->index_;
  // Kept nodes can't be freed, so that equal pointers are equal nodes.
  static thread_local std::deque<std::shared_ptr<const GraphIndex>> kept;
  const auto same = [](const ExposedOutput& a, const ExposedOutput& b) { return a.from == b.from; };
  for (size_t i = 0; i < kept.size(); ++i) {
    if (kept[i]->nodes_ != graph.nodes || !std::equal(kept[i]->outputs_.begin(), kept[i]->outputs_.end(),
                                                      graph.outputs.begin(), graph.outputs.end(), same))
      continue;
    std::rotate(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(i),
                kept.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    return kept.front();
  }
  kept.push_front(std::make_shared<const GraphIndex>(graph));
  if (kept.size() > 4) kept.pop_back();
  return kept.front();
}

GraphIndex::GraphIndex(const Graph& graph) : nodes_(graph.nodes), outputs_(graph.outputs) {
  places_.reserve(graph.nodes.size());
  add(nodes_, nullptr, 0);
}

void GraphIndex::add(const std::vector<NodePtr>& nodes, const Node* zone, int depth) {
  for (const NodePtr& node : nodes) {
    places_.emplace(node->id, Place{node.get(), zone, depth, static_cast<int>(places_.size())});
    if (node->zone) add(node->zone->nodes, node.get(), depth + 1);
  }
}

const GraphIndex::Place* GraphIndex::find(std::string_view id) const {
  const auto found = places_.find(id);
  return found == places_.end() ? nullptr : &found->second;
}

const GraphIndex::Place& GraphIndex::at(std::string_view id) const {
  const Place* found = find(id);
  if (!found) throw Error("there is no node \"" + std::string(id) + "\"");
  return *found;
}

bool GraphIndex::sees(const Node* scope, const Node* home) const {
  for (; scope != home; scope = at(scope->id).zone)
    if (!scope) return false;
  return true;
}

const Node* GraphIndex::scopeOf(const Place& reader, const SlotRef& slot) const {
  return slot.atEnd() ? reader.node : reader.zone;
}

bool GraphIndex::visible(const Link& link, const Node* scope) const {
  const Place* from = find(link.node);
  if (!from || !sees(scope, from->zone)) return false;
  if (!from->node->zone) return true;
  const Zone& zone = *from->node->zone;
  const bool inside = sees(scope, from->node);
  for (const Zone::State& state : zone.state)
    if (state.name == link.port) return true;
  for (const Zone::Collect& collect : zone.collect)
    if (collect.name == link.port) return !inside;
  if (link.port == "index" || link.port == "count") return inside;
  for (const auto& [name, over] : zone.over)
    if (name == link.port) return inside;
  return false;
}

const std::vector<const Node*>& GraphIndex::upstream(const Node* node) const {
  const auto found = upstream_.find(node);
  if (found != upstream_.end()) return found->second;
  std::vector<const Node*> all;
  const Node* home = at(node->id).zone;
  const auto look = [&](const Link& link) {
    const Place* from = find(link.node);
    if (from && from->zone == home && from->node != node &&
        std::find(all.begin(), all.end(), from->node) == all.end())
      all.push_back(from->node);
  };
  forEachLinkWithin(*node, [&](const Node&, const SlotRef&, const Link& link) { look(link); });
  return upstream_.emplace(node, std::move(all)).first->second;
}

bool GraphIndex::dependsOn(const Node* node, const Node* on) const {
  std::vector<const Node*> open{node};
  std::unordered_set<const Node*> seen{node};
  while (!open.empty()) {
    const Node* at = open.back();
    open.pop_back();
    if (at == on) return true;
    for (const Node* before : upstream(at))
      if (seen.insert(before).second) open.push_back(before);
  }
  return false;
}

const GraphIndex::Place* GraphIndex::whoWaits(const Place& source, const Place& reader,
                                              const SlotRef& slot) const {
  const Place* waits = slot.atEnd() ? nullptr : &reader;
  for (const Node* scope = scopeOf(reader, slot); scope != source.zone; scope = waits->zone) {
    if (!scope) return nullptr;
    waits = &at(scope->id);
  }
  return waits;
}

bool GraphIndex::closesCircle(const Link& from, const Place& reader, const SlotRef& slot) const {
  const Place& source = at(from.node);
  const Place* waits = whoWaits(source, reader, slot);
  if (!waits) return false;
  // What is in a zone may read the zone.
  if (waits->node == source.node) return !sees(scopeOf(reader, slot), source.node);
  return dependsOn(source.node, waits->node);
}

template <class Note>
void GraphIndex::forEachRead(const Note& note) const {
  for (const NodePtr& node : nodes_)
    forEachLinkWithin(*node, [&](const Node&, const SlotRef&, const Link& link) { note(link); });
  for (const ExposedOutput& output : outputs_) note(output.from);
}

const std::vector<std::string>& GraphIndex::portsRead(std::string_view id) const {
  static const std::vector<std::string> none;
  // Of a few nodes it looks them up, each through all links; who asks for more asks for all.
  constexpr size_t kFew = 4;
  if (!readFound_ && (few_.size() < kFew || few_.contains(std::string(id)))) {
    const auto [at, isNew] = few_.try_emplace(std::string(id));
    const auto note = [&, &ports = at->second](const Link& link) {
      if (link.node == id && std::find(ports.begin(), ports.end(), link.port) == ports.end())
        ports.push_back(link.port);
    };
    if (isNew) forEachRead(note);
    return at->second;
  }
  if (!readFound_) {
    readFound_ = true;
    const auto note = [&](const Link& link) {
      std::vector<std::string>& ports =
          read_[find(link.node) ? find(link.node)->node->id : std::string_view()];
      if (std::find(ports.begin(), ports.end(), link.port) == ports.end()) ports.push_back(link.port);
    };
    forEachRead(note);
  }
  const auto found = read_.find(id);
  return found == read_.end() ? none : found->second;
}

}  // namespace loom::editor
