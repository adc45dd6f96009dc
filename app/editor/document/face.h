#pragma once
// What a node shows on the canvas: its sockets, whatever kind of node it is. Sockets of plain nodes are the
// ports of their type; those of zones come from what the zone goes over, carries and collects; those of
// groups from the names that the group exposes.
//
// A socket that takes a link is named by its node and a slot:
//   "x_t"         a port of a plain node, an exposed input of a group
//   "over.t"      what a zone goes over      "init.x"  a state's first value
//   "next.x"      what a state becomes       "collect.x0"  what is collected    (these two are inside the
//   zone)
//   "@count", "@until" (inside)  of a zone   "@when"   of any node
// An empty name ("over.", "init.", "collect.") stands for the zone's socket that makes a new one when linked.
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/editor/catalog/catalog.h"
#include "engine/graph/document.h"

namespace loom::editor {

struct InputSlot {
  std::string node, slot;
  auto operator<=>(const InputSlot&) const = default;
};

struct Socket {
  std::string slot;  // of an input; of an output the port of Link
  std::string label;
  PortType port;        // type, doc, range, default; type "any" where it is not known
  bool inside = false;  // of a zone: seen from its body
  bool adds = false;    // makes a new state, sequence or collection when linked
};

struct Face {
  std::string title;       // the node's own, else its type's
  std::string kind;        // the type's title, "Zone", "Group NAME", "Unknown: TYPE"
  std::string doc, group;  // group: the type's, for its colour
  bool known = true;
  std::vector<Socket> inputs, outputs;  // outside; a plain node has no others
  std::vector<Socket> bodyInputs,
      bodyOutputs;  // a zone's, inside: bodyOutputs feed the body, bodyInputs take from it

  const Socket* input(std::string_view slot) const;  // bodyInputs too
  const Socket* output(std::string_view port, bool inside) const;
};

/// While it lives nobody changes this graph, and so questions about its nodes need not look each time whether
/// it is the one that is known: for whoever asks for each of thousands. On the stack.
class GraphIndex;
class StillGraph {
 public:
  explicit StillGraph(const Graph& graph);
  ~StillGraph();
  StillGraph(const StillGraph&) = delete;
  StillGraph& operator=(const StillGraph&) = delete;

 private:
  friend class GraphIndex;
  const Graph& graph_;
  std::shared_ptr<const GraphIndex> index_;
  const StillGraph* const before_;  // of this thread
};

/// The graph at a place: "" is the document's own, else a group's name. Throws Error where there is none.
const Graph& graphAt(const Document& document, const std::string& place);

Face faceOf(const Document& document, const std::string& place, const Node& node, const Catalog& catalog);

/// Faces of many nodes of a graph, which nobody changes meanwhile. Nodes that show what their type declares,
/// and no more, share one.
class Faces {
 public:
  Faces(const Document& document, const std::string& place, const Catalog& catalog);
  std::shared_ptr<const Face> of(const Node& node);

 private:
  const Document& document_;
  const std::string place_;
  const Catalog& catalog_;
  const StillGraph still_;
  std::map<const NodeType*, std::shared_ptr<const Face>> plain_;
};

/// Each of the nodes, a zone before those in it.
void forEachNode(const std::vector<NodePtr>& nodes, const std::function<void(const Node&)>& visit);

/// Those of the ids that are nodes of the graph, zones' included.
std::set<std::string> nodesAmong(const Graph& graph, const std::set<std::string>& ids);

/// The zones around a node, outermost first; empty at the top. Throws Error for an unknown id.
std::vector<std::string> zonesAround(const Graph& graph, std::string_view id);

/// All links of a graph, zones' included, with the socket each ends in, in the order of the file.
struct Wire {
  Link from;
  InputSlot to;
  int index = 0;  // among the links of a slot that takes many
  bool operator==(const Wire&) const = default;
};
std::vector<Wire> wiresOf(const Graph& graph);

/// What feeds a slot; empty: nothing.
std::vector<Link> linksInto(const Graph& graph, const InputSlot& slot);

/// The type of what a link carries, as far as declarations tell (states by their first value); "any"
/// otherwise.
std::string typeOf(const Document& document, const std::string& place, const Link& link,
                   const Catalog& catalog);

}  // namespace loom::editor
