// The precompiled header every target shares: tensors, autograd and JSON, which cost 20 s a file without it.
// Not more of LibTorch: what torch/nn.h, torch/data.h and the rest leave to be instantiated is instantiated
// anew in every file that the precompiled header is used for, which doubles the time of each. Files that need
// those include them.
#pragma once
#include <torch/torch.h>

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>
