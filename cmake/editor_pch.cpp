// Carries the precompiled header of the editor; see Editor.cmake.
