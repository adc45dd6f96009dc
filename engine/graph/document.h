#pragma once
// A graph as a value. Documents are immutable: an edit makes a new one that shares what did not change.
// Nothing here knows what a node does; unknown types, parameters and fields survive.
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace loom {

/// "node.port": an output of a node or zone, or (in `to` of an exposed input) an input.
struct Link {
  std::string node, port;
  bool operator==(const Link&) const = default;
  bool empty() const { return node.empty(); }  // not linked (yet)
  std::string text() const { return node + "." + port; }
};

/// What feeds an input: one link, or a list of them where the port takes many.
struct Input {
  std::vector<Link> links;
  bool list = false;  // written as a list in the file
  bool operator==(const Input&) const = default;
};

struct Node;
using NodePtr = std::shared_ptr<const Node>;

/// The loop of a node of type "zone". Inside, "zone.state" is the value of this iteration; outside, the last.
/// Links of `over`, states and collections may be empty: a zone that is being built, or that a group's
/// exposed input feeds.
struct Zone {
  struct State {
    std::string name;
    Link init, next;
    nlohmann::json unknown = nlohmann::json::object();
    bool operator==(const State&) const = default;
  };
  struct Collect {
    std::string name;
    Link from;
    int64_t every = 1;
    nlohmann::json unknown = nlohmann::json::object();
    bool operator==(const Collect&) const = default;
  };
  std::vector<std::pair<std::string, Link>> over;  // sequences gone over in step, by name
  std::optional<int64_t> count;                    // without `over`: how many iterations
  std::optional<Link> countFrom;
  std::vector<State> state;
  std::optional<Link> until;  // a bool of the body: stop after this iteration
  std::vector<Collect> collect;
  std::vector<NodePtr> nodes;
};

/// Whether a node takes part. A muted one is not there, and nor is what can't do without it; a bypassed one
/// gives on what comes to it. FORMAT.md says what that is for zones and groups.
enum class NodeMode { on, muted, bypassed };

struct Node {
  std::string id, type, title;
  int version = 1;
  std::map<std::string, nlohmann::json> params;
  std::map<std::string, Input> inputs;
  std::optional<Link> when;
  NodeMode mode = NodeMode::on;
  std::shared_ptr<const Zone> zone;                   // only for type "zone"
  nlohmann::json unknown = nlohmann::json::object();  // fields of a newer program
};

struct ExposedInput {
  std::string name, doc;
  std::vector<Link> to;
  nlohmann::json unknown = nlohmann::json::object();
};
struct ExposedOutput {
  std::string name, doc;
  Link from;
  nlohmann::json unknown = nlohmann::json::object();
};

/// Nodes in the order of the file, and the names under which parts of it are seen from outside.
struct Graph {
  std::vector<NodePtr> nodes;
  std::vector<ExposedInput> inputs;
  std::vector<ExposedOutput> outputs;
  nlohmann::json unknown = nlohmann::json::object();  // a group's; a document has its own
};

/// JSON that copies share until one of them is changed. A layout is as large as its graph, and most edits
/// leave it alone.
class SharedJson {
 public:
  SharedJson();  // an empty object
  SharedJson(nlohmann::json json) : json_(std::make_shared<nlohmann::json>(std::move(json))) {}
  const nlohmann::json& operator*() const { return *json_; }
  const nlohmann::json* operator->() const { return json_.get(); }
  /// To be changed: this copy's alone from here on.
  nlohmann::json& own();
  /// Equal without a look at it; others may be equal too.
  bool sharedWith(const SharedJson& other) const { return json_ == other.json_; }

 private:
  std::shared_ptr<nlohmann::json> json_;
};

struct Document {
  int format = 1;
  std::string title, about;
  Graph graph;
  std::map<std::string, Graph> groups;  // used by nodes of type "group:NAME"
  SharedJson layout;                    // positions, colours, frames, notes: never meaning
  nlohmann::json unknown = nlohmann::json::object();
};

inline constexpr std::string_view kZoneType = "zone";
inline constexpr std::string_view kGroupPrefix = "group:";
inline constexpr int kMostNesting = 32;  // zones in zones, groups in groups
inline constexpr size_t kMostNodes = 200'000;
inline constexpr size_t kMostZonePorts = 1'000;  // sequences, states and collections of one zone

bool isIdentifier(std::string_view text);  // [A-Za-z_][A-Za-z0-9_]*, up to 64
std::optional<Link> parseLink(std::string_view text);

/// "on", "muted", "bypassed", as the file has them.
std::string_view modeName(NodeMode mode);
std::optional<NodeMode> modeNamed(std::string_view name);

/// The node with this id, in the graph or any zone of it; null if there is none.
const Node* findNode(const Graph& graph, std::string_view id);

/// A document in which one node is replaced by what `edit` makes of it. Throws Error for an unknown id.
Document withNode(const Document& document, std::string_view id, const std::function<void(Node&)>& edit);

/// Sets an exposed name or "node.param"; throws Error with the names there are.
Document withValue(const Document& document, const std::string& name, const nlohmann::json& value);

}  // namespace loom
