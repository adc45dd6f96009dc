// image.contact_sheet: many pictures as one.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/images/sheet.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

constexpr InMany<Image> images{"images", "Pictures; with several links, each begins a row of its own"};
constexpr In<Int> columns{"columns",
                          "Pictures in a row; 0: as near to a square as it goes, or one row a link",
                          {.value = 0, .min = 0, .max = 4096}};
constexpr In<Int> gap{"gap", "Pixels between pictures, and around them", {.value = 4, .min = 0, .max = 256}};
constexpr In<Real> background{
    "background", "Grey between the pictures: 0 black, 1 white", {.value = 1, .min = 0, .max = 1}};
constexpr In<Int> scale{"scale", "Each pixel becomes scale × scale", {.value = 1, .min = 1, .max = 64}};
constexpr Out<Image> sheetOut{"image", "One picture, float32 [1, C, H, W]"};

void execute(Exec& x) {
  const SheetLayout layout{.columns = x.get(columns),
                           .gap = x.get(gap),
                           .frame = true,
                           .background = x.get(background),
                           .scale = x.get(scale)};
  std::vector<at::Tensor> rows;
  for (const Value& value : x.values(images)) rows.push_back(value.as<Image>().pixels);
  const at::Tensor one = rows.size() == 1 ? sheet(rows.front(), layout) : sheetOfRows(rows, layout);
  x.set(sheetOut, Image{one.unsqueeze(0)});
}

void infer(Infer& i) {
  i.out(sheetOut).shape = {{1, "channels", "height", "width"}};
  i.out(sheetOut).dtype = at::kFloat;
}

}  // namespace

NodeType imageContactSheet() {
  NodeType type = makeNode("image.contact_sheet", "Contact sheet",
                           "Lays pictures out in rows and columns of one picture.", execute, images, columns,
                           gap, background, scale, sheetOut);
  type.infer = infer;
  return type;
}

}  // namespace loom
