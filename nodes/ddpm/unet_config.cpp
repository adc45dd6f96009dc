#include <algorithm>

#include "nodes/ddpm/unet_blocks.h"
#include "nodes/types/layouts.h"

namespace loom {

namespace {

using std::to_string;
using Sizes = std::vector<int64_t>;

std::string text(const Sizes& sizes) {
  std::string result = "[";
  for (size_t i = 0; i < sizes.size(); ++i) result += (i ? ", " : "") + to_string(sizes[i]);
  return result + "]";
}

/// A stranger's shapes: what is not there, or of another rank, reads as an error and not as memory.
class Reader {
 public:
  explicit Reader(const ShapeMap& shapes) : shapes_(shapes) {}
  bool has(const std::string& name) const { return shapes_.contains(name); }
  int64_t size(const std::string& name, size_t axis, size_t rank) const {
    const auto found = shapes_.find(name);
    if (found == shapes_.end())
      throw Error("The weights lack " + name + ", without which the network is unknown.");
    if (found->second.size() != rank)
      throw Error(name + " has the shape " + text(found->second) + "; a tensor of rank " + to_string(rank) +
                  " belongs there.");
    return found->second[axis];
  }
  int64_t count(const std::string& before, const std::string& after) const {
    int64_t n = 0;
    while (has(before + to_string(n) + after)) ++n;
    return n;
  }

 private:
  const ShapeMap& shapes_;
};

UNetConfig readPytorchDdpm(const Reader& r) {
  UNetConfig c;
  c.layout = UNetLayout::pytorch_ddpm;
  c.ch = r.size("head.weight", 0, 4);
  c.inChannels = r.size("head.weight", 1, 4);
  c.outChannels = r.size("tail.2.weight", 0, 4);
  c.timeSteps = r.size("time_embedding.timembedding.0.weight", 0, 2);
  c.timeDim = r.size("time_embedding.timembedding.1.weight", 0, 2);
  c.widths.clear();
  c.attention.clear();
  c.blocks = 0;
  bool levelStarts = true;
  for (int64_t n = 0;; ++n) {
    const std::string name = "downblocks." + to_string(n);
    if (r.has(name + ".main.weight")) {
      levelStarts = true;
    } else if (r.has(name + ".block1.2.weight")) {
      if (levelStarts) {
        c.widths.push_back(r.size(name + ".block1.2.weight", 0, 4));
        c.attention.push_back(r.has(name + ".attn.proj.weight"));
      }
      levelStarts = false;
      if (c.widths.size() == 1) ++c.blocks;
    } else {
      break;
    }
  }
  return c;
}

UNetConfig readHo(const Reader& r) {
  UNetConfig c;
  c.layout = UNetLayout::ho;
  c.ch = r.size("conv_in.weight", 0, 4);
  c.inChannels = r.size("conv_in.weight", 1, 4);
  c.outChannels = r.size("conv_out.weight", 0, 4);
  c.timeDim = r.size("temb.dense.0.weight", 0, 2);
  const int64_t levels = r.count("down.", ".block.0.conv1.weight");
  c.blocks = r.count("down.0.block.", ".conv1.weight");
  c.widths.clear();
  c.attention.clear();
  for (int64_t level = 0; level < levels; ++level) {
    const std::string name = "down." + to_string(level);
    c.widths.push_back(r.size(name + ".block.0.conv1.weight", 0, 4));
    c.attention.push_back(r.has(name + ".attn.0.q.weight"));
  }
  c.resampleWithConv = levels < 2 || r.has("down.0.downsample.conv.weight");
  return c;
}

void checkSizes(const UNetConfig& c) {
  constexpr int64_t kMost = int64_t{1} << 20;  // wider nets do not exist; products stay far from overflow
  const auto sane = [](int64_t n) { return n >= 1 && n <= kMost; };
  if (c.widths.empty() || c.blocks < 1 || c.widths.size() > 30)
    throw Error("The weights hold no residual blocks on the way down, so this is no U-Net.");
  bool good = sane(c.ch) && sane(c.inChannels) && sane(c.outChannels) && sane(c.timeDim) && sane(c.timeSteps);
  for (const int64_t width : c.widths) good = good && sane(width);
  if (!good || c.ch < 4)
    throw Error("The weights have sizes that no network has (zero, or above a million).");
}

}  // namespace

std::vector<ParameterSpec> unetParameters(const UNetConfig& config) {
  std::vector<ParameterSpec> all;
  assembleUNet(config, [&](const std::string& name, const Sizes& shape) {
    all.push_back({name, shape});
    return at::Tensor();
  });
  return all;
}

void checkUNetShapes(const UNetConfig& config, const ShapeMap& shapes) {
  std::vector<std::string> missing, misshaped, unknown;
  std::map<std::string, bool> wanted;
  for (const ParameterSpec& spec : unetParameters(config)) {
    wanted[spec.name] = true;
    const auto found = shapes.find(spec.name);
    if (found == shapes.end())
      missing.push_back(spec.name + " " + text(spec.shape));
    else if (found->second != spec.shape)
      misshaped.push_back(spec.name + " is " + text(found->second) + " and should be " + text(spec.shape));
  }
  for (const auto& [name, shape] : shapes)
    if (!wanted.contains(name)) unknown.push_back(name + " " + text(shape));
  if (missing.empty() && misshaped.empty() && unknown.empty()) return;
  std::string message = "The weights do not fit the DDPM U-Net that their sizes describe.";
  if (!missing.empty()) message += "\nMissing:" + listed(missing) + ".";
  if (!misshaped.empty()) message += "\nOf the wrong shape:" + listed(misshaped) + ".";
  if (!unknown.empty()) message += "\nUnknown:" + listed(unknown) + ".";
  throw Error(message);
}

UNetConfig recogniseUNet(const ShapeMap& shapes) {
  const Reader reader(shapes);
  UNetConfig config;
  if (reader.has("head.weight") && reader.has("time_embedding.timembedding.1.weight")) {
    config = readPytorchDdpm(reader);
  } else if (reader.has("conv_in.weight") && reader.has("temb.dense.0.weight")) {
    config = readHo(reader);
  } else {
    std::vector<std::string> names;
    for (const auto& [name, shape] : shapes) names.push_back(name);
    const std::string guess = looksLike(names);
    names.resize(std::min<size_t>(names.size(), 8));
    throw Error(
        "These weights are of no DDPM U-Net: neither head.weight with time_embedding… (w86763777/"
        "pytorch-ddpm) nor conv_in.weight with temb.dense… (Ho et al., pesser) is there. " +
        (names.empty()   ? "There are no tensors at all."
         : guess.empty() ? "The first names are" + listed(names) + "."
                         : guess));
  }
  checkSizes(config);
  checkUNetShapes(config, shapes);
  return config;
}

int64_t unetFloatsToHold(const UNetConfig& c, int64_t batch, int64_t side) {
  std::vector<int64_t> skips;
  int64_t pixels = batch * side * side, kept = 0, most = 0, below = c.ch;
  const auto block = [&](int64_t in, int64_t out, bool skipIsInput) {
    most = std::max(most, kept + (skipIsInput ? 0 : in * pixels) + std::max(in + out, 2 * out) * pixels);
  };
  const auto push = [&](int64_t channels) {
    skips.push_back(channels * pixels);
    kept += skips.back();
  };
  push(c.ch);
  for (size_t level = 0; level < c.widths.size(); ++level) {
    for (int64_t j = 0; j < c.blocks; ++j, below = c.widths[level]) {
      block(below, c.widths[level], true);
      push(c.widths[level]);
    }
    if (level + 1 == c.widths.size()) break;
    pixels /= 4;
    push(below);
  }
  for (int i = 0; i < 2; ++i) block(below, below, false);
  for (size_t level = c.widths.size(); level-- > 0; pixels *= 4)
    for (int64_t j = 0; j <= c.blocks; ++j, below = c.widths[level]) {
      kept -= skips.back();  // read together with what comes from below
      block(below + skips.back() / pixels, c.widths[level], false);
      skips.pop_back();
    }
  return most;
}

}  // namespace loom
