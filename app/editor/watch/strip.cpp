#include "app/editor/watch/strip.h"

#include <algorithm>
#include <cmath>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/theme.h"
#include "app/editor/watch/ink.h"
#include "app/editor/watch/strip_sizes.h"

namespace loom::editor {
namespace {

constexpr int64_t kMostToCome = 10'000;  // inner steps

}  // namespace

void Strip::layTrack(const Track& track, const Reel& shown, const Reel& compared, const Iteration& place) {
  const Track* other = compared.track(track.port);
  const size_t section = sections_.size() - 1;
  const auto add = [&](const Reel& reel, const Track& of, Kind kind, bool inner) {
    Line line;
    line.reel = &reel;
    line.track = &of;
    line.port = of.port;
    line.kind = kind;
    line.inner = inner;
    line.section = section;
    if (inner) layWithin(line, place);
    drawn_.push_back(std::move(line));
  };
  for (const bool inner : {false, true}) {
    if (inner && track.depth < 2) break;
    add(shown, track, Kind::shown, inner);
    if (!other) continue;
    add(compared, *other, Kind::compared, inner);
    if (!inner) add(shown, track, Kind::apart, false);
  }
}

// The inner steps of the last outer one that has any: not each of them samples, in a training. In the step
// that is being computed, and in later ones where each had some, also those that are still to come.
void Strip::layWithin(Line& line, const Iteration& place) const {
  const Track& track = *line.track;
  const auto frame = frameAt(track.iterations, place.empty() ? Iteration{} : Iteration{place.front()});
  if (frame) line.within = framesWithin(track.iterations, frame->front());
  line.here = line.within.size();
  const RunInfo& run = *line.reel->run;
  if (!run.alive() || track.depth != 2 || track.zones.size() != 2 || place.empty() || !frame) return;
  const Steps at = run.at(track.zones);
  const auto zone = run.zones.find(track.zones.back());
  if (at.empty() || zone == run.zones.end()) return;
  const int64_t step = place.front(), count = std::min(zone->second.count, kMostToCome);
  const bool now = step == at.outer() && at.depth() == 2 && at.zones.back() == track.zones.back();
  const bool later = step >= at.outer() && step < track.count && frame->front() + 1 == at.outer() && !now;
  if (!now && !later) return;
  if (frame->front() != step) line.within.clear(), line.here = 0;
  const int64_t from = line.within.empty() ? 0 : line.within.back().back() + 1;
  for (int64_t inner = from; inner < count; ++inner) line.within.push_back({step, inner});
}

void Strip::lay(const Reel& shown, const Reel& compared, const Iteration& place) {
  sections_.clear();
  drawn_.clear();
  for (const ReelZone& zone : shown.zones) {
    sections_.push_back({&zone, &axes_[zone.zone], nullptr, 0, 0, 0});
    if (shown.run) sections_.back().noise = schedules_.of(*shown.run, zone.zone);
    for (const Track& track : shown.tracks)
      if (track.picture && track.depth > 0 && track.zone == zone.zone)
        layTrack(track, shown, compared, place);
    if (drawn_.empty() || drawn_.back().section != sections_.size() - 1) sections_.pop_back();
  }
}

float Strip::labels() { return scaled(96); }

float Strip::stepsHeight(bool low) const {
  const bool timesteps = !low && std::any_of(sections_.begin(), sections_.end(),
                                             [](const Section& section) { return section.noise; });
  return scaled(kStepsHeight + (timesteps ? kTimestepsHeight : 0));
}

float Strip::weights() const {
  float all = 0;
  for (const Line& line : drawn_) all += line.weight();
  return all;
}

float Strip::wantedHeight(const Reel& shown, const Reel& compared) {
  lay(shown, compared, {});
  return weights() * kGoodLine + static_cast<float>(sections_.size()) * stepsHeight(false) +
         (drawn_.empty() ? 0 : kCellGap);
}

float Strip::leastHeight() const {
  if (drawn_.empty()) return 0;
  const auto lines = static_cast<float>(std::min<size_t>(drawn_.size(), 2));
  return lines * kLeastLine + stepsHeight(true);
}

std::optional<Strip::Asked> Strip::draw(ImVec2 at, ImVec2 size, const Reel& shown, const Reel& compared,
                                        const Iteration& place) {
  lay(shown, compared, place);
  if (latest_.size() > 64) latest_.clear();
  if (axes_.size() > 64) axes_.clear(), lay(shown, compared, place);
  if (drawn_.empty()) return {};
  // The steps of one zone stay in sight at the bottom; those of several scroll with their pictures.
  const bool one = sections_.size() == 1;
  low_ = size.y < weights() * kFairLine + static_cast<float>(sections_.size()) * stepsHeight(false);
  const float steps = stepsHeight(low_), fixed = one ? steps : 0;
  const float room = size.y - fixed, between = one ? 0 : steps * static_cast<float>(sections_.size());
  // Not so high that there is room for a few pictures only.
  float widest = 0.4f;
  for (const Line& line : drawn_)
    widest = std::max(widest, aspects_.try_emplace(line.port, 1.f).first->second);
  const auto many = static_cast<float>(std::clamp<int64_t>(shown.count, 1, kPicturesAtLeast));
  const float most = std::max((size.x - labels()) / (many * widest), kGoodLine);
  float height = std::clamp((room - between) / weights(), kLeastLine, std::min(most, kMostLine));
  const bool scrolls = weights() * height + between > room + 0.5f;
  if (scrolls && one)
    height = std::clamp(room / std::max(std::floor(room / kLeastLine), 1.f), 1.f, kMostLine);
  const float all = weights() * height + between;
  scrolled_ = std::clamp(scrolled_, 0.f, std::max(all - room, 0.f));
  const float left = at.x + labels(), width = size.x - labels() - 10;
  const int64_t step = place.empty() ? -1 : place.front();
  const bool follows = step != followed_ && step >= 0;  // scrolls after the cursor, not against the wheel
  followed_ = step;
  layDown(at, room, height, one ? 0 : steps);
  for (size_t s = 0; s < sections_.size(); ++s) {
    Section& section = sections_[s];
    float aspect = 0.4f;
    bool nested = false;
    for (const Line& line : drawn_)
      if (line.section == s) {
        aspect = std::max(aspect, aspects_.try_emplace(line.port, 1.f).first->second);
        nested |= line.inner;
      }
    const float picture = (height - kCellGap) * aspect;
    const ReelZone* other = compared.zone(section.zone->zone);
    const int64_t count = std::max(section.zone->count, other ? other->count : 0);
    // What plots show of the last step's inner ones lies beyond its picture.
    const auto spaces = static_cast<float>(std::max<int64_t>(count - 1, 1));
    const float part = nested ? spaces / (spaces + 1) : 1;
    section.axis->place(left, (width - picture) * part + picture, picture, count);
    if (follows) section.axis->show(step);
    for (Line& line : drawn_)
      if (line.section == s && line.inner)
        line.axis.place(left, width, picture, static_cast<int64_t>(line.within.size()));
  }
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->PushClipRect(at, {at.x + size.x, at.y + room}, true);
  for (const Line& line : drawn_)
    if (line.whole) drawLabel(line, at.x, compared.run != nullptr);
  draw->PopClipRect();
  for (const Section& section : sections_) drawSection(section, at, {size.x, room}, shown, place);
  if (all > room + 0.5f) scrollbar(at, room, all);
  return gestures(at, size, place);
}

// From top to bottom, scrolled to the top of a line; what then has no room for all of its height is left out.
// `steps`: the height of the line of steps under each zone's; 0: there is one for all, which does not scroll.
void Strip::layDown(ImVec2 at, float room, float height, float steps) {
  std::vector<float> tops;
  float y = 0;
  for (size_t i = 0; i < drawn_.size(); ++i) {
    if (i > 0 && drawn_[i].section != drawn_[i - 1].section) y += steps;
    tops.push_back(y);
    drawn_[i].height = height * drawn_[i].weight();
    y += drawn_[i].height;
  }
  // The first that does not scroll further than that, but so far that the last is seen at the end.
  const float all = y + steps;
  float shift = 0;
  for (const float top : tops)
    if (shift < scrolled_ - 0.5f * height && shift < all - room) shift = top;
  if (scrolled_ > 0 && scrolled_ >= all - room - 1)
    for (auto top = tops.rbegin(); top != tops.rend() && all - *top <= room + 0.5f; ++top) shift = *top;
  for (Section& section : sections_) section.top = section.bottom = -1;
  for (size_t i = 0; i < drawn_.size(); ++i) {
    Line& line = drawn_[i];
    line.top = at.y + tops[i] - shift;
    line.whole =
        tops[i] >= shift - 0.5f && (tops[i] + line.height - shift <= room + 0.5f || tops[i] == shift);
    Section& section = sections_[line.section];
    section.steps = steps > 0 ? line.top + line.height : at.y + room;
    section.whole = steps == 0 || (section.steps >= at.y && section.steps + steps <= at.y + room + 0.5f);
    if (!line.whole) continue;
    if (section.top < 0) section.top = line.top;
    section.bottom = line.top + line.height;
  }
}

// In the column of names, which the wheel scrolls.
void Strip::scrollbar(ImVec2 at, float room, float all) {
  constexpr float kWide = 5;
  const float x = at.x + labels() - kWide - 4;
  ImGui::SetCursorScreenPos({x - 3, at.y});
  ImGui::InvisibleButton("scroll", {kWide + 6, std::max(room, 1.f)});
  const bool held = ImGui::IsItemActive(), hovered = ImGui::IsItemHovered();
  if (held) scrolled_ += ImGui::GetIO().MouseDelta.y * all / room;
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float length = std::max(room * room / all, 12.f), top = (room - length) * scrolled_ / (all - room);
  draw->AddRectFilled({x, at.y}, {x + kWide, at.y + room}, imColour(theme.field), kWide / 2);
  draw->AddRectFilled({x, at.y + std::clamp(top, 0.f, room - length)},
                      {x + kWide, at.y + std::clamp(top, 0.f, room - length) + length},
                      imColour(held || hovered ? theme.accent : theme.dim, 0.8), kWide / 2);
}

std::optional<Iteration> Strip::placeIn(const Line& line, float x) const {
  if (!line.inner) return Iteration{axisOf(line).nearest(x)};
  if (line.within.empty()) return {};
  return line.within.at(static_cast<size_t>(line.axis.nearest(x)));
}

std::optional<Strip::Asked> Strip::gestures(ImVec2 at, ImVec2 size, const Iteration& place) {
  const ImGuiIO& io = ImGui::GetIO();
  ImGui::SetCursorScreenPos({at.x + labels() - 6, at.y});
  ImGui::InvisibleButton("strip", {std::max(size.x - labels() + 6, 1.f), std::max(size.y, 1.f)});
  const bool hovered = ImGui::IsItemHovered(), active = ImGui::IsItemActive();
  const auto lineAt = [&](float y) {  // in a line of steps: the last line above it
    int found = 0;
    for (size_t i = 0; i < drawn_.size(); ++i)
      if (y >= drawn_[i].top) found = static_cast<int>(i);
    return found;
  };
  if (active) {
    if (ImGui::IsItemActivated()) grabbed_ = lineAt(io.MousePos.y);
    if (grabbed_ >= 0 && grabbed_ < static_cast<int>(drawn_.size())) {
      const Line& line = drawn_[static_cast<size_t>(grabbed_)];
      const auto wanted = placeIn(line, io.MousePos.x);
      if (wanted && (*wanted != place || ImGui::IsItemActivated())) return Asked{*wanted, line.track->zones};
    }
    return {};
  }
  grabbed_ = -1;
  const bool overLabels =
      ImGui::IsMouseHoveringRect(at, {at.x + labels() - 6, at.y + size.y}) && ImGui::IsWindowHovered();
  if (overLabels) scrolled_ -= io.MouseWheel * drawn_.front().height;
  if (!hovered) return {};
  Line& line = drawn_[static_cast<size_t>(lineAt(io.MousePos.y))];
  if (ImGui::IsItemHovered(ImGuiHoveredFlags_Stationary | ImGuiHoveredFlags_DelayNormal))
    tip(line, io.MousePos.x);
  const auto wanted = wheel(line, place);
  return wanted ? std::optional(Asked{*wanted, line.track->zones}) : std::nullopt;
}

std::optional<Iteration> Strip::wheel(const Line& line, const Iteration& place) {
  const ImGuiIO& io = ImGui::GetIO();
  StepAxis& axis = *sections_[line.section].axis;
  const double seen = axis.last() - axis.first();
  if (io.KeyCtrl && io.MouseWheel != 0) {
    axis.zoomBy(std::pow(1.25, io.MouseWheel), io.MousePos.x);
  } else if (io.KeyShift && (io.MouseWheel != 0 || io.MouseWheelH != 0)) {
    axis.scrollBy(-static_cast<double>(io.MouseWheel + io.MouseWheelH) * seen / 10);
  } else if (io.MouseWheelH != 0) {
    axis.scrollBy(-static_cast<double>(io.MouseWheelH) * seen / 10);
  } else if (io.MouseWheel != 0 && !place.empty()) {
    gathered_ -= io.MouseWheel;  // finer wheels send parts of a notch
    const auto steps = static_cast<int64_t>(gathered_);
    gathered_ -= static_cast<float>(steps);
    if (steps == 0) return {};
    if (line.inner && !line.within.empty()) {
      const auto frame = frameAt(line.within, place);
      const int64_t now =
          frame ? std::find(line.within.begin(), line.within.end(), *frame) - line.within.begin() : 0;
      const auto last = static_cast<int64_t>(line.within.size()) - 1;
      return line.within[static_cast<size_t>(std::clamp<int64_t>(now + steps, 0, last))];
    }
    // Within what was computed; beyond it only from a place that is there already.
    const int64_t done = sections_[line.section].zone->done;
    const int64_t most = std::max<int64_t>(place.front() >= done ? axis.count() : done, 1) - 1;
    return Iteration{std::clamp<int64_t>(place.front() + steps, 0, most)};
  }
  return {};
}

std::optional<ImVec2> Strip::placeOnScreen(const std::string& port, const Iteration& iteration) const {
  for (const Line& line : drawn_) {
    if (!line.whole || line.port != port || line.kind != Kind::shown || line.inner != (iteration.size() > 1))
      continue;
    const float y = line.top + line.height / 2;
    if (!line.inner)
      return ImVec2(static_cast<float>(axisOf(line).x(static_cast<double>(iteration.front()))), y);
    const auto found = std::find(line.within.begin(), line.within.end(), iteration);
    if (found == line.within.end()) continue;
    return ImVec2(static_cast<float>(line.axis.x(static_cast<double>(found - line.within.begin()))), y);
  }
  return {};
}

}  // namespace loom::editor
