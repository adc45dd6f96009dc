// image.save: pictures to files. A PNG holds the graph it came from.
#include <ATen/ATen.h>

#include <cstdio>

#include "engine/node/result_text.h"
#include "nodes/images/image_file.h"
#include "nodes/images/picture_header.h"
#include "nodes/images/sheet.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

namespace fs = std::filesystem;

constexpr In<Image> image{"image", "Pictures, [B, 1 or 3, H, W] in [0, 1]"};
constexpr In<FilePath> path{
    "path",
    "File to write, below the output folder; the extension says which kind. In a zone the "
    "iteration is put before the extension.",
    {.value = "image.png", .extensions = ".png .jpg .jpeg .webp", .writes = true}};
constexpr In<Bool> each{
    "each", "One file a picture, numbered from 0001, in place of one sheet", {.value = false}};
constexpr In<Int> columns{"columns",
                          "Pictures in a row of the sheet; 0: as near to a square as it goes",
                          {.value = 0, .min = 0, .max = 4096}};
constexpr In<Int> gap{
    "gap", "White pixels between the pictures of a sheet", {.value = 2, .min = 0, .max = 256}};
constexpr In<Int> scale{"scale", "Each pixel becomes scale × scale", {.value = 1, .min = 1, .max = 64}};
constexpr In<Int> quality{"quality", "Of JPEG and WebP", {.value = 95, .min = 1, .max = 100}};

fs::path withSuffix(const fs::path& file, int64_t number, int digits) {
  char suffix[32];
  std::snprintf(suffix, sizeof suffix, "-%0*lld", digits, static_cast<long long>(number));
  return file.parent_path() / (file.stem().string() + suffix + file.extension().string());
}

void writeOne(Exec& x, const fs::path& file, const at::Tensor& pixels,
              const nlohmann::json& which = nlohmann::json::object()) {
  SaveOptions options;
  options.quality = static_cast<int>(x.get(quality));
  options.text = resultTexts(x, which);
  writePicture(file, toBytes(pixels).cpu(), options);
  x.services().produced(x.path(), file);
}

void execute(Exec& x) {
  const at::Tensor& pixels = x.get(image).pixels;
  if (!pixels.defined() || pixels.dim() != 4 || pixels.size(0) < 1)
    throw Error("", image.id, "there is no picture to save: " + describe(pixels));
  fs::path file = x.writePath(path);
  for (const int64_t index : x.iteration()) file = withSuffix(file, index + 1, 6);
  const SheetLayout layout{.columns = x.get(columns), .gap = x.get(gap), .scale = x.get(scale)};
  if (!x.get(each)) return writeOne(x, file, sheet(pixels, layout));
  for (int64_t i = 0; i < pixels.size(0); ++i) {
    x.checkCancelled();
    writeOne(x, withSuffix(file, i + 1, 4), sheet(pixels.narrow(0, i, 1), layout), {{"picture", i}});
    x.progress(i + 1, pixels.size(0));
  }
}

void infer(Infer& i) {
  const FilePath* named = i.constant(path);
  if (named && !formatOf(named->text))
    i.refuse(path, "pictures are saved as .png, .jpg or .webp, not as \"" + named->text + "\"");
  const Spec& in = i.in(image);
  if (in.shape && in.shape->size() == 4 && !Dim(1).fits((*in.shape)[1]) && !Dim(3).fits((*in.shape)[1]))
    i.refuse(image, "a picture has 1 channel or 3, this has " + (*in.shape)[1].text());
}

}  // namespace

NodeType imageSave() {
  NodeType type =
      makeNode("image.save", "Save image",
               "Writes pictures as PNG, JPEG or WebP. A PNG holds the graph and where it all came from: "
               "opening it opens the graph.",
               execute, image, path, each, columns, gap, scale, quality);
  type.infer = infer;
  type.effect = true;
  return type;
}

}  // namespace loom
