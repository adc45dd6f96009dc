// The one file that knows OpenCV.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "nodes/images/opencv/opencv_abi.h"

namespace {

void tell(LoomFailure* failure, const char* text) {
  std::snprintf(failure->text, sizeof failure->text, "%s", text);
}

/// No exception leaves this file.
template <class Work>
int guarded(LoomFailure* failure, Work work) {
  try {
    return work() ? 1 : 0;
  } catch (const std::exception& error) {
    tell(failure, error.what());
  } catch (...) {
    tell(failure, "an unknown failure");
  }
  return 0;
}

bool copyOut(const cv::Mat& rgb, LoomPicture* out) {
  const size_t bytes = rgb.total() * 3;
  auto* memory = static_cast<uint8_t*>(std::malloc(bytes));
  if (!memory) throw std::bad_alloc();
  for (int y = 0; y < rgb.rows; ++y)
    std::memcpy(memory + size_t(y) * rgb.cols * 3, rgb.ptr(y), size_t(rgb.cols) * 3);
  *out = {memory, rgb.cols, rgb.rows};
  return true;
}

int decode(const uint8_t* bytes, size_t size, LoomPicture* out, LoomFailure* failure) {
  return guarded(failure, [&] {
    const cv::Mat coded(1, static_cast<int>(size), CV_8UC1, const_cast<uint8_t*>(bytes));
    cv::Mat bgr = cv::imdecode(coded, cv::IMREAD_COLOR), rgb;
    if (bgr.empty()) return tell(failure, "the picture is damaged"), false;
    cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
    return copyOut(rgb, out);
  });
}

int encode(const LoomPicture* picture, const char* extension, int quality, LoomBlock* out,
           LoomFailure* failure) {
  return guarded(failure, [&] {
    const cv::Mat rgb(picture->height, picture->width, CV_8UC3, picture->rgb);
    cv::Mat bgr;
    cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
    const bool webp = std::strcmp(extension, ".webp") == 0;
    std::vector<uint8_t> coded;
    if (!cv::imencode(extension, bgr, coded,
                      {webp ? cv::IMWRITE_WEBP_QUALITY : cv::IMWRITE_JPEG_QUALITY, quality}))
      return tell(failure, "this format can't be written"), false;
    auto* memory = static_cast<uint8_t*>(std::malloc(coded.size()));
    if (!memory) throw std::bad_alloc();
    std::memcpy(memory, coded.data(), coded.size());
    *out = {memory, coded.size()};
    return true;
  });
}

struct Video {
  cv::VideoWriter writer;
  cv::Size size;
};

void* openVideo(const char* path, int32_t width, int32_t height, double framesPerSecond,
                LoomFailure* failure) {
  auto video = std::make_unique<Video>();
  const int opened = guarded(failure, [&] {
    video->size = {width, height};
    const int h264 = cv::VideoWriter::fourcc('a', 'v', 'c', '1');
    const int mpeg4 = cv::VideoWriter::fourcc('m', 'p', '4', 'v');
    if (video->writer.open(path, cv::CAP_FFMPEG, h264, framesPerSecond, video->size)) return true;
    if (video->writer.open(path, cv::CAP_FFMPEG, mpeg4, framesPerSecond, video->size)) return true;
    tell(failure, "this OpenCV has no encoder for MP4");
    return false;
  });
  return opened ? video.release() : nullptr;
}

int addFrame(void* handle, const uint8_t* rgb, LoomFailure* failure) {
  auto* video = static_cast<Video*>(handle);
  return guarded(failure, [&] {
    const cv::Mat frame(video->size, CV_8UC3, const_cast<uint8_t*>(rgb));
    cv::Mat bgr;
    cv::cvtColor(frame, bgr, cv::COLOR_RGB2BGR);
    video->writer.write(bgr);
    return true;
  });
}

void closeVideo(void* handle) {
  const std::unique_ptr<Video> video(static_cast<Video*>(handle));
  LoomFailure ignored;
  guarded(&ignored, [&] { return video->writer.release(), true; });
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const LoomOpenCv* loomOpenCv() {
  // What goes wrong is told by the functions; a library does not write on a program's terminal.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  static const LoomOpenCv functions{kLoomOpenCvVersion, decode,   encode,    std::free,
                                    openVideo,          addFrame, closeVideo};
  return &functions;
}
