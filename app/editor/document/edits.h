#pragma once
// Everything that can be done to a graph, as functions from document to document: the canvas, the panels and
// the tests all edit through these, and undo keeps what they give. None changes what it was given. `place` is
// "" for the document's own graph, else a group's name. What can't be done throws Error with the reason, as a
// person reads it.
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/editor/document/face.h"
#include "app/editor/document/layout.h"

namespace loom::editor {

using Ids = std::set<std::string>;

enum class Lock { on, off };

/// A document and what the edit made: to be selected next.
struct Edited {
  Document document;
  Ids made;
};

// Nodes
/// `zone`: the zone it becomes a member of, "" for none. A new "zone" comes with a state "x", counts 10, and
/// holds nothing. Its id is made from its type. "group:NAME" too.
Edited addNode(const Document&, const std::string& place, const Catalog&, const std::string& type, Point at,
               const std::string& zone);
/// A node wired to what was dragged: from an output (`from`) into the new node's best input, or from the new
/// node's best output into `to`. Throws where the type has no fitting port.
Edited addNodeFrom(const Document&, const std::string& place, const Catalog&, const std::string& type,
                   Point at, const std::string& zone, const Link& from);
Edited addNodeTo(const Document&, const std::string& place, const Catalog&, const std::string& type, Point at,
                 const std::string& zone, const InputSlot& to);
/// Zones go with all that is in them; what they fed is unlinked. With `reconnect` each output's readers are
/// given to the node's first linked input of a fitting type.
Document removeNodes(const Document&, const std::string& place, const Catalog&, const Ids&,
                     bool reconnect = false);
/// Copies beside the originals. Links among the copies are kept; with `keepInputs` also those from outside.
Edited duplicate(const Document&, const std::string& place, const Catalog&, const Ids&, Point by,
                 bool keepInputs);
Document rename(const Document&, const std::string& place, const std::string& id,
                const std::string& to);  // and all that names it
Document setTitle(const Document&, const std::string& place, const std::string& id, const std::string& title);
Document setMode(const Document&, const std::string& place, const Ids&, NodeMode mode);
/// Into a zone, or out of it ("" for none), with a check that no link would lead where it can't be seen:
/// links that would are cut, and the zone's next, collect and until with them.
Document moveToZone(const Document&, const std::string& place, const Catalog&, const Ids&,
                    const std::string& zone);
/// The node put into the wire: its best input takes what the wire carries, its best output feeds on.
Document insertOnWire(const Document&, const std::string& place, const Catalog&, const std::string& id,
                      const Wire& wire);
/// Nothing, where this wire may be: else why not, in one sentence.
std::optional<std::string> refusal(const Document&, const std::string& place, const Catalog&,
                                   const Link& from, const InputSlot& to);
/// Replaces what was there, or adds to a slot that takes many. A zone's empty-named slot makes a new state,
/// sequence or collection, named after the port. A node outside that is linked from inside a zone becomes a
/// member where that mends it (it and what it needs), otherwise the refusal is thrown.
Document connect(const Document&, const std::string& place, const Catalog&, const Link& from,
                 const InputSlot& to);
Document disconnect(const Document&, const std::string& place, const std::vector<Wire>& wires);

// Parameters
/// null takes it back to the default. A zone's "count" too. Checks type, range and choices. Throws.
Document setParam(const Document&, const std::string& place, const Catalog&, const std::string& id,
                  const std::string& port, const nlohmann::json& value);

// Seeds. One that is not locked is drawn anew for each run; that is kept in the layout, for a graph with the
// seeds it has means the same with and without.
Document lockSeed(const Document&, const std::string& place, const std::string& id, const std::string& port,
                  Lock);
bool anyRolled(const Document&, const Catalog&);
/// All that are not locked, in groups too, drawn by `draw`. Linked ones are left alone.
Document rollSeeds(const Document&, const Catalog&, const std::function<uint64_t()>& draw);

// Zones
Document addState(const Document&, const std::string& place, const std::string& zone,
                  const std::string& name);
/// Of a state, sequence or collection ("init.x", "over.t", "collect.x0"): renames it and all links to it;
/// empty removes it.
Document renameZonePort(const Document&, const std::string& place, const std::string& zone,
                        const std::string& slot, const std::string& to);
Document setCollectEvery(const Document&, const std::string& place, const std::string& zone,
                         const std::string& name, int64_t every);

// Groups
/// The nodes become a group with a name of its own and one node of it, wired as they were.
Edited makeGroup(const Document&, const std::string& place, const Catalog&, const Ids&,
                 const std::string& name);
/// A group's node becomes the nodes inside it.
Edited expandGroup(const Document&, const std::string& place, const Catalog&, const std::string& id);
/// The nodes become the body of a new zone.
Edited wrapInZone(const Document&, const std::string& place, const Catalog&, const Ids&);

// Exposed names
Document expose(const Document&, const std::string& place, const Catalog&, const InputSlot& slot,
                const std::string& name);
Document exposeOutput(const Document&, const std::string& place, const Link& link, const std::string& name);
Document unexpose(const Document&, const std::string& place, const std::string& name);

// Text: the clipboard is the graph file format
std::string copyText(const Document&, const std::string& place, const Ids&);
/// Nodes (and the groups they use) of a graph file's text, with new ids where theirs are taken, around `at`.
/// Throws Error for text that is no graph.
Edited paste(const Document&, const std::string& place, const Catalog&, const std::string& text, Point at,
             const std::string& zone);

// Layout
enum class Align { left, centre, right, top, middle, bottom, spreadAcross, spreadDown };
Document align(const Document&, const std::string& place, const Ids&, Align how,
               const std::map<std::string, Point>& sizes);
Document moveBy(const Document&, const std::string& place, const Ids&,
                Point by);  // zones with all in them; frames and notes by id

/// A number as one types it: "2*pi", "1/255", "1e-4", "sqrt(2)", "-3**2". Empty where it is none. Bounded in
/// length and depth.
std::optional<double> evaluate(std::string_view expression);

}  // namespace loom::editor
