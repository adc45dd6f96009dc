#pragma once
// How the channels of a tensor become red, green and blue.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace loom {

/// Red, green and blue as a linear map of the channels; 0 is dark and 1 bright, what lies beyond is cut off.
struct PictureColours {
  static constexpr int64_t kMostChannels = 4;
  std::array<std::array<float, kMostChannels>, 3> matrix{};  // [colour][channel]
  std::array<float, 3> bias{};

  /// scale · channel + bias, of one channel, grey, or three, RGB. Empty for other numbers of channels.
  static std::optional<PictureColours> of(int64_t channels, float scale, float bias) {
    if (channels != 1 && channels != 3) return {};
    PictureColours colours;
    for (size_t k = 0; k < 3; ++k) colours.matrix[k][channels == 1 ? 0 : k] = scale;
    colours.bias.fill(bias);
    return colours;
  }
};

}  // namespace loom
