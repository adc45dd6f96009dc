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

std::vector<at::Tensor> tensorsOf(const Recording& recording) {
  std::vector<at::Tensor> tensors;
  for (const Recording::Frame& frame : recording.frames) tensors.push_back(tensorFor(frame.value));
  return tensors;
}

bool alike(const std::vector<at::Tensor>& tensors) {
  return std::all_of(tensors.begin(), tensors.end(), [&](const at::Tensor& tensor) {
    return tensor.sizes() == tensors[0].sizes() && tensor.scalar_type() == tensors[0].scalar_type();
  });
}

bool arePictures(const Recording& recording) {
  const auto tensors = tensorsOf(recording);
  if (tensors.empty() || !alike(tensors)) return false;
  const at::Tensor& first = tensors[0];
  return first.dim() == 4 && first.is_floating_point() && first.size(0) > 0 && first.size(1) > 0 &&
         first.size(2) > 1 && first.size(3) > 1;
}

}  // namespace

std::string portStem(const std::string& port) {
  std::string stem = port;
  for (char& c : stem)
    if (c == '/' || c == ':') c = '.';
  return stem;
}

void saveRecording(const std::filesystem::path& file, const std::string& port, const Recording& recording,
                   int64_t every, const std::map<std::string, std::string>& texts) {
  if (recording.frames.empty()) throw Error("nothing was recorded of " + port);
  const std::vector<at::Tensor> tensors = tensorsOf(recording);
  nlohmann::json iterations = nlohmann::json::array();
  for (const Recording::Frame& frame : recording.frames) iterations.push_back(frame.iteration);
  TensorMap saved;
  if (alike(tensors)) {
    saved["values"] = at::stack(tensors);
  } else {
    for (size_t i = 0; i < tensors.size(); ++i) saved["values." + std::to_string(i)] = tensors[i];
  }
  TextMap metadata = texts;
  metadata["port"] = port;
  metadata["every"] = std::to_string(every);
  metadata["iterations"] = iterations.dump();
  writeSafetensors(file, saved, metadata);
}

bool saveFilmStrip(const std::filesystem::path& file, const Recording& recording,
                   const std::map<std::string, std::string>& texts) {
  if (!arePictures(recording)) return false;
  const auto frames = evenly(static_cast<int64_t>(recording.frames.size()), kMostStripFrames);
  const at::Tensor& first = framePictures(recording, 0);
  std::vector<StripRow> rows;
  for (int64_t sample = 0; sample < std::min(first.size(0), kMostStripRows); ++sample)
    rows.push_back(stripRow(recording, frames, sample, PictureRange::twoSided));
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
