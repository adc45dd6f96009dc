#include "app/editor/watch/viewer_content.h"

#include <algorithm>
#include <utility>

#include "app/editor/watch/viewer_numbers.h"
#include "app/editor/worker/background.h"

namespace loom::editor {
namespace {

constexpr int kBins = 64;
constexpr size_t kMostPoints = 4096;  // of a row

std::string stepText(const Iteration& iteration) {
  std::string text;
  for (const int64_t i : iteration) text += (text.empty() ? "step " : ", ") + std::to_string(i + 1);
  return text;
}

}  // namespace

std::string ViewerContent::choosePort(const ViewerChoice& choice, const Reel& reel) const {
  if (!choice.port.empty()) return choice.port;
  const Selection& selection = session_.selection();
  if (!selection.port.empty()) return selection.port;
  for (const std::string& node : selection.nodes)
    for (const Track& track : reel.tracks)
      if (track.port.starts_with(node + ".")) return track.port;
  for (const Track& track : reel.tracks)
    if (track.picture && track.depth > 0) return track.port;
  return reel.tracks.empty() ? std::string() : reel.tracks.front().port;
}

ValuesPtr ViewerContent::find(const std::shared_ptr<const RunInfo>& run, const Reel* reel,
                              const Iteration& place, std::string& name) {
  const Track* track = reel ? reel->track(port_) : nullptr;
  const auto frames = track ? track->iterations : session_.frames().iterations(run->id, port_);
  const auto frame = frameAt(frames, place);
  if (!frame) return nullptr;
  name = "run " + std::to_string(run->number);
  if (!frame->empty()) name += ", " + stepText(*frame);
  return session_.frames().values(run->id, port_, *frame);
}

ViewerContent::Wanted ViewerContent::findOther(const ViewerChoice& choice, const Iteration& place,
                                               const Values& a) {
  compareTrouble_.clear();
  Wanted other;
  if (choice.compare == Viewer::Compare::none) return other;
  if (choice.pin) {
    const auto run = session_.runs().find(choice.pin->run);
    if (run) other.values = find(run, nullptr, choice.pin->iteration, other.name);
    other.name += ", pinned";
  } else if (reels_.compared().run && reels_.compared().run != reels_.shown().run) {
    other.values = find(reels_.compared().run, &reels_.compared(), place, other.name);
  } else {
    compareTrouble_ = "Nothing to compare with yet: pin a step, or choose another run.";
    return other;
  }
  if (!other.values) {
    compareTrouble_ = "The other side is not here: its run has no such frame, or it is still on its way.";
  } else if (choice.compare == Viewer::Compare::difference && a.shape != other.values->shape) {
    compareTrouble_ = "These two differ in shape, so there is no difference to show.";
    other.values = nullptr;
  }
  return other;
}

ViewerContent::Wanted ViewerContent::findShown(const Reel& reel, const Iteration& place) {
  Wanted wanted;
  wanted.values = find(reel.run, &reel, place, wanted.name);
  if (wanted.values) return wanted;
  if (!wanted.name.empty()) {
    loading_ = true;
    wanted = {a_.values, a_.name};  // the one before, until it is here
    if (!wanted.values) trouble_ = "Fetching " + port_ + " ...";
  } else {
    sayWhatLacks(reel, place);
  }
  return wanted;
}

void ViewerContent::sayWhatLacks(const Reel& reel, const Iteration& place) {
  const Track* track = reel.track(port_);
  const ValueType* type = session_.catalog().type(reels_.typeOf(*reel.run, port_));
  if (!track && type && !type->picture && !type->numbers) {
    trouble_ = port_ + " carries " + type->name + ", which has no numbers to look at.";
    return;
  }
  canWatch_ = !track;
  canRunAgain_ = reel.run->over();
  const std::string run = "Run " + std::to_string(reel.run->number);
  const bool later = track && !track->iterations.empty() && frameAt(track->iterations, place) == std::nullopt;
  if (later)
    trouble_ = port_ + " is kept from " + stepText(track->iterations.front()) + " on.";
  else if (reel.run->alive())
    trouble_ = port_ + " appears here with its next step.";
  else
    trouble_ = run + " kept no steps of " + port_ + ".";
  if (!canRunAgain_) return;
  trouble_ += "\nThe same run again, with the same seeds, gives the same values.";
}

void ViewerContent::update(const ViewerChoice& choice) {
  const Reel& reel = reels_.shown();
  const std::string port = choosePort(choice, reel);
  const QString run = reel.run ? reel.run->id : QString();
  if (port != port_ || run != run_) a_ = {};
  port_ = port;
  run_ = run;
  trouble_.clear();
  loading_ = canWatch_ = canRunAgain_ = false;
  compare_ = choice.compare;
  const Iteration place = reel.run ? placeOf(session_.cursor(), reel) : Iteration{};
  Wanted first;
  if (!reel.run) {
    trouble_ = "Nothing to show yet: run the graph (Ctrl+Enter) or click a thumbnail.";
  } else if (port_.empty()) {
    trouble_ = "Choose a port above, or click a thumbnail on the canvas.";
  } else {
    first = findShown(reel, place);
  }
  if (first.values && first.values->data.empty()) {
    trouble_ = port_ + " holds no numbers here: its shape is " + shapeText(*first.values) + ".";
    first.values = nullptr;
  }
  if (!first.values) {
    a_ = b_ = {};
    return;
  }
  TensorPictureOptions options = choice.options;
  const Planes planes = planesOf(*first.values);
  options.sample = std::clamp<int64_t>(options.sample, -1, std::max<int64_t>(planes.samples - 1, 0));
  options.channel = std::clamp<int64_t>(options.channel, -1, std::max<int64_t>(planes.channels - 1, 0));
  const bool looked = look(a_, first, options);
  if (!a_.values) trouble_ = "Looking at " + first.name + " ...";
  if (!looked) return;
  const Wanted second = findOther(choice, place, *first.values);
  if (!second.values) {
    b_ = {};
    return;
  }
  // Both in the same colours, or one could not be told from the other.
  TensorPictureOptions same = options;
  same.range = a_.range;
  if (look(b_, second, same) && choice.compare == Viewer::Compare::difference) lookApart(options);
}

bool ViewerContent::look(ViewerSide& side, const Wanted& wanted, const TensorPictureOptions& options) {
  side.wanted_ = wanted.values;
  if (side.values == wanted.values && side.options_ == options) {
    side.name = wanted.name;
    return true;
  }
  if (wanted.values->data.size() <= kAtOnce) {
    hold(side, wanted, options, lookAt(*wanted.values, options));
    return true;
  }
  if (std::exchange(working_, true)) return false;
  using Looked = std::shared_ptr<TensorLooked>;
  inBackground(
      this,
      [wanted, options]() -> Looked {
        return std::make_shared<TensorLooked>(lookAt(*wanted.values, options));
      },
      [this, &side, wanted, options](const Looked& looked) {
        working_ = false;
        if (side.wanted_ == wanted.values) hold(side, wanted, options, std::move(*looked));
        Q_EMIT changed();
      });
  return false;
}

void ViewerContent::hold(ViewerSide& side, const Wanted& wanted, const TensorPictureOptions& options,
                         TensorLooked looked) {
  side.values = side.wanted_ = wanted.values;
  side.name = wanted.name;
  side.options_ = options;
  const auto take = [](Picture& picture) {
    picture.id = nextPictureId();
    return std::make_shared<const Picture>(std::move(picture));
  };
  side.picture = looked.picture.picture.width > 0 ? take(looked.picture.picture) : nullptr;
  side.smaller.clear();
  for (Picture& smaller : looked.smaller) side.smaller.push_back(take(smaller));
  side.row = std::move(looked.row);
  side.sheet = looked.picture.sheet;
  side.range = looked.picture.range;
  side.notFinite = looked.picture.notFinite;
  side.summary = looked.summary;
  side.histogram = looked.histogram;
  side.spectrum = looked.spectrum;
}

void ViewerContent::lookApart(TensorPictureOptions options) {
  if (options.look == TensorLook::picture) options.look = TensorLook::falseColour, options.channel = -1;
  const std::pair of{a_.values, b_.values};
  if (deltaOf_ == of && deltaOptions_ == options) return;
  struct Apart {
    ValuesPtr values;
    TensorPictureOptions options;
    TensorLooked looked;
  };
  // Numbers that are there already are not taken apart again.
  const auto work = [of, options, known = deltaOf_ == of ? delta_.values : nullptr]() {
    auto apart = std::make_shared<Apart>();
    apart->values = known ? known : std::make_shared<const Values>(*difference(*of.first, *of.second));
    apart->options = options;
    if (!options.range) {
      const float most = automaticRange(*apart->values, options).second;
      apart->options.range = {0.f, std::max(most, 1e-6f)};
    }
    apart->looked = lookAt(*apart->values, apart->options);
    return apart;
  };
  const auto keep = [this, of, options](const std::shared_ptr<Apart>& apart) {
    deltaOf_ = of;
    deltaOptions_ = options;
    hold(delta_, {apart->values, "difference"}, apart->options, std::move(apart->looked));
  };
  if (of.first->data.size() <= kAtOnce) return keep(work());
  if (std::exchange(working_, true)) return;
  inBackground(this, work, [this, keep](const std::shared_ptr<Apart>& apart) {
    working_ = false;
    keep(apart);
    Q_EMIT changed();
  });
}

TensorLooked lookAt(const Values& values, const TensorPictureOptions& options) {
  TensorLooked looked;
  looked.picture = tensorPicture(values, options);
  const Planes planes = planesOf(values);
  looked.smaller = smallerPictures(looked.picture.picture);
  const std::span<const float> shown =
      options.sample < 0 ? std::span<const float>(values.data) : sampleOf(values, planes, options.sample);
  looked.summary = summaryOf(shown);
  looked.histogram = histogramOf(shown, kBins);
  if (isRow(planes)) looked.row = rowOf(values.data, kMostPoints);
  if (planes.width >= 4 && planes.height >= 4 && !planes.folded)
    looked.spectrum = radialSpectrum(values, std::max<int64_t>(options.sample, 0));
  return looked;
}

}  // namespace loom::editor
