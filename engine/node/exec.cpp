#include "engine/node/exec.h"

#include "engine/node/files.h"

namespace loom {

std::filesystem::path Exec::readPath(const In<FilePath>& port) const {
  try {
    return services_->files.read(get(port).text);
  } catch (const Error& error) {
    throw Error(*path_, port.id, error.what());
  }
}

std::filesystem::path Exec::writePath(const In<FilePath>& port) const {
  try {
    return services_->files.write(get(port).text);
  } catch (const Error& error) {
    throw Error(*path_, port.id, error.what());
  }
}

const Spec& Infer::unknown() {
  static const Spec spec;
  return spec;
}

}  // namespace loom
