#pragma once
// What the plots under the film strip show, as numbers: made from the statistics, values and scalars of the
// watched ports of the run that is looked at and of the one it is compared with.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/editor/watch/reel.h"
#include "app/editor/watch/spectrum.h"
#include "app/editor/watch/tensor_numbers.h"

namespace loom::editor {

enum class PlotKind { norm, mean, range, noise, snr, scalars, spectrum, histogram };
inline constexpr PlotKind kPlotKinds[] = {PlotKind::norm,     PlotKind::mean,     PlotKind::range,
                                          PlotKind::noise,    PlotKind::snr,      PlotKind::scalars,
                                          PlotKind::spectrum, PlotKind::histogram};
const char* nameOf(PlotKind kind);

struct Series {
  std::string name;  // "sampling.x"
  uint32_t colour = 0;
  bool compared = false;          // of the compared run: dashed
  std::vector<double> x, y;       // y may be empty where there is a band alone
  std::vector<double> low, high;  // a band, as long as x; or empty
};

struct Plot {
  PlotKind kind = PlotKind::norm;
  std::string x, y;                      // what the axes are
  std::string yName, lowName, highName;  // of the columns in a table
  bool bySteps = true;                   // x is the outermost step, from 0
  bool logarithmic = false;
  std::vector<Series> series;
  std::string note;  // what it was made from, or why it is empty
};

class Plots {
 public:
  Plots(Session& session, Reels& reels) : session_(session), reels_(reels) {}
  /// Of the state at hand; kept until something changes.
  const Plot& of(PlotKind kind);
  /// The kind itself, or scalars where they are all the statistics that the run has: a loss shows unasked.
  PlotKind orScalars(PlotKind kind);

 private:
  Plot make(PlotKind kind);
  void addStatistics(Plot& plot, const Reel& reel, bool compared);
  void addNoise(Plot& plot, const Reel& reel, bool compared);
  void addSpectra(Plot& plot, const Reel& reel, bool compared);
  void addHistograms(Plot& plot, const Reel& reel, bool compared);
  ValuesPtr valuesAt(const Reel& reel, const Track& track);

  Session& session_;
  Reels& reels_;
  std::map<PlotKind, std::pair<int64_t, Plot>> made_;  // and at which change
  using FrameKey = std::pair<QString, Iteration>;
  std::map<FrameKey, std::optional<NoiseEstimate>> estimates_;
  std::map<const Values*, std::pair<ValuesPtr, RadialSpectrum>> spectra_;
};

/// Where a frame is on an axis of outermost steps: inner iterations lie between two of them.
double stepOf(const Iteration& iteration, int64_t inner, int64_t innerCount);

/// The x_t and x0 that noise is estimated from: the first zone's state and an output named x0 of the same
/// type. Null where the reel has none.
std::pair<const Track*, const Track*> noisePair(const Reel& reel);

/// A column a series (and one an edge of its band), a row an x; fields that hold commas are quoted.
std::string csvOf(const Plot& plot);

}  // namespace loom::editor
