#include "app/editor/watch/strip.h"

#include <algorithm>
#include <cmath>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/theme.h"
#include "app/editor/watch/ink.h"
#include "app/editor/watch/strip_sizes.h"

namespace loom::editor {

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
    if (inner) {  // of the last outer step that has any: not each of them samples, in a training
      const auto frame = frameAt(of.iterations, place.empty() ? Iteration{} : Iteration{place.front()});
      if (frame) line.within = framesWithin(of.iterations, frame->front());
    }
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

std::optional<Iteration> Strip::draw(ImVec2 at, ImVec2 size, const Reel& shown, const Reel& compared,
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
  const float height = std::clamp((room - between) / weights(), kLeastLine, std::min(most, kMostLine));
  scrolled_ = std::clamp(scrolled_, 0.f, std::max(weights() * height + between - room, 0.f));
  const float left = at.x + labels(), width = size.x - labels() - 10;
  const int64_t step = place.empty() ? -1 : place.front();
  const bool follows = step != followed_ && step >= 0;  // scrolls after the cursor, not against the wheel
  followed_ = step;
  float y = at.y - scrolled_;
  size_t next = 0;
  for (size_t s = 0; s < sections_.size(); ++s) {
    Section& section = sections_[s];
    section.top = y;
    float aspect = 0.4f;
    for (; next < drawn_.size() && drawn_[next].section == s; ++next) {
      Line& line = drawn_[next];
      line.top = y;
      line.height = height * line.weight();
      y += line.height;
      aspect = std::max(aspect, aspects_.try_emplace(line.track->port, 1.f).first->second);
    }
    section.bottom = y;
    section.steps = one ? at.y + room : y;
    if (!one) y += steps;
    const float picture = (height - kCellGap) * aspect;
    const ReelZone* other = compared.zone(section.zone->zone);
    const int64_t count = std::max(section.zone->count, other ? other->count : 0);
    const bool nested = std::any_of(drawn_.begin(), drawn_.end(),
                                    [&](const Line& line) { return line.section == s && line.inner; });
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
  for (const Line& line : drawn_) drawLabel(line, at.x, compared.run != nullptr);
  draw->PopClipRect();
  for (const Section& section : sections_) drawSection(section, at, {size.x, room}, shown, place);
  return gestures(at, size, place);
}

std::optional<Iteration> Strip::placeIn(const Line& line, float x) const {
  if (!line.inner) return Iteration{axisOf(line).nearest(x)};
  if (line.within.empty()) return {};
  return line.within.at(static_cast<size_t>(line.axis.nearest(x)));
}

std::optional<Iteration> Strip::gestures(ImVec2 at, ImVec2 size, const Iteration& place) {
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
      auto wanted = placeIn(drawn_[static_cast<size_t>(grabbed_)], io.MousePos.x);
      if (wanted && *wanted != place) return wanted;
    }
    return {};
  }
  grabbed_ = -1;
  const bool overLabels =
      ImGui::IsMouseHoveringRect(at, {at.x + labels() - 6, at.y + size.y}) && ImGui::IsWindowHovered();
  if (overLabels) scrolled_ -= io.MouseWheel * drawn_.front().height / 2;
  if (!hovered) return {};
  Line& line = drawn_[static_cast<size_t>(lineAt(io.MousePos.y))];
  if (ImGui::IsItemHovered(ImGuiHoveredFlags_Stationary | ImGuiHoveredFlags_DelayNormal))
    tip(line, io.MousePos.x);
  return wheel(line, place);
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
    if (line.port != port || line.kind != Kind::shown || line.inner != (iteration.size() > 1)) continue;
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
