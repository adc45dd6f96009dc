#include "app/editor/session/frame_fetch.h"

#include <QTimer>

#include "app/editor/session/shared_values.h"
#include "app/editor/worker/background.h"

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr int kSide = 96, kSamples = 4;    // of thumbnails
constexpr uint64_t kReadAtOnce = 1 << 20;  // larger ones are read on another thread
constexpr int kAgainAfter = 150;           // milliseconds: told of before it was kept

}  // namespace

FrameFetch::FrameFetch(WorkerClient& worker, FrameStore& store, WorkerRunOf workerRunOf, Arrived arrived)
    : worker_(worker), store_(store), workerRunOf_(std::move(workerRunOf)), arrived_(std::move(arrived)) {}

FrameEntry::Part& FrameFetch::partOf(const Want& want) {
  return want.values ? want.entry->number : want.entry->picture;
}

void FrameFetch::ask(Want want) {
  FrameEntry::Part& part = partOf(want);
  if (want.values ? want.entry->values != nullptr : want.entry->thumbnail != nullptr) return;
  if (part.refused || workerRunOf_(want.run).isEmpty()) return;
  if (part.asked) {
    // It waits behind others, and now somebody looks.
    if (want.urgent) {
      const auto same = [&](const Want& each) {
        return each.entry == want.entry && each.values == want.values;
      };
      std::deque<Want>& line = lineOf(want);
      const auto found = std::find_if(line.begin(), line.end(), same);
      if (found != line.end()) {
        line.erase(found);
        urgent_.push_front(std::move(want));
      }
    }
    return;
  }
  if (part.evicted && !want.urgent) return;
  part.asked = true;
  std::deque<Want>& line = want.urgent ? urgent_ : lineOf(want);
  line.push_front(std::move(want));
  later();
}

void FrameFetch::forgetAll() {
  for (auto* line : {&urgent_, &pictures_, &numbers_}) {
    for (const Want& want : *line) partOf(want).asked = false;
    line->clear();
  }
  underWay_ = 0;
  ++age_;
}

void FrameFetch::later() {
  if (std::exchange(willPump_, true)) return;
  QTimer::singleShot(0, this, [this] {
    willPump_ = false;
    pump();
  });
}

// Filling holes pushes nothing out that somebody may be looking at.
bool FrameFetch::takes(const Want& want) const {
  if (workerRunOf_(want.run).isEmpty()) return false;
  if (!want.values && want.entry->thumbnail) return false;  // it was shown live meanwhile
  return want.urgent || want.fresh || !want.values || store_.bytes() + lastBytes_ <= store_.budget();
}

void FrameFetch::pump() {
  while (underWay_ < kMostAtOnce) {
    std::deque<Want>& line = !urgent_.empty() ? urgent_ : !pictures_.empty() ? pictures_ : numbers_;
    if (line.empty()) return;
    Want want = std::move(line.front());
    line.pop_front();
    if (takes(want))
      send(std::move(want));
    else
      partOf(want).asked = false;
  }
}

void FrameFetch::send(Want want) {
  json params{{"run", workerRunOf_(want.run).toStdString()}, {"port", want.port}};
  if (!want.iteration.empty()) params["iteration"] = want.iteration;
  if (!want.values) {
    params["side"] = kSide;
    params["samples"] = kSamples;
  }
  ++underWay_;
  const int age = age_;
  worker_.call(
      want.values ? "tensor" : "preview", std::move(params), this,
      [this, want, age](const json& answer) {
        if (age != age_) return;
        --underWay_;
        came(want, answer);
        later();
      },
      [this, want, age](const WorkerError& error) {
        partOf(want).asked = false;
        if (age != age_) return;
        --underWay_;
        failed(want, error);
        later();
      });
}

void FrameFetch::came(const Want& want, const json& answer) {
  const std::string path = answer.value("path", "");
  std::optional<SharedBytes> bytes = SharedBytes::open(path, answer.value("bytes", uint64_t{0}));
  if (answer.contains("id")) worker_.tell("release", {{"id", answer["id"]}});
  const auto done = [this, want](bool here) {
    FrameEntry::Part& part = partOf(want);
    part.asked = false;
    if (!here) part.refused = true;
    arrived_(want.run, want.port);
  };
  if (!bytes) return done(false);
  if (!want.values) {
    PicturePtr picture = pictureFrom(*bytes, answer);
    if (picture) store_.put(want.entry, picture);
    return done(picture != nullptr);
  }
  const std::optional<TensorShape> shape = tensorShapeFrom(answer);
  if (!shape) return done(false);
  lastBytes_ = bytes->size();
  const auto keep = [this, want, done](const ValuesPtr& values) {
    if (values) store_.put(want.entry, values);
    done(values != nullptr);
  };
  if (bytes->size() <= kReadAtOnce) return keep(valuesFrom(*bytes, *shape));
  auto shared = std::make_shared<SharedBytes>(std::move(*bytes));
  inBackground(
      this, [shared, shape = *shape] { return valuesFrom(*shared, shape); }, keep);
}

// A step is told of a moment before its frame is kept.
void FrameFetch::failed(Want want, const WorkerError& error) {
  FrameEntry::Part& part = partOf(want);
  if (error.message.isEmpty() || workerRunOf_(want.run).isEmpty()) return;
  if (++part.tries >= kMostTries) {
    part.refused = true;
    return arrived_(want.run, want.port);
  }
  QTimer::singleShot(kAgainAfter * part.tries, this, [this, want] { ask(want); });
}

}  // namespace loom::editor
