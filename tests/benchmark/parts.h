#pragma once
// The parts of the benchmark, in the order in which they are printed.
#include <string>

namespace loom::bench {

void engineTimes();                            // a warm and a cached node; a zone against the loop by hand
void networkTimes(const std::string& python);  // DDPM CIFAR-10 size against PyTorch; empty: ours alone

}  // namespace loom::bench
