#pragma once
// What the plots under the film strip show, as numbers: made from the statistics, values and scalars of the
// watched ports of the run that is looked at and of the one it is compared with.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/editor/watch/reel.h"
#include "app/editor/watch/run_comparison.h"
#include "app/editor/watch/run_schedules.h"
#include "app/editor/watch/spectrum.h"
#include "app/editor/watch/tensor_numbers.h"

namespace loom::editor {

enum class PlotKind { norm, mean, range, noise, snr, scalars, spectrum, histogram, apart };
inline constexpr PlotKind kPlotKinds[] = {PlotKind::norm,     PlotKind::mean,      PlotKind::range,
                                          PlotKind::noise,    PlotKind::snr,       PlotKind::scalars,
                                          PlotKind::spectrum, PlotKind::histogram, PlotKind::apart};
const char* nameOf(PlotKind kind);

struct Series {
  std::string name;  // "sampling.x"
  uint32_t colour = 0;
  std::string zone;       // whose steps x are
  bool compared = false;  // of the compared run: dashed, and named so
  bool dashed = false;
  std::vector<double> x, y;       // y may be empty where there is a band alone
  std::vector<double> low, high;  // a band, as long as x; or empty
};

struct Plot {
  PlotKind kind = PlotKind::norm;
  std::string x, y;                      // what the axes are, with units
  std::string yName, lowName, highName;  // of the columns in a table
  bool bySteps = true;                   // x is the outermost step, from 0
  bool logarithmic = false;
  bool estimated = false;  // some of it is no more than that
  std::vector<Series> series;
  std::map<std::string, std::vector<int64_t>> timesteps;  // of each step, by zone, where they are known
  std::string note;                                       // what it was made from, or why it is empty
};

class Plots {
 public:
  Plots(Session& session, Reels& reels, RunSchedules& schedules, RunComparison& comparison);
  /// Of the state at hand; kept until something changes.
  const Plot& of(PlotKind kind);
  /// The kind itself, or scalars where the outermost zones have numbers but no pictures: a loss shows
  /// unasked.
  PlotKind orScalars(PlotKind kind);
  bool logarithmic(PlotKind kind) const;
  void setLogarithmic(PlotKind kind, bool on);

 private:
  Plot make(PlotKind kind);
  void addStatistics(Plot& plot, const Reel& reel, bool compared);
  void addNoise(Plot& plot, const Reel& reel, bool compared);
  bool addSchedules(Plot& plot, const Reel& reel, bool compared);
  void addEstimates(Plot& plot, const Reel& reel, bool compared);
  void addApart(Plot& plot);
  void addSpectra(Plot& plot, const Reel& reel, bool compared);
  void addHistograms(Plot& plot, const Reel& reel, bool compared);
  ValuesPtr valuesAt(const Reel& reel, const Track& track);

  Session& session_;
  Reels& reels_;
  RunSchedules& schedules_;
  RunComparison& comparison_;
  int64_t changes_ = 0;                                // of schedules, comparison and scales
  std::map<PlotKind, std::pair<int64_t, Plot>> made_;  // and at which change, of the reels and of those
  using FrameKey = std::pair<QString, Iteration>;
  std::map<FrameKey, std::optional<NoiseEstimate>> estimates_;
  std::map<const Values*, std::pair<ValuesPtr, RadialSpectrum>> spectra_;
};

/// Where a frame is on an axis of outermost steps: inner iterations lie between two of them.
double stepOf(const Iteration& iteration, int64_t inner, int64_t innerCount);

/// How far x_t is noise: √(1 − ᾱ), and ᾱ / (1 − ᾱ) (DDPM, eq. 4).
double noiseLevel(double alphaBar);
double signalToNoise(double alphaBar);

/// The x_t and x0 that noise is estimated from: the first zone's state and an output named x0 of the same
/// type. Null where the reel has none.
std::pair<const Track*, const Track*> noisePair(const Reel& reel);

/// A column a series (and one an edge of its band), a row an x; fields that hold commas are quoted.
std::string csvOf(const Plot& plot);

}  // namespace loom::editor
