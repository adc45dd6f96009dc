// Stands before LibTorch's own torch/torch.h, which includes all there is and costs every file 5 s more: the
// part of it that Noiseloom uses everywhere. Include torch/nn.h, torch/fft.h and so on where they are needed.
#pragma once
#include <ATen/Parallel.h>
#include <torch/autograd.h>
#include <torch/types.h>
