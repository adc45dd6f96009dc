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

// Where the file's header has told names and sizes, wrong weights are refused before anything runs.
void infer(Infer& i) {
  Spec& out = i.out(denoiser);
  out.dtype = at::kFloat;
  out.shape = std::vector<Dim>{"channels", "height", "width"};  // of one sample
  const auto& tensors = i.in(weights).tensors;
  const Choice* wanted = i.constant(part);
  if (!tensors || !wanted) return;
  try {
    const ShapeMap shapes = unetShapesFrom(*tensors, wanted->as<CheckpointPart>());
    const UNetConfig config = recogniseUNet(shapes);
    (*out.shape)[0] = config.inChannels;
    int64_t parameters = 0;
    for (const auto& [name, sizes] : shapes) parameters += c10::multiply_integers(sizes);
    out.heldBytes = 4 * parameters;
    const int64_t side = 4 * config.sizeMultiple();
    out.callBytes = 4.0 * static_cast<double>(unetFloatsToHold(config, 1, side)) /
                    static_cast<double>(config.inChannels * side * side);
  } catch (const Error& error) {
    i.refuse(weights, error.what());
  }
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
