#pragma once
// Several runs in step with one another: calls of one network that they reach at the same time run as one
// batch. Each run does what it would do alone, step by step, with its own noise, observer, probes and
// results; what one of them has put into the cache the next finds there. Meant for jobs that differ in seeds
// and scalars.
#include <exception>
#include <memory>
#include <vector>

#include "engine/run/run.h"

namespace loom {

/// Executes them on the calling thread. A run that fails, or is cancelled, leaves the others to go on. Gives,
/// in their order, null for each that finished and what it threw for each other. Runs whose plans train
/// (zones with gradients) are executed one after the other.
std::vector<std::exception_ptr> executeTogether(const std::vector<std::unique_ptr<Run>>& runs);

}  // namespace loom
