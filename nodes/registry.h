#pragma once
// Everything Noiseloom can do, in one registry: all value types, conversions and nodes of list.inc.
#include "engine/node/node_type.h"

namespace loom {

/// Built once, on first use; constant afterwards and safe to share between threads.
const Registry& registry();

}  // namespace loom
