// data.emoji: a dataset that every machine can make for itself.
#include <ATen/ATen.h>

#include "engine/core/key.h"
#include "engine/files/cache_folder.h"
#include "engine/node/exec.h"
#include "nodes/data/dataset_file.h"
#include "nodes/data/emoji_dataset.h"
#include "nodes/data/text_match.h"

namespace loom {
namespace {

constexpr In<Int> size{"size", "Pixels a side", {.value = 32, .min = 8, .max = 512}};
constexpr In<Text> groups{
    "groups",
    "Only these groups, with commas between: Smileys & Emotion, People & Body, Animals & Nature, "
    "Food & Drink, Travel & Places, Activities, Objects, Symbols, Flags; first words will do"};
constexpr In<Text> subgroups{"subgroups",
                             "Only these subgroups, with commas between, * for anything: face-*, cat-face"};
constexpr In<Bool> skinTones{"skin_tones", "Also the same people in five skin tones", {.value = false}};
constexpr In<Bool> flags{"flags", "Also flags", {.value = false}};
constexpr In<Bool> thin{
    "thin", "Keep few of the clock faces and families, which are nearly alike", {.value = true}};
constexpr In<Choice> classes{"classes",
                             "What the class labels tell apart",
                             {.value = 0, .names = {"subgroup", "group", "name", "none"}}};
constexpr Out<Dataset> dataset{"dataset",
                               "Pictures on white, uint8 [N, 3, size, size], with names and groups"};

void execute(Exec& x) {
  EmojiOptions options;
  options.size = x.get(size);
  options.choice = {.groups = commaList(x.get(groups)),
                    .subgroups = commaList(x.get(subgroups)),
                    .skinTones = x.get(skinTones),
                    .flags = x.get(flags),
                    .thin = x.get(thin)};
  const Watch watch{.cancel = x.services().cancel,
                    .progress = [&x](int64_t done, int64_t total) { x.progress(done, total); },
                    .threads = x.policy().threads};
  Dataset data = cachedEmoji(findEmojiSources(), options, cacheFolder(), watch);
  setClasses(data, x.get(classes).as<ClassBy>());
  x.set(dataset, std::move(data));
}

void infer(Infer& i) {
  const Int* pixels = i.constant(size);
  const Dim side = pixels ? Dim(*pixels) : Dim("size");
  i.out(dataset).shape = {{"pictures", 3, side, side}};
  i.out(dataset).dtype = at::kByte;
}

void fingerprint(Exec&, KeyBuilder& key) {
  // Where font or table is missing the run itself says so.
  try {
    key.add(identityOf(findEmojiSources()));
  } catch (const Error&) {
  }
}

}  // namespace

NodeType emojiData() {
  NodeType type =
      makeNode("data.emoji", "Emoji",
               "Pictures of emoji with their names, drawn from the font Noto Color Emoji (Debian package "
               "fonts-noto-color-emoji) after Unicode's table (package unicode-data).",
               execute, size, groups, subgroups, skinTones, flags, thin, classes, dataset);
  type.infer = infer;
  type.fingerprint = fingerprint;
  return type;
}

}  // namespace loom
