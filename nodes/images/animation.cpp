// image.animation: what a zone went through, as moving pictures.
#include <ATen/ATen.h>

#include <cmath>
#include <fstream>

#include "engine/files/atomic_file.h"
#include "engine/node/result_text.h"
#include "nodes/images/film_strip_layout.h"
#include "nodes/images/gif_file.h"
#include "nodes/images/mp4_text.h"
#include "nodes/images/opencv_library.h"
#include "nodes/images/sheet.h"
#include "nodes/types/types.h"

namespace loom {
namespace {

namespace fs = std::filesystem;

constexpr In<Recording> recording{"recording",
                                  "What a zone collected; each frame is one picture of the animation"};
constexpr In<FilePath> path{"path",
                            "File to write, below the output folder: .gif or .mp4",
                            {.value = "animation.gif", .extensions = ".gif .mp4", .writes = true}};
constexpr In<Real> fps{"fps", "Frames a second", {.value = 12, .min = 0.1, .max = 50}};
constexpr In<Real> hold{
    "hold", "Seconds for which the last frame stays", {.value = 1.5, .min = 0, .max = 60}};
constexpr In<Int> frames{"frames", "Frames, chosen evenly; 0: all", {.value = 0, .min = 0, .max = 100000}};
constexpr In<Int> columns{"columns",
                          "Pictures of the batch in a row; 0: as near to a square as it goes",
                          {.value = 0, .min = 0, .max = 4096}};
constexpr In<Int> gap{
    "gap", "White pixels between the pictures of the batch", {.value = 2, .min = 0, .max = 256}};
constexpr In<Int> scale{"scale", "Each pixel becomes scale × scale", {.value = 2, .min = 1, .max = 64}};
constexpr In<Choice> range{
    "range",
    "Which numbers are black and white; \"own\" takes each picture's smallest and largest",
    {.value = 0, .names = {kRangeNames[0], kRangeNames[1], kRangeNames[2]}}};

/// The chosen frames, drawn when asked for.
struct Film {
  const Recording& recording;
  std::vector<int64_t> chosen;
  SheetLayout layout;
  PictureRange range;

  at::Tensor frame(size_t i) const {
    const at::Tensor x = framePictures(recording, chosen[i]).cpu();
    return asRgbBytes(sheet(toUnitRange(asColours(x), range), layout)).contiguous();
  }
};

void writeGif(Exec& x, const Film& film, const fs::path& file) {
  const double perFrame = 100 / x.get(fps);
  GifEncoder gif;
  int64_t shown = 0;
  for (size_t i = 0; i < film.chosen.size(); ++i) {
    x.checkCancelled();
    const bool isLast = i + 1 == film.chosen.size();
    // Whole hundredths, whose rounding does not add up.
    const int64_t until = std::llround(perFrame * static_cast<double>(i + 1));
    gif.add(film.frame(i), until - shown + (isLast ? std::llround(100 * x.get(hold)) : 0));
    shown = until;
    x.progress(static_cast<int64_t>(i) + 1, static_cast<int64_t>(film.chosen.size()));
  }
  writeAtomically(file, gif.finish(resultTexts(x)));
}

// H.264 wants even sizes: an odd one gets a line more, like the last.
at::Tensor evenSized(const at::Tensor& pixels) {
  at::Tensor p = pixels;
  if (p.size(1) % 2) p = at::cat({p, p.narrow(1, p.size(1) - 1, 1)}, 1);
  if (p.size(2) % 2) p = at::cat({p, p.narrow(2, p.size(2) - 1, 1)}, 2);
  return p;
}

void writeVideo(Exec& x, const Film& film, const fs::path& file) {
  AtomicFile target(file);
  at::Tensor last = evenSized(film.frame(0));
  VideoFile video(target.partial(), last.size(2), last.size(1), x.get(fps));
  for (size_t i = 0; i < film.chosen.size(); ++i) {
    x.checkCancelled();
    last = evenSized(film.frame(i));
    video.add(last);
    x.progress(static_cast<int64_t>(i) + 1, static_cast<int64_t>(film.chosen.size()));
  }
  for (auto more = std::llround(x.get(hold) * x.get(fps)); more > 0; --more) video.add(last);
  video.close();
  std::ofstream(target.partial(), std::ios::binary | std::ios::app) << mp4TextBox(resultTexts(x));
  target.commit();
}

void execute(Exec& x) {
  const Recording& all = x.get(recording);
  if (all.frames.empty()) throw Error("", recording.id, "has no frames: its zone collected nothing");
  const Film film{all,
                  evenly(static_cast<int64_t>(all.frames.size()), x.get(frames)),
                  {.columns = x.get(columns), .gap = x.get(gap), .scale = x.get(scale)},
                  x.get(range).as<PictureRange>()};
  const fs::path file = x.writePath(path);
  if (file.extension() == ".gif")
    writeGif(x, film, file);
  else if (file.extension() == ".mp4")
    writeVideo(x, film, file);
  else
    throw Error("", path.id,
                "animations are saved as .gif or .mp4, not as \"" + file.extension().string() + "\"");
  x.services().produced(x.path(), file);
}

void infer(Infer& i) {
  const FilePath* named = i.constant(path);
  if (named && !named->text.ends_with(".gif") && !named->text.ends_with(".mp4"))
    i.refuse(path, "animations are saved as .gif or .mp4, not as \"" + named->text + "\"");
}

}  // namespace

NodeType imageAnimation() {
  NodeType type =
      makeNode("image.animation", "Animation",
               "Writes what a zone went through as a GIF that loops, or as an MP4 (which needs OpenCV).",
               execute, recording, path, fps, hold, frames, columns, gap, scale, range);
  type.infer = infer;
  type.effect = true;
  return type;
}

}  // namespace loom
