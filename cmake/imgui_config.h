#pragma once
// Read by every file that includes imgui.h. Vertices are counted in 32 bits: thousands of nodes are one
// window.
#define ImDrawIdx unsigned int
