#pragma once
// The layout block of a document, typed: where things lie and how they look, never what they mean. Read from
// JSON and written back; what it does not know it keeps. Canvas units: a pixel at zoom 1, y downwards.
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/graph/document.h"

namespace loom::editor {

struct Point {
  float x = 0, y = 0;
  bool operator==(const Point&) const = default;
};
struct Rect {
  float x = 0, y = 0, width = 0, height = 0;
  bool operator==(const Rect&) const = default;
};

struct NodeLayout {
  std::optional<Point> at;    // left upper corner; of a zone: of its region. Empty: tidy() places it
  std::optional<Point> size;  // of a zone's region where it was drawn larger than its body asks for
  bool collapsed = false;
  std::string colour;            // "#RRGGBB", empty: by group
  std::set<std::string> rolled;  // seeds that are not locked: each run draws them anew
  bool operator==(const NodeLayout&) const = default;
};
struct FrameLayout {
  Rect rect;
  std::string title, colour;
  bool operator==(const FrameLayout&) const = default;
};
struct NoteLayout {
  Rect rect;
  std::string text, colour;
  bool operator==(const NoteLayout&) const = default;
};
struct Bookmark {
  Point centre;
  float zoom = 1;
  std::string title;
  bool operator==(const Bookmark&) const = default;
};

/// Of one graph: the document's own, or a group's.
struct Layout {
  std::unordered_map<std::string, NodeLayout> nodes;
  std::map<std::string, FrameLayout> frames;
  std::map<std::string, NoteLayout> notes;
  std::map<std::string, std::vector<Point>>
      reroutes;                               // "node.port>node.slot": corners of that wire, from its begin
  std::map<std::string, Bookmark> bookmarks;  // "1" to "9"
  std::vector<std::string> watched;           // ports whose steps the timeline shows: "predict.x0"
  bool operator==(const Layout&) const = default;
};

/// Read anew only from a layout that is another than the last ones.
std::shared_ptr<const Layout> layoutOf(const Document& document, const std::string& place);
Document withLayout(const Document& document, const std::string& place, const Layout& layout);

/// The ports that the timeline shows: `watched`, or where none is named the states of outermost zones, those
/// in groups too, that look like pictures and outputs named x0 in them; of zones without any, which train
/// something, the losses and the states of zones in them that look like pictures.
class Catalog;
std::vector<std::string> watchedPorts(const Document& document, const Catalog& catalog);
/// With these ports among them, or without. The first change ends the default choice, which goes on being
/// shown.
Document withWatched(const Document& document, const Catalog& catalog, const std::vector<std::string>& ports,
                     bool on);

/// Places for all nodes that have none (or, with `all`, for every node): left to right by what depends on
/// what, zones around their bodies, nothing overlapping. `sizes`: of nodes, by id, as the canvas draws them;
/// where a node is not named a guess from its sockets is taken. Deterministic; about linear in nodes and
/// links.
struct TidyOptions {
  bool all = false;
  std::vector<std::string> only;  // these alone, with `all`
  std::map<std::string, Point> sizes;
};
Layout tidy(const Document& document, const std::string& place, const Catalog& catalog,
            const TidyOptions& options);

}  // namespace loom::editor
