#pragma once
// First half of compiling: groups expanded, every link resolved to the node and output it comes from. What is
// wrong with a node is kept beside it: it matters only to a run that needs the node.
#include <optional>
#include <string>
#include <vector>

#include "engine/core/error.h"
#include "engine/graph/document.h"
#include "engine/node/node_type.h"

namespace loom {

/// An output: of a node by its index, or of a zone by its FlatZone port number.
struct Source {
  int node = -1;
  int output = 0;
  int cast = -1;  // what it becomes on the way: FlatGraph::casts
  explicit operator bool() const { return node >= 0; }
};

struct FlatNode {
  const Node* doc = nullptr;
  const NodeType* type = nullptr;  // null for a zone, and where it is unknown
  std::string path;
  int scope = 0;                           // index into FlatGraph::scopes
  std::vector<std::vector<Source>> links;  // an entry an input port of the type
  std::map<std::string, Source> named;  // zones: "over.t", "count", "init.x", "next.x", "until", "collect.h"
  Source when;
  int body = -1;                 // zones: scope of the body
  int absent = -1;               // the muted or bypassed node because of which it does not run, or itself
  std::optional<Error> problem;  // why it can't run
};

struct FlatScope {
  int parent = -1;
  int zone = -1;  // the node whose body this is; -1 at the root
  int depth = 0;
  std::vector<int> nodes;
};

/// A type that a value is brought to, after those before it.
struct Cast {
  int before;  // -1: none
  const TypeInfo* type;
};

struct FlatGraph {
  std::vector<FlatNode> nodes;
  std::vector<FlatScope> scopes;  // 0 is the root
  std::vector<std::pair<std::string, Source>> outputs;
  std::vector<NodePtr> owned;   // nodes that a group's inputs changed
  std::vector<Error> problems;  // all there are, those of groups included
  std::vector<Cast> casts;
};

/// Numbers of a zone's ports: states first, then what is only seen inside, then collections.
int zonePort(const Zone& zone, const std::string& name);  // -1 for no such port
bool isZoneState(const Zone& zone, int port);
bool isZoneCollect(const Zone& zone, int port);
int zonePortCount(const Zone& zone);
std::string zonePortName(const Zone& zone, int port);

/// Muted and bypassed nodes are seen to: what runs is linked to what runs. Throws Error only for what no run
/// can do without: exposed outputs, and limits.
FlatGraph flatten(const Document& document, const Registry& registry);

/// A node that does not run because of another, which is muted, or bypassed with nothing to give on.
struct LostNode {
  std::string node, because;  // paths
};
/// In the order of the file; not the muted nodes themselves. Throws Error for limits alone.
std::vector<LostNode> lostNodes(const Document& document, const Registry& registry);

}  // namespace loom
