#pragma once
// Sizes of the film strip's lines, in pixels; of those with text at its designed size (see scaled()).

namespace loom::editor {

inline constexpr float kCellGap = 4, kStepsHeight = 17, kTimestepsHeight = 12;
inline constexpr int kPicturesAtLeast = 8;  // beside each other
inline constexpr float kLeastLine = 32, kFairLine = 40, kGoodLine = 58, kMostLine = 132;

}  // namespace loom::editor
