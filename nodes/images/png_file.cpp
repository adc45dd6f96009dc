#include "nodes/images/png_file.h"

#include <ATen/ATen.h>
#include <png.h>

#include <bit>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "engine/core/error.h"
#include "engine/files/atomic_file.h"
#include "engine/files/mapped_file.h"
#include "engine/values/tensors.h"

namespace loom {
namespace {

constexpr size_t kMostInflation = 1032;  // of deflate: what is larger than that can't be in the file

/// libpng reports failure by a jump. The jump lands in guarded() and goes on from there as an exception, so
/// it crosses libpng's frames and that of `step`, which may therefore hold nothing that wants destroying.
struct Fault {
  char message[200] = "";
};
[[noreturn]] void jumpOut(png_structp png, png_const_charp message) {
  auto* fault = static_cast<Fault*>(png_get_error_ptr(png));
  std::snprintf(fault->message, sizeof fault->message, "%s", message);
  png_longjmp(png, 1);
}
void ignoreWarning(png_structp, png_const_charp) {}

template <class Step>
void guarded(png_structp png, const Fault& fault, Step step) {
  if (setjmp(png_jmpbuf(png))) throw Error(std::string("libpng says \"") + fault.message + "\"");
  step();
}

struct Reading {
  Fault fault;
  std::span<const std::byte> rest;
  png_structp png = nullptr;
  png_infop info = nullptr;
  ~Reading() { png_destroy_read_struct(&png, &info, nullptr); }
};

void takeBytes(png_structp png, png_bytep to, png_size_t count) {
  auto* rest = static_cast<std::span<const std::byte>*>(png_get_io_ptr(png));
  if (count > rest->size()) png_error(png, "the file is cut off");
  std::memcpy(to, rest->data(), count);
  *rest = rest->subspan(count);
}

struct Layout {
  png_uint_32 width = 0, height = 0;
  int bits = 0, kind = 0, channels = 0;
  png_size_t packedRow = 0;  // bytes of a row as the file holds it
};

// Up to the first pixel, with everything but palette and transparency left unread.
void readHeader(Reading& reading, Layout& layout) {
  png_structp png = reading.png;
  guarded(png, reading.fault, [&] {
    png_set_read_fn(png, &reading.rest, takeBytes);
    png_set_user_limits(png, kMostPictureSide, kMostPictureSide);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_read_info(png, reading.info);
    png_get_IHDR(png, reading.info, &layout.width, &layout.height, &layout.bits, &layout.kind, nullptr,
                 nullptr, nullptr);
    layout.packedRow = png_get_rowbytes(png, reading.info);
    png_set_expand(png);  // palettes to RGB, 1 to 4 bits to 8, transparency to alpha
    if (layout.bits == 16 && std::endian::native == std::endian::little) png_set_swap(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, reading.info);
    layout.bits = png_get_bit_depth(png, reading.info);
    layout.channels = png_get_channels(png, reading.info);
  });
}

void checkSize(const Layout& layout, size_t fileBytes) {
  const int64_t pixels = int64_t{layout.width} * layout.height;
  if (pixels > kMostPicturePixels)
    throw Error("a picture of " + std::to_string(layout.width) + "×" + std::to_string(layout.height) +
                " is more than the " + std::to_string(kMostPicturePixels >> 20) +
                " million pixels that are read");
  if (layout.packedRow * layout.height > kMostInflation * fileBytes)
    throw Error("this file is too short to hold the " + std::to_string(layout.width) + "×" +
                std::to_string(layout.height) + " pixels it announces");
}

at::Tensor shorts(const std::vector<uint8_t>& bytes, const Layout& layout) {
  at::Tensor pixels = at::empty({layout.height, layout.width, layout.channels});
  float* to = pixels.data_ptr<float>();
  for (int64_t i = 0; i < pixels.numel(); ++i) {
    uint16_t value;
    std::memcpy(&value, bytes.data() + 2 * i, 2);
    to[i] = static_cast<float>(value) / 65535.0f;
  }
  return pixels;
}

std::vector<png_bytep> rowsOf(uint8_t* pixels, int64_t height, int64_t rowBytes) {
  std::vector<png_bytep> rows(static_cast<size_t>(height));
  for (int64_t y = 0; y < height; ++y) rows[static_cast<size_t>(y)] = pixels + y * rowBytes;
  return rows;
}

struct Writing {
  Fault fault;
  std::vector<std::byte> bytes;
  png_structp png = nullptr;
  png_infop info = nullptr;
  ~Writing() { png_destroy_write_struct(&png, &info); }
};

void giveBytes(png_structp png, png_bytep from, png_size_t count) {
  auto* bytes = static_cast<std::vector<std::byte>*>(png_get_io_ptr(png));
  bool room = true;
  try {
    const auto* begin = reinterpret_cast<const std::byte*>(from);
    bytes->insert(bytes->end(), begin, begin + count);
  } catch (...) {
    room = false;
  }
  if (!room) png_error(png, "no memory is left");
}
void flushNothing(png_structp) {}

std::vector<png_text> textEntries(const PngText& text) {
  constexpr size_t kShort = 1024;  // below it, compression gains nothing
  std::vector<png_text> entries;
  for (const auto& [keyword, value] : text) {
    png_text entry{};
    entry.compression = value.size() < kShort ? PNG_ITXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_zTXt;
    entry.key = const_cast<char*>(keyword.c_str());
    entry.text = const_cast<char*>(value.c_str());
    entry.itxt_length = value.size();
    entries.push_back(entry);
  }
  return entries;
}

void checkEncodable(const at::Tensor& pixels) {
  if (!pixels.defined() || pixels.dim() != 3 || pixels.scalar_type() != at::kByte || pixels.size(0) < 1 ||
      pixels.size(0) > 4)
    throw Error("a PNG is made of uint8 [C, H, W] with 1 to 4 channels, not " + describe(pixels));
  if (pixels.size(1) < 1 || pixels.size(2) < 1 || pixels.size(1) > kMostPictureSide ||
      pixels.size(2) > kMostPictureSide || pixels.size(1) * pixels.size(2) > kMostPicturePixels)
    throw Error("a picture of " + std::to_string(pixels.size(2)) + "×" + std::to_string(pixels.size(1)) +
                " is not between 1 and " + std::to_string(kMostPictureSide) + " pixels a side and " +
                std::to_string(kMostPicturePixels >> 20) +
                " million in all; use fewer columns or a smaller scale");
}

}  // namespace

at::Tensor decodePng(std::span<const std::byte> bytes) {
  Reading reading;
  reading.rest = bytes;
  reading.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading.fault, jumpOut, ignoreWarning);
  reading.info = reading.png ? png_create_info_struct(reading.png) : nullptr;
  if (!reading.info) throw Error("libpng does not start");
  Layout layout;
  readHeader(reading, layout);
  checkSize(layout, bytes.size());

  const int64_t rowBytes = int64_t{layout.width} * layout.channels * (layout.bits / 8);
  std::vector<uint8_t> wide(layout.bits == 16 ? static_cast<size_t>(rowBytes * layout.height) : 0);
  at::Tensor pixels;
  if (layout.bits != 16) pixels = at::empty({layout.height, layout.width, layout.channels}, at::kByte);
  std::vector<png_bytep> rows =
      rowsOf(layout.bits == 16 ? wide.data() : pixels.data_ptr<uint8_t>(), layout.height, rowBytes);
  guarded(reading.png, reading.fault, [&] {
    png_read_image(reading.png, rows.data());
    png_read_end(reading.png, nullptr);
  });
  if (layout.bits == 16) pixels = shorts(wide, layout);
  return pixels.permute({2, 0, 1}).contiguous();
}

at::Tensor readPng(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  try {
    return decodePng(file->bytes());
  } catch (const Error& error) {
    throw Error(file->name() + ": " + error.what());
  }
}

std::vector<std::byte> encodePng(const at::Tensor& pixels, const PngText& text) {
  checkEncodable(pixels);
  constexpr int kinds[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                           PNG_COLOR_TYPE_RGBA};
  const at::Tensor interleaved = pixels.cpu().permute({1, 2, 0}).contiguous();
  const auto height = static_cast<png_uint_32>(pixels.size(1)),
             width = static_cast<png_uint_32>(pixels.size(2));
  std::vector<png_bytep> rows =
      rowsOf(interleaved.data_ptr<uint8_t>(), height, int64_t{width} * interleaved.size(2));
  const std::vector<png_text> entries = textEntries(text);
  Writing writing;
  writing.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &writing.fault, jumpOut, ignoreWarning);
  writing.info = writing.png ? png_create_info_struct(writing.png) : nullptr;
  if (!writing.info) throw Error("libpng does not start");
  guarded(writing.png, writing.fault, [&] {
    png_set_write_fn(writing.png, &writing.bytes, giveBytes, flushNothing);
    png_set_IHDR(writing.png, writing.info, width, height, 8, kinds[interleaved.size(2)], PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_text(writing.png, writing.info, entries.data(), static_cast<int>(entries.size()));
    png_write_info(writing.png, writing.info);
    png_write_image(writing.png, rows.data());
    png_write_end(writing.png, nullptr);
  });
  return std::move(writing.bytes);
}

void writePng(const std::filesystem::path& path, const at::Tensor& pixels, const PngText& text) {
  writeAtomically(path, encodePng(pixels, text));
}

}  // namespace loom
