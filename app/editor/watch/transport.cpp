#include "app/editor/watch/transport.h"

#include <algorithm>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/theme.h"
#include "app/editor/watch/ink.h"

namespace loom::editor {
namespace {

std::string nameOf(const RunInfo& run) { return "run " + std::to_string(run.number); }

struct Steering {
  bool canPause = false, canContinue = false, canStep = false, canRunTo = false, canFork = false;
  Steps forkAt;
};

Steering steeringOf(Session& session, const Reel& reel, const Steps& steps) {
  Steering can;
  if (!reel.run) return can;
  const RunInfo& run = *reel.run;
  can.canPause = run.state == RunInfo::State::running || run.state == RunInfo::State::waiting;
  can.canContinue = can.canStep = run.state == RunInfo::State::paused;
  can.canRunTo = run.alive() && run.inWorker() && steps > run.at(steps.zones);
  can.forkAt = session.runs().lastForkable(run.id, steps);
  can.canFork = !can.forkAt.empty();
  return can;
}

// With words where there is room for them, else as icons whose tips say the same.
std::map<Icon, ImVec2> steer(Session& session, const Reel& reel, const Steps& steps, bool words) {
  const Steering can = steeringOf(session, reel, steps);
  const QString id = reel.run ? reel.run->id : QString();
  std::map<Icon, ImVec2> places;
  const auto button = [&](Icon icon, const char* name, const std::string& tip, bool enabled) {
    ImGui::SameLine(0, words ? 4 : 2);
    const bool pressed = words ? wordButton(name, tip.c_str(), enabled)
                               : iconButton(icon, (std::string(name) + ": " + tip).c_str(), false, enabled);
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    places[icon] = {(low.x + high.x) / 2, (low.y + high.y) / 2};
    return pressed;
  };
  if (can.canContinue) {
    if (button(Icon::proceed, "Continue", "goes on to the end", true)) session.runs().proceed(id);
  } else if (button(Icon::hold, "Pause", "pauses the run after the step at hand", can.canPause)) {
    session.runs().pause(id);
  }
  const bool inner = steps.depth() > 1 && !session.cursor().live;
  if (button(Icon::oneStep, "Step",
             inner ? "takes one more inner step and pauses again" : "takes one more step and pauses again",
             can.canStep))
    session.step(id);
  const std::string step = textOf(steps).toStdString(), kept = textOf(can.forkAt).toStdString();
  if (button(Icon::runTo, "Run to here",
             can.canRunTo ? "goes on and pauses after " + step
                          : "pauses the run at the cursor. Put that on a step that is still to come",
             can.canRunTo))
    session.runTo(steps);
  if (button(Icon::fork, "Fork from here",
             !can.canFork ? "no step up to the cursor was kept to fork from"
                          : "a new run of the graph as it is now, going on from this run's " + kept +
                                (can.forkAt == steps ? "" : ", the last that was kept up to " + step),
             can.canFork))
    session.forkFrom(id, can.forkAt);
  return places;
}

float steeringWidth(bool words) {
  const ImGuiStyle& style = ImGui::GetStyle();
  if (!words) return 4 * (ImGui::GetFrameHeight() + 3 + 2);
  float width = 0;
  for (const char* name : {"Continue", "Step", "Run to here", "Fork from here"})
    width += ImGui::CalcTextSize(name).x + 2 * style.FramePadding.x + 4;
  return width;
}

// Which other run stands beside this one: its parent first, then the newest.
void compareMenu(Session& session, const Reel& reel, const Reel& compared) {
  if (!ImGui::BeginPopup("##compare with")) return;
  const QString& now = compared.run ? compared.run->id : QString();
  bool any = false;
  const auto entry = [&](const RunInfo& run, const char* why) {
    any = true;
    ImGui::PushID(run.id.toUtf8().constData());
    const std::string text = nameOf(run) + "  " + run.title.toStdString() + why;
    if (ImGui::MenuItem(text.c_str(), nullptr, run.id == now)) session.compareWith(run.id);
    ImGui::PopID();
  };
  const auto parent = session.runs().find(reel.run->parent);
  if (parent) entry(*parent, "  (forked from it)");
  constexpr int kMost = 20;
  int shown = 0;
  const auto& all = session.runs().all();
  for (auto run = all.rbegin(); run != all.rend() && shown < kMost; ++run) {
    if ((*run)->id == reel.run->id || (parent && (*run)->id == parent->id)) continue;
    entry(**run, "");
    ++shown;
  }
  if (!any) ImGui::TextDisabled("There is no other run yet");
  if (compared.run) {
    ImGui::Separator();
    if (ImGui::MenuItem("Stop comparing")) session.compareWith({});
  }
  ImGui::EndPopup();
}

void speedBox(Playback& playback, const TransportGestures& gestures) {
  char text[32];
  std::snprintf(text, sizeof text, "%g / s", playback.speed());
  ImGui::SetNextItemWidth(scaled(74));
  if (ImGui::BeginCombo("##speed", text)) {
    for (const double speed : {1., 2., 5., 10., 20., 50., 100.}) {
      std::snprintf(text, sizeof text, "%g steps a second", speed);
      if (ImGui::Selectable(text, speed == playback.speed())) gestures.setSpeed(speed);
    }
    ImGui::EndCombo();
  }
  if (ImGui::IsItemHovered(ImGuiHoveredFlags_ForTooltip)) ImGui::SetTooltip("How fast it plays");
}

}  // namespace

std::string progressText(const Reel& reel, const Runs& runs) {
  if (!reel.run) return {};
  const RunInfo& run = *reel.run;
  std::string text;
  const Steps at = run.at();
  const auto part = [](int64_t done, int64_t count) {
    return std::to_string(done) + (count > 0 ? " of " + std::to_string(count) : std::string());
  };
  std::string of =
      part(at.depth() > 1 ? at.outer() : reel.done, reel.count) + (reel.count == 1 ? " step" : " steps");
  for (size_t i = 1; i < at.depth(); ++i)
    of += ", " + part(at.done[i], run.zones.at(at.zones[i]).count) + " within";
  const bool steps = reel.count > 0 || reel.done > 0;  // not each graph has a zone
  const auto after = [&](const char* what) { return steps ? what + (" after " + of) : std::string(what); };
  switch (run.state) {
    case RunInfo::State::queued:
      text = "waits in the queue";
      break;
    case RunInfo::State::waiting:
      text = steps ? of + ", waits for another run" : "waits for another run";
      break;
    case RunInfo::State::paused:
      text = after("paused");
      break;
    case RunInfo::State::failed:
      text = after("failed");
      break;
    case RunInfo::State::stopped:
      text = after("stopped");
      break;
    case RunInfo::State::lost:
      text = after("lost with the worker");
      break;
    default:
      text = steps ? of : run.alive() ? "runs" : "done";
  }
  if (!run.parent.isEmpty()) {
    const auto parent = runs.find(run.parent);
    text += "  ·  forked from " + (parent ? nameOf(*parent) : run.parent.toStdString());
    if (!run.forkedAt.empty()) text += " at " + textOf(run.forkedAt).toStdString();
  }
  return text;
}

std::map<Icon, ImVec2> drawTransport(Session& session, ImGuiWidget& host, Playback& playback,
                                     const Reel& reel, const Reel& compared, const Steps& stepsAtCursor,
                                     ImVec2 at, float width, const TransportGestures& gestures) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float side = ImGui::GetFrameHeight(), height = scaled(kTransportHeight);
  const float top = at.y + (height - side) / 2;
  constexpr float kRule = 15;
  const float buttons = 6 * (side + 3 + 2) + scaled(80) + kRule;
  const bool words = width > buttons + steeringWidth(true) + scaled(330);
  const float right = std::max(at.x + width - 8 - buttons - steeringWidth(words), at.x + 4);
  float x = at.x + 10;
  const float line = at.y + (height - scaled(15)) / 2;
  const auto say = [&](const std::string& text, const QColor& colour, ImFont* font, float size) {
    if (x < right - 20)
      x += textWithin(draw, {x, line}, right - x - 12, imColour(colour), text, font, scaled(size)) + 10;
  };
  if (width > scaled(900)) say("Timeline", theme.text, host.boldFont(), 13);
  if (reel.run) {
    const bool bad = reel.run->state == RunInfo::State::failed || reel.run->state == RunInfo::State::lost;
    const bool comparing = compared.run && compared.run != reel.run;
    say((comparing ? "A  " : "") + nameOf(*reel.run),
        comparing ? readable(theme.runA.rgb(), theme.window) : theme.text, host.textFont(), 12.5f);
    const std::string other = (comparing ? "B  " + nameOf(*compared.run) : "Compare") + "###compare";
    const float wide =
        ImGui::CalcTextSize(other.c_str(), nullptr, true).x + 2 * ImGui::GetStyle().FramePadding.x;
    if (x + wide < right - 12) {
      ImGui::SetCursorScreenPos({x, top});
      ImGui::PushStyleColor(ImGuiCol_Text,
                            imColour(comparing ? readable(theme.runB.rgb(), theme.raised) : theme.text));
      if (wordButton(other.c_str(), "Another run beside this one, step by step, with what differs"))
        ImGui::OpenPopup("##compare with");
      ImGui::PopStyleColor();
      x += wide + 10;
    }
    compareMenu(session, reel, compared);
    say(progressText(reel, session.runs()), bad ? theme.error : theme.dim, host.textFont(), 12.5f);
    if (reel.run->alive() && reel.count > 0) {
      // A thin line under the header tells how far the run is.
      const float part = std::clamp(static_cast<float>(reel.done) / static_cast<float>(reel.count), 0.f, 1.f);
      draw->AddRectFilled({at.x, at.y}, {at.x + width * part, at.y + 2}, imColour(theme.go));
    }
  }
  ImGui::SetCursorScreenPos({right, top});
  const bool any = reel.count > 0 && reel.run;
  if (iconButton(Icon::toBegin, "First step (Home)", false, any)) gestures.toBegin();
  ImGui::SameLine(0, 2);
  if (iconButton(Icon::back, "Step back (Left)", false, any)) gestures.moveBy(-1);
  ImGui::SameLine(0, 2);
  if (iconButton(playback.playing() ? Icon::pause : Icon::play,
                 playback.playing() ? "Stop playing (Space)" : "Play (Space)", playback.playing(), any))
    gestures.togglePlay();
  ImGui::SameLine(0, 2);
  if (iconButton(Icon::forward, "Step on (Right)", false, any)) gestures.moveBy(1);
  ImGui::SameLine(0, 2);
  if (iconButton(Icon::toEnd, "Newest step, and follow the run (End)", any && session.cursor().live, any))
    gestures.toEnd();
  ImGui::SameLine(0, 2);
  if (iconButton(Icon::loop, "Play again and again", playback.loop())) gestures.setLoop(!playback.loop());
  ImGui::SameLine(0, 4);
  speedBox(playback, gestures);
  // What goes before looks at what there is, what comes after it changes the run.
  const float rule = ImGui::GetItemRectMax().x + kRule / 2;
  draw->AddLine({rule, top + 3}, {rule, top + side - 3}, imColour(theme.border), 1);
  ImGui::SameLine(0, kRule - 4);
  ImGui::Dummy({0, side});
  return steer(session, reel, stepsAtCursor, words);
}

}  // namespace loom::editor
