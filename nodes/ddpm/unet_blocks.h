#pragma once
// A U-Net's parameters by the place where they are used, so that forward() looks no name up. The same walk
// over the architecture lists the names, checks them and resolves them.
#include <functional>
#include <optional>

#include "nodes/ddpm/unet.h"

namespace loom {

/// Weight and bias of a convolution, a linear map or a normalisation.
struct Affine {
  at::Tensor weight, bias;
  bool defined() const { return weight.defined(); }
};

struct AttentionBlock {
  std::string name;  // "mid.attn_1", as the layout calls it
  Affine norm, q, k, v, proj;
};

struct ResidualBlock {
  std::string name;  // "down.0.block.1"
  int64_t in = 0, out = 0;
  int64_t embedBegin = 0;  // this block's columns of the embedding: [embedBegin, embedBegin + out)
  Affine norm1, conv1, embed, norm2, conv2;
  Affine shortcut;  // undefined where in == out
  std::optional<AttentionBlock> attention;
};

struct UNetLevel {
  std::vector<ResidualBlock> blocks;
  Affine resample;  // undefined at the end, and where resampling is without convolution
};

struct UNetBlocks {
  at::Tensor sinusoid;  // [timeSteps, ch], layout pytorch_ddpm
  Affine time0, time1;
  Affine head;
  std::vector<UNetLevel> down, up;  // by level, finest first
  ResidualBlock middle0, middle1;
  Affine tailNorm, tail;
  int64_t embedWidth = 0;
};

/// Called for every parameter in upstream's order; gives the tensor to put there.
using ParameterSource = std::function<at::Tensor(const std::string& name, const std::vector<int64_t>& shape)>;
UNetBlocks assembleUNet(const UNetConfig& config, const ParameterSource& source);

/// The same blocks with every weight in another dtype, biases too; norms and the time MLP stay as they are.
UNetBlocks castUNet(const UNetBlocks& blocks, at::ScalarType dtype);

}  // namespace loom
