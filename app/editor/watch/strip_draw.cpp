// What the film strip's lines look like.
#include <algorithm>
#include <cmath>

#include "app/editor/gl/imgui_widget.h"
#include "app/editor/gl/textures.h"
#include "app/editor/gl/theme.h"
#include "app/editor/watch/ink.h"
#include "app/editor/watch/strip.h"
#include "app/editor/watch/strip_sizes.h"

namespace loom::editor {
namespace {

ImU32 ink(const QColor& colour, double alpha = 1) { return imColour(colour, alpha); }

void dashedBox(ImDrawList* draw, ImVec2 low, ImVec2 high, ImU32 colour) {
  constexpr float kDash = 3, kStep = 6;
  for (float x = low.x; x < high.x; x += kStep) {
    const float end = std::min(x + kDash, high.x);
    draw->AddLine({x, low.y}, {end, low.y}, colour, 1);
    draw->AddLine({x, high.y}, {end, high.y}, colour, 1);
  }
  for (float y = low.y; y < high.y; y += kStep) {
    const float end = std::min(y + kDash, high.y);
    draw->AddLine({low.x, y}, {low.x, end}, colour, 1);
    draw->AddLine({high.x, y}, {high.x, end}, colour, 1);
  }
}

}  // namespace

void Strip::drawSection(const Section& section, ImVec2 at, ImVec2 size, const Reel& shown,
                        const Iteration& place) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const auto left = static_cast<float>(section.axis->left());
  const size_t index = static_cast<size_t>(&section - sections_.data());
  draw->PushClipRect({left - 6, at.y - 3}, {at.x + size.x, at.y + size.y + 2}, true);
  for (const Line& line : drawn_)
    if (line.section == index && line.whole)
      line.kind == Kind::apart ? drawApart(line) : drawLine(line, place);
  const StepAxis& axis = *section.axis;
  if (shown.run && !shown.run->forkedAt.empty() && !shown.run->parent.isEmpty())
    drawFork(section, shown.run->forkedAt);
  if (!place.empty() && place.front() < axis.count() && section.bottom > section.top) {
    const auto x = static_cast<float>(axis.x(static_cast<double>(place.front())));
    const ImU32 colour = ink(Theme::current().text);
    draw->AddLine({x, section.top - 1}, {x, section.bottom - 1}, colour, 1.5f);
    draw->AddCircleFilled({x, section.top - 1}, 4.5f, colour, 16);
  }
  draw->PopClipRect();
  if (section.whole) drawSteps(section, place, section.zone->done);
}

// Where a fork leaves its parent: between two steps, and in the step in which it does between two inner ones.
void Strip::drawFork(const Section& section, const Steps& at) {
  if (!at.zones.empty() && at.zones.front() != section.zone->zone) return;
  const auto dashes = [](float x, float top, float bottom) {
    for (float y = top; y < bottom; y += 7)
      ImGui::GetWindowDrawList()->AddLine({x, y}, {x, y + 4}, ink(Theme::current().go, 0.8), 1.2f);
  };
  const auto index = static_cast<size_t>(&section - sections_.data());
  for (const Line& line : drawn_) {
    if (line.section != index || !line.whole) continue;
    const bool within =
        line.inner && at.depth() > 1 && !line.within.empty() && line.within.front().front() == at.outer();
    if (line.inner && !within) continue;
    const double step = within ? static_cast<double>(at.done[1]) : static_cast<double>(at.outer());
    dashes(static_cast<float>(axisOf(line).x(step - 0.5)), line.top, line.top + line.height);
  }
}

void Strip::drawLabel(const Line& line, float left, bool comparing) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float middle = line.top + line.height / 2;
  float x = left + 10;
  if (line.kind == Kind::apart) return drawApartLabel(line, x + 10, left + labels() - 10);
  const bool other = line.kind == Kind::compared;
  const QColor& run = other ? theme.runB : theme.runA;
  if (comparing) {
    draw->AddRectFilled({left, line.top + 2}, {left + 3, line.top + line.height - 2}, ink(run), 1.5f);
    draw->AddText(host_.boldFont(), scaled(11), {left + 7, middle - scaled(7)},
                  ink(readable(run.rgb(), theme.window)), other ? "B" : "A");
    x += scaled(10);
  }
  if (line.inner) {
    draw->AddLine({x + 2, line.top + 4}, {x + 2, middle}, ink(theme.dim), 1);
    draw->AddLine({x + 2, middle}, {x + 8, middle}, ink(theme.dim), 1);
    textWithin(draw, {x + 12, middle - scaled(7)}, left + labels() - x - 20, ink(theme.dim),
               std::to_string(line.within.size()) + " inner", host_.textFont(), scaled(11));
    return;
  }
  const float room = left + labels() - x - 10;
  const bool two = line.height >= scaled(34) && !line.track->node.empty();
  textWithin(draw, {x, middle - scaled(two ? 15 : 8)}, room, ink(readable(line.track->colour, theme.window)),
             line.track->label, host_.boldFont(), scaled(13));
  if (two && lacksSteps(line)) return drawAgain(line, {x, middle + 1}, room);
  if (two)
    textWithin(draw, {x, middle + 1}, room, ink(theme.dim), line.track->node, host_.textFont(), scaled(11));
}

// It was watched when the run had begun already, or was over.
bool Strip::lacksSteps(const Line& line) const {
  const RunInfo& run = *line.reel->run;
  return line.kind == Kind::shown && run.over() && !session_.runs().kept(run.id, {line.port});
}

void Strip::drawAgain(const Line& line, ImVec2 at, float room) {
  const Theme& theme = Theme::current();
  const float height = scaled(14);
  ImGui::SetCursorScreenPos(at);
  ImGui::PushID(line.port.c_str());
  if (ImGui::InvisibleButton("again", {room, height}))
    session_.runAgainWatching(line.reel->run->id, line.port);
  ImGui::PopID();
  const bool hovered = ImGui::IsItemHovered();
  if (hovered) ImGui::SetTooltip("%s", runAgainTip(*line.reel->run).c_str());
  const QColor colour = readable(theme.accent.rgb(), theme.window);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float wide = textWithin(draw, at, room, ink(colour), "Get all steps", host_.textFont(), scaled(11));
  if (hovered) draw->AddLine({at.x, at.y + height}, {at.x + wide, at.y + height}, ink(colour), 1);
}

void Strip::drawApartLabel(const Line& line, float x, float right) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float middle = line.top + line.height / 2;
  const auto first = comparison_.firstBeyond(line.port);
  const std::string from = first ? std::to_string(first->empty() ? 1 : first->front() + 1) : std::string();
  const std::string text = first                       ? "differs from " + from
                           : comparison_.of(line.port) ? "the same"
                                                       : "|A − B| ...";
  textWithin(draw, {x, middle - scaled(7)}, right - x,
             ink(first ? readable(theme.warning.rgb(), theme.window) : theme.dim), text, host_.textFont(),
             scaled(11));
}

// What there is to say of a step without a picture, so that none looks like an empty picture.
void Strip::drawPlaceholder(ImVec2 low, ImVec2 high, Cell cell) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 middle((low.x + high.x) / 2, (low.y + high.y) / 2);
  low = {std::floor(low.x) + 1.5f, std::floor(low.y) + 1.5f};
  high = {std::floor(high.x) - 1.5f, std::floor(high.y) - 1.5f};
  if (cell == Cell::notYet) {
    dashedBox(draw, low, high, ink(theme.dim, 0.45));
    draw->AddCircleFilled(middle, 1.5f, ink(theme.dim, 0.6), 8);
    return;
  }
  draw->AddRectFilled(low, high, ink(theme.raised, 0.8), 2);
  const char* text = cell == Cell::coming ? "…" : "not kept";
  const ImVec2 needed = host_.textFont()->CalcTextSizeA(scaled(10.5f), FLT_MAX, 0, text);
  if (needed.x < high.x - low.x)
    draw->AddText(host_.textFont(), scaled(10.5f), {middle.x - needed.x / 2, middle.y - needed.y / 2},
                  ink(theme.dim), text);
  else
    draw->AddLine({middle.x - 3, middle.y}, {middle.x + 3, middle.y}, ink(theme.dim), 1.5f);
}

void Strip::drawCell(const Line& line, const std::optional<Iteration>& frame, ImVec2 middle, float height,
                     Cell cell, bool chosen) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const bool computed = cell != Cell::notYet;
  PicturePtr picture;
  if (frame && computed) picture = session_.frames().thumbnail(line.reel->run->id, line.port, *frame);
  if (picture && (picture->width <= 0 || picture->height <= 0)) picture = nullptr;
  if (chosen && computed && line.reel->run) {
    // On its way: the one before stays until it is here, or a running run would blink.
    PicturePtr& before = latest_[{line.reel->run->id, line.port}];
    picture ? before = picture : picture = before;
  }
  float& aspect = aspects_.try_emplace(line.port, 1.f).first->second;
  const float real =
      picture ? static_cast<float>(picture->width) / static_cast<float>(picture->height) : aspect;
  if (picture && std::exchange(aspect, std::clamp(real, 0.4f, 2.5f)) != aspect) host_.redraw();
  const ImVec2 half(height * aspect / 2, height / 2);
  const ImVec2 low(middle.x - half.x, middle.y - half.y), high(middle.x + half.x, middle.y + half.y);
  if (chosen) draw->AddRectFilled(low, high, ink(theme.window), 2);
  if (picture) {
    ImVec2 from = low, to = high;  // of very long ones the cell is not as long
    fitPicture(*picture, from, to);
    host_.textures().draw(draw, picture, from, to);
  } else {
    drawPlaceholder(low, high, cell);
  }
  if (!chosen) return;
  draw->AddRect({low.x - 1, low.y - 1}, {high.x + 1, high.y + 1}, ink(theme.window), 2, 4);
  draw->AddRect({low.x - 1, low.y - 1}, {high.x + 1, high.y + 1}, ink(theme.text), 2, 2);
}

// Which steps of a line have a picture's room. Of wires that are computed now and then, as a training's
// samples are, those at which they were; of others evenly many, whether they were kept or not.
Strip::Chosen Strip::chosenOf(const Line& line) const {
  const StepAxis& axis = axisOf(line);
  Chosen chosen{axis.chosen(kCellGap), static_cast<float>(axis.fitted(kCellGap) / axis.picture()), 1};
  if (chosen.steps.size() > 1) chosen.reach = static_cast<double>(chosen.steps[1] - chosen.steps[0]) / 2;
  if (line.inner) return chosen;
  std::vector<int64_t> had;
  for (const Iteration& frame : line.track->iterations)
    if (had.empty() || had.back() != frame.front()) had.push_back(frame.front());
  constexpr int64_t kFew = 20;
  if (line.track->done < kFew || static_cast<int64_t>(had.size()) > line.track->done / 2) return chosen;
  chosen = {{}, 1, 0};
  double right = HUGE_VAL;
  for (auto step = had.rbegin(); step != had.rend(); ++step) {
    const double x = axis.x(static_cast<double>(*step));
    if (right - x < axis.picture() + kCellGap) continue;
    chosen.steps.push_back(*step);
    right = x;
  }
  return chosen;
}

Strip::Cell Strip::cellOf(const Line& line, int64_t step, bool framed, double reach) const {
  if (step >= (line.inner ? static_cast<int64_t>(line.here) : line.track->done)) return Cell::notYet;
  const RunInfo& run = *line.reel->run;
  if (framed) return run.inWorker() ? Cell::coming : Cell::notKept;
  // The newest are told of before they are kept.
  const bool newest = static_cast<double>(line.track->done - step) < 2 * reach + 2;
  return run.alive() && newest ? Cell::coming : Cell::notKept;
}

void Strip::drawLine(const Line& line, const Iteration& place) {
  const float side = line.height - kCellGap - 2, middle = line.top + line.height / 2;
  const StepAxis& axis = axisOf(line);
  const Chosen chosen = chosenOf(line);
  const auto at = [&](int64_t step) {
    return ImVec2(static_cast<float>(axis.x(static_cast<double>(step))), middle);
  };
  for (const int64_t step : chosen.steps) {
    if (!line.inner && step >= line.track->count) continue;
    std::optional<Iteration> frame;
    if (line.inner && step < static_cast<int64_t>(line.here))
      frame = line.within.at(static_cast<size_t>(step));
    else if (!line.inner)
      frame = frameAt(line.track->iterations, {step});
    if (frame && !line.inner && static_cast<double>(step - frame->front()) > chosen.reach) frame = {};
    drawCell(line, frame, at(step), side * chosen.size, cellOf(line, step, frame.has_value(), chosen.reach),
             false);
  }
  if (place.empty() || axis.count() == 0) return;
  // The one under the cursor stands before the others, a little larger.
  int64_t step = place.front();
  const auto frame = frameAt(line.inner ? line.within : line.track->iterations, place);
  if (line.inner) {
    if (!frame) return;
    step = std::find(line.within.begin(), line.within.end(), *frame) - line.within.begin();
    if (step >= static_cast<int64_t>(line.here))
      return drawCell(line, {}, at(step), line.height + 2, Cell::notYet, true);
  } else if (step >= line.track->count) {
    return;
  }
  drawCell(line, frame, at(step), line.height + 2, cellOf(line, step, frame.has_value(), chosen.reach), true);
}

// How far the two runs are apart, a bar a step; beyond the bound in another colour, and the first such with a
// flag.
void Strip::drawApart(const Line& line) {
  const PortDifference* apart = comparison_.of(line.port);
  if (!apart) return;
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const StepAxis& axis = axisOf(line);
  double most = 0;
  for (const double max : apart->max)
    if (std::isfinite(max)) most = std::max(most, max);
  const auto first = comparison_.firstBeyond(line.port);
  const float low = line.top + line.height - 3, room = line.height - 8;
  const auto wide = static_cast<float>(std::clamp(axis.scale() * 0.7, 1.0, 24.0));
  draw->AddLine({static_cast<float>(axis.x(0)) - wide / 2, low + 0.5f},
                {static_cast<float>(axis.x(static_cast<double>(axis.count() - 1))) + wide / 2, low + 0.5f},
                ink(theme.border), 1);
  for (size_t i = 0; i < apart->at.size(); ++i) {
    const auto x = static_cast<float>(axis.x(stepsOf(line, apart->at[i])));
    const bool beyond = !(apart->max[i] <= comparison_.bound());
    const double part = std::isfinite(apart->max[i]) ? (most > 0 ? apart->max[i] / most : 0) : 1;
    const float high = part > 0 ? std::max(static_cast<float>(part) * room, 1.5f) : 0;
    draw->AddRectFilled({x - wide / 2, low - high}, {x + wide / 2, low},
                        ink(beyond ? theme.warning : theme.dim, beyond ? 0.9 : 0.6));
    if (first && apart->at[i] == *first) {
      draw->AddLine({x - wide / 2 - 1, line.top + 2}, {x - wide / 2 - 1, low}, ink(theme.warning), 1.5f);
      draw->AddTriangleFilled({x - wide / 2 - 1, line.top + 2}, {x - wide / 2 + 7, line.top + 5.5f},
                              {x - wide / 2 - 1, line.top + 9}, ink(theme.warning));
    }
  }
}

double Strip::stepsOf(const Line& line, const Iteration& at) const {
  return at.empty() ? 0 : static_cast<double>(at.front()) + line.reel->part(*line.track, at);
}

void Strip::drawSteps(const Section& section, const Iteration& place, int64_t done) {
  const Theme& theme = Theme::current();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImFont* font = host_.numberFont();
  const float size = scaled(10.5f);
  const StepAxis& axis = *section.axis;
  const ZoneNoise* noise = low_ ? nullptr : section.noise;
  const auto left = static_cast<float>(axis.left()), right = left + static_cast<float>(axis.width());
  const auto text = [&](const std::string& label, int64_t step, float y, ImU32 colour, bool filled) {
    const float wide = font->CalcTextSizeA(size, FLT_MAX, 0, label.c_str()).x;
    const float x =
        std::clamp(static_cast<float>(axis.x(static_cast<double>(step))) - wide / 2, left, right - wide);
    if (filled) draw->AddRectFilled({x - 4, y - 1}, {x + wide + 4, y + size + 2}, ink(theme.text), 3);
    draw->AddText(font, size, {x, y}, colour, label.c_str());
  };
  const auto timestep = [&](int64_t step) {
    return noise && step < static_cast<int64_t>(noise->t.size())
               ? std::to_string(noise->t[static_cast<size_t>(step)])
               : std::string();
  };
  const float top = section.steps + 2, under = section.steps + scaled(kStepsHeight) - 2;
  draw->PushClipRect({left - 8, section.steps}, {right + 8, section.steps + stepsHeight(low_)}, true);
  float taken = 0;
  for (const int64_t step : axis.chosen(kCellGap)) {
    const auto x = static_cast<float>(axis.x(static_cast<double>(step)));
    if (x < taken) continue;  // no room beside the last one
    const ImU32 colour = ink(theme.dim, step < done ? 1 : 0.65);
    text(std::to_string(step + 1), step, top, colour, false);
    text(timestep(step), step, under, colour, false);
    taken = x + scaled(34);
  }
  if (!place.empty() && place.front() < axis.count()) {
    text(std::to_string(place.front() + 1), place.front(), top, ink(theme.window), true);
    if (noise) text(timestep(place.front()), place.front(), under, ink(theme.window), true);
  }
  draw->PopClipRect();
  draw->AddText(host_.textFont(), scaled(11), {left - labels() + 10, section.steps + 2}, ink(theme.dim),
                "step");
  if (noise)
    draw->AddText(host_.textFont(), scaled(11), {left - labels() + 10, under - 1}, ink(theme.dim), "t");
  if (sections_.size() > 1)
    textWithin(draw, {left - labels() + scaled(38), section.steps + 2}, labels() - scaled(46), ink(theme.dim),
               section.zone->zone, host_.textFont(), scaled(10.5f));
}

void Strip::tip(const Line& line, float x) {
  const auto place = placeIn(line, x);
  if (!place) return;
  if (!ImGui::BeginTooltip()) return;
  std::string step = "step " + std::to_string(place->front() + 1);
  for (size_t i = 1; i < place->size(); ++i) step += ", " + std::to_string((*place)[i] + 1);
  const ZoneNoise* noise = sections_[line.section].noise;
  const auto index = static_cast<size_t>(place->front());
  if (noise && index < noise->t.size())
    step += "   t " + std::to_string(noise->t[index]) + "   ᾱ " + numberText(noise->alphaBar[index]);
  ImGui::TextUnformatted(step.c_str());
  if (line.kind == Kind::apart)
    apartTip(line, place->front());
  else
    pictureTip(line, *place);
  ImGui::EndTooltip();
}

void Strip::pictureTip(const Line& line, const Iteration& place) {
  const auto frame = frameAt(line.track->iterations, place);
  const bool computed = line.inner
                            ? std::find(line.within.begin(), line.within.end(), place) - line.within.begin() <
                                  static_cast<ptrdiff_t>(line.here)
                            : place.front() < line.track->done;
  ImGui::TextDisabled("%s.%s%s%s", line.track->node.c_str(), line.track->label.c_str(),
                      line.kind == Kind::compared ? "  (B)" : "", computed ? "" : ", not computed yet");
  PicturePtr picture;
  if (frame && computed) picture = session_.frames().thumbnail(line.reel->run->id, line.port, *frame);
  if (!picture || picture->width <= 0) return;
  const float scale = 160.f / static_cast<float>(std::max(picture->width, picture->height));
  const ImVec2 size(static_cast<float>(picture->width) * scale, static_cast<float>(picture->height) * scale);
  const ImVec2 low = ImGui::GetCursorScreenPos();
  ImGui::Dummy(size);
  host_.textures().draw(ImGui::GetWindowDrawList(), picture, low, {low.x + size.x, low.y + size.y});
}

void Strip::apartTip(const Line& line, int64_t step) {
  ImGui::TextDisabled("|A − B| of %s.%s", line.track->node.c_str(), line.track->label.c_str());
  const PortDifference* apart = comparison_.of(line.port);
  if (!apart) return ImGui::TextUnformatted("on its way");
  double max = 0, mean = 0;
  bool any = false;
  for (size_t i = 0; i < apart->at.size(); ++i)
    if (!apart->at[i].empty() && apart->at[i].front() == step) {
      max = apart->max[i];
      mean = apart->mean[i];
      any = true;
    }
  if (any)
    ImGui::Text("at most %s, %s in the mean", numberText(max).c_str(), numberText(mean).c_str());
  else
    ImGui::TextUnformatted("one of the two has not got there");
  const auto first = comparison_.firstBeyond(line.port);
  if (first && !first->empty())
    ImGui::Text("more than %s from step %s on", numberText(comparison_.bound()).c_str(),
                std::to_string(first->front() + 1).c_str());
}

}  // namespace loom::editor
