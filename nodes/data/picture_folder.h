#pragma once
// A folder of pictures as a dataset.
#include <filesystem>
#include <functional>
#include <vector>

#include "engine/core/cancel.h"
#include "nodes/data/dataset.h"

namespace loom {

/// How a picture becomes square: its middle; all of it on white; or pulled to shape.
enum class Fit { crop, pad, stretch };

/// The PNG, JPEG and WebP files of a folder and the folders in it, sorted by path; the first `most` of them
/// (0: all). Links to folders are not followed. Throws Error when there are none.
std::vector<std::filesystem::path> pictureFiles(const std::filesystem::path& folder, int64_t most);

struct FolderOptions {
  int64_t size = 64;
  Fit fit = Fit::crop;
  const CancelToken* cancel = nullptr;
  std::function<void(int64_t done, int64_t total)> progress{};  // called on the caller's thread only
};
/// uint8 [N, 3, size, size], area-filtered (bicubic where a picture is enlarged), read in parallel. Name: the
/// file's; group and subgroup: the folder below `folder` it lies in, first and last part; class: subgroup.
/// Throws Error, Cancelled.
Dataset folderDataset(const std::filesystem::path& folder, const std::vector<std::filesystem::path>& files,
                      const FolderOptions& options);

/// uint8 [3, H, W] -> uint8 [3, size, size].
at::Tensor fitted(const at::Tensor& pixels, int64_t size, Fit fit);

}  // namespace loom
