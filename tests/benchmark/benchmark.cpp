// Figures of one run on one machine: engine time, zones, the DDPM network beside PyTorch eager. Medians with
// their spread over interleaved rounds; what is compared is checked to agree first.
#include <ATen/Parallel.h>
#include <ATen/Version.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/benchmark/parts.h"

namespace {

void printMachine() {
  std::ifstream info("/proc/cpuinfo");
  std::string line, model, features;
  while (std::getline(info, line) && features.empty()) {
    if (line.rfind("model name", 0) == 0) model = line.substr(line.find(':') + 2);
    if (line.rfind("flags", 0) != 0) continue;
    std::istringstream flags(line);
    for (std::string flag; flags >> flag;)
      for (const char* told : {"avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16", "amx_tile"})
        if (flag == told) features += " " + flag;
  }
  std::printf("CPU: %s;%s; %d threads\n", model.c_str(), features.c_str(), at::get_num_threads());
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a line as soon as it is known
  std::string python, only;
  long memory = 0;
  for (int i = 1; i + 1 < argc; ++i) {
    if (!std::strcmp(argv[i], "--peer")) python = argv[i + 1];
    if (!std::strcmp(argv[i], "--only")) only = argv[i + 1];
    if (!std::strcmp(argv[i], "--memory")) memory = std::atol(argv[i + 1]);
  }
  at::set_num_threads(2);
  try {
    if (memory > 0) {
      loom::bench::printMemoryPeak(memory);
      return 0;
    }
    printMachine();
    if (only.empty() || only == "engine") loom::bench::engineTimes();
    if (only.empty() || only == "memory") loom::bench::memoryPeaks();
    if (only.empty() || only == "steering") loom::bench::steeringTimes();
    if (only == "previews") loom::bench::previewTimes();
    if (only.empty() || only == "network") loom::bench::networkTimes(python);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "benchmark: %s\n", error.what());
    return 1;
  }
  return 0;
}
