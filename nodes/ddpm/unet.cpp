#include "nodes/ddpm/unet.h"

#include <c10/core/GradMode.h>
#include <cmath>

#include "nodes/ddpm/layers.h"
#include "nodes/ddpm/unet_blocks.h"

namespace loom {

namespace {

at::Tensor linear(const at::Tensor& x, const Affine& affine) {
  return at::linear(x, affine.weight, affine.bias);
}

std::string sizeList(const at::Tensor& x) { return describe(x); }

at::Generator generatorOn(at::Device device, uint64_t seed) {
  const at::Generator source = at::globalContext().defaultGenerator(device).clone();
  at::Generator generator = source;
  generator.set_current_seed(seed);
  return generator;
}

// In the order in which forward() reaches them.
template <class Visit>
void forEachBlock(const UNetBlocks& u, Visit visit) {
  for (const UNetLevel& level : u.down)
    for (const ResidualBlock& b : level.blocks) visit(b);
  visit(u.middle0);
  visit(u.middle1);
  for (size_t i = u.up.size(); i-- > 0;)
    for (const ResidualBlock& b : u.up[i].blocks) visit(b);
}

}  // namespace

at::Tensor interleavedSinusoid(int64_t steps, int64_t ch) {
  const at::Tensor exponent = at::arange(0, ch, 2, at::kLong).to(at::kFloat) / static_cast<double>(ch);
  const at::Tensor frequency = at::exp(-(exponent * std::log(10000.0)));
  const at::Tensor angle = at::arange(steps, at::kFloat).unsqueeze(1) * frequency.unsqueeze(0);
  return at::stack({at::sin(angle), at::cos(angle)}, -1).reshape({steps, ch});
}

at::Tensor halvesSinusoid(const at::Tensor& t, int64_t ch) {
  const int64_t half = ch / 2;
  const double rate = std::log(10000.0) / static_cast<double>(half - 1);
  const at::Tensor frequency =
      at::exp(at::arange(half, at::TensorOptions(at::kFloat).device(t.device())) * -rate);
  const at::Tensor angle = t.to(at::kFloat).unsqueeze(1) * frequency.unsqueeze(0);
  const at::Tensor waves = at::cat({at::sin(angle), at::cos(angle)}, 1);
  return ch % 2 == 1 ? at::constant_pad_nd(waves, {0, 1}) : waves;
}

UNet::UNet(UNetConfig config, Parameters parameters)
    : config_(std::move(config)), parameters_(std::move(parameters)) {
  ShapeMap shapes;
  for (const auto& [name, tensor] : parameters_) {
    shapes[name] = tensor.sizes().vec();
    trainable_ = trainable_ || tensor.requires_grad();
  }
  checkUNetShapes(config_, shapes);
  blocks_ = std::make_shared<const UNetBlocks>(assembleUNet(
      config_, [&](const std::string& name, const std::vector<int64_t>&) { return parameters_.at(name); }));
}

UNet::~UNet() = default;

std::shared_ptr<const DenoiserNet> UNet::withParameters(Parameters parameters) const {
  return std::make_shared<UNet>(config_, std::move(parameters));
}

std::string UNet::describe() const {
  int64_t numbers = 0;
  for (const auto& [name, tensor] : parameters_)
    if (learns(name)) numbers += tensor.numel();
  char text[120];
  std::snprintf(text, sizeof text, "DDPM U-Net, %s layout, %.2f M parameters",
                config_.layout == UNetLayout::ho ? "Ho et al." : "w86763777",
                static_cast<double>(numbers) * 1e-6);
  return text;
}

bool UNet::learns(const std::string& name) const { return name != "time_embedding.timembedding.0.weight"; }

at::Tensor UNet::timeEmbedding(const at::Tensor& t) const {
  const UNetBlocks& u = *blocks_;
  if (t.dim() != 1) throw Error("Timesteps come as one list [N]; these are " + sizeList(t) + ".");
  at::Tensor waves;
  if (config_.layout == UNetLayout::ho) {
    waves = halvesSinusoid(t.to(u.time0.weight.device()), config_.ch);
  } else {
    // The table is part of the weights; between its rows there is nothing.
    const at::Tensor rows = t.to(u.sinusoid.device(), at::kLong);
    if (t.is_floating_point() && !at::equal(rows.to(t.scalar_type()), t.to(rows.device())))
      throw Error("This network (w86763777 layout) knows whole timesteps only: its sinusoid is a table.");
    if (rows.numel() > 0 &&
        (rows.min().item<int64_t>() < 0 || rows.max().item<int64_t>() >= config_.timeSteps))
      throw Error("This network knows the timesteps 0 to " + std::to_string(config_.timeSteps - 1) +
                  "; asked for " + std::to_string(rows.min().item<int64_t>()) + " to " +
                  std::to_string(rows.max().item<int64_t>()) + ". Choose a schedule of that many steps.");
    waves = u.sinusoid.detach().to(at::kFloat).index_select(0, rows);
  }
  return linear(at::silu(linear(waves, u.time0)), u.time1);
}

at::Tensor UNet::embedTime(const at::Tensor& t) const {
  const at::Tensor active = at::silu(timeEmbedding(t));
  std::vector<at::Tensor> columns;
  forEachBlock(*blocks_, [&](const ResidualBlock& b) { columns.push_back(linear(active, b.embed)); });
  return at::cat(columns, 1);
}

std::vector<std::string> UNet::insides() const {
  std::vector<std::string> names;
  forEachBlock(*blocks_, [&](const ResidualBlock& b) {
    names.push_back(b.name);
    if (b.attention) names.push_back(b.attention->name);
  });
  return names;
}

std::shared_ptr<const UNetBlocks> UNet::blocksIn(at::ScalarType dtype, bool differentiable) const {
  if (dtype == at::kFloat) return blocks_;
  if (differentiable) return std::make_shared<const UNetBlocks>(castUNet(*blocks_, dtype));
  const std::lock_guard lock(castMutex_);
  auto& cast = casts_[dtype];
  if (!cast) {
    const at::NoGradGuard noGrad;
    cast = std::make_shared<const UNetBlocks>(castUNet(*blocks_, dtype));
  }
  return cast;
}

at::Tensor UNet::forward(const at::Tensor& x, const at::Tensor& embedding, Mode mode) const {
  if (x.dim() != 4 || x.size(1) != config_.inChannels)
    throw Error("This network takes [B, " + std::to_string(config_.inChannels) + ", H, W]; x_t is " +
                sizeList(x) + ".");
  const int64_t multiple = config_.sizeMultiple();
  if (x.size(2) % multiple != 0 || x.size(3) % multiple != 0)
    throw Error("Height and width must be multiples of " + std::to_string(multiple) +
                " for this network; x_t is " + sizeList(x) + ".");
  if (embedding.dim() != 2 || embedding.size(1) != blocks_->embedWidth ||
      (embedding.size(0) != 1 && embedding.size(0) != x.size(0)))
    throw Error("The time embedding must be [" + std::to_string(x.size(0)) + " or 1, " +
                std::to_string(blocks_->embedWidth) + "]; it is " + sizeList(embedding) + ".");

  const bool gradients = at::GradMode::is_enabled() && trainable_;
  const std::shared_ptr<const UNetBlocks> blocks = blocksIn(mode.compute, gradients);
  const UNetBlocks& u = *blocks;
  std::optional<at::Generator> masks;
  if (mode.dropout > 0) masks = generatorOn(x.device(), mode.dropoutSeed);
  const LayerContext context{
      .eps = config_.normEps(), .dropout = mode.dropout, .generator = masks, .inside = mode.inside};

  // Channels-last is what CPU convolutions and our norms are fastest in.
  const auto format = x.is_cpu() ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  at::Tensor h = convolve(x.to(mode.compute).contiguous(format), u.head);
  std::vector<at::Tensor> skips{h};
  for (size_t level = 0; level < u.down.size(); ++level) {
    for (const ResidualBlock& block : u.down[level].blocks)
      skips.push_back(h = residual(h, embedding, block, context));
    if (level + 1 < u.down.size()) skips.push_back(h = downsample(h, u.down[level].resample, config_.layout));
  }
  h = residual(h, embedding, u.middle0, context);
  h = residual(h, embedding, u.middle1, context);
  for (size_t level = u.up.size(); level-- > 0;) {
    for (const ResidualBlock& block : u.up[level].blocks) {
      h = at::cat({h, skips.back()}, 1);
      skips.pop_back();  // before the block, which needs the memory
      h = residual(h, embedding, block, context);
    }
    if (level > 0) h = upsample(h, u.up[level].resample);
  }
  h = normSilu(h, u.tailNorm, context.eps, mode.compute);
  return convolve(h, u.tail).to(at::kFloat).contiguous();
}

}  // namespace loom
