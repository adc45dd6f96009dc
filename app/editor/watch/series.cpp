#include "app/editor/watch/series.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include "app/editor/watch/ink.h"

namespace loom::editor {
namespace {

constexpr int kBins = 64;
constexpr size_t kMostNumbers = size_t{1} << 20;  // of one tensor, between two frames
constexpr int kMostRequests = 8;                  // values asked for at a time: those looked at come first

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

QString scaleKey(PlotKind kind) {
  return QStringLiteral("timeline/logarithmic/%1").arg(static_cast<int>(kind));
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
    case PlotKind::apart:
      return "Difference";
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

double noiseLevel(double alphaBar) { return std::sqrt(std::max(1 - alphaBar, 0.0)); }
double signalToNoise(double alphaBar) { return alphaBar / (1 - alphaBar); }

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

Plots::Plots(Session& session, Reels& reels, RunSchedules& schedules, RunComparison& comparison)
    : session_(session), reels_(reels), schedules_(schedules), comparison_(comparison) {
  QObject::connect(&schedules, &RunSchedules::changed, &schedules, [this] { ++changes_; });
  QObject::connect(&comparison, &RunComparison::changed, &comparison, [this] { ++changes_; });
}

const Plot& Plots::of(PlotKind kind) {
  auto& [at, plot] = made_.try_emplace(kind, -1, Plot{}).first->second;
  const int64_t now = reels_.changes() + changes_;
  if (at != now) plot = make(kind);
  at = now;
  return plot;
}

bool Plots::logarithmic(PlotKind kind) const {
  const bool unasked = kind == PlotKind::snr || kind == PlotKind::spectrum || kind == PlotKind::apart;
  return session_.settings().value(scaleKey(kind), unasked).toBool();
}

void Plots::setLogarithmic(PlotKind kind, bool on) {
  session_.settings().setValue(scaleKey(kind), on);
  ++changes_;
}

PlotKind Plots::orScalars(PlotKind kind) {
  const bool ofPictures = kind == PlotKind::norm || kind == PlotKind::mean || kind == PlotKind::range;
  const auto& tracks = reels_.shown().tracks;
  const bool pictures = std::any_of(tracks.begin(), tracks.end(),
                                    [](const Track& track) { return track.picture && track.depth == 1; });
  return ofPictures && !pictures && !of(PlotKind::scalars).series.empty() ? PlotKind::scalars : kind;
}

Plot Plots::make(PlotKind kind) {
  Plot plot;
  plot.kind = kind;
  plot.x = "step";
  plot.yName = nameOf(kind);
  plot.logarithmic = logarithmic(kind);
  const auto both = [&](void (Plots::*add)(Plot&, const Reel&, bool)) {
    (this->*add)(plot, reels_.shown(), false);
    if (reels_.compared().run && reels_.compared().run != reels_.shown().run)
      (this->*add)(plot, reels_.compared(), true);
  };
  switch (kind) {
    case PlotKind::norm:
      plot.y = "Euclidean norm";
      plot.yName = "norm";
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
      plot.y = "√(1 − ᾱ_t) as the step begins";
      plot.yName = "noise level";
      both(&Plots::addNoise);
      break;
    case PlotKind::snr:
      plot.y = "ᾱ_t / (1 − ᾱ_t) as the step begins";
      plot.yName = "signal to noise";
      both(&Plots::addNoise);
      break;
    case PlotKind::spectrum:
      plot.x = "waves across the picture";
      plot.y = "mean power";
      plot.yName = "power";
      plot.bySteps = false;
      both(&Plots::addSpectra);
      if (!plot.series.empty()) plot.note = "Mean power by radius of the first sample, its mean left out";
      break;
    case PlotKind::histogram:
      plot.x = "value";
      plot.y = "share of the numbers";
      plot.yName = "share";
      plot.bySteps = false;
      both(&Plots::addHistograms);
      break;
    case PlotKind::apart:
      plot.y = "max and mean of |A − B|";
      plot.yName = "|A - B|";
      addApart(plot);
      break;
  }
  if (plot.bySteps && reels_.shown().run)
    for (const ReelZone& zone : reels_.shown().zones)
      if (const ZoneNoise* noise = schedules_.of(*reels_.shown().run, zone.zone))
        plot.timesteps[zone.zone] = noise->t;
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
    series.zone = track.zone;
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
  if (reel.run && !addSchedules(plot, reel, compared)) addEstimates(plot, reel, compared);
}

// As the schedule has it, for steps to come too. False where that is not known.
bool Plots::addSchedules(Plot& plot, const Reel& reel, bool compared) {
  bool any = false;
  for (const ReelZone& zone : reel.zones) {
    const ZoneNoise* noise = schedules_.of(*reel.run, zone.zone);
    if (!noise) {
      if (schedules_.expects(*reel.run, zone.zone)) any = true, plot.note = "The schedule is on its way.";
      continue;
    }
    any = true;
    Series series;
    series.name = zone.zone;
    series.zone = zone.zone;
    series.compared = compared;
    for (const Track& track : reel.tracks)
      if (series.colour == 0 && track.zone == zone.zone) series.colour = track.colour;
    for (size_t i = 0; i < noise->alphaBar.size(); ++i) {
      const double alphaBar = noise->alphaBar[i];
      const double value = plot.kind == PlotKind::noise ? noiseLevel(alphaBar) : signalToNoise(alphaBar);
      if (!std::isfinite(value)) continue;
      series.x.push_back(static_cast<double>(i));
      series.y.push_back(value);
    }
    plot.note = "Exact: ᾱ of " + noise->source;
    plot.series.push_back(std::move(series));
  }
  return any;
}

void Plots::addEstimates(Plot& plot, const Reel& reel, bool compared) {
  const auto [xt, x0] = noisePair(reel);
  if (!xt) {
    if (!compared)
      plot.note =
          "No schedule and timesteps of this run are known. Watch a zone's state x_t and an output x0 in it, "
          "and how much is noise is estimated from both.";
    return;
  }
  Frames& frames = session_.frames();
  if (estimates_.size() > 100'000) estimates_.clear();
  Series series;
  series.name = nameIn(*xt) + " (estimated)";
  series.colour = xt->colour;
  series.zone = xt->zone;
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
    if (!std::isfinite(value)) continue;
    series.x.push_back(stepOf(iteration, 0, 0) + reel.part(*x0, iteration));
    series.y.push_back(value);
  }
  plot.note = plot.kind == PlotKind::noise
                  ? "Estimated from the pictures, since no schedule of this run is known: what of " +
                        nameIn(*xt) + " is not " + nameIn(*x0) + " (std of the rest)"
                  : "Estimated from the pictures, since no schedule of this run is known: variance in " +
                        nameIn(*xt) + " from " + nameIn(*x0) + " over that of the rest";
  plot.estimated = true;
  if (!series.x.empty()) plot.series.push_back(std::move(series));
}

void Plots::addApart(Plot& plot) {
  const Reel& reel = reels_.shown();
  const auto compared = reels_.compared().run;
  if (!compared || compared == reel.run) {
    plot.note = "Compare with another run to see by how much the two differ at each step.";
    return;
  }
  for (const Track& track : reel.tracks) {
    const PortDifference* apart = comparison_.of(track.port);
    if (!apart) continue;
    for (const bool mean : {false, true}) {
      Series series;
      series.name = nameIn(track) + (mean ? " mean" : " max");
      series.colour = track.colour;
      series.zone = track.zone;
      series.dashed = mean;
      for (size_t i = 0; i < apart->at.size(); ++i) {
        series.x.push_back(stepOf(apart->at[i], 0, 0) + reel.part(track, apart->at[i]));
        series.y.push_back(mean ? apart->mean[i] : apart->max[i]);
      }
      plot.series.push_back(std::move(series));
    }
  }
  plot.note =
      plot.series.empty() ? "What differs is on its way." : "Elements of A less those of B, without sign";
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
    const std::span<const float> numbers =
        std::span(values->data).first(std::min(values->data.size(), kMostNumbers));
    if (numbers.size() < values->data.size())
      plot.note.assign("Of large tensors the first ").append(std::to_string(kMostNumbers)).append(" numbers");
    const Histogram histogram = histogramOf(numbers, kBins);
    Series series;
    series.name = nameIn(track);
    series.colour = track.colour;
    series.compared = compared;
    const auto all = static_cast<double>(numbers.size());
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
  // The timesteps of a single zone stand beside its steps.
  const std::vector<int64_t>* timesteps =
      plot.bySteps && plot.timesteps.size() == 1 ? &plot.timesteps.begin()->second : nullptr;
  std::string text = quoted(plot.x) + (timesteps ? ",t" : "");
  for (const Column& column : columns) text.append(",").append(quoted(column.name));
  text += "\n";
  for (const double row : rows) {
    // Steps are counted from 1, as everywhere that a person reads them.
    text += exactly(plot.bySteps ? row + 1 : row);
    if (timesteps) {
      const auto step = static_cast<size_t>(std::max(row, 0.0));
      text += ",";
      if (step < timesteps->size()) text += std::to_string((*timesteps)[step]);
    }
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
