#include "app/cli/result_cache.h"

#include <ATen/Parallel.h>

#include "app/cli/duration.h"
#include "app/cli/output.h"
#include "app/cli/policy.h"
#include "app/cli/provenance.h"
#include "engine/files/cache_folder.h"
#include "engine/files/mapped_file.h"
#include "engine/run/disk_cache.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

// A program that was built anew is another one, whatever its version says.
std::string buildText() {
  try {
    const FileIdentity program = identify(fs::read_symlink("/proc/self/exe"));
    return std::to_string(program.size) + " " + std::to_string(program.modified);
  } catch (const std::exception&) {
    return "unknown build";
  }
}

}  // namespace

fs::path resultFolder() {
  const fs::path folder = cacheFolder();
  return folder.empty() ? fs::path() : folder / "results";
}

std::string resultOwner(const Policy& policy) {
  const int threads = policy.threads > 0 ? policy.threads : at::get_num_threads();
  return programVersion() + "; " + buildText() + "; " + torchVersion() + "; " + processor().dump() + "; " +
         deviceName(policy) + " " + computeName(policy) + "; " + std::to_string(threads) + " threads";
}

int cacheCommand(const CacheRequest& request) {
  const fs::path folder = resultFolder();
  if (folder.empty())
    return report(Error("there is no cache folder: neither XDG_CACHE_HOME nor HOME is set"), kRefused,
                  request.json);
  const DiskCache::Contents was = request.clear ? DiskCache::clear(folder) : DiskCache::contentsOf(folder);
  if (request.json) {
    writeJsonLine(stdout, {{"folder", folder.string()},
                           {"results", was.entries},
                           {"bytes", was.bytes},
                           {"cleared", request.clear}});
    return kDone;
  }
  std::printf("%s%zu results, %s, in %s\n", request.clear ? "removed " : "", was.entries,
              sizeText(was.bytes).c_str(), folder.c_str());
  return kDone;
}

}  // namespace loom
