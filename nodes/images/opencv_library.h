#pragma once
// Where the program meets OpenCV: a module that is loaded on first need. Safe on any thread.
#include <ATen/core/Tensor.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nodes/images/opencv/opencv_abi.h"

namespace loom {

/// Throws Error saying what is missing and what to install.
const LoomOpenCv& openCv();

/// JPEG or WebP -> uint8 [3, H, W]. The caller has checked the size the header announces.
at::Tensor decodeWithOpenCv(std::span<const std::byte> bytes);
/// uint8 [3, H, W] -> a file's bytes. `extension` is ".jpg" or ".webp"; quality from 1 to 100.
std::vector<std::byte> encodeWithOpenCv(const at::Tensor& pixels, const std::string& extension, int quality);

/// An MP4 being written, by one thread; the file is complete once close() has returned.
class VideoFile {
 public:
  VideoFile(const std::filesystem::path& path, int64_t width, int64_t height, double framesPerSecond);
  ~VideoFile();
  VideoFile(const VideoFile&) = delete;
  VideoFile& operator=(const VideoFile&) = delete;
  /// uint8 [3, height, width].
  void add(const at::Tensor& pixels);
  void close();

 private:
  void* video_ = nullptr;
  int64_t width_, height_;
};

}  // namespace loom
