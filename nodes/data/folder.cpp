// data.folder: one's own pictures to train on.
#include <ATen/ATen.h>

#include "engine/core/key.h"
#include "engine/files/mapped_file.h"
#include "engine/node/exec.h"
#include "nodes/data/picture_folder.h"

namespace loom {
namespace {

constexpr In<FilePath> path{"path", "Folder with PNG, JPEG or WebP files, also in folders within it"};
constexpr In<Int> size{"size", "Pixels a side", {.value = 64, .min = 8, .max = 4096}};
constexpr In<Choice> fit{"fit",
                         "How pictures become square: their middle, all of it on white, or pulled to shape",
                         {.value = 0, .names = {"crop", "pad", "stretch"}}};
constexpr In<Int> limit{"limit", "At most so many pictures, by name; 0: all", {.value = 0, .min = 0}};
constexpr In<Choice> classes{
    "classes",
    "What the class labels tell apart: the innermost folder, the outermost, or nothing",
    {.value = 0, .names = {"folder", "top folder", "none"}}};
constexpr Out<Dataset> dataset{"dataset", "Pictures, uint8 [N, 3, size, size], named by their files"};

// A link may lead out of the folders this graph may read.
void checkAllowed(const Exec& x, const std::vector<std::filesystem::path>& files) {
  for (const auto& file : files)
    if (std::filesystem::is_symlink(file)) x.services().files.read(file.string());
}

void execute(Exec& x) {
  const std::filesystem::path folder = x.readPath(path);
  const auto files = pictureFiles(folder, x.get(limit));
  checkAllowed(x, files);
  Dataset data = folderDataset(folder, files,
                               {.size = x.get(size),
                                .fit = x.get(fit).as<Fit>(),
                                .cancel = x.services().cancel,
                                .progress = [&x](int64_t done, int64_t total) { x.progress(done, total); }});
  constexpr ClassBy by[] = {ClassBy::subgroup, ClassBy::group, ClassBy::none};
  setClasses(data, by[x.get(classes).index]);
  x.set(dataset, std::move(data));
}

void infer(Infer& i) {
  const Int* pixels = i.constant(size);
  const Dim side = pixels ? Dim(*pixels) : Dim("size");
  i.out(dataset).shape = {{"pictures", 3, side, side}};
  i.out(dataset).dtype = at::kByte;
}

void fingerprint(Exec& x, KeyBuilder& key) {
  for (const auto& file : pictureFiles(x.readPath(path), x.get(limit))) {
    const FileIdentity identity = identify(file);
    key.add(file.string()).add(identity.size).add(identity.modified);
  }
}

}  // namespace

NodeType dataFolder() {
  NodeType type = makeNode("data.folder", "Picture folder",
                           "Reads a folder of pictures to train on; folders within it are classes.", execute,
                           path, size, fit, limit, classes, dataset);
  type.infer = infer;
  type.fingerprint = fingerprint;
  return type;
}

}  // namespace loom
