// image.load: a picture from a file.
#include <ATen/ATen.h>

#include "engine/core/key.h"
#include "engine/files/mapped_file.h"
#include "engine/node/exec.h"
#include "nodes/images/image_file.h"
#include "nodes/images/picture_header.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

constexpr In<FilePath> path{"path", "A PNG, JPEG or WebP", {.extensions = ".png .jpg .jpeg .webp"}};
constexpr Out<Image> image{"image",
                           "The picture as RGB, float32 [1, 3, H, W] in [0, 1]; alpha is laid over white"};

void execute(Exec& x) {
  x.set(image, Image{readPictureAsFloat(x.readPath(path)).unsqueeze(0).to(x.policy().device)});
}

void infer(Infer& i) {
  i.out(image).shape = {{1, 3, "height", "width"}};
  i.out(image).dtype = at::kFloat;
  const FilePath* named = i.constant(path);
  if (!named) return;
  std::shared_ptr<const MappedFile> file;
  try {
    file = MappedFile::open(i.files().read(named->text));
  } catch (const Error& error) {
    i.refuse(path, error.what());
  }
  const auto header = readPictureHeader(file->bytes());
  if (!header) i.refuse(path, file->name() + " is neither a PNG nor a JPEG nor a WebP");
  i.out(image).shape = {{1, 3, header->height, header->width}};
}

void fingerprint(Exec& x, KeyBuilder& key) {
  const auto file = MappedFile::open(x.readPath(path));
  key.add(std::string_view(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()));
}

}  // namespace

NodeType imageLoad() {
  NodeType type = makeNode("image.load", "Load image", "Reads a picture.", execute, path, image);
  type.infer = infer;
  type.fingerprint = fingerprint;
  return type;
}

}  // namespace loom
