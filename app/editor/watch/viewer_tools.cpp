#include "app/editor/watch/viewer_tools.h"

#include <imgui.h>

#include <algorithm>

#include "app/editor/document/layout.h"
#include "app/editor/gl/theme.h"
#include "app/editor/watch/ink.h"

namespace loom::editor {
namespace {

// Puts the next item on this line where it has room, else on a line of its own.
class Flow {
 public:
  explicit Flow(float width) : right_(ImGui::GetCursorScreenPos().x + width) {}
  void next(float width, float gap = 8) {
    if (!first_ && ImGui::GetItemRectMax().x + gap + width <= right_) ImGui::SameLine(0, gap);
    first_ = false;
  }

 private:
  float right_;
  bool first_ = true;
};

float wide(const char* words) { return ImGui::CalcTextSize(words).x + 2 * ImGui::GetStyle().FramePadding.x; }

bool segment(const char* words, bool on, const char* tip) {
  const Theme& theme = Theme::current();
  ImGui::PushStyleColor(ImGuiCol_Button, imColour(on ? theme.accent : theme.raised, on ? 0.32 : 1));
  ImGui::PushStyleColor(ImGuiCol_Text, imColour(on ? theme.text : theme.dim));
  const bool pressed = wordButton(words, tip);
  ImGui::PopStyleColor(2);
  return pressed;
}

void portBox(const Reel& reel, const ViewerContent& content, ViewerChoice& choice, float width) {
  ImGui::SetNextItemWidth(width);
  if (!ImGui::BeginCombo("##port", content.port().empty() ? "Choose a port" : content.port().c_str())) return;
  for (const Track& track : reel.tracks) {
    ImGui::PushStyleColor(ImGuiCol_Text, imColour(readable(track.colour, Theme::current().panel)));
    if (ImGui::Selectable(track.port.c_str(), track.port == content.port())) choice.port = track.port;
    ImGui::PopStyleColor();
  }
  if (reel.tracks.empty()) ImGui::TextDisabled("This run has nothing to look at yet");
  ImGui::EndCombo();
}

// Side by side where there is room for the tools beside them too, else one below the other.
void lookBox(Flow& flow, TensorPictureOptions& options, float width) {
  constexpr struct {
    const char *name, *tip;
    TensorLook look;
  } kLooks[] = {{"Picture", "As the wire's type says that it looks", TensorLook::picture},
                {"Channels", "Each channel as a tile, in false colour", TensorLook::channels},
                {"False colour", "One number a pixel, dark to bright", TensorLook::falseColour}};
  float all = 0, widest = 0;
  for (const auto& each : kLooks) all += wide(each.name) + 2, widest = std::max(widest, wide(each.name));
  if (width < all + scaled(130) + wide("Auto range") + 16) {
    const float room = widest + ImGui::GetFrameHeight();
    flow.next(room);
    ImGui::SetNextItemWidth(room);
    if (!ImGui::BeginCombo("##look", kLooks[static_cast<int>(options.look)].name)) return;
    for (const auto& each : kLooks) {
      if (ImGui::Selectable(each.name, options.look == each.look)) options.look = each.look;
      if (ImGui::IsItemHovered(ImGuiHoveredFlags_ForTooltip)) ImGui::SetTooltip("%s", each.tip);
    }
    ImGui::EndCombo();
    return;
  }
  float gap = 8;
  for (const auto& each : kLooks) {
    flow.next(wide(each.name), gap);
    if (segment(each.name, options.look == each.look, each.tip)) options.look = each.look;
    gap = 2;
  }
}

void sampleBox(Flow& flow, const Planes& planes, TensorPictureOptions& options) {
  if (planes.samples < 2) return;
  const std::string text = options.sample < 0
                               ? "all " + std::to_string(planes.samples)
                               : std::to_string(std::min(options.sample, planes.samples - 1) + 1) + " of " +
                                     std::to_string(planes.samples);
  flow.next(2 * ImGui::GetFrameHeight() + 4 + wide(text.c_str()), 6);
  ImGui::PushItemFlag(ImGuiItemFlags_ButtonRepeat, true);
  if (ImGui::ArrowButton("##sample before", ImGuiDir_Left))
    options.sample = std::max<int64_t>(options.sample - 1, -1);
  ImGui::SameLine(0, 2);
  ImGui::PopItemFlag();
  if (wordButton((text + "##sample").c_str(), "Samples: click to see all of them, or one"))
    options.sample = options.sample < 0 ? 0 : -1;
  ImGui::SameLine(0, 2);
  ImGui::PushItemFlag(ImGuiItemFlags_ButtonRepeat, true);
  if (ImGui::ArrowButton("##sample after", ImGuiDir_Right))
    options.sample = std::min(options.sample + 1, planes.samples - 1);
  ImGui::PopItemFlag();
}

void channelBox(Flow& flow, const Planes& planes, TensorPictureOptions& options) {
  if (options.look != TensorLook::falseColour || planes.channels < 2) return;
  flow.next(scaled(104));
  ImGui::SetNextItemWidth(scaled(104));
  const auto name = [](int64_t channel) {
    return channel < 0 ? std::string("mean of all") : "channel " + std::to_string(channel);
  };
  if (!ImGui::BeginCombo("##channel", name(options.channel).c_str())) return;
  for (int64_t channel = -1; channel < std::min<int64_t>(planes.channels, 512); ++channel)
    if (ImGui::Selectable(name(channel).c_str(), channel == options.channel)) options.channel = channel;
  ImGui::EndCombo();
}

void rangeBox(Flow& flow, const ViewerContent& content, TensorPictureOptions& options) {
  flow.next(wide("Auto range"), 6);
  if (segment("Auto range", !options.range, "Dark and bright from the values, or as set here"))
    options.range = options.range ? std::nullopt : std::optional(content.a().range);
  if (!options.range) return;
  auto [low, high] = *options.range;
  const float speed = std::max((high - low) / 200, 1e-6f);
  bool set = false;
  for (float* edge : {&low, &high}) {
    flow.next(scaled(66), 4);
    ImGui::SetNextItemWidth(scaled(66));
    ImGui::PushID(edge == &low ? "low" : "high");
    set |= ImGui::DragFloat("##edge", edge, speed, 0, 0, "%.4g");
    ImGui::PopID();
  }
  if (set && high > low) options.range = {low, high};
}

std::string againstText(Reels& reels, const ViewerChoice& choice) {
  if (choice.pin)
    return choice.pin->iteration.empty() ? "the pin"
                                         : "pinned step " + std::to_string(choice.pin->iteration.front() + 1);
  if (const auto& run = reels.compared().run) return "run " + std::to_string(run->number);
  return "choose a run";
}

void compareBox(Flow& flow, Session& session, Reels& reels, ViewerChoice& choice,
                const ViewerToolGestures& gestures, float width) {
  constexpr const char* kNames[] = {"Compare: off", "Difference", "Wipe A | B", "Side by side"};
  // How, with what, and the pin stay together in one line.
  const float pin = ImGui::GetFrameHeight() + 3, gaps = 8;
  const bool two = choice.compare != Viewer::Compare::none;
  const float how = two ? std::min(scaled(118), (width - pin - gaps) / 2) : scaled(118);
  const float against = std::min(scaled(126), width - pin - gaps - how);
  flow.next(how + pin + gaps + (two ? against : 0));
  ImGui::SetNextItemWidth(how);
  if (ImGui::BeginCombo("##compare", kNames[static_cast<int>(choice.compare)])) {
    for (int i = 0; i < 4; ++i)
      if (ImGui::Selectable(kNames[i], i == static_cast<int>(choice.compare)))
        choice.compare = static_cast<Viewer::Compare>(i);
    ImGui::EndCombo();
  }
  if (two) {
    ImGui::SameLine(0, 4);
    ImGui::SetNextItemWidth(against);
    if (ImGui::BeginCombo("##against", againstText(reels, choice).c_str())) {
      const auto shown = reels.shown().run;
      const auto& all = session.runs().all();
      for (auto run = all.rbegin(); run != all.rend(); ++run) {
        if (shown && (*run)->id == shown->id) continue;
        const std::string name = "run " + std::to_string((*run)->number) + "  " + (*run)->title.toStdString();
        ImGui::PushID((*run)->id.toUtf8().constData());
        if (ImGui::Selectable(name.c_str(), !choice.pin && session.comparedRun() == (*run)->id)) {
          choice.pin.reset();
          session.compareWith((*run)->id);
        }
        ImGui::PopID();
      }
      if (all.size() < 2) ImGui::TextDisabled("There is no other run yet");
      ImGui::EndCombo();
    }
  }
  ImGui::SameLine(0, 4);
  if (iconButton(
          Icon::pin,
          choice.pin ? "Unpin: no longer compare with that step" : "Pin this step, to compare others with it",
          choice.pin.has_value(), reels.shown().run != nullptr))
    gestures.pin();
}

}  // namespace

void drawViewerTools(Session& session, Reels& reels, const ViewerContent& content, ViewerChoice& choice,
                     const ViewerToolGestures& gestures, float width) {
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(7, 3));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(6, 5));
  Flow flow(width);
  const bool any = content.a().values != nullptr;
  const float icons = 3 * (ImGui::GetFrameHeight() + 3 + 4);
  flow.next(width - icons);
  portBox(reels.shown(), content, choice, width > scaled(640) ? scaled(250) : width - icons - 4);
  flow.next(scaled(30), 4);
  if (iconButton(Icon::fit, "Fit the picture (double-click)", false, any)) gestures.fit();
  flow.next(scaled(30), 2);
  if (iconButton(Icon::copy, "Copy the picture", false, any)) gestures.copy();
  flow.next(scaled(30), 2);
  if (iconButton(Icon::save, "Save as picture or NumPy file ...", false, any)) gestures.save();
  if (reels.shown().run) {
    TensorPictureOptions& options = choice.options;
    lookBox(flow, options, width);
    const Planes planes = content.planes();
    sampleBox(flow, planes, options);
    channelBox(flow, planes, options);
    rangeBox(flow, content, options);
    compareBox(flow, session, reels, choice, gestures, width);
  }
  ImGui::PopStyleVar(2);
}

}  // namespace loom::editor
