#include "app/editor/watch/npy.h"

#include <bit>
#include <cstring>

namespace loom::editor {

static_assert(std::endian::native == std::endian::little, "floats are written as they lie in memory");

std::string npyFile(const Values& values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (const int64_t size : values.shape) header += std::to_string(size) + ",";
  header += "), }";
  // Magic, version and length are 10 bytes; numbers begin at a multiple of 64, after a line's end.
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  file += header;
  file.append(reinterpret_cast<const char*>(values.data.data()), values.data.size() * sizeof(float));
  return file;
}

}  // namespace loom::editor
