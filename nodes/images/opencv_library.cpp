#include "nodes/images/opencv_library.h"

#include <ATen/ATen.h>
#include <dlfcn.h>

#include <cstring>
#include <limits>

#include "engine/core/error.h"
#include "engine/values/tensors.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

constexpr const char* kModule = "libnoiseloom_opencv.so";
constexpr const char* kAdvice =
    "; build with OpenCV (Debian package libopencv-dev) or install libopencv-imgcodecs406 and "
    "libopencv-videoio406, or "
    "use PNG for pictures and GIF for animations";

// Beside the program, above it (where tests lie), or where it is installed.
std::vector<fs::path> places() {
  std::error_code ignored;
  const fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  return {folder / kModule, folder.parent_path() / kModule,
          folder.parent_path() / "lib" / "noiseloom" / kModule};
}

const LoomOpenCv& load() {
  std::string reason = std::string(kModule) + " is not there";
  std::error_code ignored;
  for (const fs::path& place : places()) {
    if (!fs::exists(place, ignored)) continue;
    // Its libraries keep their names to themselves: torch has some of the same.
    void* module = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
    auto* entry = module ? reinterpret_cast<decltype(&loomOpenCv)>(dlsym(module, "loomOpenCv")) : nullptr;
    if (entry && entry()->version == kLoomOpenCvVersion) return *entry();
    const char* why = module ? nullptr : dlerror();
    reason = why ? why : place.string() + " belongs to another version of the program";
  }
  throw Error("JPEG, WebP and MP4 need OpenCV, which can't be loaded (" + reason + ")" + kAdvice);
}

at::Tensor interleaved(const at::Tensor& pixels) {
  if (!pixels.defined() || pixels.dim() != 3 || pixels.size(0) != 3 || pixels.scalar_type() != at::kByte)
    throw Error("OpenCV is given pictures as uint8 [3, H, W], not " + describe(pixels));
  return pixels.cpu().permute({1, 2, 0}).contiguous();
}

struct Released {
  void operator()(void* memory) const { openCv().release(memory); }
};

}  // namespace

const LoomOpenCv& openCv() {
  static const LoomOpenCv& loaded = load();  // where it throws, the next call tries again
  return loaded;
}

at::Tensor decodeWithOpenCv(std::span<const std::byte> bytes) {
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max()))
    throw Error("the file is larger than 2 GB");
  LoomPicture picture{};
  LoomFailure failure{};
  if (!openCv().decode(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), &picture, &failure))
    throw Error(failure.text);
  const std::unique_ptr<void, Released> owner(picture.rgb);
  return at::from_blob(picture.rgb, {picture.height, picture.width, 3}, at::kByte)
      .permute({2, 0, 1})
      .contiguous();
}

std::vector<std::byte> encodeWithOpenCv(const at::Tensor& pixels, const std::string& extension, int quality) {
  const at::Tensor rgb = interleaved(pixels);
  const LoomPicture picture{rgb.data_ptr<uint8_t>(), static_cast<int32_t>(rgb.size(1)),
                            static_cast<int32_t>(rgb.size(0))};
  LoomBlock block{};
  LoomFailure failure{};
  if (!openCv().encode(&picture, extension.c_str(), quality, &block, &failure)) throw Error(failure.text);
  const std::unique_ptr<void, Released> owner(block.data);
  const auto* begin = reinterpret_cast<const std::byte*>(block.data);
  return {begin, begin + block.size};
}

VideoFile::VideoFile(const fs::path& path, int64_t width, int64_t height, double framesPerSecond)
    : width_(width), height_(height) {
  LoomFailure failure{};
  video_ = openCv().openVideo(path.c_str(), static_cast<int32_t>(width), static_cast<int32_t>(height),
                              framesPerSecond, &failure);
  if (!video_) throw Error(std::string(failure.text) + "; save the animation as .gif instead");
}

VideoFile::~VideoFile() { close(); }

void VideoFile::add(const at::Tensor& pixels) {
  const at::Tensor rgb = interleaved(pixels);
  if (rgb.size(0) != height_ || rgb.size(1) != width_)
    throw Error("all frames of a video are " + std::to_string(width_) + "×" + std::to_string(height_) +
                ", this is " + describe(pixels));
  LoomFailure failure{};
  if (!openCv().addFrame(video_, rgb.data_ptr<uint8_t>(), &failure)) throw Error(failure.text);
}

void VideoFile::close() {
  if (video_) openCv().closeVideo(std::exchange(video_, nullptr));
}

}  // namespace loom
