#pragma once
// The program's arguments: which command, with which options. Everything a person can type is declared here.
#include "engine/node/node_type.h"

namespace loom {

/// Parses and does; returns the exit code (see output.h).
int runCommandLine(int argc, const char* const* argv, const Registry& registry);

}  // namespace loom
