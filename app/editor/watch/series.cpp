#include "app/editor/watch/series.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "app/editor/watch/ink.h"

namespace loom::editor {
namespace {

constexpr int kBins = 64;
constexpr int kMostRequests = 8;  // values asked for at a time: those looked at come first

std::string nameIn(const Track& track) { return track.node + "." + track.label; }

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
  return out;
}

std::string exactly(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", number);
  return text;
}

}  // namespace

const char* nameOf(PlotKind kind) {
  switch (kind) {
    case PlotKind::norm:
      return "Norm";
    case PlotKind::mean:
      return "Mean, std";
    case PlotKind::range:
      return "Range";
    case PlotKind::noise:
      return "Noise level";
    case PlotKind::snr:
      return "SNR";
    case PlotKind::scalars:
      return "Scalars";
    case PlotKind::spectrum:
      return "Spectrum";
    case PlotKind::histogram:
      return "Histogram";
  }
  return "";
}

double stepOf(const Iteration& iteration, int64_t inner, int64_t innerCount) {
  if (iteration.empty()) return 0;
  const auto outer = static_cast<double>(iteration.front());
  return iteration.size() < 2 || innerCount < 1
             ? outer
             : outer + static_cast<double>(inner) / static_cast<double>(innerCount);
}

std::pair<const Track*, const Track*> noisePair(const Reel& reel) {
  for (const Track& x0 : reel.tracks) {
    if (x0.label != "x0" && x0.label != "x_0") continue;
    for (const Track& xt : reel.tracks)
      if (&xt != &x0 && xt.label.starts_with("x") && xt.depth == x0.depth && xt.type == x0.type &&
          xt.depth > 0 && xt.label != x0.label)
        return {&xt, &x0};
  }
  return {};
}

const Plot& Plots::of(PlotKind kind) {
  auto& [at, plot] = made_.try_emplace(kind, -1, Plot{}).first->second;
  if (at != reels_.changes()) plot = make(kind);
  at = reels_.changes();
  return plot;
}

PlotKind Plots::orScalars(PlotKind kind) {
  const bool ofPictures = kind == PlotKind::norm || kind == PlotKind::mean || kind == PlotKind::range;
  return ofPictures && of(kind).series.empty() && !of(PlotKind::scalars).series.empty() ? PlotKind::scalars
                                                                                        : kind;
}

Plot Plots::make(PlotKind kind) {
  Plot plot;
  plot.kind = kind;
  plot.x = "step";
  plot.yName = nameOf(kind);
  const auto both = [&](void (Plots::*add)(Plot&, const Reel&, bool)) {
    (this->*add)(plot, reels_.shown(), false);
    if (reels_.compared().run && reels_.compared().run != reels_.shown().run)
      (this->*add)(plot, reels_.compared(), true);
  };
  switch (kind) {
    case PlotKind::norm:
      plot.y = plot.yName = "norm";
      both(&Plots::addStatistics);
      break;
    case PlotKind::mean:
      plot.y = "mean ± std";
      plot.yName = "mean", plot.lowName = "mean-std", plot.highName = "mean+std";
      both(&Plots::addStatistics);
      break;
    case PlotKind::range:
      plot.y = "min to max";
      plot.lowName = "min", plot.highName = "max";
      both(&Plots::addStatistics);
      break;
    case PlotKind::scalars:
      plot.y = plot.yName = "value";
      both(&Plots::addStatistics);
      if (plot.series.empty())
        plot.note = "No watched port is a single number. Watch a loss, or any other number, to see it here.";
      break;
    case PlotKind::noise:
      plot.y = plot.yName = "noise level";
      both(&Plots::addNoise);
      break;
    case PlotKind::snr:
      plot.y = plot.yName = "signal to noise";
      plot.logarithmic = true;
      both(&Plots::addNoise);
      break;
    case PlotKind::spectrum:
      plot.x = "waves across the picture";
      plot.y = plot.yName = "power";
      plot.bySteps = false;
      plot.logarithmic = true;
      both(&Plots::addSpectra);
      if (!plot.series.empty()) plot.note = "Mean power by radius of the first sample, its mean left out";
      break;
    case PlotKind::histogram:
      plot.x = "value";
      plot.y = plot.yName = "share";
      plot.bySteps = false;
      both(&Plots::addHistograms);
      break;
  }
  if (plot.series.empty() && plot.note.empty())
    plot.note =
        reels_.shown().run ? "Nothing here yet." : "Run the graph (Ctrl+Enter) to see its numbers by step.";
  return plot;
}

void Plots::addStatistics(Plot& plot, const Reel& reel, bool compared) {
  if (!reel.run) return;
  for (const Track& track : reel.tracks) {
    const std::vector<StatisticsRow> rows = session_.frames().statistics(reel.run->id, track.port);
    if (rows.empty()) continue;
    const bool scalar = rows.back().count == 1;
    if (scalar != (plot.kind == PlotKind::scalars) || track.depth == 0) continue;
    Series series;
    series.name = nameIn(track);
    series.colour = track.colour;
    series.compared = compared;
    for (size_t i = 0; i < rows.size();) {
      size_t end = i + 1;  // inner iterations of one outermost step
      while (end < rows.size() && !rows[i].iteration.empty() && rows[end].iteration.size() > 1 &&
             rows[end].iteration.front() == rows[i].iteration.front())
        ++end;
      for (const size_t begin = i; i < end; ++i) {
        const StatisticsRow& row = rows[i];
        series.x.push_back(
            stepOf(row.iteration, static_cast<int64_t>(i - begin), static_cast<int64_t>(end - begin)));
        if (plot.kind == PlotKind::norm) series.y.push_back(row.norm);
        if (plot.kind == PlotKind::mean || plot.kind == PlotKind::scalars) series.y.push_back(row.mean);
        if (plot.kind == PlotKind::mean) {
          series.low.push_back(row.mean - row.std);
          series.high.push_back(row.mean + row.std);
        }
        if (plot.kind == PlotKind::range) {
          series.low.push_back(row.min);
          series.high.push_back(row.max);
        }
      }
    }
    plot.series.push_back(std::move(series));
  }
}

void Plots::addNoise(Plot& plot, const Reel& reel, bool compared) {
  if (!reel.run) return;
  const auto [xt, x0] = noisePair(reel);
  if (!xt) {
    if (!compared)
      plot.note =
          "Watch a zone's state x_t and an output x0 in it: how much is noise is estimated from both.";
    return;
  }
  Frames& frames = session_.frames();
  if (estimates_.size() > 100'000) estimates_.clear();
  Series series;
  series.name = nameIn(*xt);
  series.colour = xt->colour;
  series.compared = compared;
  int requests = 0;
  for (const Iteration& iteration : x0->iterations) {
    const FrameKey key{reel.run->id, iteration};
    auto found = estimates_.find(key);
    if (found == estimates_.end()) {
      if (requests >= kMostRequests ||
          !std::binary_search(xt->iterations.begin(), xt->iterations.end(), iteration))
        continue;
      const ValuesPtr noisy = frames.values(reel.run->id, xt->port, iteration);
      const ValuesPtr clean = frames.values(reel.run->id, x0->port, iteration);
      requests += !noisy + !clean;
      if (!noisy || !clean) continue;
      found = estimates_.emplace(key, noiseOf(*noisy, *clean)).first;
    }
    if (!found->second) continue;
    const double value = plot.kind == PlotKind::noise ? found->second->noise : found->second->snr;
    if (!std::isfinite(value) || (plot.logarithmic && value <= 0)) continue;
    series.x.push_back(stepOf(iteration, 0, 0));
    series.y.push_back(value);
  }
  plot.note =
      plot.kind == PlotKind::noise
          ? "Estimated: what of " + nameIn(*xt) + " is not " + nameIn(*x0) + " (std of the rest)"
          : "Estimated: variance in " + nameIn(*xt) + " from " + nameIn(*x0) + " over that of the rest";
  if (!series.x.empty()) plot.series.push_back(std::move(series));
}

ValuesPtr Plots::valuesAt(const Reel& reel, const Track& track) {
  const auto frame = frameAt(track.iterations, placeOf(session_.cursor(), reels_.shown()));
  return frame ? session_.frames().values(reel.run->id, track.port, *frame) : nullptr;
}

void Plots::addSpectra(Plot& plot, const Reel& reel, bool compared) {
  if (!reel.run) return;
  for (const Track& track : reel.tracks) {
    const ValuesPtr values = track.picture ? valuesAt(reel, track) : nullptr;
    if (!values) continue;
    const Planes planes = planesOf(*values);
    if (planes.width < 4 || planes.height < 4) continue;
    if (spectra_.size() > 32) spectra_.clear();
    auto& [kept, spectrum] = spectra_[values.get()];
    if (!kept) {
      kept = values;
      spectrum = radialSpectrum(*values, 0);
    }
    Series series;
    series.name = nameIn(track);
    series.colour = track.colour;
    series.compared = compared;
    for (size_t r = 1; r < spectrum.power.size(); ++r)
      if (spectrum.power[r] > 1e-14) {
        series.x.push_back(static_cast<double>(r));
        series.y.push_back(spectrum.power[r]);
      }
    if (!series.x.empty()) plot.series.push_back(std::move(series));
  }
}

void Plots::addHistograms(Plot& plot, const Reel& reel, bool compared) {
  if (!reel.run) return;
  for (const Track& track : reel.tracks) {
    const ValuesPtr values = track.picture ? valuesAt(reel, track) : nullptr;
    if (!values || values->data.size() < 2) continue;
    const Histogram histogram = histogramOf(values->data, kBins);
    Series series;
    series.name = nameIn(track);
    series.colour = track.colour;
    series.compared = compared;
    const auto all = static_cast<double>(values->data.size());
    for (size_t i = 0; i < histogram.bins.size(); ++i) {
      series.x.push_back(histogram.low + (static_cast<double>(i) + 0.5) * histogram.width());
      series.y.push_back(static_cast<double>(histogram.bins[i]) / all);
    }
    plot.series.push_back(std::move(series));
  }
}

std::string csvOf(const Plot& plot) {
  struct Column {
    std::string name;
    std::map<double, double> values;
  };
  std::vector<Column> columns;
  std::set<double> rows;
  for (const Series& series : plot.series) {
    const std::string run = series.compared ? " (B)" : "";
    const auto add = [&](const std::string& what, const std::vector<double>& numbers) {
      if (numbers.empty()) return;
      Column column{series.name + " " + what + run, {}};
      for (size_t i = 0; i < series.x.size(); ++i) column.values[series.x[i]] = numbers[i];
      columns.push_back(std::move(column));
    };
    rows.insert(series.x.begin(), series.x.end());
    add(plot.yName, series.y);
    add(plot.lowName, series.low);
    add(plot.highName, series.high);
  }
  std::string text = quoted(plot.x);
  for (const Column& column : columns) text.append(",").append(quoted(column.name));
  text += "\n";
  for (const double row : rows) {
    // Steps are counted from 1, as everywhere that a person reads them.
    text += exactly(plot.bySteps ? row + 1 : row);
    for (const Column& column : columns) {
      const auto found = column.values.find(row);
      text += ",";
      if (found != column.values.end()) text += exactly(found->second);
    }
    text += "\n";
  }
  return text;
}

}  // namespace loom::editor
