#pragma once
// Collecting numbers into curves. Pure functions.
#include <string>

#include "engine/values/tensors.h"

namespace loom {

/// The number that a value holds: an int, a real, a bool, or a tensor with one element. Throws Error on
/// others.
double numberOf(const Value& value);

/// The frames of a recording over their iteration (the innermost zone's, from 0).
Series seriesOf(const Recording& recording, const std::string& name);

/// "x,loss,norm" and a line for each x that any series holds, in ascending order; empty where one has no such
/// x.
std::string csvOf(const std::vector<Series>& series);

}  // namespace loom
