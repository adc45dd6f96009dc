// data.preview: a look at a dataset.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/data/dataset.h"
#include "nodes/images/sheet.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

constexpr In<Dataset> dataset{"dataset", "Pictures to look at"};
constexpr In<Int> count{"count", "How many, from the first on", {.value = 256, .min = 1, .max = 100000}};
constexpr In<Int> columns{
    "columns", "Pictures in a row; 0: as near to a square as it goes", {.value = 0, .min = 0, .max = 4096}};
constexpr In<Int> gap{
    "gap", "White pixels between the pictures, and around them", {.value = 4, .min = 0, .max = 256}};
constexpr In<Int> scale{"scale", "Each pixel becomes scale × scale", {.value = 1, .min = 1, .max = 64}};
constexpr Out<Image> image{"image", "One picture, float32 [1, C, H, W]"};

void execute(Exec& x) {
  const Dataset& data = x.get(dataset);
  if (data.size() < 1) throw Error("", dataset.id, "holds no pictures");
  const at::Tensor some =
      data.images.narrow(0, 0, std::min(data.size(), x.get(count))).to(at::kFloat).div_(255);
  const SheetLayout layout{
      .columns = x.get(columns), .gap = x.get(gap), .frame = true, .scale = x.get(scale)};
  x.set(image, Image{sheet(some, layout).unsqueeze(0)});
}

void infer(Infer& i) {
  const Spec& in = i.in(dataset);
  const bool known = in.shape && in.shape->size() == 4;
  i.out(image).shape = {{1, known ? (*in.shape)[1] : Dim("channels"), "height", "width"}};
  i.out(image).dtype = at::kFloat;
}

}  // namespace

NodeType dataPreview() {
  NodeType type = makeNode("data.preview", "Dataset preview", "The first pictures of a dataset on one sheet.",
                           execute, dataset, count, columns, gap, scale, image);
  type.infer = infer;
  return type;
}

}  // namespace loom
