#pragma once
// Numbers as colours: a tensor's samples as pictures, or in false colour whole or each channel as a tile, one
// pixel a number, and which number stands at which pixel. NaN and infinity are magenta. Pure functions.
#include <array>
#include <optional>
#include <utility>

#include "app/editor/session/picture.h"
#include "app/editor/watch/tensor_numbers.h"

namespace loom::editor {

using Rgb = std::array<uint8_t, 3>;

/// From dark violet over teal and green to light yellow, evenly lighter all the way: 0 to 1, held beyond.
Rgb falseColour(double part);
inline constexpr Rgb kNotFinite{255, 0, 255};

enum class TensorLook { picture, channels, falseColour };

struct TensorPictureOptions {
  TensorLook look = TensorLook::picture;
  int64_t sample = 0;                                 // -1: all of them, as tiles
  int64_t channel = -1;                               // in false colour: -1 is the mean of all
  std::optional<std::pair<float, float>> range = {};  // empty: automaticRange()
  bool operator==(const TensorPictureOptions&) const = default;
};

/// Tiles of a sheet, left to right and down, with a gap between them, and what is in each.
struct TensorSheet {
  struct Tile {
    int64_t sample = 0, channel = -1;  // -1: all channels at once
  };
  struct Place {
    Tile tile;
    int64_t y = 0, x = 0;  // in the tensor
  };
  int columns = 1, rows = 1, width = 0, height = 0, gap = 0;  // width and height: of a tile, in pixels
  int64_t step = 1;                                           // every how many-th number is a pixel
  std::vector<Tile> tiles;
  int64_t leftOut = 0;  // tiles that found no room
  int pixelWidth() const { return columns * (width + gap) - gap; }
  int pixelHeight() const { return rows * (height + gap) - gap; }
  std::optional<Place> at(int x, int y) const;  // empty: in a gap or outside
};

struct TensorPicture {
  Picture picture;  // without an id
  TensorSheet sheet;
  std::pair<float, float> range{0, 1};
  int64_t notFinite = 0;  // among the numbers shown
};

/// What is dark and what is bright where nobody says: [0, 1] for images, [-1, 1] for latents of one or three
/// channels, else from the smallest to the largest finite number shown.
std::pair<float, float> automaticRange(const Values& values, const TensorPictureOptions& options);
TensorPicture tensorPicture(const Values& values, const TensorPictureOptions& options);

/// Of a picture too large to be drawn at once: half of it, a quarter, ... until it is not. Averages.
std::vector<Picture> smallerPictures(const Picture& picture);

/// The numbers that a place stands for: one a channel.
std::vector<float> numbersAt(const Values& values, const TensorSheet::Place& place);

}  // namespace loom::editor
