#include "app/cli/progress_line.h"

#include <algorithm>

#include "app/cli/duration.h"

namespace loom {
namespace {

constexpr double kMarkEvery = 0.5;  // seconds
constexpr size_t kMostMarks = 40;
constexpr double kQuietNode = 0.5;  // seconds after which a node is worth a line
constexpr int kNarrow = 70;         // columns

std::string bar(int64_t done, int64_t total, size_t cells) {
  const double share =
      total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0) : 0;
  std::string text(cells, '.');
  std::fill_n(text.begin(), static_cast<size_t>(share * static_cast<double>(cells)), '#');
  return "[" + text + "]";
}

std::string percent(int64_t done, int64_t total) {
  return total > 0 ? std::to_string(
                         static_cast<int>(100.0 * static_cast<double>(done) / static_cast<double>(total))) +
                         "%"
                   : "";
}

std::string fraction(int64_t done, int64_t total) {
  return std::to_string(done) + "/" + std::to_string(total);
}

size_t cellsFor(int width) { return width < kNarrow ? 10 : 24; }

// Cut between characters of UTF-8.
std::string fitted(std::string text, int width) {
  size_t columns = 0, at = 0;
  while (at < text.size()) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (begins && columns++ == static_cast<size_t>(std::max(width, 1))) break;
    ++at;
  }
  text.resize(at);
  return text;
}

std::string zoneLine(const std::vector<ZoneProgress>& zones, double now, int width) {
  const ZoneProgress& outer = zones.front();
  std::string line = outer.path + "  " + bar(outer.done, outer.count, cellsFor(width)) + " " +
                     fraction(outer.done, outer.count) + "  " + percent(outer.done, outer.count);
  if (const auto rate = outer.pace.perSecond()) line += "  " + rateText(*rate, outer.unit);
  if (const auto left = outer.pace.left(now, outer.count)) line += "  " + clockText(*left) + " left";
  for (size_t i = 1; i < zones.size(); ++i)
    line += "  " + zones[i].path + " " + fraction(zones[i].done, zones[i].count);
  return line;
}

std::string nodeLine(const NodeProgress& node, double now, int width) {
  if (node.path.empty() || (now - node.started < kQuietNode && node.total == 0)) return "";
  if (node.total == 0) return node.path + "  " + clockText(now - node.started);
  return node.path + "  " + bar(node.done, node.total, cellsFor(width)) + " " +
         percent(node.done, node.total) + "  " + clockText(now - node.started);
}

}  // namespace

void Pace::start(double now, int64_t done) {
  latest_ = {now, done};
  marks_.assign(1, latest_);
}

void Pace::step(double now, int64_t done) {
  if (now - latest_.time >= kMarkEvery || now - marks_.back().time >= kMarkEvery) {
    marks_.push_back({now, done});
    if (marks_.size() > kMostMarks) marks_.pop_front();
  }
  latest_ = {now, done};
}

std::optional<double> Pace::perSecond() const {
  if (marks_.empty() || latest_.done <= marks_.front().done || latest_.time <= marks_.front().time)
    return std::nullopt;
  return static_cast<double>(latest_.done - marks_.front().done) / (latest_.time - marks_.front().time);
}

std::optional<double> Pace::left(double now, int64_t count) const {
  const auto rate = perSecond();
  if (!rate || count <= latest_.done) return std::nullopt;
  return std::max(0.0, static_cast<double>(count - latest_.done) / *rate - (now - latest_.time));
}

std::string progressLine(const std::vector<ZoneProgress>& zones, const NodeProgress& node, double now,
                         int width) {
  return fitted(zones.empty() ? nodeLine(node, now, width) : zoneLine(zones, now, width), width);
}

std::string finishedLine(const ZoneProgress& zone, double now) {
  const double seconds = now - zone.started;
  const int64_t steps = zone.done - zone.first;
  std::string line = zone.path + "  " + std::to_string(steps) + " " + zone.unit +
                     (steps == 1 ? " in " : "s in ") + durationText(seconds);
  if (steps > 0 && seconds > 0) line += ", " + rateText(static_cast<double>(steps) / seconds, zone.unit);
  return line;
}

}  // namespace loom
