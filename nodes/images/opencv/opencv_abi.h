#pragma once
// What the module libnoiseloom_opencv.so offers, in C: the program knows OpenCV through this alone, so that
// its two hundred libraries are loaded when a JPEG, a WebP or a video is first asked for, and never at the
// start.
#include <cstddef>
#include <cstdint>

extern "C" {

enum { kLoomOpenCvVersion = 1 };

/// Memory of the module, given back with release().
struct LoomBlock {
  uint8_t* data;
  size_t size;
};
/// Interleaved RGB, rows from the top.
struct LoomPicture {
  uint8_t* rgb;
  int32_t width, height;
};
/// Where a failure is told; the text is cut to fit.
struct LoomFailure {
  char text[256];
};

/// Functions return 0, or null, on failure. They throw nothing. Videos are for one thread at a time.
struct LoomOpenCv {
  int version;
  int (*decode)(const uint8_t* bytes, size_t size, LoomPicture* out, LoomFailure* failure);
  int (*encode)(const LoomPicture* picture, const char* extension, int quality, LoomBlock* out,
                LoomFailure* failure);
  void (*release)(void* memory);
  /// MPEG-4; H.264 where the system has an encoder for it. Width and height are even.
  void* (*openVideo)(const char* path, int32_t width, int32_t height, double framesPerSecond,
                     LoomFailure* failure);
  int (*addFrame)(void* video, const uint8_t* rgb, LoomFailure* failure);
  void (*closeVideo)(void* video);
};

/// The one name the module exports.
const LoomOpenCv* loomOpenCv();
}
