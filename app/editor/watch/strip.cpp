#include "app/editor/watch/strip.h"

#include <algorithm>
#include <cmath>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/textures.h"
#include "app/editor/gl/theme.h"
#include "app/editor/watch/ink.h"

namespace loom::editor {
namespace {

constexpr float kGap = 4, kSteps = 17, kLeastLine = 32, kGoodLine = 58, kMostLine = 132;

ImU32 ink(const QColor& colour, double alpha = 1) { return imColour(colour, alpha); }

}  // namespace

std::vector<Strip::Line> Strip::linesOf(const Reel& shown, const Reel& compared, const Iteration& place) {
  std::vector<Line> lines;
  for (const Track& track : shown.tracks) {
    if (!track.picture || track.depth == 0) continue;
    const Track* other = compared.track(track.port);
    lines.push_back({&shown, &track, false, false, 0, {}, {}});
    if (other) lines.push_back({&compared, other, true, false, 0, {}, {}});
    if (track.depth < 2) continue;
    const int64_t step = place.empty() ? 0 : place.front();
    lines.push_back({&shown, &track, false, true, 0, framesWithin(track.iterations, step), {}});
    if (other) lines.push_back({&compared, other, true, true, 0, framesWithin(other->iterations, step), {}});
  }
  return lines;
}

int Strip::lines(const Reel& shown, const Reel& compared) {
  return static_cast<int>(linesOf(shown, compared, {}).size());
}

float Strip::wantedHeight(int lines) { return static_cast<float>(lines) * kGoodLine + kSteps + kGap; }

std::optional<Iteration> Strip::draw(ImVec2 at, ImVec2 size, const Reel& shown, const Reel& compared,
                                     const Iteration& place) {
  drawn_ = linesOf(shown, compared, place);
  if (latest_.size() > 64) latest_.clear();
  if (drawn_.empty()) return {};
  const auto count = static_cast<float>(drawn_.size());
  const float room = size.y - kSteps;
  lineHeight_ = std::clamp(room / count, kLeastLine, kMostLine);
  scrolled_ = std::clamp(scrolled_, 0.f, std::max(count * lineHeight_ - room, 0.f));
  float aspect = 0.4f;
  for (const Line& line : drawn_)
    aspect = std::max(aspect, aspects_.try_emplace(line.track->port, 1.f).first->second);
  const float picture = (lineHeight_ - kGap) * aspect;
  const float left = at.x + kLabels, width = size.x - kLabels - 10;
  axis_.place(left, width, picture, std::max(shown.count, compared.count));
  const int64_t step = place.empty() ? -1 : place.front();
  if (step != followed_ && step >= 0) axis_.show(step);  // scrolls after the cursor, not against the wheel
  followed_ = step;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->PushClipRect(at, {at.x + size.x, at.y + room}, true);
  for (size_t i = 0; i < drawn_.size(); ++i) {
    Line& line = drawn_[i];
    line.top = at.y + static_cast<float>(i) * lineHeight_ - scrolled_;
    if (line.inner) line.axis.place(left, width, picture, static_cast<int64_t>(line.within.size()));
    drawLabel(line, at.x, lineHeight_, compared.run != nullptr);
  }
  draw->PopClipRect();
  draw->PushClipRect({left - 6, at.y - 3}, {at.x + size.x, at.y + room + 2}, true);
  for (const Line& line : drawn_) drawLine(line, place, lineHeight_);
  if (shown.run && shown.run->forkedAt > 0 && !shown.run->parent.isEmpty()) {
    const auto x = static_cast<float>(axis_.x(static_cast<double>(shown.run->forkedAt) - 0.5));
    for (float y = at.y; y < at.y + room; y += 7)
      draw->AddLine({x, y}, {x, y + 4}, ink(Theme::current().go, 0.8), 1.2f);
  }
  draw->PopClipRect();
  drawSteps(shown, place, at.y + room);
  return gestures(at, size, shown, place);
}

void Strip::drawLabel(const Line& line, float left, float height, bool comparing) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float middle = line.top + height / 2;
  float x = left + 10;
  const QColor& run = line.compared ? theme.runB : theme.runA;
  if (comparing) {
    draw->AddRectFilled({left, line.top + 2}, {left + 3, line.top + height - 2}, ink(run), 1.5f);
    draw->AddText(host_.boldFont(), 11, {left + 7, middle - 7}, ink(readable(run.rgb(), theme.window)),
                  line.compared ? "B" : "A");
    x += 10;
  }
  if (line.inner) {
    draw->AddLine({x + 2, line.top + 4}, {x + 2, middle}, ink(theme.dim), 1);
    draw->AddLine({x + 2, middle}, {x + 8, middle}, ink(theme.dim), 1);
    textWithin(draw, {x + 12, middle - 7}, left + kLabels - x - 20, ink(theme.dim),
               std::to_string(line.within.size()) + " inner", host_.textFont(), 11);
    return;
  }
  const float room = left + kLabels - x - 10;
  const bool two = height >= 34 && !line.track->node.empty();
  textWithin(draw, {x, middle - (two ? 15 : 8)}, room, ink(readable(line.track->colour, theme.window)),
             line.track->label, host_.boldFont(), 13);
  if (two) textWithin(draw, {x, middle + 1}, room, ink(theme.dim), line.track->node, host_.textFont(), 11);
}

void Strip::drawCell(const Line& line, const std::optional<Iteration>& frame, ImVec2 middle, float height,
                     bool computed, bool chosen) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  PicturePtr picture;
  if (frame) picture = session_.frames().thumbnail(line.reel->run->id, line.track->port, *frame);
  if (picture && (picture->width <= 0 || picture->height <= 0)) picture = nullptr;
  if (chosen && computed && line.reel->run) {
    // On its way: the one before stays until it is here, or a running run would blink.
    PicturePtr& before = latest_[{line.reel->run->id, line.track->port}];
    picture ? before = picture : picture = before;
  }
  float& aspect = aspects_.try_emplace(line.track->port, 1.f).first->second;
  if (picture) {
    const float real =
        std::clamp(static_cast<float>(picture->width) / static_cast<float>(picture->height), 0.4f, 2.5f);
    if (std::exchange(aspect, real) != real) host_.redraw();
  }
  const ImVec2 half(height * aspect / 2, height / 2);
  const ImVec2 low(middle.x - half.x, middle.y - half.y), high(middle.x + half.x, middle.y + half.y);
  if (chosen) draw->AddRectFilled(low, high, ink(theme.window), 2);
  if (picture) {
    ImVec2 from = low, to = high;  // of very long ones the cell is not as long
    fitPicture(*picture, from, to);
    host_.textures().draw(draw, picture, from, to);
  } else {
    draw->AddRectFilled(low, high, ink(computed ? theme.raised : theme.field, computed ? 0.7 : 1), 2);
    draw->AddRect(low, high, ink(theme.border), 2);
  }
  if (!chosen) return;
  draw->AddRect({low.x - 1, low.y - 1}, {high.x + 1, high.y + 1}, ink(theme.window), 2, 4);
  draw->AddRect({low.x - 1, low.y - 1}, {high.x + 1, high.y + 1}, ink(theme.text), 2, 2);
}

void Strip::drawLine(const Line& line, const Iteration& place, float height) {
  const ImVec2 clipLow = ImGui::GetWindowDrawList()->GetClipRectMin(),
               clipHigh = ImGui::GetWindowDrawList()->GetClipRectMax();
  if (line.top > clipHigh.y || line.top + height < clipLow.y) return;
  const float side = height - kGap - 2, middle = line.top + height / 2;
  const StepAxis& axis = line.inner ? line.axis : axis_;
  const std::vector<int64_t> chosen = axis.chosen(kGap);
  const auto smaller = static_cast<float>(axis.fitted(kGap) / axis.picture());
  const double reach = chosen.size() > 1 ? static_cast<double>(chosen[1] - chosen[0]) / 2 : 1;
  const auto frameOf = [&](int64_t step) -> std::optional<Iteration> {
    if (line.inner) return line.within.at(static_cast<size_t>(step));
    const auto frame = frameAt(line.track->iterations, {step});
    if (!frame || static_cast<double>(step - frame->front()) > reach) return {};
    return frame;
  };
  for (const int64_t step : chosen) {
    if (!line.inner && step >= line.track->count) continue;
    drawCell(line, frameOf(step), {static_cast<float>(axis.x(static_cast<double>(step))), middle},
             side * smaller, line.inner || step < line.track->done, false);
  }
  if (place.empty() || axis.count() == 0) return;
  // The one under the cursor stands before the others, a little larger.
  int64_t step = place.front();
  if (line.inner) {
    const auto frame = frameAt(line.within, place);
    if (!frame) return;
    step = std::find(line.within.begin(), line.within.end(), *frame) - line.within.begin();
  } else if (step >= line.track->count) {
    return;
  }
  auto frame = line.inner ? frameOf(step) : frameAt(line.track->iterations, place);
  const bool computed = line.inner || step < line.track->done;
  if (!computed) frame = {};
  drawCell(line, frame, {static_cast<float>(axis.x(static_cast<double>(step))), middle}, height + 2, computed,
           true);
}

void Strip::drawSteps(const Reel& shown, const Iteration& place, float top) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImFont* font = host_.numberFont();
  constexpr float kSize = 10.5f;
  const auto text = [&](int64_t step, ImU32 colour, bool filled) {
    const std::string label = std::to_string(step + 1);
    const float wide = font->CalcTextSizeA(kSize, FLT_MAX, 0, label.c_str()).x;
    const float x =
        std::clamp(static_cast<float>(axis_.x(static_cast<double>(step))) - wide / 2,
                   static_cast<float>(axis_.left()), static_cast<float>(axis_.left() + axis_.width()) - wide);
    if (filled) draw->AddRectFilled({x - 4, top + 1}, {x + wide + 4, top + kSteps - 2}, ink(theme.text), 3);
    draw->AddText(font, kSize, {x, top + 2}, colour, label.c_str());
  };
  float right = 0;
  draw->PushClipRect({static_cast<float>(axis_.left()) - 8, top},
                     {static_cast<float>(axis_.left() + axis_.width()) + 8, top + kSteps});
  for (const int64_t step : axis_.chosen(kGap)) {
    const auto x = static_cast<float>(axis_.x(static_cast<double>(step)));
    if (x < right) continue;  // no room beside the last one
    text(step, ink(theme.dim, step < shown.done ? 1 : 0.65), false);
    right = x + 34;
  }
  if (!place.empty() && place.front() < axis_.count()) text(place.front(), ink(theme.window), true);
  draw->PopClipRect();
  draw->AddText(host_.textFont(), 11, {static_cast<float>(axis_.left()) - kLabels + 10, top + 2},
                ink(theme.dim), "step");
}

std::optional<Iteration> Strip::placeIn(const Line& line, float x) const {
  if (line.inner) {
    if (line.within.empty()) return {};
    return line.within.at(static_cast<size_t>(line.axis.nearest(x)));
  }
  return Iteration{axis_.nearest(x)};
}

std::optional<Iteration> Strip::gestures(ImVec2 at, ImVec2 size, const Reel& shown, const Iteration& place) {
  const ImGuiIO& io = ImGui::GetIO();
  ImGui::SetCursorScreenPos({at.x + kLabels - 6, at.y});
  ImGui::InvisibleButton("strip", {std::max(size.x - kLabels + 6, 1.f), std::max(size.y, 1.f)});
  const bool hovered = ImGui::IsItemHovered(), active = ImGui::IsItemActive();
  const auto lineAt = [&](float y) {
    for (size_t i = 0; i < drawn_.size(); ++i)
      if (y >= drawn_[i].top && y < drawn_[i].top + lineHeight_) return static_cast<int>(i);
    return drawn_.empty() ? -1 : 0;
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
      ImGui::IsMouseHoveringRect(at, {at.x + kLabels - 6, at.y + size.y}) && ImGui::IsWindowHovered();
  if (overLabels) scrolled_ -= io.MouseWheel * lineHeight_ / 2;
  if (!hovered) return {};
  if (const int line = lineAt(io.MousePos.y);
      line >= 0 && ImGui::IsItemHovered(ImGuiHoveredFlags_Stationary | ImGuiHoveredFlags_DelayNormal))
    tip(drawn_[static_cast<size_t>(line)], io.MousePos.x);
  if (io.KeyCtrl && io.MouseWheel != 0) {
    axis_.zoomBy(std::pow(1.25, io.MouseWheel), io.MousePos.x);
  } else if (io.KeyShift && (io.MouseWheel != 0 || io.MouseWheelH != 0)) {
    axis_.scrollBy(-static_cast<double>(io.MouseWheel + io.MouseWheelH) * (axis_.last() - axis_.first()) /
                   10);
  } else if (io.MouseWheelH != 0) {
    axis_.scrollBy(-static_cast<double>(io.MouseWheelH) * (axis_.last() - axis_.first()) / 10);
  } else if (io.MouseWheel != 0 && !place.empty()) {
    gathered_ -= io.MouseWheel;  // finer wheels send parts of a notch
    const auto steps = static_cast<int64_t>(gathered_);
    gathered_ -= static_cast<float>(steps);
    const int64_t most = std::max<int64_t>(place.front() >= shown.done ? shown.count : shown.done, 1) - 1;
    const Iteration wanted{std::clamp<int64_t>(place.front() + steps, 0, most)};
    if (wanted.front() != place.front()) return wanted;
  }
  return {};
}

void Strip::tip(const Line& line, float x) {
  const auto place = placeIn(line, x);
  if (!place) return;
  const auto frame = frameAt(line.track->iterations, *place);
  const bool computed = line.inner || place->front() < line.track->done;
  if (!ImGui::BeginTooltip()) return;
  std::string step = "step " + std::to_string(place->front() + 1);
  for (size_t i = 1; i < place->size(); ++i) step += ", " + std::to_string((*place)[i] + 1);
  ImGui::Text("%s  %s.%s%s", step.c_str(), line.track->node.c_str(), line.track->label.c_str(),
              line.compared ? "  (B)" : "");
  PicturePtr picture;
  if (frame && computed) picture = session_.frames().thumbnail(line.reel->run->id, line.track->port, *frame);
  if (!computed) ImGui::TextDisabled("not computed yet");
  if (picture && picture->width > 0) {
    const float scale = 160.f / static_cast<float>(std::max(picture->width, picture->height));
    const ImVec2 size(static_cast<float>(picture->width) * scale,
                      static_cast<float>(picture->height) * scale);
    const ImVec2 low = ImGui::GetCursorScreenPos();
    ImGui::Dummy(size);
    host_.textures().draw(ImGui::GetWindowDrawList(), picture, low, {low.x + size.x, low.y + size.y});
  }
  ImGui::EndTooltip();
}

std::optional<ImVec2> Strip::placeOnScreen(const std::string& port, const Iteration& iteration) const {
  for (const Line& line : drawn_) {
    if (line.track->port != port || line.compared || line.inner != (iteration.size() > 1)) continue;
    const float y = line.top + lineHeight_ / 2;
    if (!line.inner) return ImVec2(static_cast<float>(axis_.x(static_cast<double>(iteration.front()))), y);
    const auto found = std::find(line.within.begin(), line.within.end(), iteration);
    if (found == line.within.end()) continue;
    return ImVec2(static_cast<float>(line.axis.x(static_cast<double>(found - line.within.begin()))), y);
  }
  return {};
}

}  // namespace loom::editor
