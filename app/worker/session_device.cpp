#include <ATen/DeviceAccelerator.h>
#include <unistd.h>

#include <fstream>

#include "app/worker/session.h"

namespace loom {
namespace {

using nlohmann::json;

// Bytes of a line "MemAvailable:  123 kB" of /proc/meminfo or /proc/self/status; 0 where there is none.
uint64_t memoryLine(const char* file, const std::string& name) {
  std::ifstream lines(file);
  std::string line;
  while (std::getline(lines, line))
    if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1)) * 1024;
  return 0;
}

json acceleratorMemory(const Policy& policy) {
  try {
    const auto [free, total] =
        at::getDeviceAllocator(policy.device.type())->getMemoryInfo(policy.device.index());
    return {{"free", free}, {"total", total}};
  } catch (const std::exception&) {
    return json::object();
  }
}

}  // namespace

json Session::memory() const {
  return {{"process", memoryLine("/proc/self/status", "VmRSS")},
          {"available", memoryLine("/proc/meminfo", "MemAvailable")},
          {"total", memoryLine("/proc/meminfo", "MemTotal")},
          {"cache", shop_.cachedBytes()},
          {"runs", shop_.recordedBytes()},
          {"runsOnDisk", shop_.recordedDiskBytes()},
          {"shared", shared_.bytes()}};
}

json Session::device(Params& params) {
  params.done();
  PolicyRequest request = options_.policy;
  const Policy policy = decidePolicy(request);
  json devices = json::array();
  devices.push_back({{"device", "cpu"}, {"threads", usualThreads()}});
  if (policy.device.is_cuda()) {
    json cuda = acceleratorMemory(policy);
    cuda["device"] = deviceName(policy);
    devices.push_back(std::move(cuda));
  }
  return {{"device", deviceName(policy)},
          {"dtype", computeName(policy)},
          {"devices", devices},
          {"memory", memory()},
          {"tensors", shared_.count()}};
}

json Session::cacheClear(Params& params) {
  const bool disk = params.flag("disk", false);
  params.done();
  shop_.clearCache(disk);
  return memory();
}

}  // namespace loom
