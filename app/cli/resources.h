#pragma once
// Where the models and pictures that ship with the program lie; a graph names them "@resources/...".
#include <filesystem>

namespace loom {

/// $NOISELOOM_RESOURCES; else resources/ or ../share/noiseloom/resources/ beside the program; else the source
/// tree it was built from. Need not exist: a graph that asks for it then says so.
std::filesystem::path resourcesFolder();

}  // namespace loom
