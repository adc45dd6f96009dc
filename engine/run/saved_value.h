#pragma once
// Any value as named tensors and JSON, and back, bit for bit: what a checkpoint is made of. A type brings
// its own form (TypeInfo::save and load, or parse and format for scalars); one that is a tensor at heart is
// kept as that tensor where the registry can make it from one again.
#include <c10/core/Device.h>

#include "engine/node/node_type.h"
#include "engine/values/tensors.h"

namespace loom {

/// Throws Error where the value's type has no form that it could be read from again. Tensors are shared,
/// not copied. An empty value is allowed.
Archive archiveOf(const Value& value, const Registry& registry);

/// The value again. Tensors are copied: nothing keeps the archive's file open or depends on its layout; what
/// lived on an accelerator goes to `device`. Throws Error on anything that does not fit together.
Value valueOf(const Archive& archive, const Registry& registry, c10::Device device);

/// Puts `part` into `whole` under a name, and takes it out again. A name holds no '/'.
void addPart(Archive& whole, const std::string& name, Archive part);
Archive takePart(const Archive& whole, const std::string& name);

/// A hash of all tensors, names and descriptions, to tell a damaged file.
std::string digestOf(const Archive& archive);

}  // namespace loom
