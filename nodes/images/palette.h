#pragma once
// Few colours for many: what a GIF needs.
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace loom {

using Colour = std::array<uint8_t, 3>;

/// At most `most` colours (1 to 256) for pixels rgb [n, 3]. All of them where they are few enough; else boxes
/// of colour space are cut in two where the squared error is largest, and their means moved to their pixels'
/// means twice.
std::vector<Colour> paletteOf(std::span<const uint8_t> rgb, size_t most);

/// Index of the nearest colour (squared distance in RGB), remembered for cells of 4 bits a channel, exact
/// within them.
class NearestColour {
 public:
  explicit NearestColour(std::span<const Colour> palette) : palette_(palette.begin(), palette.end()) {}
  uint8_t operator()(int r, int g, int b);

 private:
  struct Cell {
    std::vector<uint8_t> candidates;
  };
  const Cell& cell(int r, int g, int b);
  std::vector<Colour> palette_;
  std::vector<Cell> cells_ = std::vector<Cell>(16 * 16 * 16);
};

/// Pixels rgb [height, width, 3] as indices into the palette, the error of each spread to its neighbours
/// (Floyd and Steinberg, 1976) in rows that run to and fro. Colours of the palette stay as they are.
std::vector<uint8_t> dithered(std::span<const uint8_t> rgb, int64_t width, int64_t height,
                              std::span<const Colour> palette);

}  // namespace loom
