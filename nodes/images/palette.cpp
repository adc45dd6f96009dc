#include "nodes/images/palette.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <unordered_map>

namespace loom {
namespace {

/// A colour and how many pixels have it, or the sums of a box of such.
struct Weighted {
  Colour colour;
  int64_t count;
};

struct Box {
  size_t begin = 0, end = 0;
  double error = 0;  // sum of squared distances to the mean
  int axis = 0;      // with the largest share of it
  Colour mean{};
};

uint32_t packed(const uint8_t* p) { return uint32_t{p[0]} << 16 | uint32_t{p[1]} << 8 | p[2]; }

std::vector<Weighted> histogram(std::span<const uint8_t> rgb) {
  std::unordered_map<uint32_t, int64_t> counts;
  for (size_t i = 0; i + 2 < rgb.size(); i += 3) ++counts[packed(&rgb[i])];
  std::vector<Weighted> colours;
  colours.reserve(counts.size());
  for (const auto& [c, count] : counts)
    colours.push_back(
        {{static_cast<uint8_t>(c >> 16), static_cast<uint8_t>(c >> 8), static_cast<uint8_t>(c)}, count});
  // The map's order is not the same everywhere; the palette must be.
  std::sort(colours.begin(), colours.end(),
            [](const Weighted& a, const Weighted& b) { return a.colour < b.colour; });
  return colours;
}

uint8_t rounded(double x) { return static_cast<uint8_t>(std::clamp(x + 0.5, 0.0, 255.0)); }

void measure(Box& box, const std::vector<Weighted>& colours) {
  double count = 0, sum[3]{}, squares[3]{};
  for (size_t i = box.begin; i < box.end; ++i) {
    const auto n = static_cast<double>(colours[i].count);
    count += n;
    for (int c = 0; c < 3; ++c) {
      const double v = colours[i].colour[c];
      sum[c] += n * v;
      squares[c] += n * v * v;
    }
  }
  double most = -1;
  box.error = 0;
  for (int c = 0; c < 3; ++c) {
    const double error = std::max(0.0, squares[c] - sum[c] * sum[c] / count);
    box.error += error;
    if (error > most) {
      most = error;
      box.axis = c;
    }
    box.mean[c] = rounded(sum[c] / count);
  }
}

// Cuts at the mean of the widest axis, so that both halves hold something.
Box cut(Box& box, std::vector<Weighted>& colours) {
  const int axis = box.axis;
  double sum = 0, count = 0;
  for (size_t i = box.begin; i < box.end; ++i) {
    sum += static_cast<double>(colours[i].count) * colours[i].colour[axis];
    count += static_cast<double>(colours[i].count);
  }
  const double mean = sum / count;
  const auto first = colours.begin() + static_cast<ptrdiff_t>(box.begin);
  const auto last = colours.begin() + static_cast<ptrdiff_t>(box.end);
  const auto middle =
      std::stable_partition(first, last, [&](const Weighted& w) { return w.colour[axis] <= mean; });
  Box upper;
  upper.begin = static_cast<size_t>(middle - colours.begin());
  upper.end = box.end;
  box.end = upper.begin;
  measure(box, colours);
  measure(upper, colours);
  return upper;
}

void refine(std::vector<Colour>& palette, const std::vector<Weighted>& colours) {
  NearestColour nearest(palette);
  std::vector<std::array<double, 4>> sums(palette.size());
  for (const Weighted& w : colours) {
    auto& sum = sums[nearest(w.colour[0], w.colour[1], w.colour[2])];
    for (int c = 0; c < 3; ++c) sum[c] += static_cast<double>(w.count) * w.colour[c];
    sum[3] += static_cast<double>(w.count);
  }
  for (size_t i = 0; i < palette.size(); ++i)
    for (int c = 0; c < 3 && sums[i][3] > 0; ++c) palette[i][c] = rounded(sums[i][c] / sums[i][3]);
}

int squared(int x) { return x * x; }

}  // namespace

std::vector<Colour> paletteOf(std::span<const uint8_t> rgb, size_t most) {
  std::vector<Weighted> colours = histogram(rgb);
  std::vector<Colour> palette;
  if (colours.size() <= most) {
    for (const Weighted& w : colours) palette.push_back(w.colour);
    return palette;
  }
  std::vector<Box> boxes(1);
  boxes[0].end = colours.size();
  measure(boxes[0], colours);
  while (boxes.size() < most) {
    const auto worst = std::max_element(boxes.begin(), boxes.end(),
                                        [](const Box& a, const Box& b) { return a.error < b.error; });
    if (worst->error <= 0) break;
    const Box upper = cut(*worst, colours);
    boxes.push_back(upper);
  }
  for (const Box& box : boxes) palette.push_back(box.mean);
  for (int round = 0; round < 2; ++round) refine(palette, colours);
  return palette;
}

// Within a cell only those colours can be nearest whose least distance to the cell is not above another's
// greatest.
const NearestColour::Cell& NearestColour::cell(int r, int g, int b) {
  Cell& cell = cells_[static_cast<size_t>((r >> 4) << 8 | (g >> 4) << 4 | b >> 4)];
  if (!cell.candidates.empty()) return cell;
  const int low[3] = {r & ~15, g & ~15, b & ~15};
  std::vector<int> least(palette_.size());
  int bound = std::numeric_limits<int>::max();
  for (size_t i = 0; i < palette_.size(); ++i) {
    int near = 0, far = 0;
    for (int c = 0; c < 3; ++c) {
      const int v = palette_[i][c], high = low[c] + 15;
      near += squared(v < low[c] ? low[c] - v : v > high ? v - high : 0);
      far += squared(std::max(std::abs(v - low[c]), std::abs(v - high)));
    }
    least[i] = near;
    bound = std::min(bound, far);
  }
  for (size_t i = 0; i < palette_.size(); ++i)
    if (least[i] <= bound) cell.candidates.push_back(static_cast<uint8_t>(i));
  return cell;
}

uint8_t NearestColour::operator()(int r, int g, int b) {
  int best = std::numeric_limits<int>::max();
  uint8_t index = 0;
  for (const uint8_t i : cell(r, g, b).candidates) {
    const Colour& p = palette_[i];
    const int distance = squared(r - p[0]) + squared(g - p[1]) + squared(b - p[2]);
    if (distance < best) {
      best = distance;
      index = i;
    }
  }
  return index;
}

std::vector<uint8_t> dithered(std::span<const uint8_t> rgb, int64_t width, int64_t height,
                              std::span<const Colour> palette) {
  NearestColour nearest(palette);
  std::vector<uint8_t> indices(static_cast<size_t>(width * height));
  // Errors in sixteenths, of this row and the next, with a column more at each end.
  std::vector<std::array<int, 3>> here(static_cast<size_t>(width) + 2), below(here.size());
  for (int64_t y = 0; y < height; ++y) {
    const int step = y % 2 ? -1 : 1;
    std::fill(below.begin(), below.end(), std::array<int, 3>{});
    for (int64_t i = 0, x = step > 0 ? 0 : width - 1; i < width; ++i, x += step) {
      const uint8_t* pixel = &rgb[static_cast<size_t>((y * width + x) * 3)];
      int wanted[3];
      for (int c = 0; c < 3; ++c) wanted[c] = std::clamp(pixel[c] + (here[x + 1][c] + 8) / 16, 0, 255);
      const uint8_t index = nearest(wanted[0], wanted[1], wanted[2]);
      indices[static_cast<size_t>(y * width + x)] = index;
      for (int c = 0; c < 3; ++c) {
        const int error = wanted[c] - palette[index][c];
        here[x + 1 + step][c] += 7 * error;
        below[x + 1 - step][c] += 3 * error;
        below[x + 1][c] += 5 * error;
        below[x + 1 + step][c] += error;
      }
    }
    here.swap(below);
  }
  return indices;
}

}  // namespace loom
