#pragma once
// Numbers as a NumPy file, version 1.0: what numpy.load() reads.
#include <string>

#include "app/editor/session/picture.h"

namespace loom::editor {

/// The file's bytes: float32, little endian, row major, in the shape of the values.
std::string npyFile(const Values& values);

}  // namespace loom::editor
