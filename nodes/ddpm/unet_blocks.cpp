#include "nodes/ddpm/unet_blocks.h"

namespace loom {

namespace {

using std::to_string;

/// What a layout calls the parts of a residual block and of an attention block.
struct BlockNames {
  const char *norm1, *conv1, *embed, *norm2, *conv2, *shortcut;
  const char *attentionNorm, *q, *k, *v, *proj;
};
constexpr BlockNames kPytorchDdpm{".block1.0", ".block1.2", ".temb_proj.1", ".block2.0",
                                  ".block2.3", ".shortcut", ".group_norm",  ".proj_q",
                                  ".proj_k",   ".proj_v",   ".proj"};
constexpr BlockNames kHo{".norm1", ".conv1", ".temb_proj", ".norm2", ".conv2",   ".nin_shortcut",
                         ".norm",  ".q",     ".k",         ".v",     ".proj_out"};

/// Walks the architecture in the order in which upstream registers its modules.
class Walk {
 public:
  Walk(const UNetConfig& config, const ParameterSource& source)
      : c_(config), source_(source), names_(config.layout == UNetLayout::ho ? kHo : kPytorchDdpm) {}

  UNetBlocks run() {
    time();
    u_.head = conv(ho() ? "conv_in" : "head", c_.inChannels, c_.ch, 3);
    u_.down.resize(levels());
    u_.up.resize(levels());
    ho() ? downHo() : downPytorchDdpm();
    const int64_t deepest = c_.widths.back();
    u_.middle0 = block(ho() ? "mid.block_1" : "middleblocks.0", deepest, deepest);
    u_.middle0.attention = attention(ho() ? "mid.attn_1" : "middleblocks.0.attn", deepest);
    u_.middle1 = block(ho() ? "mid.block_2" : "middleblocks.1", deepest, deepest);
    ho() ? upHo() : upPytorchDdpm();
    u_.tailNorm = norm(ho() ? "norm_out" : "tail.0", c_.widths[0]);
    u_.tail = conv(ho() ? "conv_out" : "tail.2", c_.widths[0], c_.outChannels, 3);
    placeEmbeddings();
    return std::move(u_);
  }

 private:
  bool ho() const { return c_.layout == UNetLayout::ho; }
  size_t levels() const { return c_.widths.size(); }
  Affine affine(const std::string& name, std::vector<int64_t> weight) {
    const int64_t out = weight[0];
    at::Tensor w = source_(name + ".weight", weight);
    return {w, source_(name + ".bias", {out})};
  }
  Affine conv(const std::string& name, int64_t in, int64_t out, int64_t kernel) {
    return affine(name, {out, in, kernel, kernel});
  }
  Affine norm(const std::string& name, int64_t channels) { return affine(name, {channels}); }

  void time() {
    if (ho()) {
      u_.time0 = affine("temb.dense.0", {c_.timeDim, c_.ch});
      u_.time1 = affine("temb.dense.1", {c_.timeDim, c_.timeDim});
      return;
    }
    u_.sinusoid = source_("time_embedding.timembedding.0.weight", {c_.timeSteps, c_.ch});
    u_.time0 = affine("time_embedding.timembedding.1", {c_.timeDim, c_.ch});
    u_.time1 = affine("time_embedding.timembedding.3", {c_.timeDim, c_.timeDim});
  }

  ResidualBlock block(const std::string& name, int64_t in, int64_t out) {
    ResidualBlock b;
    b.name = name;
    b.in = in;
    b.out = out;
    b.norm1 = norm(name + names_.norm1, in);
    b.conv1 = conv(name + names_.conv1, in, out, 3);
    b.embed = affine(name + names_.embed, {out, c_.timeDim});
    b.norm2 = norm(name + names_.norm2, out);
    b.conv2 = conv(name + names_.conv2, out, out, 3);
    if (in != out) b.shortcut = conv(name + names_.shortcut, in, out, 1);
    return b;
  }
  AttentionBlock attention(const std::string& name, int64_t channels) {
    AttentionBlock a;
    a.name = name;
    a.norm = norm(name + names_.attentionNorm, channels);
    a.q = conv(name + names_.q, channels, channels, 1);
    a.k = conv(name + names_.k, channels, channels, 1);
    a.v = conv(name + names_.v, channels, channels, 1);
    a.proj = conv(name + names_.proj, channels, channels, 1);
    return a;
  }

  int64_t downIn(size_t level, int64_t j) const {
    if (j > 0) return c_.widths[level];
    return level == 0 ? c_.ch : c_.widths[level - 1];
  }
  /// On the way up a block reads what comes from below and the skip: the outputs of the level's own blocks,
  /// last first, then what entered the level.
  int64_t upIn(size_t level, int64_t j) const {
    const int64_t below = j == 0 && level + 1 < levels() ? c_.widths[level + 1] : c_.widths[level];
    return below + (j == c_.blocks ? downIn(level, 0) : c_.widths[level]);
  }

  void downPytorchDdpm() {
    int64_t n = 0;
    for (size_t level = 0; level < levels(); ++level) {
      for (int64_t j = 0; j < c_.blocks; ++j)
        u_.down[level].blocks.push_back(numbered("downblocks." + to_string(n++), level, downIn(level, j)));
      if (level + 1 < levels())
        u_.down[level].resample = resample("downblocks." + to_string(n++) + ".main", level);
    }
  }
  void upPytorchDdpm() {
    int64_t n = 0;
    for (size_t level = levels(); level-- > 0;) {
      for (int64_t j = 0; j <= c_.blocks; ++j)
        u_.up[level].blocks.push_back(numbered("upblocks." + to_string(n++), level, upIn(level, j)));
      if (level > 0) u_.up[level].resample = resample("upblocks." + to_string(n++) + ".main", level);
    }
  }
  ResidualBlock numbered(const std::string& name, size_t level, int64_t in) {
    ResidualBlock b = block(name, in, c_.widths[level]);
    if (c_.attention[level]) b.attention = attention(name + ".attn", c_.widths[level]);
    return b;
  }

  void downHo() {
    for (size_t level = 0; level < levels(); ++level) {
      const std::string name = "down." + to_string(level);
      for (int64_t j = 0; j < c_.blocks; ++j)
        u_.down[level].blocks.push_back(
            block(name + ".block." + to_string(j), downIn(level, j), c_.widths[level]));
      attentions(name, level, u_.down[level]);
      if (level + 1 < levels() && c_.resampleWithConv)
        u_.down[level].resample = resample(name + ".downsample.conv", level);
    }
  }
  void upHo() {
    for (size_t level = 0; level < levels(); ++level) {
      const std::string name = "up." + to_string(level);
      for (int64_t j = 0; j <= c_.blocks; ++j)
        u_.up[level].blocks.push_back(
            block(name + ".block." + to_string(j), upIn(level, j), c_.widths[level]));
      attentions(name, level, u_.up[level]);
      if (level > 0 && c_.resampleWithConv) u_.up[level].resample = resample(name + ".upsample.conv", level);
    }
  }
  void attentions(const std::string& name, size_t level, UNetLevel& blocks) {
    if (!c_.attention[level]) return;
    for (size_t j = 0; j < blocks.blocks.size(); ++j)
      blocks.blocks[j].attention = attention(name + ".attn." + to_string(j), c_.widths[level]);
  }
  Affine resample(const std::string& name, size_t level) {
    return conv(name, c_.widths[level], c_.widths[level], 3);
  }

  /// The embedding's columns, in the order in which forward() reaches the blocks.
  void placeEmbeddings() {
    const auto place = [&](ResidualBlock& b) {
      b.embedBegin = u_.embedWidth;
      u_.embedWidth += b.out;
    };
    forEachBlock(u_, place);
  }

  template <class Visit>
  static void forEachBlock(UNetBlocks& u, Visit visit) {
    for (UNetLevel& level : u.down)
      for (ResidualBlock& b : level.blocks) visit(b);
    visit(u.middle0);
    visit(u.middle1);
    for (size_t i = u.up.size(); i-- > 0;)
      for (ResidualBlock& b : u.up[i].blocks) visit(b);
  }

  const UNetConfig& c_;
  const ParameterSource& source_;
  const BlockNames& names_;
  UNetBlocks u_;
};

void cast(Affine& affine, at::ScalarType dtype) {
  if (!affine.defined()) return;
  affine.weight = affine.weight.to(dtype);
  affine.bias = affine.bias.to(dtype);
}

void cast(ResidualBlock& b, at::ScalarType dtype) {
  cast(b.conv1, dtype);
  cast(b.conv2, dtype);
  cast(b.shortcut, dtype);
  if (!b.attention) return;
  for (Affine* affine : {&b.attention->q, &b.attention->k, &b.attention->v, &b.attention->proj})
    cast(*affine, dtype);
}

void cast(std::vector<UNetLevel>& levels, at::ScalarType dtype) {
  for (UNetLevel& level : levels) {
    for (ResidualBlock& b : level.blocks) cast(b, dtype);
    cast(level.resample, dtype);
  }
}

}  // namespace

UNetBlocks assembleUNet(const UNetConfig& config, const ParameterSource& source) {
  return Walk(config, source).run();
}

UNetBlocks castUNet(const UNetBlocks& blocks, at::ScalarType dtype) {
  UNetBlocks result = blocks;
  cast(result.head, dtype);
  cast(result.down, dtype);
  cast(result.middle0, dtype);
  cast(result.middle1, dtype);
  cast(result.up, dtype);
  cast(result.tail, dtype);
  return result;
}

}  // namespace loom
