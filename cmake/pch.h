// The precompiled header every target shares: tensor operations and JSON, which cost 8 s a file without it.
// Not more of LibTorch: what torch/torch.h leaves to be instantiated is instantiated anew in every file that
// uses the precompiled header, 5 s each. The few files that need autograd include it themselves.
#pragma once
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>
