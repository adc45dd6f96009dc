#include "app/editor/watch/viewer_content.h"

#include <algorithm>

namespace loom::editor {
namespace {

constexpr int kBins = 64;

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

void ViewerContent::findOther(const ViewerChoice& choice, const Iteration& place) {
  b_.values = nullptr;
  compareTrouble_.clear();
  if (choice.compare == Viewer::Compare::none) return;
  std::string name;
  ValuesPtr values;
  if (choice.pin) {
    const auto run = session_.runs().find(choice.pin->run);
    if (run) values = find(run, nullptr, choice.pin->iteration, name);
    name += ", pinned";
  } else if (reels_.compared().run && reels_.compared().run != reels_.shown().run) {
    values = find(reels_.compared().run, &reels_.compared(), place, name);
  } else {
    compareTrouble_ = "Nothing to compare with yet: pin a step, or choose another run.";
    return;
  }
  b_.values = values;
  b_.name = name;
  if (!values) {
    compareTrouble_ = "The other side is not here: its run has no such frame, or it is still on its way.";
  } else if (choice.compare == Viewer::Compare::difference && a_.values &&
             a_.values->shape != values->shape) {
    compareTrouble_ = "These two differ in shape, so there is no difference to show.";
  }
}

void ViewerContent::update(const ViewerChoice& choice) {
  const Reel& reel = reels_.shown();
  const std::string port = choosePort(choice, reel);
  const QString run = reel.run ? reel.run->id : QString();
  if (port != port_ || run != run_) a_.values = nullptr;
  port_ = port;
  run_ = run;
  trouble_.clear();
  loading_ = canWatch_ = false;
  compare_ = choice.compare;
  if (!reel.run) {
    trouble_ = "Nothing to show yet: run the graph (Ctrl+Enter) or click a thumbnail.";
  } else if (port_.empty()) {
    trouble_ = "Choose a port above, or click a thumbnail on the canvas.";
  } else {
    const Iteration place = placeOf(session_.cursor(), reel);
    std::string name;
    const ValuesPtr values = find(reel.run, &reel, place, name);
    if (values) {
      a_.values = values;
      a_.name = name;
    } else if (!name.empty()) {
      loading_ = true;
      if (!a_.values) trouble_ = "Fetching " + port_ + " of " + name + " ...";
    } else if (reel.track(port_)) {
      a_.values = nullptr;
      trouble_ = reel.run->alive() ? port_ + " has not been computed yet."
                                   : "This run kept nothing of " + port_ + ".";
    } else {
      a_.values = nullptr;
      canWatch_ = true;
      trouble_ = port_ + " was not watched in this run.";
    }
    if (a_.values) findOther(choice, place);
  }
  if (!a_.values) {
    b_.values = nullptr;
    return;
  }
  TensorPictureOptions options = choice.options;
  const Planes planes = planesOf(*a_.values);
  options.sample = std::clamp<int64_t>(options.sample, -1, std::max<int64_t>(planes.samples - 1, 0));
  options.channel = std::clamp<int64_t>(options.channel, -1, std::max<int64_t>(planes.channels - 1, 0));
  look(a_, options);
  if (!b_.values) return;
  // Both in the same colours, or one could not be told from the other.
  TensorPictureOptions same = options;
  same.range = a_.range;
  look(b_, same);
  if (choice.compare != Viewer::Compare::difference) return;
  if (deltaOf_ != std::pair{a_.values, b_.values}) {
    deltaOf_ = {a_.values, b_.values};
    auto numbers = difference(*a_.values, *b_.values);
    delta_.values = numbers ? std::make_shared<const Values>(std::move(*numbers)) : nullptr;
  }
  if (!delta_.values) {
    b_.values = nullptr;
    return;
  }
  delta_.name = "difference";
  TensorPictureOptions apart = options;
  if (apart.look == TensorLook::picture) apart.look = TensorLook::falseColour, apart.channel = -1;
  if (!apart.range) apart.range = {0.f, std::max(automaticRange(*delta_.values, apart).second, 1e-6f)};
  look(delta_, apart);
}

void ViewerContent::look(ViewerSide& side, TensorPictureOptions options) {
  if (side.made_ == side.values && side.options_ == options) return;
  const bool numbers = side.made_ != side.values || side.options_.sample != options.sample;
  side.made_ = side.values;
  side.options_ = options;
  TensorPicture made = tensorPicture(*side.values, options);
  made.picture.id = nextPictureId();
  side.picture = made.picture.width > 0 ? std::make_shared<const Picture>(std::move(made.picture)) : nullptr;
  side.sheet = std::move(made.sheet);
  side.range = made.range;
  side.notFinite = made.notFinite;
  if (!numbers) return;
  const std::span<const float> shown = options.sample < 0
                                           ? std::span<const float>(side.values->data)
                                           : sampleOf(*side.values, planesOf(*side.values), options.sample);
  side.summary = summaryOf(shown);
  side.histogram = histogramOf(shown, kBins);
  side.spectrum.reset();
}

const RadialSpectrum& ViewerContent::spectrumOf(ViewerSide& side, int64_t sample) {
  if (!side.spectrum) side.spectrum = radialSpectrum(*side.values, std::max<int64_t>(sample, 0));
  return *side.spectrum;
}

}  // namespace loom::editor
