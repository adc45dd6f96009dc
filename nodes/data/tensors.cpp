// data.tensors: pictures that another program left in a safetensors file.
#include <ATen/ATen.h>

#include "engine/core/key.h"
#include "engine/files/safetensors.h"
#include "engine/node/exec.h"
#include "nodes/data/dataset_file.h"
#include "nodes/data/text_match.h"
#include "nodes/images/picture_range.h"

namespace loom {
namespace {

constexpr In<FilePath> path{"path", "A safetensors file", {.extensions = ".safetensors"}};
constexpr In<Text> key{
    "key", "Name of the tensor with the pictures, [N, C, H, W] uint8 or float", {.value = "images"}};
constexpr In<Text> labelKey{"labels",
                            "Name of the tensor with classes, integers [N]; may be missing in the file",
                            {.value = "labels"}};
constexpr In<Choice> layout{
    "layout", "Order of the pictures' dimensions", {.value = 0, .names = {"NCHW", "NHWC"}}};
constexpr In<Choice> range{"range",
                           "Of float pictures: which numbers are black and white",
                           {.value = 0, .names = {kRangeNames[0], kRangeNames[1]}}};
constexpr Out<Dataset> dataset{"dataset", "Pictures, uint8 [N, C, H, W]"};

const SafetensorsHeader::Item& itemNamed(const SafetensorsHeader& header, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& item : header.tensors) {
    if (item.name == name) return item;
    names.push_back(item.name);
  }
  throw Error("", key.id, "the file has no tensor \"" + name + "\"; it has: " + listed(names));
}

at::Tensor asBytes(at::Tensor images, bool channelsLast, PictureRange range) {
  if (images.dim() != 4) throw Error("", key.id, "pictures are [N, C, H, W], this is " + describe(images));
  if (channelsLast) images = images.permute({0, 3, 1, 2});
  if (images.size(1) != 1 && images.size(1) != 3)
    throw Error("", layout.id,
                "pictures have 1 channel or 3, these are " + describe(images) + "; is it the other layout?");
  if (images.scalar_type() == at::kByte) return images.contiguous().clone();
  if (!images.is_floating_point())
    throw Error("", key.id, "pictures are uint8 or float, this is " + describe(images));
  at::Tensor bytes = at::empty(images.sizes(), at::kByte);
  constexpr int64_t kAtOnce = 256;  // as floats they are four times as large
  for (int64_t i = 0; i < images.size(0); i += kAtOnce) {
    const int64_t n = std::min(kAtOnce, images.size(0) - i);
    bytes.narrow(0, i, n).copy_(toUnitRange(images.narrow(0, i, n), range).mul(255).round());
  }
  return bytes;
}

// The file's labels as they are: a class that no picture has keeps its number.
void setLabels(Dataset& data, const at::Tensor& labels) {
  if (labels.dim() != 1 || labels.size(0) != data.size() || labels.is_floating_point())
    throw Error("", labelKey.id,
                "classes are integers [" + std::to_string(data.size()) + "], this is " + describe(labels));
  constexpr int64_t kMostClasses = 1'000'000;
  data.labels = labels.to(at::kLong).clone();
  const int64_t most = data.size() ? data.labels.max().item<int64_t>() : -1;
  if (most >= kMostClasses || (data.size() && data.labels.min().item<int64_t>() < 0))
    throw Error("", labelKey.id, "classes are numbered from 0 to less than a million");
  for (int64_t c = 0; c <= most; ++c) data.classes.push_back("class " + std::to_string(c));
  const auto at = data.labels.accessor<int64_t, 1>();
  for (int64_t i = 0; i < data.size(); ++i) data.subgroups[i] = data.classes[static_cast<size_t>(at[i])];
}

void execute(Exec& x) {
  const auto file = x.readPath(path);
  if (auto whole = readDatasetFile(file))
    return x.set(dataset, std::move(*whole));  // one of ours, with names
  const auto mapped = MappedFile::open(file);
  const SafetensorsHeader header = readSafetensorsHeader(*mapped);
  Dataset data;
  data.images = asBytes(viewTensor(mapped, itemNamed(header, x.get(key))), x.get(layout).index == 1,
                        x.get(range).as<PictureRange>());
  data.source = file.filename().string();
  const auto n = static_cast<size_t>(data.size());
  data.groups.resize(n);
  data.subgroups.resize(n);
  for (size_t i = 0; i < n; ++i) data.names.push_back(std::to_string(i));
  setClasses(data, ClassBy::none);
  for (const auto& item : header.tensors) {
    if (item.name != x.get(labelKey)) continue;
    data.classes.clear();
    setLabels(data, viewTensor(mapped, item));
  }
  x.set(dataset, std::move(data));
}

void fingerprint(Exec& x, KeyBuilder& builder) {
  const FileIdentity identity = identify(x.readPath(path));
  builder.add(identity.device).add(identity.inode).add(identity.size).add(identity.modified);
}

}  // namespace

NodeType dataTensors() {
  NodeType type = makeNode("data.tensors", "Picture tensors",
                           "Reads pictures and classes to train on from a safetensors file.", execute, path,
                           key, labelKey, layout, range, dataset);
  type.fingerprint = fingerprint;
  return type;
}

}  // namespace loom
