#include "app/cli/memory.h"
#include "app/worker/session.h"
#include "engine/device/gpu.h"

namespace loom {
using nlohmann::json;

json Session::memory() const {
  const MemoryFigures figures = memoryFigures();
  return {{"process", figures.resident},   {"available", figures.available},
          {"total", figures.total},        {"cache", shop_.cachedBytes()},
          {"runs", shop_.recordedBytes()}, {"runsOnDisk", shop_.recordedDiskBytes()},
          {"shared", shared_.bytes()}};
}

json Session::device(Params& params) {
  params.done();
  PolicyRequest request = options_.policy;
  const Policy policy = decidePolicy(request);
  json devices = json::array();
  devices.push_back({{"device", "cpu"}, {"threads", usualThreads()}});
  if (policy.device.is_cuda()) {
    json cuda{{"device", deviceName(policy)}};
    if (const auto free = freeGpuMemory(policy.device)) cuda["free"] = *free;
    if (const auto gpu = gpuOf(policy.device)) cuda["total"] = gpu->memory;
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
