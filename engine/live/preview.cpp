#include "engine/live/preview.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/device/preview_pixels.h"
#include "engine/live/preview_means.h"
#include "engine/values/tensors.h"

namespace loom {
namespace {

constexpr int64_t kMostChannelTiles = 64;
constexpr int64_t kMostSamples = 256;
constexpr int64_t kLongestSide = 4096;

using Colour = std::array<uint8_t, 3>;
constexpr Colour kNotFinite = {255, 0, 255};

constexpr std::array kKinds = {"automatic", "picture", "normalised", "false_colour", "channels"};

// Ten colours of the map viridis (S. van der Walt, N. Smith and E. Firing for matplotlib, 2015, CC0), evenly
// spaced; between them we go in straight lines, at most 4 levels away from the map itself.
constexpr std::array<Colour, 10> kViridis = {{{0x44, 0x01, 0x54},
                                              {0x48, 0x28, 0x78},
                                              {0x3E, 0x4A, 0x89},
                                              {0x31, 0x68, 0x8E},
                                              {0x26, 0x82, 0x8E},
                                              {0x1F, 0x9E, 0x89},
                                              {0x35, 0xB7, 0x79},
                                              {0x6D, 0xCD, 0x59},
                                              {0xB4, 0xDE, 0x2C},
                                              {0xFD, 0xE7, 0x25}}};

uint8_t level(double unit) { return static_cast<uint8_t>(std::lround(std::clamp(unit, 0.0, 1.0) * 255)); }

Colour falseColour(double unit) {
  const double place = std::clamp(unit, 0.0, 1.0) * (kViridis.size() - 1);
  const size_t below = std::min(static_cast<size_t>(place), kViridis.size() - 2);
  const double part = place - static_cast<double>(below);
  Colour colour;
  for (size_t i = 0; i < colour.size(); ++i)
    colour[i] =
        static_cast<uint8_t>(std::lround((1 - part) * kViridis[below][i] + part * kViridis[below + 1][i]));
  return colour;
}

/// What is going to be shown, at its full size and on its device.
struct Source {
  at::Tensor tiles;  // [tiles, channels, H, W], of any real dtype
  PreviewKind kind = PreviewKind::picture;
  std::optional<PictureColours> colours = {};  // of a picture
  bool line = false;                           // a tensor [W]
  bool merged = false;  // the mean of its channels is shown, of which there are any number
};

// Any shape as [B, C, H, W].
at::Tensor asPlanes(const at::Tensor& tensor) {
  const at::IntArrayRef size = tensor.sizes();
  switch (tensor.dim()) {
    case 1:
      return tensor.reshape({1, 1, 1, size[0]});
    case 2:
      return tensor.reshape({1, 1, size[0], size[1]});
    case 3:
      return size[0] == 3 ? tensor.unsqueeze(0) : tensor.unsqueeze(1);
    case 4:
      return tensor;
    default:
      return tensor.flatten(0, tensor.dim() - 4);
  }
}

at::Tensor firstOf(const at::Tensor& planes, int64_t samples) {
  return planes.narrow(0, 0, std::min(samples, planes.size(0))).detach();
}

std::optional<PictureColours> coloursOf(const Value& value) {
  const at::Tensor* tensor = value.tensor();
  if (!value.type().picture || !tensor || tensor->dim() != 4 || tensor->numel() == 0) return {};
  if (tensor->size(1) > PictureColours::kMostChannels) return {};
  return value.type().picture(tensor->size(1));
}

Source sourceOf(const Value& value, const PreviewOptions& options) {
  if (value.empty()) throw Error("there is no value to show");
  const bool wantsPicture = options.kind == PreviewKind::picture;
  if (wantsPicture || options.kind == PreviewKind::automatic) {
    if (const auto colours = coloursOf(value))
      return {firstOf(*value.tensor(), options.samples), PreviewKind::picture, colours};
    if (wantsPicture)
      throw Error(value.summary() + " has no look of its own. Show its numbers: normalised, false_colour");
  }
  const at::Tensor* tensor = value.tensor();
  if (!tensor || !tensor->defined() || tensor->dim() == 0)
    throw Error("there is no picture of " + value.summary() + ": it is no tensor of one or more dimensions");
  if (tensor->numel() == 0) throw Error("there is no picture of " + describe(*tensor) + ": it is empty");
  if (tensor->is_complex() || tensor->layout() != at::kStrided)
    throw Error("there is no picture of " + describe(*tensor) +
                ": only dense tensors of real numbers have one");

  const at::Tensor planes = asPlanes(*tensor);
  const bool line = tensor->dim() == 1;
  if (options.kind == PreviewKind::channels) {
    const at::Tensor channels = planes[0].detach();
    return {channels.narrow(0, 0, std::min(kMostChannelTiles, channels.size(0))).unsqueeze(1),
            PreviewKind::channels,
            {},
            line};
  }
  const at::Tensor first = firstOf(planes, options.samples);
  const bool colours = tensor->dim() == 3 ? tensor->size(0) == 3
                                          : tensor->dim() > 3 && (planes.size(1) == 1 || planes.size(1) == 3);
  const PreviewKind kind = options.kind != PreviewKind::automatic ? options.kind
                           : colours                              ? PreviewKind::normalised
                                                                  : PreviewKind::false_colour;
  if (planes.size(1) == 1 || (kind == PreviewKind::normalised && planes.size(1) == 3))
    return {first, kind, {}, line};
  return {first, kind, {}, line, true};
}

/// How large a tile is, and where the tiles lie.
struct Grid {
  int64_t columns, rows;
  int64_t width, height;  // of a tile in the preview
};

Grid gridOf(const Source& source, int64_t longest) {
  const int64_t tiles = source.tiles.size(0);
  const int64_t columns = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(tiles))));
  const int64_t rows = (tiles + columns - 1) / columns;
  const int64_t height = source.tiles.size(2), width = source.tiles.size(3);
  const int64_t mostWide = std::max<int64_t>(longest / columns, 1);
  const int64_t mostHigh = std::max<int64_t>(longest / rows, 1);
  const double scale = std::min({static_cast<double>(mostWide) / static_cast<double>(width),
                                 static_cast<double>(mostHigh) / static_cast<double>(height), 1.0});
  const auto scaled = [&](int64_t size, int64_t most) {
    return std::clamp<int64_t>(std::llround(static_cast<double>(size) * scale), 1, most);
  };
  Grid grid{columns, rows, scaled(width, mostWide), scaled(height, mostHigh)};
  // One row of pixels is hard to see.
  if (source.line) grid.height = std::max(grid.height, std::max<int64_t>(longest / 8, 1));
  return grid;
}

/// The numbers that are shown, at their size in the preview.
struct Small {
  int64_t tiles, channels, height, width;
  std::vector<float> numbers;
};

Small reduced(const Source& source, const Grid& grid) {
  const at::Tensor& tiles = source.tiles;
  Small small{tiles.size(0),
              source.merged ? 1 : tiles.size(1),
              std::min(tiles.size(2), grid.height),
              std::min(tiles.size(3), grid.width),
              {}};
  small.numbers = previewMeans(tiles, source.merged, small.height, small.width);
  return small;
}

void setRange(Preview& preview, const Small& small, const PreviewOptions& options) {
  bool any = false;
  double low = 0, high = 0;
  for (const float x : small.numbers) {
    if (!std::isfinite(x)) continue;
    low = any ? std::min<double>(low, x) : x;
    high = any ? std::max<double>(high, x) : x;
    any = true;
  }
  preview.low = options.low.value_or(low);
  preview.high = options.high.value_or(high);
}

/// Where a tile's first byte lies.
int64_t placeOf(int64_t tile, const Preview& preview, const Grid& grid) {
  return 4 * (tile / grid.columns * grid.height * preview.width + tile % grid.columns * grid.width);
}

// Colours are made where the tensor lives: four bytes a pixel leave it.
void paintPicture(Preview& preview, const Source& source, const Grid& grid) {
  const at::Tensor pixels =
      previewPixels(source.tiles.to(at::kFloat), *source.colours, grid.height, grid.width).to(at::kCPU);
  const uint8_t* from = pixels.const_data_ptr<uint8_t>();
  for (int64_t tile = 0; tile < source.tiles.size(0); ++tile) {
    uint8_t* out = preview.rgba.data() + placeOf(tile, preview, grid);
    for (int64_t y = 0; y < grid.height; ++y, from += 4 * grid.width)
      std::copy_n(from, 4 * grid.width, out + y * 4 * preview.width);
  }
}

class Painter {
 public:
  Painter(Preview& preview, const Small& small, const Grid& grid)
      : preview_(preview),
        grid_(grid),
        x_(small.numbers.data()),
        channels_(small.channels),
        height_(small.height),
        width_(small.width) {}

  void paint(int64_t tile) {
    uint8_t* out = preview_.rgba.data() + placeOf(tile, preview_, grid_);
    for (int64_t y = 0; y < height_; ++y) paintRow(tile, y, out + y * 4 * preview_.width);
    // A line's one row.
    for (int64_t y = height_; y < grid_.height; ++y)
      std::copy_n(out, 4 * grid_.width, out + y * 4 * preview_.width);
  }

 private:
  void paintRow(int64_t tile, int64_t y, uint8_t* out) const {
    for (int64_t x = 0; x < width_; ++x, out += 4) {
      const Colour colour = colourAt(tile, y, x);
      std::copy(colour.begin(), colour.end(), out);
      out[3] = 255;
    }
  }

  Colour colourAt(int64_t tile, int64_t y, int64_t x) const {
    std::array<double, 3> unit{};
    for (int64_t c = 0; c < 3; ++c) {
      const int64_t channel = std::min(c, channels_ - 1);
      const float value = x_[((tile * channels_ + channel) * height_ + y) * width_ + x];
      if (!std::isfinite(value)) return kNotFinite;
      const double range = preview_.high - preview_.low;
      // One number everywhere is neither dark nor bright.
      unit[static_cast<size_t>(c)] = range == 0 ? 0.5 : (value - preview_.low) / range;
    }
    if (preview_.kind == PreviewKind::normalised) return {level(unit[0]), level(unit[1]), level(unit[2])};
    return falseColour(unit[0]);
  }

  Preview& preview_;
  const Grid& grid_;
  const float* x_;
  int64_t channels_, height_, width_;
};

}  // namespace

std::string previewKindName(PreviewKind kind) { return kKinds.at(static_cast<size_t>(kind)); }

PreviewKind previewKindOf(const std::string& name) {
  std::string names;
  for (size_t i = 0; i < kKinds.size(); ++i) {
    if (name == kKinds[i]) return static_cast<PreviewKind>(i);
    names += (i ? ", " : "") + std::string(kKinds[i]);
  }
  throw Error("a preview is one of " + names + ", not \"" + name + "\"");
}

Preview previewOf(const Value& value, const PreviewOptions& options) {
  if (options.longestSide < 1 || options.longestSide > kLongestSide)
    throw Error("a preview's longest side is 1 to " + std::to_string(kLongestSide) + " pixels, not " +
                std::to_string(options.longestSide));
  if (options.samples < 1 || options.samples > kMostSamples)
    throw Error("a preview shows 1 to " + std::to_string(kMostSamples) + " samples, not " +
                std::to_string(options.samples));
  for (const auto& bound : {options.low, options.high})
    if (bound && !std::isfinite(*bound)) throw Error("a preview's range goes from one number to another");
  const c10::AutoGradMode noGradients(false);
  const Source source = sourceOf(value, options);
  const Grid grid = gridOf(source, options.longestSide);

  Preview preview;
  preview.kind = source.kind;
  preview.columns = grid.columns;
  preview.rows = grid.rows;
  preview.width = grid.columns * grid.width;
  preview.height = grid.rows * grid.height;
  preview.rgba.assign(static_cast<size_t>(4 * preview.width * preview.height), 0);
  if (source.colours) {
    paintPicture(preview, source, grid);
    return preview;
  }
  const Small small = reduced(source, grid);
  setRange(preview, small, options);
  Painter painter(preview, small, grid);
  for (int64_t tile = 0; tile < small.tiles; ++tile) painter.paint(tile);
  return preview;
}

}  // namespace loom
