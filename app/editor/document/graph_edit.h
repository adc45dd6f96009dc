#pragma once
// What the edits are made of: where nodes are, their links one by one, changes that copy only the way to a
// node. For this folder alone.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "app/editor/document/edits.h"
#include "engine/graph/document.h"

namespace loom::editor {

inline constexpr int64_t kNewCount = 10;                  // iterations of a new zone
inline constexpr int64_t kMostCount = 1'000'000'000'000;  // of any zone
inline constexpr size_t kMostLinks = 10'000;              // on one port

/// Where a link ends, taken apart. `name` points into the slot's text or the node.
struct SlotRef {
  enum class Kind { port, over, count, init, next, until, collect, when } kind = Kind::port;
  std::string_view name;
  int index = 0;
  /// Read at the end of a zone's body, from within it.
  bool atEnd() const { return kind == Kind::next || kind == Kind::until || kind == Kind::collect; }
  std::string text() const;
};
SlotRef slotOf(const Node& node, std::string_view slot);

/// Calls `each(const SlotRef&, const Link&)` for every link of a node, not of those in its zone.
template <class Each>
void forEachLink(const Node& node, Each&& each) {
  using Kind = SlotRef::Kind;
  if (node.zone) {
    const Zone& zone = *node.zone;
    for (const auto& [name, link] : zone.over)
      if (!link.empty()) each(SlotRef{Kind::over, name}, link);
    if (zone.countFrom && !zone.countFrom->empty()) each(SlotRef{Kind::count, {}}, *zone.countFrom);
    for (const Zone::State& state : zone.state) {
      if (!state.init.empty()) each(SlotRef{Kind::init, state.name}, state.init);
      if (!state.next.empty()) each(SlotRef{Kind::next, state.name}, state.next);
    }
    if (zone.until && !zone.until->empty()) each(SlotRef{Kind::until, {}}, *zone.until);
    for (const Zone::Collect& collect : zone.collect)
      if (!collect.from.empty()) each(SlotRef{Kind::collect, collect.name}, collect.from);
  } else {
    for (const auto& [name, input] : node.inputs)
      for (size_t i = 0; i < input.links.size(); ++i)
        each(SlotRef{Kind::port, name, static_cast<int>(i)}, input.links[i]);
  }
  if (node.when) each(SlotRef{Kind::when, {}}, *node.when);
}

/// The same for those in its zone too: `each(const Node& reader, const SlotRef&, const Link&)`.
template <class Each>
void forEachLinkWithin(const Node& node, const Each& each) {
  forEachLink(node, [&](const SlotRef& slot, const Link& link) { each(node, slot, link); });
  if (node.zone)
    for (const NodePtr& inner : node.zone->nodes) forEachLinkWithin(*inner, each);
}

/// Where each node of a graph is. Asked again for the same nodes, it gives what it found before.
class GraphIndex {
 public:
  struct Place {
    const Node* node = nullptr;
    const Node* zone = nullptr;  // in whose body it is; null: none
    int depth = 0;
    int number = 0;  // among all, in the order of the file
  };
  static std::shared_ptr<const GraphIndex> of(const Graph& graph);
  explicit GraphIndex(const Graph& graph);

  const Place* find(std::string_view id) const;
  const Place& at(std::string_view id) const;  // throws Error
  size_t size() const { return places_.size(); }
  /// May what is in `scope` see what is in `home`? Scopes are zones, null at the top.
  bool sees(const Node* scope, const Node* home) const;
  /// The scope in which a node's slot is read.
  const Node* scopeOf(const Place& reader, const SlotRef& slot) const;
  /// Whether the link's output can be seen in `scope`; a zone's ports differ inside and outside.
  bool visible(const Link& link, const Node* scope) const;
  /// Nodes of the same body that this one waits for; a zone waits for what its body reads.
  const std::vector<const Node*>& upstream(const Node* node) const;
  bool dependsOn(const Node* node, const Node* on) const;
  /// Who in the source's body has to wait for it, that the slot can be read: the reader or the zone around it
  /// that stands there. Null: nobody, it is read when that body has ended, or it can't be seen.
  const Place* whoWaits(const Place& source, const Place& reader, const SlotRef& slot) const;
  /// Would a link into this slot close a circle?
  bool closesCircle(const Link& from, const Place& reader, const SlotRef& slot) const;
  /// Outputs of a node that others link from, in the order of the file.
  const std::vector<std::string>& portsRead(std::string_view id) const;

 private:
  void add(const std::vector<NodePtr>& nodes, const Node* zone, int depth);
  template <class Note>
  void forEachRead(const Note& note) const;

  std::vector<NodePtr> nodes_;  // keeps alive what the maps point to
  std::vector<ExposedOutput> outputs_;
  std::unordered_map<std::string_view, Place> places_;
  mutable std::unordered_map<const Node*, std::vector<const Node*>> upstream_;
  mutable std::unordered_map<std::string_view, std::vector<std::string>> read_;
  mutable std::map<std::string, std::vector<std::string>> few_;
  mutable bool readFound_ = false;
};

Graph& graphIn(Document& document, const std::string& place);
/// All nodes in them too, where some are zones.
Ids withInner(const Graph& graph, const Ids& ids);
/// Without those whose zone is among them as well, and what is no node.
Ids outermost(const Graph& graph, const Ids& ids);
/// All graphs of a document, by place.
void forEachGraph(Document& document, const std::function<void(const std::string& place, Graph&)>& each);

void editNode(Graph& graph, std::string_view id, const std::function<void(Node&)>& edit);
void editZone(Graph& graph, std::string_view id, const std::function<void(Zone&)>& edit);
/// The nodes of a zone's body; "" for those at the top.
void editBody(Graph& graph, std::string_view zone, const std::function<void(std::vector<NodePtr>&)>& edit);
/// Every node that is `wanted`, zones' included.
void changeNodes(std::vector<NodePtr>& nodes, const std::function<bool(const Node&)>& wanted,
                 const std::function<void(Node&)>& edit);
/// Takes nodes out, wherever they are, and gives them in the order of the file. Their links stay.
std::vector<NodePtr> takeOut(Graph& graph, const Ids& ids);

/// What a link becomes: another, or nothing. Called more than once for a link.
using LinkChange =
    std::function<std::optional<Link>(const Node& reader, const SlotRef& slot, const Link& link)>;
bool changeLinks(std::vector<NodePtr>& nodes, const LinkChange& change);
/// The same in one node, its zone's body not included.
void changeOwnLinks(Node& node, const LinkChange& change);
/// In nodes and exposed outputs, which go where their link goes; in a group its users lose that output.
void changeLinksIn(Document& document, const std::string& place, const LinkChange& change);
/// Links that lead where they can't be seen, to nothing or in a circle (those of `touched` nodes) are cut.
void cutBadLinks(Document& document, const std::string& place, const Ids& touched);
bool hasCircle(const Graph& graph);

/// Those who use a group lose these of its outputs, or links and values of these of its inputs.
void dropGroupPorts(Document& document, const std::string& group, const std::set<std::string>& inputs,
                    const std::set<std::string>& outputs);
/// Throws where the graph at this place would hold itself by using the group.
void requireNoSelfUse(const Document& document, const std::string& place, const std::string& group);
std::set<std::string> groupsUsed(const Document& document, const std::vector<NodePtr>& nodes);

/// Ids that are free in a graph, its frames and notes; what was made is taken.
class FreshIds {
 public:
  FreshIds(const Document& document, const std::string& place);
  std::string make(std::string_view stem);  // "denoise", "denoise_2"; a stem's own number is left out
  bool take(const std::string& id);         // false: was taken
 private:
  bool taken(const std::string& id) const;
  std::shared_ptr<const GraphIndex> index_;
  std::set<std::string> taken_;
  std::map<std::string, int> next_;
};
std::string stemOfType(const std::string& type);
/// "latent", "latent_2", ...: the first, second choice of a name. What is no identifier is a "value".
std::string numberedName(const std::string& wanted, int number);
std::string freshName(const std::string& wanted, const std::function<bool(const std::string&)>& taken);
/// The input that takes a type best, the output that gives it best; "" where none does.
std::string bestInput(const Face& face, const Catalog& catalog, const std::string& from);
std::string bestOutput(const Face& face, const Catalog& catalog, const std::string& to);
/// The link made, whether it may be or not.
Document linked(const Document& document, const std::string& place, const Catalog& catalog, const Link& from,
                const InputSlot& to);
/// A free name for a state, sequence or collection.
std::string freshZonePort(const Zone& zone, const std::string& wanted);
bool hasZonePort(const Zone& zone, std::string_view name);
void requireName(const std::string& name, const char* what);  // an identifier

/// Nodes with other ids, their links among each other too.
std::vector<NodePtr> withIds(std::vector<NodePtr> nodes, const std::map<std::string, std::string>& ids);

std::vector<NodePtr> renamedNodes(std::vector<NodePtr> nodes, const std::map<std::string, std::string>& ids);
/// The zone that all of these lie in, "" for none; throws where it is not one.
std::string commonScope(const Graph& graph, const Ids& ids);
/// Throws where a node that is not among these lies between two of them.
void requireConvex(const Document& document, const std::string& place, const Catalog& catalog,
                   const Ids& ids);

// The layout, as JSON: what an edit changes in it, without reading all of it.
nlohmann::json& layoutPart(Document& document, const std::string& place, const char* part);
nlohmann::json* findLayoutPart(Document& document, const std::string& place, const char* part);
const nlohmann::json* findLayoutPart(const Document& document, const std::string& place, const char* part);
void setAt(Document& document, const std::string& place, const std::string& id, Point at);
std::optional<Point> pointFrom(const nlohmann::json& json);
nlohmann::json toJson(Point point);
/// Entries of nodes, frames and notes get other ids ("" for none: they go); corners and watched ports follow.
void renameInLayout(Document& document, const std::string& place,
                    const std::function<std::string(const std::string&)>& idFor);
void renamePortInLayout(Document& document, const std::string& place, const std::string& node,
                        const std::string& port, const std::string& to);
/// Entries of these nodes, frames and notes, moved, under other ids.
void copyLayout(const Document& from, const std::string& fromPlace, Document& to, const std::string& toPlace,
                const std::map<std::string, std::string>& ids, Point by);
/// The nodes of a group lie where its node did.
void expandLayout(const Document& before, Document& document, const std::string& place, const std::string& id,
                  const std::string& group, const std::map<std::string, std::string>& names);
/// Corners of wires that are gone go too.
void pruneReroutes(Document& document, const std::string& place);
struct RerouteKey {
  Link from;
  InputSlot to;
  std::string text() const;
};
std::optional<RerouteKey> parseReroute(const std::string& key);

/// As a person reads it: title, else the type's, else the id.
std::string nameOf(const Node& node, const Catalog& catalog);
std::string typeName(const Catalog& catalog, const std::string& type);
/// Type of a sequence's elements as a zone goes over it, "" where it is none; "any" for "any".
std::string elementOf(const Catalog& catalog, const std::string& type);
/// The port behind an exposed input's target, as a person may set it.
PortType portOfTarget(const Document& document, const std::string& place, const Link& to,
                      const Catalog& catalog);

}  // namespace loom::editor
