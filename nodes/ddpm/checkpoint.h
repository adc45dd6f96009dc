#pragma once
// Which tensors of a DDPM checkpoint are the network: training programs keep several copies under prefixes.
#include "nodes/ddpm/unet.h"

namespace loom {

enum class CheckpointPart {
  automatic,  // the moving average where there is one
  ema,
  model,
};

struct CheckpointChoice {
  std::string prefix;  // "ema_model.", "4.module.", ""
  bool ema = false;
};

/// The prefixes under which a network lies, as names tell: w86763777 {net_model, ema_model}, ermongroup/ddim
/// a list [model, …, ema] with or without "module.", pesser a bare network, ours "model." and "ema.".
std::vector<CheckpointChoice> networksIn(const std::vector<std::string>& names);

/// The network's tensors, float32 [as stored otherwise], by their bare names. A moving average that lacks the
/// fixed sinusoid table takes it from the model. Throws Error where the part is not there, naming those that
/// are.
Parameters unetFrom(const Weights& weights, CheckpointPart part);
/// The same of names and sizes alone, as a file's header gives them.
ShapeMap unetShapesFrom(const ShapeMap& shapes, CheckpointPart part);

}  // namespace loom
