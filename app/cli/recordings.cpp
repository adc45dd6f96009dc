#include "app/cli/recordings.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>

#include "engine/files/atomic_file.h"
#include "engine/files/safetensors.h"
#include "nodes/images/film_strip_layout.h"
#include "nodes/images/image_file.h"

namespace loom {
namespace {

constexpr int64_t kMostStripFrames = 12;
constexpr int64_t kMostStripRows = 8;
constexpr int64_t kSmallPicture = 64;  // pixels; smaller ones are shown twice as large

using Frames = std::vector<Recorder::FrameInfo>;

bool alike(const Frames& frames) {
  return std::all_of(frames.begin(), frames.end(), [&](const Recorder::FrameInfo& frame) {
    return frame.shape == frames[0].shape && frame.dtype == frames[0].dtype;
  });
}

bool arePictures(const Frames& frames) {
  if (frames.empty() || !alike(frames)) return false;
  const auto& shape = frames[0].shape;
  return shape.size() == 4 && at::isFloatingType(frames[0].dtype) && shape[0] > 0 && shape[1] > 0 &&
         shape[2] > 1 && shape[3] > 1;
}

// Frames as the tensors of a file, and which frame each is of: -1 for the stack of all.
std::map<std::string, int64_t> layOut(const Frames& frames, std::vector<TensorEntry>& entries) {
  std::map<std::string, int64_t> frameOf;
  if (alike(frames)) {
    std::vector<int64_t> shape = frames[0].shape;
    shape.insert(shape.begin(), static_cast<int64_t>(frames.size()));
    entries.push_back({"values", frames[0].dtype, shape});
    frameOf["values"] = -1;
    return frameOf;
  }
  for (size_t i = 0; i < frames.size(); ++i) {
    entries.push_back({"values." + std::to_string(i), frames[i].dtype, frames[i].shape});
    frameOf[entries.back().name] = static_cast<int64_t>(i);
  }
  return frameOf;
}

}  // namespace

void saveRecording(const std::filesystem::path& file, const std::string& port, const Recorder& recorder,
                   const std::map<std::string, std::string>& texts) {
  const Frames frames = recorder.frames(port);
  if (frames.empty()) throw Error("nothing was recorded of " + port);
  nlohmann::json iterations = nlohmann::json::array();
  for (const auto& frame : frames) iterations.push_back(frame.iteration);
  TextMap metadata = texts;
  metadata["port"] = port;
  metadata["every"] = std::to_string(recorder.every(port));
  metadata["iterations"] = iterations.dump();

  std::vector<TensorEntry> entries;
  const std::map<std::string, int64_t> frameOf = layOut(frames, entries);
  SafetensorsWriter writer(file, std::move(entries), metadata);
  const auto write = [&](const Recorder::FrameInfo& frame) {
    const at::Tensor tensor = tensorFor(recorder.frame(port, frame.iteration));
    if (!tensor.defined()) throw Error("a frame of " + port + " is no tensor and no number");
    writer.write(tensor);
  };
  for (const TensorEntry& entry : writer.order()) {
    const int64_t only = frameOf.at(entry.name);
    if (only >= 0) {
      write(frames[static_cast<size_t>(only)]);
    } else {
      for (const auto& frame : frames) write(frame);
    }
  }
  writer.commit();
}

bool saveFilmStrip(const std::filesystem::path& file, const std::string& port, const Recorder& recorder,
                   const std::map<std::string, std::string>& texts) {
  const Frames frames = recorder.frames(port);
  if (!arePictures(frames)) return false;
  Recording shown;
  std::vector<int64_t> numbers;
  for (const int64_t frame : evenly(static_cast<int64_t>(frames.size()), kMostStripFrames)) {
    const auto& iteration = frames[static_cast<size_t>(frame)].iteration;
    numbers.push_back(static_cast<int64_t>(shown.frames.size()));
    shown.frames.push_back({iteration, recorder.frame(port, iteration)});
  }
  const at::Tensor& first = framePictures(shown, 0);
  std::vector<StripRow> rows;
  for (int64_t sample = 0; sample < std::min(first.size(0), kMostStripRows); ++sample)
    rows.push_back(stripRow(shown, numbers, sample, PictureRange::twoSided));
  StripLook look;
  if (std::max(first.size(2), first.size(3)) < kSmallPicture) look.scale = 2;
  writePng(file, toBytes(filmStrip(rows, look)), texts);
  return true;
}

void saveStatistics(const std::filesystem::path& file, const std::vector<Recorder::Row>& rows) {
  const size_t depth = rows.empty() ? 0 : rows[0].iteration.size();
  std::string text = depth == 1 ? "step," : "";
  for (size_t i = 0; depth > 1 && i < depth; ++i) text += "step" + std::to_string(i) + ",";
  text += "min,max,mean,std,norm,count,nan,inf\n";
  for (const Recorder::Row& row : rows) {
    for (int64_t step : row.iteration) text += std::to_string(step) + ",";
    const Statistics& s = row.statistics;
    char line[256];
    std::snprintf(line, sizeof line, "%.9g,%.9g,%.9g,%.9g,%.9g,%lld,%lld,%lld\n", s.min, s.max, s.mean, s.std,
                  s.norm, static_cast<long long>(s.count), static_cast<long long>(s.nan),
                  static_cast<long long>(s.inf));
    text += line;
  }
  writeAtomically(file, std::string_view(text));
}

}  // namespace loom
