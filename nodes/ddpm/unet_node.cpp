// ddpm.unet: a denoiser from the weights of a DDPM U-Net.
#include "engine/node/exec.h"
#include "nodes/ddpm/checkpoint.h"

namespace loom {
namespace {

constexpr In<Weights> weights{
    "weights",
    "A DDPM checkpoint: w86763777/pytorch-ddpm, pesser/pytorch_diffusion, ermongroup/ddim, or ours"};
constexpr In<Choice> part{"part",
                          "Which copy of the network: auto takes the moving average where there is one",
                          {.value = 0, .names = {"auto", "ema", "model"}}};
constexpr Out<Denoiser> denoiser{"denoiser", "The network, ready to be asked"};

void execute(Exec& x) {
  const Weights& file = x.get(weights);
  try {
    Parameters parameters = unetFrom(file, x.get(part).as<CheckpointPart>());
    ShapeMap shapes;
    for (const auto& [name, tensor] : parameters) shapes[name] = tensor.sizes().vec();
    const UNetConfig config = recogniseUNet(shapes);
    for (auto& [name, tensor] : parameters) tensor = tensor.to(x.policy().device).contiguous();
    x.set(denoiser, Denoiser{.net = std::make_shared<UNet>(config, std::move(parameters))});
  } catch (const Error& error) {
    if (!error.port.empty()) throw;
    throw Error("", weights.id, (file.source.empty() ? "" : file.source + ": ") + error.what());
  }
}

void infer(Infer& i) {
  // One sample [C, H, W]; the file is read when the graph runs.
  i.out(denoiser).shape = std::vector<Dim>{"channels", "height", "width"};
  i.out(denoiser).dtype = at::kFloat;
}

}  // namespace

NodeType ddpmUNet() {
  NodeType type =
      makeNode("ddpm.unet", "DDPM U-Net",
               "The U-Net of \"Denoising Diffusion Probabilistic Models\". Its sizes are read from the "
               "weights.",
               execute, weights, part, denoiser);
  type.infer = infer;
  return type;
}

}  // namespace loom
