#pragma once
// How a node type travels from the library to the canvas when it is dragged: its id as UTF-8.

namespace loom::editor {

inline constexpr const char* kLibraryMime = "application/x-noiseloom-node";

}  // namespace loom::editor
