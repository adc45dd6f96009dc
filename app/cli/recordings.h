#pragma once
// What --record and --stats leave in the output folder.
#include <filesystem>
#include <map>
#include <string>

#include "engine/run/recorder.h"

namespace loom {

/// `texts` (engine/node/result_text.h) go beside what is written.
/// Writes `file`: tensor "values" [frames, ...], the frames stacked; metadata "port", "every" (2: every
/// second step was kept) and "iterations" (JSON: the steps of each frame, outermost zone first). Frames of
/// unequal shapes are tensors "values.0", "values.1", ... instead. Throws Error where there is no frame.
/// One frame is in memory at a time, of those that lie on disk.
void saveRecording(const std::filesystem::path& file, const std::string& port, const Recorder& recorder,
                   const std::map<std::string, std::string>& texts);

/// A PNG of some of the frames, one row for each of up to eight samples. False where they are no pictures.
bool saveFilmStrip(const std::filesystem::path& file, const std::string& port, const Recorder& recorder,
                   const std::map<std::string, std::string>& texts);

/// CSV: the zones' iterations, then min, max, mean, std, norm, count, nan, inf.
void saveStatistics(const std::filesystem::path& file, const std::vector<Recorder::Row>& rows);

}  // namespace loom
