#include "app/editor/watch/tensor_picture.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace loom::editor {
namespace {

constexpr int64_t kLongestSide = 8192, kMostPixels = 1 << 24;  // of a texture

// Oklab (Ottosson 2020, "A perceptual color space for image processing") to linear RGB.
std::array<double, 3> linearRgb(double lightness, double a, double b) {
  const auto cube = [](double v) { return v * v * v; };
  const double l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b);
  const double m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b);
  const double s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b);
  return {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
          -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
          -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
}

Rgb colourOf(double part) {
  const double lightness = 0.24 + 0.71 * part;
  const double hue = (305 - 203 * part) * std::numbers::pi / 180;
  // As colourful as the screen can show at this lightness, up to a limit.
  for (double chroma = 0.16; chroma > 0; chroma -= 0.002) {
    const auto rgb = linearRgb(lightness, chroma * std::cos(hue), chroma * std::sin(hue));
    if (std::any_of(rgb.begin(), rgb.end(), [](double v) { return v < 0 || v > 1; })) continue;
    Rgb out;
    for (size_t i = 0; i < 3; ++i) {
      const double v = rgb[i] <= 0.0031308 ? 12.92 * rgb[i] : 1.055 * std::pow(rgb[i], 1 / 2.4) - 0.055;
      out[i] = static_cast<uint8_t>(std::lround(std::clamp(v, 0.0, 1.0) * 255));
    }
    return out;
  }
  return {0, 0, 0};
}

const std::array<Rgb, 256>& colours() {
  static const std::array<Rgb, 256> table = [] {
    std::array<Rgb, 256> made;
    for (size_t i = 0; i < made.size(); ++i) made[i] = colourOf(static_cast<double>(i) / 255);
    return made;
  }();
  return table;
}

// One tile a sample, or in `channels` one a channel; as many as find room.
TensorSheet sheetOf(const Planes& planes, const TensorPictureOptions& options) {
  TensorSheet sheet;
  const int64_t longer = std::max(planes.height, planes.width);
  while (longer / sheet.step > kLongestSide ||
         planes.height / sheet.step * (planes.width / sheet.step) > kMostPixels)
    ++sheet.step;
  sheet.width = static_cast<int>((planes.width + sheet.step - 1) / sheet.step);
  sheet.height = static_cast<int>((planes.height + sheet.step - 1) / sheet.step);
  const bool all = options.sample < 0;
  const bool byChannel = options.look == TensorLook::channels;
  const int64_t samples = all ? planes.samples : 1, channels = byChannel ? planes.channels : 1;
  const int64_t count = samples * channels;
  sheet.gap = count > 1 ? 1 : 0;
  int64_t columns;
  if (byChannel && all && channels > 1 && channels <= 16) {
    columns = channels;
  } else {
    const double aspect = static_cast<double>(sheet.height) / sheet.width;
    columns = std::llround(std::ceil(std::sqrt(static_cast<double>(count) * aspect)));
  }
  const int64_t mostAcross = std::max<int64_t>((kLongestSide + sheet.gap) / (sheet.width + sheet.gap), 1);
  const int64_t mostDown = std::max<int64_t>((kLongestSide + sheet.gap) / (sheet.height + sheet.gap), 1);
  columns = std::clamp<int64_t>(columns, 1, std::min(mostAcross, count));
  const int64_t rowPixels = (sheet.height + sheet.gap) * columns * (sheet.width + sheet.gap);
  const int64_t rows = std::clamp<int64_t>(
      (count + columns - 1) / columns, 1,
      std::max<int64_t>(std::min(mostDown, kMostPixels / std::max<int64_t>(rowPixels, 1)), 1));
  sheet.columns = static_cast<int>(columns);
  sheet.rows = static_cast<int>(rows);
  const int64_t shown = std::min(count, columns * rows);
  sheet.leftOut = count - shown;
  for (int64_t i = 0; i < shown; ++i) {
    const int64_t channel = byChannel ? i % channels
                            : options.look == TensorLook::falseColour && options.channel >= 0
                                ? options.channel
                            : planes.channels == 1 ? 0
                                                   : -1;
    sheet.tiles.push_back({all ? i / channels : options.sample, channel});
  }
  return sheet;
}

float numberAt(std::span<const float> plane, int64_t index) {
  return index < static_cast<int64_t>(plane.size()) ? plane[static_cast<size_t>(index)] : 0.f;
}

float meanAt(const std::vector<std::span<const float>>& planes, int64_t index) {
  double sum = 0;
  for (const auto& plane : planes) sum += numberAt(plane, index);
  return static_cast<float>(sum / static_cast<double>(planes.size()));
}

TensorPictureOptions within(const Planes& planes, TensorPictureOptions options) {
  options.sample = std::clamp<int64_t>(options.sample, -1, planes.samples - 1);
  options.channel = std::clamp<int64_t>(options.channel, -1, planes.channels - 1);
  return options;
}

// Writes one tile and counts what is not finite in it.
int64_t paint(const Values& values, const Planes& planes, const TensorSheet& sheet, size_t index,
              TensorLook look, std::pair<float, float> range, Picture& out) {
  const TensorSheet::Tile& tile = sheet.tiles[index];
  std::vector<std::span<const float>> channels;
  for (int64_t c = 0; c < planes.channels; ++c)
    if (tile.channel < 0 || tile.channel == c) channels.push_back(planeOf(values, planes, tile.sample, c));
  const bool colour = look == TensorLook::picture && channels.size() >= 3;
  const bool mapped = look != TensorLook::picture;
  const float scale = 1 / std::max(range.second - range.first, 1e-30f);
  const int left = static_cast<int>(index) % sheet.columns * (sheet.width + sheet.gap);
  const int top = static_cast<int>(index) / sheet.columns * (sheet.height + sheet.gap);
  int64_t notFinite = 0;
  for (int y = 0; y < sheet.height; ++y) {
    uint8_t* pixel = &out.rgba[(static_cast<size_t>(top + y) * static_cast<size_t>(out.width) +
                                static_cast<size_t>(left)) *
                               4];
    for (int x = 0; x < sheet.width; ++x, pixel += 4) {
      const int64_t at = y * sheet.step * planes.width + x * sheet.step;
      if (at >= static_cast<int64_t>(channels.front().size())) continue;  // beyond the end of a folded row
      std::array<float, 3> parts;
      if (colour) {
        for (size_t c = 0; c < 3; ++c) parts[c] = numberAt(channels[c], at);
      } else {
        parts.fill(channels.size() == 1 ? numberAt(channels[0], at) : meanAt(channels, at));
      }
      for (float& part : parts) part = (part - range.first) * scale;
      pixel[3] = 255;
      if (!std::isfinite(parts[0]) || !std::isfinite(parts[1]) || !std::isfinite(parts[2])) {
        ++notFinite;
        std::copy(kNotFinite.begin(), kNotFinite.end(), pixel);
      } else if (mapped) {
        const Rgb rgb = falseColour(parts[0]);
        std::copy(rgb.begin(), rgb.end(), pixel);
      } else {
        for (size_t c = 0; c < 3; ++c)
          pixel[c] = static_cast<uint8_t>(std::clamp(parts[c], 0.f, 1.f) * 255 + 0.5f);
      }
    }
  }
  return notFinite;
}

}  // namespace

Rgb falseColour(double part) {
  return colours()[static_cast<size_t>(std::clamp(part, 0.0, 1.0) * 255 + 0.5)];
}

std::optional<TensorSheet::Place> TensorSheet::at(int x, int y) const {
  if (x < 0 || y < 0 || x >= pixelWidth() || y >= pixelHeight()) return {};
  const int column = x / (width + gap), row = y / (height + gap);
  const int inX = x % (width + gap), inY = y % (height + gap);
  const auto index = static_cast<size_t>(row * columns + column);
  if (inX >= width || inY >= height || index >= tiles.size()) return {};
  return Place{tiles[index], inY * step, inX * step};
}

std::pair<float, float> automaticRange(const Values& values, const TensorPictureOptions& asked) {
  const Planes planes = planesOf(values);
  const TensorPictureOptions options = within(planes, asked);
  if (options.look == TensorLook::picture) {
    if (values.type == "image") return {0.f, 1.f};
    if (values.type == "latent" && (planes.channels == 1 || planes.channels == 3)) return {-1.f, 1.f};
  }
  std::span<const float> numbers(values.data);
  if (options.sample >= 0) numbers = sampleOf(values, planes, options.sample);
  std::vector<float> means;
  if (options.look == TensorLook::falseColour && options.sample >= 0 && planes.channels > 1) {
    if (options.channel >= 0) {
      numbers = planeOf(values, planes, options.sample, options.channel);
    } else {
      std::vector<std::span<const float>> channels;
      for (int64_t c = 0; c < planes.channels; ++c)
        channels.push_back(planeOf(values, planes, options.sample, c));
      for (int64_t i = 0; i < planes.height * planes.width; ++i) means.push_back(meanAt(channels, i));
      numbers = means;
    }
  }
  const Summary summary = summaryOf(numbers);
  auto low = static_cast<float>(summary.min), high = static_cast<float>(summary.max);
  if (!(high > low)) {
    const float margin = std::max(std::abs(low) * 1e-3f, 1e-6f);
    low -= margin;
    high += margin;
  }
  return {low, high};
}

TensorPicture tensorPicture(const Values& values, const TensorPictureOptions& asked) {
  TensorPicture out;
  const Planes planes = planesOf(values);
  if (planes.samples <= 0) return out;
  const TensorPictureOptions options = within(planes, asked);
  out.sheet = sheetOf(planes, options);
  out.range = options.range ? *options.range : automaticRange(values, options);
  Picture& picture = out.picture;
  picture.width = out.sheet.pixelWidth();
  picture.height = out.sheet.pixelHeight();
  picture.columns = out.sheet.columns;
  picture.rows = out.sheet.rows;
  picture.low = out.range.first;
  picture.high = out.range.second;
  picture.as = options.look == TensorLook::picture    ? "picture"
               : options.look == TensorLook::channels ? "channels"
                                                      : "false_colour";
  picture.rgba.assign(static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height) * 4, 0);
  for (size_t i = 0; i < out.sheet.tiles.size(); ++i)
    out.notFinite += paint(values, planes, out.sheet, i, options.look, out.range, picture);
  return out;
}

std::vector<Picture> smallerPictures(const Picture& picture) {
  constexpr int64_t kAtOnce = 1 << 20;  // pixels
  std::vector<Picture> all;
  const Picture* from = &picture;
  while (static_cast<int64_t>(from->width) * from->height > kAtOnce) {
    Picture half;
    half.width = std::max(from->width / 2, 1);
    half.height = std::max(from->height / 2, 1);
    half.rgba.resize(static_cast<size_t>(half.width) * static_cast<size_t>(half.height) * 4);
    const size_t line = static_cast<size_t>(from->width) * 4;
    const size_t right = from->width > 1 ? 4 : 0, down = from->height > 1 ? line : 0;
    for (size_t y = 0; y < static_cast<size_t>(half.height); ++y) {
      const uint8_t* above = &from->rgba[2 * y * line];
      uint8_t* to = &half.rgba[y * static_cast<size_t>(half.width) * 4];
      for (int x = 0; x < half.width; ++x, above += 8)
        for (size_t c = 0; c < 4; ++c, ++to)
          *to = static_cast<uint8_t>(
              (above[c] + above[c + right] + above[c + down] + above[c + right + down] + 2) / 4);
    }
    all.push_back(std::move(half));
    from = &all.back();
  }
  return all;
}

std::vector<float> numbersAt(const Values& values, const TensorSheet::Place& place) {
  const Planes planes = planesOf(values);
  std::vector<float> numbers;
  for (int64_t c = 0; c < planes.channels; ++c) {
    if (place.tile.channel >= 0 && place.tile.channel != c) continue;
    const auto plane = planeOf(values, planes, place.tile.sample, c);
    const int64_t at = place.y * planes.width + place.x;
    if (at >= 0 && at < static_cast<int64_t>(plane.size())) numbers.push_back(plane[static_cast<size_t>(at)]);
  }
  return numbers;
}

}  // namespace loom::editor
