#pragma once
// Two files of tensors, or two recordings, as a table.
#include "app/cli/compared_files.h"
#include "engine/run/compare.h"

namespace loom {

/// .safetensors, .npy, or what torch.save wrote. Throws Error.
FileComparison compareTensorFiles(const std::filesystem::path& a, const std::filesystem::path& b,
                                  const CompareOptions& options);

/// The table and the line below it, of rows of a recording or of named tensors.
FileComparison tableOf(const std::vector<ComparedTensor>& rows, bool recordings,
                       const CompareOptions& options);

}  // namespace loom
