// The precompiled header every target shares: torch/torch.h alone costs 17 s a file without it.
#pragma once
#include <torch/torch.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>
