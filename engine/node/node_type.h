#pragma once
// A node type: ports, what it computes, and what the plan may assume of it. A node is one .cpp: ports,
// execute, the declaration; see nodes/README.md.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/node/port.h"
#include "engine/node/spec.h"

namespace loom {

class Exec;
class Infer;

/// Rewrites a node's parameters and inputs, as JSON, from version `from` to the next.
struct Migration {
  int from;
  void (*apply)(nlohmann::json& node);
};

struct NodeType {
  std::string id, title, doc;
  int version = 1;
  std::vector<Port> inputs, outputs;
  void (*execute)(Exec&) = nullptr;

  /// Fills in what is known of the outputs and refuses what can't work, before anything runs.
  /// Null: types alone are checked.
  void (*infer)(Infer&) = nullptr;

  /// The part of the work that needs only some inputs. The plan makes it an operation of its own, so
  /// it is hoisted out of a zone, or done once for all steps, when those inputs allow it; execute()
  /// reads its result with Exec::prepared().
  struct Prepare {
    std::vector<const void*> inputs;  // ports it reads
    void (*execute)(Exec&) = nullptr;
    void (*executeAll)(std::vector<Exec>&) = nullptr;  // for all steps of a zone at once; may be null
  };
  std::optional<Prepare> prepare;

  /// Independent calls with the same value on port `same` run as one call of `execute`.
  struct Merge {
    const void* same;
    void (*execute)(std::vector<Exec>&);
  };
  std::optional<Merge> merge;

  /// Bytes that execute() works in beside its inputs and outputs; empty where they are not known before the
  /// run. Null: next to none.
  std::optional<int64_t> (*workBytes)(const Infer&) = nullptr;

  /// It shows something of its inside when asked (Exec::inside()).
  bool showsInside = false;

  /// Adds to the content key what parameters do not tell, such as a file's identity.
  void (*fingerprint)(Exec&, class KeyBuilder&) = nullptr;

  bool pure = true;       // equal inputs give equal outputs, and nothing else happens
  bool effect = false;    // runs for what it does (writing a file), not for an output
  bool usesStep = false;  // reads the zone's iteration (noise): differs at every step
  std::vector<Migration> migrations;
  std::vector<std::string> aliases;  // earlier ids

  const Port* input(std::string_view id) const;
  const Port* output(std::string_view id) const;
  int inputIndex(const void* key) const {
    for (size_t i = 0; i < inputs.size(); ++i)
      if (inputs[i].key == key) return static_cast<int>(i);
    return -1;
  }
  int outputIndex(const void* key) const {
    for (size_t i = 0; i < outputs.size(); ++i)
      if (outputs[i].key == key) return static_cast<int>(i);
    return -1;
  }
};

namespace detail {
template <class T>
void addPort(NodeType& type, const In<T>& in) {
  type.inputs.push_back(portOf(in));
}
template <class T>
void addPort(NodeType& type, const InMany<T>& in) {
  type.inputs.push_back(portOf(in));
}
template <class T>
void addPort(NodeType& type, const Out<T>& out) {
  type.outputs.push_back(portOf(out));
}
}  // namespace detail

/// Declares a node type: makeNode("schedule.noise", "Noise schedule", "What it is for.", execute, ports...).
template <class... Ports>
NodeType makeNode(const char* id, const char* title, const char* doc, void (*execute)(Exec&),
                  const Ports&... ports) {
  NodeType type;
  type.id = id;
  type.title = title;
  type.doc = doc;
  type.execute = execute;
  (detail::addPort(type, ports), ...);
  return type;
}

/// The node types and value types a program knows. Filled once, from explicit lists, then constant.
class Registry {
 public:
  void add(NodeType type);  // throws Error on a duplicate id or port
  void add(const TypeInfo& type);
  void add(Conversion conversion);

  const NodeType* find(std::string_view id) const;  // aliases too; null when unknown
  const TypeInfo* findType(std::string_view id) const;
  const std::map<std::string, NodeType, std::less<>>& nodes() const { return nodes_; }
  const std::map<std::string, const TypeInfo*, std::less<>>& types() const { return types_; }
  const std::vector<Conversion>& conversions() const { return conversions_; }
  /// Null where `from` can't stand for `to`; the identity is not listed (from == to, or to is Any).
  const Conversion* conversion(const TypeInfo& from, const TypeInfo& to) const;
  /// The known id nearest to a mistyped one, for "did you mean"; empty if none is near.
  std::string nearest(std::string_view id) const;

 private:
  std::map<std::string, NodeType, std::less<>> nodes_;
  std::map<std::string, std::string, std::less<>> aliases_;
  std::map<std::string, const TypeInfo*, std::less<>> types_;
  std::vector<Conversion> conversions_;
};

}  // namespace loom
