#include "app/editor/watch/timeline.h"

#include <QFileDialog>
#include <QSaveFile>
#include <algorithm>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/theme.h"
#include "app/editor/watch/ink.h"
#include "app/editor/watch/playback.h"
#include "app/editor/watch/plot_view.h"
#include "app/editor/watch/strip.h"
#include "app/editor/watch/transport.h"

namespace loom::editor {
namespace {

constexpr float kLeastPlot = 80, kBesideFrom = 900;  // pixels
constexpr QSize kPictureSize(1600, 900);

}  // namespace

class Timeline::Implementation : public QObject {
 public:
  Implementation(Session& session, ImGuiWidget& host)
      : session_(session),
        host_(host),
        reels_(session),
        plots_(session, reels_),
        strip_(session, host),
        playback_([this](int steps) { return advance(steps); }, [this] { goTo(Iteration{0}); }) {
    QSettings& settings = session.settings();
    playback_.setLoop(settings.value("timeline/loop", false).toBool());
    playback_.setSpeed(settings.value("timeline/speed", 10.0).toDouble());
    kind_ =
        kPlotKinds[std::clamp<int>(settings.value("timeline/plot", 0).toInt(), 0, std::size(kPlotKinds) - 1)];
    plotShown_ = settings.value("timeline/plotShown", true).toBool();
    connect(&reels_, &Reels::changed, this, [this] { host_.redraw(); });
    connect(&playback_, &Playback::changed, this, [this] { host_.redraw(); });
  }

  void draw(ImVec2 at, ImVec2 size);
  void moveBy(int steps);
  void goTo(const Iteration& place);
  void toEnd();
  void togglePlay();
  int64_t stepAtCursor();
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
  bool exportCsv(const QString& file);
  bool exportPng(const QString& file);

  Session& session_;
  ImGuiWidget& host_;
  Reels reels_;
  Plots plots_;
  Strip strip_;
  Playback playback_;
  PlotKind kind_ = PlotKind::norm;
  bool plotShown_ = true;

 private:
  bool advance(int steps);
  void keys();
  void drawEmpty(ImVec2 at, ImVec2 size);
  void drawPlotColumn(ImVec2 at, ImVec2 size);
  void drawPlotArea(ImVec2 at, ImVec2 size);
  void drawCursor(ImVec2 top, float bottom);
  void setKind(PlotKind kind);
  void showPlot(bool shown);
  void askFile(const QString& title, const QString& filter, const QString& suffix,
               bool (Implementation::*write)(const QString&));
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

int64_t Timeline::Implementation::stepAtCursor() {
  const Iteration now = place();
  return now.empty() ? 0 : now.front() + 1;
}

void Timeline::Implementation::setKind(PlotKind kind) {
  kind_ = kind;
  session_.settings().setValue("timeline/plot", static_cast<int>(kind));
}

void Timeline::Implementation::showPlot(bool shown) {
  plotShown_ = shown;
  session_.settings().setValue("timeline/plotShown", shown);
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
  const float wrap = std::min(size.x - 40, 560.f);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImFont* font = host_.textFont();
  const ImVec2 needed = font->CalcTextSizeA(13.5f, FLT_MAX, wrap, text.c_str());
  draw->AddText(font, 13.5f, {at.x + (size.x - needed.x) / 2, at.y + (size.y - needed.y) / 2},
                imColour(colour), text.c_str(), nullptr, wrap);
}

void Timeline::Implementation::askFile(const QString& title, const QString& filter, const QString& suffix,
                                       bool (Implementation::*write)(const QString&)) {
  // Never within a frame: a dialog runs events of its own.
  QMetaObject::invokeMethod(
      this,
      [this, title, filter, suffix, write] {
        auto* dialog = new QFileDialog(host_.window(), title, session_.folder(), filter);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->setAcceptMode(QFileDialog::AcceptSave);
        dialog->setDefaultSuffix(suffix);
        connect(dialog, &QFileDialog::fileSelected, this, [this, write](const QString& file) {
          const bool written = (this->*write)(file);
          session_.notice(written ? "Saved " + file : "Could not write " + file, !written);
        });
        dialog->open();
      },
      Qt::QueuedConnection);
}

// In the strip's column of names: what is plotted, and ways to keep it.
void Timeline::Implementation::drawPlotColumn(ImVec2 at, ImVec2 size) {
  ImGui::SetCursorScreenPos({at.x, at.y});
  ImGui::PushFont(nullptr, 12);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(5, 2));
  ImGui::SetNextItemWidth(size.x);
  if (ImGui::BeginCombo("##plot kind", nameOf(plots_.orScalars(kind_)), ImGuiComboFlags_HeightLargest)) {
    for (const PlotKind kind : kPlotKinds)
      if (ImGui::Selectable(nameOf(kind), kind == kind_)) setKind(kind);
    ImGui::Separator();
    if (ImGui::Selectable("Save as picture ..."))
      askFile("Save the plot as a picture", "Pictures (*.png)", "png", &Implementation::exportPng);
    if (ImGui::Selectable("Save as table ..."))
      askFile("Save the plot's numbers", "Tables (*.csv)", "csv", &Implementation::exportCsv);
    ImGui::Separator();
    if (ImGui::Selectable("Hide the plot")) showPlot(false);
    ImGui::EndCombo();
  }
  ImGui::PopStyleVar();
  ImGui::PopFont();
}

void Timeline::Implementation::drawPlotArea(ImVec2 at, ImVec2 size) {
  const Plot& plot = plots_.of(plots_.orScalars(kind_));
  const Theme& theme = Theme::current();
  const Iteration now = place();
  std::optional<double> cursor;
  if (!now.empty()) {
    cursor = static_cast<double>(now.front());
    if (now.size() > 1)  // between two outer steps, where the inner one's numbers are
      for (const Track& track : reels_.shown().tracks)
        if (track.depth > 1) {
          const auto within = framesWithin(track.iterations, now.front());
          const auto found = std::find(within.begin(), within.end(), now);
          if (found != within.end())
            cursor = stepOf(now, found - within.begin(), static_cast<int64_t>(within.size()));
        }
  }
  drawPlot(plot, at, size, strip_.axis(), cursor);
  if (plot.note.empty()) return;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImFont* font = host_.textFont();
  if (plot.series.empty()) {
    const float wrap = std::max(size.x - 40, 100.f);
    const ImVec2 needed = font->CalcTextSizeA(12, FLT_MAX, wrap, plot.note.c_str());
    draw->AddText(font, 12, {at.x + (size.x - needed.x) / 2, at.y + (size.y - needed.y) / 2},
                  imColour(theme.dim), plot.note.c_str(), nullptr, wrap);
  } else if (size.y > 70) {
    textWithin(draw, {at.x + 6, at.y + 4}, size.x * 0.7f, imColour(theme.dim), plot.note, font, 10.5f);
  }
}

void Timeline::Implementation::drawCursor(ImVec2 top, float bottom) {
  const Iteration now = place();
  const StepAxis& axis = strip_.axis();
  if (now.empty() || axis.count() == 0) return;
  const auto x = static_cast<float>(axis.x(static_cast<double>(now.front())));
  if (x < axis.left() - 1 || x > axis.left() + axis.width() + 1) return;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const unsigned colour = imColour(Theme::current().text);
  draw->AddLine({x, top.y}, {x, bottom}, colour, 1.5f);
  draw->AddCircleFilled({x, top.y}, 4.5f, colour, 16);
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
  drawTransport(session_, host_, playback_, shown, compared, stepAtCursor(), at, size.x, gestures);
  const ImVec2 body(at.x, at.y + kTransportHeight + 4);
  const ImVec2 room(size.x, size.y - kTransportHeight - 8);
  const int lines = Strip::lines(shown, compared);
  const bool plots = shown.run && plotShown_ && room.y > kLeastPlot;
  if (lines == 0 && (!plots || shown.tracks.empty())) {
    drawEmpty(body, room);
  } else {
    // The pictures first; the plot has what is left, but never too little to be read. A low, wide timeline
    // has it beside the strip.
    const float wanted = Strip::wantedHeight(lines);
    const bool beside = plots && lines > 0 && room.x > kBesideFrom && room.y < wanted + kLeastPlot + 10;
    const float plotWidth = beside ? std::floor(room.x * 0.3f) : room.x;
    float stripHeight = lines == 0 ? 0 : room.y;
    if (plots && !beside && lines > 0)
      stripHeight = std::clamp(room.y * 0.62f, std::min(wanted, room.y - kLeastPlot),
                               std::max(room.y - kLeastPlot, 1.f));
    std::optional<Iteration> asked;
    if (lines > 0)
      asked = strip_.draw({body.x, body.y}, {beside ? room.x - plotWidth : room.x, stripHeight}, shown,
                          compared, place());
    else
      strip_.axis().place(body.x + Strip::kLabels, room.x - Strip::kLabels - 10, 8, shown.count);
    if (plots && beside) {
      const float left = body.x + room.x - plotWidth;
      drawPlotColumn({left + 14, body.y}, {130, 22});
      drawPlotArea({left + 14, body.y + 26}, {plotWidth - 24, room.y - 30});
    } else if (plots) {
      const float top = body.y + stripHeight + 6;
      drawPlotColumn({body.x + 8, top}, {Strip::kLabels - 14, 22});
      drawPlotArea({static_cast<float>(strip_.axis().left()), top},
                   {static_cast<float>(strip_.axis().width()), room.y - stripHeight - 8});
    }
    if (lines > 0) drawCursor({body.x, body.y - 1}, body.y + stripHeight - 16);
    if (shown.run && !plotShown_) {
      ImGui::SetCursorScreenPos({at.x + 6, at.y + size.y - 26});
      if (iconButton(Icon::chart, "Show the plot")) showPlot(true);
    }
    if (asked) goTo(*asked);
  }
  ImGui::End();
}

bool Timeline::Implementation::exportCsv(const QString& file) {
  QSaveFile out(file);
  const std::string text = csvOf(plots_.of(plots_.orScalars(kind_)));
  return out.open(QIODevice::WriteOnly) && out.write(text.data(), static_cast<qint64>(text.size())) >= 0 &&
         out.commit();
}

bool Timeline::Implementation::exportPng(const QString& file) {
  const Plot& plot = plots_.of(plots_.orScalars(kind_));
  const Reel& shown = reels_.shown();
  QString title = nameOf(plot.kind);
  if (shown.run) title += QString(", run %1").arg(shown.run->number);
  if (!plot.bySteps && !place().empty()) title += QString(" at step %1").arg(stepAtCursor());
  const QImage image = plotPicture(plot, kPictureSize, title);
  QSaveFile out(file);
  return out.open(QIODevice::WriteOnly) && image.save(&out, "PNG") && out.commit();
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
int64_t Timeline::stepAtCursor() const { return implementation_->stepAtCursor(); }
bool Timeline::exportCsv(const QString& file) const { return implementation_->exportCsv(file); }
std::optional<ImVec2> Timeline::placeOnScreen(const std::string& port, const Iteration& iteration) const {
  return implementation_->strip_.placeOnScreen(port, iteration);
}
bool Timeline::exportPng(const QString& file) const { return implementation_->exportPng(file); }

}  // namespace loom::editor
