#pragma once
// Which values may stand for another without a node in between.
#include "engine/node/node_type.h"

namespace loom {

/// Noise as Latent (the start of sampling), and plain tensors to and from Latent, Noise and Image. A tensor
/// of the wrong rank or kind is refused with an Error when it arrives.
void addTypeConversions(Registry& registry);

}  // namespace loom
