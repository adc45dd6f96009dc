// train.unet: a fresh U-Net to train.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/ddpm/unet.h"
#include "nodes/training/train_state.h"

namespace loom {
namespace {

constexpr In<Int> imageSize{"image_size", "Side of the pictures", {.value = 32, .min = 1, .max = 4096}};
constexpr In<Int> channels{"channels", "Channels of a picture", {.value = 3, .min = 1, .max = 1024}};
constexpr In<Int> ch{"ch", "Channels after the first convolution", {.value = 64, .min = 1, .max = 4096}};
constexpr In<Shape> mult{
    "mult", "Channels of each level, as multiples of ch, finest first", {.value = {1, 2, 2, 2}, .rank = 4}};
constexpr In<Shape> attention{
    "attention", "Sides of the feature maps that get attention", {.value = {16}, .rank = 1}};
constexpr In<Int> blocks{"blocks", "Residual blocks a level", {.value = 1, .min = 1, .max = 16}};
constexpr In<Int> timesteps{
    "timesteps", "Steps of the noise schedule", {.value = 1000, .min = 1, .max = 100000}};
constexpr In<Bool> learnVariance{"learn_variance", "Predict the variance too: twice the output channels", {}};
constexpr In<Choice> layout{"layout",
                            "Whose names and conventions the weights follow",
                            {.value = 0, .names = {"pytorch_ddpm", "ho"}}};
constexpr In<Seed> seed{"seed", "Start of the random weights"};
constexpr Out<TrainState> state{"state", "Weights to train, before the first step"};

constexpr int64_t kMostParameters = 2'000'000'000;

UNetConfig configOf(const Exec& x) {
  UNetConfig config;
  config.layout = x.get(layout).as<UNetLayout>();
  config.inChannels = x.get(channels);
  config.outChannels = config.inChannels * (x.get(learnVariance) ? 2 : 1);
  config.ch = x.get(ch);
  config.timeDim = 4 * config.ch;
  config.timeSteps = x.get(timesteps);
  config.blocks = x.get(blocks);
  config.widths.clear();
  config.attention.clear();
  const auto& sides = x.get(attention).sizes;
  int64_t side = x.get(imageSize);
  for (const int64_t multiple : x.get(mult).sizes) {
    if (multiple < 1 || multiple > 64) throw Error("", mult.id, "multiples are from 1 to 64");
    config.widths.push_back(config.ch * multiple);
    config.attention.push_back(std::find(sides.begin(), sides.end(), side) != sides.end());
    side /= 2;
  }
  if (config.widths.empty() || config.widths.size() > 10) throw Error("", mult.id, "give 1 to 10 levels");
  if (x.get(imageSize) % config.sizeMultiple() != 0)
    throw Error("", imageSize.id,
                "with " + std::to_string(config.widths.size()) + " levels the side must be a multiple of " +
                    std::to_string(config.sizeMultiple()));
  return config;
}

void execute(Exec& x) {
  const UNetConfig config = configOf(x);
  double total = 0;
  for (const auto& parameter : unetParameters(config)) {
    double size = 1;
    for (const int64_t dim : parameter.shape) size *= static_cast<double>(dim);
    total += size;
  }
  if (total > kMostParameters)
    throw Error("", ch.id, "the net would have more than two thousand million parameters");
  const UNet net(config, initialUNet(config, x.get(seed).value));
  x.set(state, freshState(net, x.get(imageSize), x.policy().device));
}

}  // namespace

NodeType trainUNet() {
  return makeNode("train.unet", "New U-Net",
                  "A U-Net as in DDPM with fresh weights, and an optimiser that has not taken a step.",
                  execute, imageSize, channels, ch, mult, attention, blocks, timesteps, learnVariance, layout,
                  seed, state);
}

}  // namespace loom
