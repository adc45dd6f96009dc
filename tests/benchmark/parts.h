#pragma once
// The parts of the benchmark, in the order in which they are printed.
#include <cstdint>
#include <memory>
#include <string>

#include "nodes/ddpm/unet.h"

namespace loom::bench {

void engineTimes();                            // a warm and a cached node; a zone against the loop by hand
void networkTimes(const std::string& python);  // DDPM CIFAR-10 size against PyTorch; empty: ours alone
void steeringTimes();  // previews, forks, the cache, seeds as a batch, a graph of 10,000 nodes, on the
                       // shipped model
void previewTimes();   // of these, previews alone
void memoryPeaks();    // of a forward pass, each in a process of its own

/// In such a process: prints the bytes that the network and a forward pass of a batch took at most.
void printMemoryPeak(int64_t batch);

/// google/ddpm-cifar10-32: 35.7 M parameters in Ho et al.'s layout, with seeded weights of a trained net's
/// size.
std::shared_ptr<const UNet> cifarNet();

}  // namespace loom::bench
