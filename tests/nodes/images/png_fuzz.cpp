// Any bytes at all: a picture, texts, or an Error.
#include "engine/core/error.h"
#include "nodes/images/picture_header.h"
#include "nodes/images/png_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  loom::readPictureHeader(bytes);
  try {
    loom::decodePng(bytes);
  } catch (const loom::Error&) {
  }
  try {
    loom::decodePngText(bytes);
  } catch (const loom::Error&) {
  }
  return 0;
}
