#include "app/cli/memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <limits>

#include "engine/core/text.h"

namespace loom {
namespace {

constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

// "MemTotal:  123 kB" of /proc/meminfo or /proc/self/status, in bytes.
uint64_t line(const char* file, const std::string& name) {
  std::ifstream stream(file);
  for (std::string text; std::getline(stream, text);)
    if (text.starts_with(name + ":"))
      return std::strtoull(text.c_str() + name.size() + 1, nullptr, 10) * 1024;
  return 0;
}

uint64_t number(const char* file) {
  std::ifstream stream(file);
  uint64_t value = kNoLimit;
  return stream >> value ? value : kNoLimit;  // "max" is no number
}

// Version 2 of control groups, then 1; as a container sees its own.
uint64_t groupLimit() {
  return std::min(number("/sys/fs/cgroup/memory.max"), number("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
}

uint64_t processLimit() {
  uint64_t least = kNoLimit;
  for (const auto resource : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit limit{};
    if (getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
      least = std::min(least, static_cast<uint64_t>(limit.rlim_cur));
  }
  return least;
}

}  // namespace

MemoryFigures memoryFigures() {
  MemoryFigures figures;
  const uint64_t machine = line("/proc/meminfo", "MemTotal") + line("/proc/meminfo", "SwapTotal");
  figures.total = std::min({machine ? machine : kNoLimit, groupLimit(), processLimit()});
  figures.available = std::min(figures.total, line("/proc/meminfo", "MemAvailable"));
  figures.resident = line("/proc/self/status", "VmRSS");
  return figures;
}

void requireMemory(const PreparedGraph& graph, const Forecast& forecast) {
  if (!graph.policy.device.is_cpu()) return;
  const uint64_t total = memoryFigures().total;
  if (total == kNoLimit || static_cast<uint64_t>(forecast.peakBytes) <= total) return;
  throw Error(forecast.peakAt, "",
              "this run would need " + forecastText(forecast) + ". There are " + sizeText(total) +
                  " here: a smaller batch or size, or fewer collected steps, need less");
}

void limitMemory(const Policy& policy) {
  const uint64_t total = memoryFigures().total;
  rlimit limit{};
  if (!policy.device.is_cpu() || total == kNoLimit || getrlimit(RLIMIT_DATA, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_cur, total);
  setrlimit(RLIMIT_DATA, &limit);
}

nlohmann::json forecastJson(const Forecast& forecast) {
  nlohmann::json holders = nlohmann::json::array();
  for (const Forecast::Holder& holder : forecast.holders)
    holders.push_back({{"what", holder.what}, {"bytes", holder.bytes}});
  return {{"peak_bytes", forecast.peakBytes},
          {"peak_at", forecast.peakAt},
          {"holders", holders},
          {"unknown", forecast.unknown}};
}

}  // namespace loom
