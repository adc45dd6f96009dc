#include "app/editor/watch/timeline.h"

#include <algorithm>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/theme.h"
#include "app/editor/watch/ink.h"
#include "app/editor/watch/playback.h"
#include "app/editor/watch/plot_panel.h"
#include "app/editor/watch/selected_wires.h"
#include "app/editor/watch/strip.h"
#include "app/editor/watch/transport.h"

namespace loom::editor {
namespace {

constexpr float kLeastPlot = 76, kBesideFrom = 480, kLeastBeside = 190;  // at the designed size of text

}  // namespace

class Timeline::Implementation : public QObject {
 public:
  Implementation(Session& session, ImGuiWidget& host)
      : session_(session),
        host_(host),
        reels_(session),
        schedules_(session),
        comparison_(session, reels_),
        plots_(session, host, reels_, schedules_, comparison_),
        strip_(session, host, schedules_, comparison_),
        playback_([this](int steps) { return advance(steps); }, [this] { goTo(Iteration{0}); }) {
    QSettings& settings = session.settings();
    playback_.setLoop(settings.value("timeline/loop", false).toBool());
    playback_.setSpeed(settings.value("timeline/speed", 10.0).toDouble());
    connect(&reels_, &Reels::changed, this, [this] { host_.redraw(); });
    connect(&schedules_, &RunSchedules::changed, this, [this] { host_.redraw(); });
    connect(&comparison_, &RunComparison::changed, this, [this] { host_.redraw(); });
    connect(&playback_, &Playback::changed, this, [this] { host_.redraw(); });
    connect(&session, &Session::selectionChanged, this, [this] { watched_.follow(); });
    connect(&session.runs(), &Runs::changed, this, [this] { watched_.follow(); });
  }

  void draw(ImVec2 at, ImVec2 size);
  void moveBy(int steps);
  void goTo(const Iteration& place);
  void toEnd();
  void togglePlay();
  Steps stepAtCursor();
  void setLoop(bool on) {
    playback_.setLoop(on);
    session_.settings().setValue("timeline/loop", on);
    host_.redraw();
  }
  void setSpeed(double speed) {
    playback_.setSpeed(speed);
    session_.settings().setValue("timeline/speed", playback_.speed());
    host_.redraw();
  }
  Iteration place() { return placeOf(session_.cursor(), reels_.shown()); }

  Session& session_;
  ImGuiWidget& host_;
  Reels reels_;
  RunSchedules schedules_;
  RunComparison comparison_;
  PlotPanel plots_;
  Strip strip_;
  Playback playback_;
  std::map<Icon, ImVec2> buttons_;  // where they were drawn
  SelectedWires watched_{session_, reels_};

 private:
  bool advance(int steps);
  void keys();
  void drawEmpty(ImVec2 at, ImVec2 size);
  void drawBody(ImVec2 at, ImVec2 size);
  std::vector<std::string> looked_;  // the zones around what was clicked last
};

void Timeline::Implementation::goTo(const Iteration& wanted) {
  const Reel& reel = reels_.shown();
  Cursor cursor = session_.cursor();
  cursor.iteration = wanted;
  cursor.live = wanted.size() == 1 && wanted == reel.newest();
  if (cursor == session_.cursor()) return;
  session_.setCursor(cursor);
  host_.redraw();
}

void Timeline::Implementation::toEnd() {
  Cursor cursor = session_.cursor();
  cursor.iteration = reels_.shown().newest();
  cursor.live = true;
  session_.setCursor(cursor);
  host_.redraw();
}

// Within an inner zone from one inner step to the next, over the ends of outer ones too.
void Timeline::Implementation::moveBy(int steps) {
  const Reel& reel = reels_.shown();
  const Iteration now = place();
  if (!reel.run || now.empty()) return;
  if (now.size() > 1) {
    for (const Track& track : reel.tracks) {
      if (track.depth < now.size() || track.iterations.empty()) continue;
      const auto frame = frameAt(track.iterations, now);
      if (!frame) continue;
      const auto index =
          std::find(track.iterations.begin(), track.iterations.end(), *frame) - track.iterations.begin();
      const auto last = static_cast<ptrdiff_t>(track.iterations.size()) - 1;
      return goTo(track.iterations[static_cast<size_t>(std::clamp<ptrdiff_t>(index + steps, 0, last))]);
    }
  }
  const int64_t most = std::max<int64_t>(now.front() >= reel.done ? reel.count : reel.done, 1) - 1;
  goTo({std::clamp<int64_t>(now.front() + steps, 0, most)});
}

bool Timeline::Implementation::advance(int steps) {
  const Iteration before = place();
  const Iteration newest = reels_.shown().newest();
  if (before.empty() || (before.size() == 1 && !newest.empty() && before.front() >= newest.front()))
    return false;
  moveBy(steps);
  return place() != before;
}

void Timeline::Implementation::togglePlay() {
  if (playback_.playing()) return playback_.stop();
  const Reel& reel = reels_.shown();
  if (!reel.run || reel.count == 0) return;
  const Iteration now = place(), newest = reel.newest();
  if (now.empty() || newest.empty()) return;
  if (now.front() >= newest.front()) goTo({0});  // at its end: from the beginning
  playback_.start();
}

Steps Timeline::Implementation::stepAtCursor() {
  const Iteration now = place();
  if (now.empty()) return {};
  const auto depth = static_cast<ptrdiff_t>(now.size());
  // Of the zone in whose line the last click was, else of the first that lies so deep.
  const std::vector<std::string>* zones = nullptr;
  for (const Track& track : reels_.shown().tracks) {
    if (track.zones.size() < now.size()) continue;
    const bool looked = looked_.size() >= now.size() &&
                        std::equal(track.zones.begin(), track.zones.begin() + depth, looked_.begin());
    if (!zones || looked) zones = &track.zones;
    if (looked) break;
  }
  if (!zones) return Steps::after(now);
  return Steps::after(now, {zones->begin(), zones->begin() + depth});
}

void Timeline::Implementation::keys() {
  if (!ImGui::IsWindowFocused() || ImGui::GetIO().WantTextInput || ImGui::IsAnyItemActive()) return;
  const ImGuiIO& io = ImGui::GetIO();
  if (io.KeyCtrl || io.KeyAlt) return;
  const int stride = io.KeyShift ? 10 : 1;
  if (ImGui::IsKeyPressed(ImGuiKey_LeftArrow)) moveBy(-stride);
  if (ImGui::IsKeyPressed(ImGuiKey_RightArrow)) moveBy(stride);
  if (ImGui::IsKeyPressed(ImGuiKey_Home, false)) goTo({0});
  if (ImGui::IsKeyPressed(ImGuiKey_End, false)) toEnd();
  if (ImGui::IsKeyPressed(ImGuiKey_Space, false)) togglePlay();
}

void Timeline::Implementation::drawEmpty(ImVec2 at, ImVec2 size) {
  const Reel& reel = reels_.shown();
  const Theme& theme = Theme::current();
  std::string text = "Nothing to show yet: run the graph (Ctrl+Enter), and every step of it appears here.";
  QColor colour = theme.dim;
  if (reel.run && reel.run->error) {
    text = reel.run->error->message.toStdString();
    colour = theme.error;
  } else if (reel.run && reel.run->alive()) {
    text = "The run has not reached its first step yet.";
  } else if (reel.run) {
    text = "No watched wire of this run lies in a zone. Watch an output within one, and run again.";
  }
  const float wrap = std::min(size.x - 40, scaled(560)), height = scaled(13.5f);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImFont* font = host_.textFont();
  const ImVec2 needed = font->CalcTextSizeA(height, FLT_MAX, wrap, text.c_str());
  draw->AddText(font, height, {at.x + (size.x - needed.x) / 2, at.y + (size.y - needed.y) / 2},
                imColour(colour), text.c_str(), nullptr, wrap);
}

// The pictures first; the plot has what is left, but never too little to be read. A low, wide timeline has it
// beside the strip.
void Timeline::Implementation::drawBody(ImVec2 at, ImVec2 size) {
  const Reel& shown = reels_.shown();
  static const Reel none;
  const Reel& compared = reels_.compared().run == shown.run ? none : reels_.compared();
  const float wanted = strip_.wantedHeight(shown, compared), least = scaled(kLeastPlot);
  const bool pictures = wanted > 0;
  const bool under =
      size.y >= least + (pictures ? std::min(wanted, std::max(strip_.leastHeight(), size.y / 2)) : 0);
  const bool wide = pictures && size.x > scaled(kBesideFrom) && size.y >= least;
  const bool plots = shown.run && plots_.shown() && (under || wide);
  if (!pictures && (!plots || shown.tracks.empty())) return drawEmpty(at, size);
  const bool beside = plots && wide && (!under || size.y < wanted + least + 10);
  const float plotWidth = beside ? std::floor(std::max(size.x * 0.3f, scaled(kLeastBeside))) : size.x;
  float stripHeight = pictures ? size.y : 0;
  if (plots && !beside && pictures)
    stripHeight = std::clamp(size.y * 0.62f, std::min(wanted, size.y - least), std::max(size.y - least, 1.f));
  std::optional<Strip::Asked> asked;
  if (pictures)
    asked = strip_.draw(at, {beside ? size.x - plotWidth : size.x, stripHeight}, shown, compared, place());
  if (plots) {
    const ImVec2 corner =
        beside ? ImVec2(at.x + size.x - plotWidth + 14, at.y) : ImVec2(at.x, at.y + stripHeight + 6);
    const ImVec2 room =
        beside ? ImVec2(plotWidth - 24, size.y - 4) : ImVec2(size.x, size.y - stripHeight - 8);
    const auto axisOf = [&](const std::string& zone) -> const StepAxis& {
      StepAxis& axis = strip_.axis(zone);
      const ReelZone* known = shown.zone(zone);
      if (!pictures)  // else the strip has placed it
        axis.place(at.x + Strip::labels(), size.x - Strip::labels() - 10, 8,
                   known ? known->count : shown.count);
      return axis;
    };
    const PlotPanel::Asked wanted = plots_.draw(corner, room, beside, place(), axisOf);
    if (wanted.step) asked = Strip::Asked{{*wanted.step}, {wanted.zone}};
    if (wanted.by) moveBy(wanted.by);
  } else if (shown.run) {
    const bool room = !plots_.shown();
    ImGui::SetCursorScreenPos({at.x + 2, at.y + size.y - ImGui::GetFrameHeight() + 4});
    if (iconButton(Icon::chart, room ? "Show the plot" : "A higher timeline has room for the plot", false,
                   room))
      plots_.show(true);
  }
  if (!asked) return;
  looked_ = asked->zones;
  goTo(asked->place);
}

void Timeline::Implementation::draw(ImVec2 at, ImVec2 size) {
  ImGui::SetNextWindowPos(at);
  ImGui::SetNextWindowSize(size);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, ImVec2(1, 1));
  ImGui::Begin("##timeline", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoNav |
                   ImGuiWindowFlags_NoBringToFrontOnFocus);
  ImGui::PopStyleVar(2);
  keys();
  const Reel& shown = reels_.shown();
  static const Reel none;
  const Reel& compared = reels_.compared().run == shown.run ? none : reels_.compared();
  const TransportGestures gestures{.moveBy = [this](int steps) { moveBy(steps); },
                                   .toBegin = [this] { goTo({0}); },
                                   .toEnd = [this] { toEnd(); },
                                   .togglePlay = [this] { togglePlay(); },
                                   .setSpeed = [this](double speed) { setSpeed(speed); },
                                   .setLoop = [this](bool on) { setLoop(on); }};
  buttons_ = drawTransport(session_, host_, playback_, shown, compared, stepAtCursor(), at, size.x, gestures);
  const float head = scaled(kTransportHeight);
  drawBody({at.x, at.y + head + 4}, {size.x, size.y - head - 8});
  ImGui::End();
}

Timeline::Timeline(Session& session, ImGuiWidget& host)
    : implementation_(std::make_unique<Implementation>(session, host)) {}
Timeline::~Timeline() = default;
void Timeline::draw(ImVec2 at, ImVec2 size) { implementation_->draw(at, size); }
void Timeline::moveBy(int steps) { implementation_->moveBy(steps); }
void Timeline::toBegin() { implementation_->goTo({0}); }
void Timeline::toEnd() { implementation_->toEnd(); }
void Timeline::togglePlay() { implementation_->togglePlay(); }
bool Timeline::playing() const { return implementation_->playback_.playing(); }
void Timeline::setLoop(bool on) { implementation_->setLoop(on); }
bool Timeline::loop() const { return implementation_->playback_.loop(); }
void Timeline::setSpeed(double stepsPerSecond) { implementation_->setSpeed(stepsPerSecond); }
double Timeline::speed() const { return implementation_->playback_.speed(); }
Steps Timeline::stepAtCursor() const { return implementation_->stepAtCursor(); }
void Timeline::savePlots(const SaveQuestion& question) const { implementation_->plots_.save(question); }
bool Timeline::savePlots(const QString& file) const { return implementation_->plots_.writer(file)(); }
std::optional<ImVec2> Timeline::placeOnScreen(const std::string& port, const Iteration& iteration) const {
  return implementation_->strip_.placeOnScreen(port, iteration);
}
std::optional<ImVec2> Timeline::placeOfButton(Icon icon) const {
  const auto found = implementation_->buttons_.find(icon);
  return found == implementation_->buttons_.end() ? std::nullopt : std::optional(found->second);
}
std::optional<ImVec2> Timeline::placeInPlot(const std::string& zone, int64_t step) const {
  return implementation_->plots_.placeOnScreen(zone, step);
}

}  // namespace loom::editor
