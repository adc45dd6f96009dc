#include "nodes/data/picture_folder.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

#include "nodes/images/image_file.h"
#include "nodes/images/picture_header.h"
#include "nodes/images/resample.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kMostBytes = int64_t{16} << 30;
constexpr size_t kMostFiles = 10'000'000;

at::Tensor resized(const at::Tensor& x, int64_t height, int64_t width) {
  const bool enlarges = height > x.size(1) || width > x.size(2);
  return resample(x, height, width, enlarges ? Filter::bicubic : Filter::area);
}

// The larger of both sides becomes `size`, the other keeps the proportion.
at::Tensor padded(const at::Tensor& x, int64_t size) {
  const int64_t longer = std::max(x.size(1), x.size(2));
  const auto scaled = [&](int64_t side) { return std::max<int64_t>(1, (side * size + longer / 2) / longer); };
  const at::Tensor small = resized(x, scaled(x.size(1)), scaled(x.size(2)));
  at::Tensor out = at::full({3, size, size}, 255.0f);
  const int64_t top = (size - small.size(1)) / 2, left = (size - small.size(2)) / 2;
  out.narrow(1, top, small.size(1)).narrow(2, left, small.size(2)).copy_(small);
  return out;
}

at::Tensor middle(const at::Tensor& x) {
  const int64_t side = std::min(x.size(1), x.size(2));
  return x.narrow(1, (x.size(1) - side) / 2, side).narrow(2, (x.size(2) - side) / 2, side);
}

}  // namespace

std::vector<fs::path> pictureFiles(const fs::path& folder, int64_t most) {
  if (!fs::is_directory(folder)) throw Error(folder.string() + " is no folder");
  std::vector<fs::path> files;
  for (const auto& entry :
       fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied)) {
    if (!formatOf(entry.path()) || !entry.is_regular_file()) continue;
    files.push_back(entry.path());
    if (files.size() > kMostFiles) throw Error(folder.string() + " holds more than ten million pictures");
  }
  if (files.empty()) throw Error(folder.string() + " holds no .png, .jpg or .webp");
  std::sort(files.begin(), files.end());
  if (most > 0 && static_cast<size_t>(most) < files.size()) files.resize(static_cast<size_t>(most));
  return files;
}

at::Tensor fitted(const at::Tensor& pixels, int64_t size, Fit fit) {
  const at::Tensor x = pixels.to(at::kFloat);
  at::Tensor out;
  switch (fit) {
    case Fit::crop:
      out = resized(middle(x), size, size);
      break;
    case Fit::pad:
      out = padded(x, size);
      break;
    case Fit::stretch:
      out = resized(x, size, size);
      break;
  }
  return out.clamp(0, 255).round().to(at::kByte);
}

Dataset folderDataset(const fs::path& folder, const std::vector<fs::path>& files,
                      const FolderOptions& options) {
  const auto count = static_cast<int64_t>(files.size()), size = options.size;
  if (size < 1 || count * 3 * size * size > kMostBytes)
    throw Error(std::to_string(count) + " pictures of " + std::to_string(size) + "×" + std::to_string(size) +
                " are more than " + std::to_string(kMostBytes >> 30) + " GB; use a smaller size or a limit");
  Dataset data;
  data.images = at::empty({count, 3, size, size}, at::kByte);
  data.source = folder.filename().string();
  for (const fs::path& file : files) {
    const fs::path below = fs::relative(file, folder).parent_path();
    data.names.push_back(file.stem().string());
    data.groups.push_back(below.empty() ? "" : below.begin()->string());
    data.subgroups.push_back(below.filename().string());
  }
  setClasses(data, ClassBy::subgroup);
  std::atomic<int64_t> done = 0;
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (options.cancel) options.cancel->check();
      data.images[i].copy_(fitted(readPicture(files[static_cast<size_t>(i)]), size, options.fit));
      ++done;
      if (at::get_thread_num() == 0 && options.progress) options.progress(done, count);
    }
  });
  return data;
}

}  // namespace loom
