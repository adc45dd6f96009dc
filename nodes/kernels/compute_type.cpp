#include "nodes/kernels/compute_type.h"

#include <ATen/cpu/Utils.h>

namespace loom {

c10::ScalarType computeType(c10::ScalarType asked, c10::Device device) {
  if (!device.is_cpu()) return asked;
  static const auto features = at::cpu::get_cpu_capabilities();
  const auto has = [&](const char* name) {
    const auto found = features.find(name);
    return found != features.end() && found->second.isBool() && found->second.toBool();
  };
  if (asked == c10::kBFloat16) return has("amx_bf16") || has("avx512_bf16") ? asked : c10::kFloat;
  if (asked == c10::kHalf) return has("amx_fp16") || has("avx512_fp16") ? asked : c10::kFloat;
  return asked;
}

}  // namespace loom
