#pragma once
// Types of a group's ports as far as its graph tells before anything is planned. Private to engine/plan.
#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/graph/document.h"
#include "engine/node/node_type.h"

namespace loom {

class PortTypes {
 public:
  PortTypes(const Document& document, const Registry& registry) : document_(document), registry_(registry) {}

  // All of these are looked up: a file may expose very many ports, and use a group very often.
  /// Of a group's exposed outputs, in their order.
  std::shared_ptr<const std::vector<const TypeInfo*>> ofOutputs(const Graph& group);
  const ExposedInput* inputOf(const Graph& group, const std::string& name);
  const ExposedOutput* outputOf(const Graph& group, const std::string& name);

  // Null where it is not known: no such port, or a type that only planning tells.
  const TypeInfo* ofOutput(const Graph& graph, const Link& from) { return output(graph, from, 0); }
  const TypeInfo* ofInput(const Graph& graph, const Link& to) { return input(graph, to, 0); }

 private:
  struct Names {
    std::unordered_map<std::string_view, const Node*> nodes;
    std::unordered_map<std::string_view, const ExposedInput*> inputs;
    std::unordered_map<std::string_view, const ExposedOutput*> outputs;
    std::shared_ptr<const std::vector<const TypeInfo*>> types;  // of the outputs
  };

  Names& namesOf(const Graph& graph);
  const Node* find(const Graph& graph, const std::string& id);
  const Graph* groupOf(const Node& node) const;
  const TypeInfo* output(const Graph& graph, const Link& from, int depth);
  const TypeInfo* input(const Graph& graph, const Link& to, int depth);

  const Document& document_;
  const Registry& registry_;
  std::map<const Graph*, Names> names_;
};

}  // namespace loom
