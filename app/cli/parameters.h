#pragma once
// All parameters of a document, groups gone into: what provenance lists seeds and files from.
#include <functional>

#include "engine/graph/document.h"
#include "engine/node/node_type.h"

namespace loom {

/// `path` is "group/node"; the value is the one in force: set by a group around the node, by the node itself,
/// or the port's default. Ports that a link feeds, and those without a value, are left out; so are nodes of
/// unknown types.
using ParameterVisit =
    std::function<void(const std::string& path, const Port& port, const nlohmann::json& value)>;
void forEachParameter(const Document& document, const Registry& registry, const ParameterVisit& visit);

}  // namespace loom
