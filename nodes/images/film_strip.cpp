// image.film_strip: what zones went through, as one picture.
#include <ATen/ATen.h>

#include "engine/node/exec.h"
#include "nodes/images/film_strip_layout.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

constexpr InMany<Recording> recordings{"recordings", "What zones collected; each makes a row"};
constexpr In<Int> frames{"frames",
                         "Pictures in a row, chosen evenly, first and last among them; 0: all",
                         {.value = 10, .min = 0, .max = 1000}};
constexpr In<Shape> samples{"samples",
                            "Which pictures of the batch, from 0; each makes a row; [] for all of them",
                            {.value = {0}, .rank = 1}};
constexpr In<Text> names{"names",
                         "What the recordings are called, with commas between, written left of the rows"};
constexpr In<Bool> captions{"captions", "Write the steps above the pictures", {.value = true}};
constexpr In<Choice> range{
    "range",
    "Which numbers are black and white; \"own\" takes each picture's smallest and largest",
    {.value = 0, .names = {kRangeNames[0], kRangeNames[1], kRangeNames[2]}}};
constexpr In<Int> scale{"scale", "Each pixel becomes scale × scale", {.value = 2, .min = 1, .max = 64}};
constexpr In<Int> gap{"gap", "Pixels between pictures, and around them", {.value = 4, .min = 0, .max = 256}};
constexpr In<Real> background{
    "background", "Grey between the pictures: 0 black, 1 white", {.value = 1, .min = 0, .max = 1}};
constexpr Out<Image> strip{"image", "One picture, float32 [1, 3, H, W]"};

// "a, b" for two recordings; names may be left out.
std::vector<std::string> rowNames(std::string_view text, size_t count) {
  std::vector<std::string> all(count);
  for (size_t i = 0; i < count && !text.empty(); ++i) {
    const size_t comma = text.find(',');
    std::string_view name = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    all[i] = name;
  }
  return all;
}

std::vector<int64_t> samplesOf(const Recording& recording, const Shape& asked) {
  if (!asked.sizes.empty()) return asked.sizes;
  return evenly(framePictures(recording, 0).size(0), 0);
}

void execute(Exec& x) {
  const std::vector<Value> all = x.values(recordings);
  const std::vector<std::string> named = rowNames(x.get(names), all.size());
  std::vector<StripRow> rows;
  for (size_t r = 0; r < all.size(); ++r) {
    const auto& recording = all[r].as<Recording>();
    if (recording.frames.empty())
      throw Error("", recordings.id, "a recording has no frames: its zone collected nothing");
    const auto chosen = evenly(static_cast<int64_t>(recording.frames.size()), x.get(frames));
    const auto wanted = samplesOf(recording, x.get(samples));
    for (const int64_t sample : wanted) {
      x.checkCancelled();
      rows.push_back(stripRow(recording, chosen, sample, x.get(range).as<PictureRange>()));
      rows.back().name = named[r];
      if (!named[r].empty() && wanted.size() > 1) rows.back().name.append(" ").append(std::to_string(sample));
      if (!x.get(captions)) rows.back().labels.clear();
    }
  }
  const StripLook look{.gap = x.get(gap), .scale = x.get(scale), .background = x.get(background)};
  x.set(strip, Image{filmStrip(rows, look).unsqueeze(0)});
}

void infer(Infer& i) {
  i.out(strip).shape = {{1, 3, "height", "width"}};
  i.out(strip).dtype = at::kFloat;
}

}  // namespace

NodeType imageFilmStrip() {
  NodeType type =
      makeNode("image.film_strip", "Film strip",
               "Shows what wires held as a zone went on: a row a recording, its steps from left to right.",
               execute, recordings, frames, samples, names, captions, range, scale, gap, background, strip);
  type.infer = infer;
  return type;
}

}  // namespace loom
