#include "engine/plan/modes.h"

#include <algorithm>
#include <tuple>

namespace loom {

std::string absenceText(const FlatNode& node) {
  return node.path + (node.doc->mode == NodeMode::bypassed
                          ? " is bypassed, and nothing comes to it that it could give on"
                          : " is muted");
}

void Modes::apply(const Report& report) {
  const auto isOn = [](const FlatNode& node) { return node.doc->mode == NodeMode::on; };
  if (std::all_of(flat_.nodes.begin(), flat_.nodes.end(), isOn)) return;
  markAbsent();
  for (FlatNode& node : flat_.nodes)
    if (node.absent < 0) forEachSource(node, [&](Source& source, auto...) { source = through(source); });
  listReaders();
  spread(report);
  takeAway();
}

int Modes::lostBy(Source source) const {
  if (!source) return -1;
  const auto port = lostPorts_.find({source.node, source.output});
  return port != lostPorts_.end() ? port->second : flat_.nodes[source.node].absent;
}

// A zone stands before its body.
void Modes::markAbsent() {
  for (size_t i = 0; i < flat_.nodes.size(); ++i) {
    FlatNode& node = flat_.nodes[i];
    const int zone = flat_.scopes[node.scope].zone;
    node.absent = zone < 0 ? -1 : flat_.nodes[zone].absent;
    if (node.absent < 0 && node.doc->mode != NodeMode::on) node.absent = static_cast<int>(i);
  }
}

template <class Each>
void Modes::forEachSource(FlatNode& node, Each each) {
  using As = Reader::As;
  each(node.when, As::outside, 0, std::string_view());
  for (size_t port = 0; port < node.links.size(); ++port)
    for (Source& source : node.links[port])
      each(source, As::link, static_cast<int>(port), std::string_view());
  for (auto& [key, source] : node.named) {
    const std::string_view name = std::string_view(key).substr(key.find('.') + 1);
    if (key == "until")
      each(source, As::until, 0, name);
    else if (key.starts_with("next."))
      each(source, As::next, 0, name);
    else if (key.starts_with("collect."))
      each(source, As::collect, zonePort(*node.doc->zone, std::string(name)), name);
    else
      each(source, As::outside, 0, name);
  }
}

// --- bypassed ---

bool Modes::isBypassed(int node) const {
  return flat_.nodes[node].absent == node && flat_.nodes[node].doc->mode == NodeMode::bypassed;
}

Modes::Given Modes::givenOn(int index, int output) const {
  const FlatNode& node = flat_.nodes[index];
  if (node.doc->zone) {
    const auto init = node.named.find("init." + zonePortName(*node.doc->zone, output));
    return init == node.named.end() ? Given{} : Given{init->second};
  }
  const auto found = passages_.find(index);
  const Passage* passage = found == passages_.end() ? nullptr : &found->second;
  if (!passage || !passage->outputs || static_cast<size_t>(output) >= passage->outputs->size()) return {};
  const TypeInfo* wanted = (*passage->outputs)[static_cast<size_t>(output)];
  if (!wanted) return {};
  for (const auto& [type, source] : passage->inputs)
    if (type == wanted) return {source, type, wanted};
  for (const auto& [type, source] : passage->inputs)
    if (type && registry_.conversion(*type, *wanted)) return {source, type, wanted};
  return {};
}

// Along a row of bypassed nodes and back, without recursion: a file may hold a very long one.
Source Modes::through(Source source) {
  std::vector<std::pair<std::pair<int, int>, Given>> row;
  while (source && isBypassed(source.node)) {
    const std::pair<int, int> at{source.node, source.output};
    const auto [known, isNew] = through_.try_emplace(at, source);  // itself, unless there is more
    if (!isNew) {
      source = known->second;
      break;
    }
    const Given given = givenOn(at.first, at.second);
    if (!given.from) break;
    row.emplace_back(at, given);
    source = given.from;
  }
  for (auto passed = row.rbegin(); passed != row.rend(); ++passed) {
    source.cast = castOf(castOf(source.cast, passed->second.port), passed->second.output);
    through_[passed->first] = source;
  }
  return source;
}

int Modes::castOf(int before, const TypeInfo* type) {
  if (!type || type == &typeOf<Any>()) return before;
  if (before >= 0 && flat_.casts[static_cast<size_t>(before)].type == type) return before;
  flat_.casts.push_back({before, type});
  return static_cast<int>(flat_.casts.size()) - 1;
}

// --- muted ---

void Modes::listReaders() {
  for (size_t i = 0; i < flat_.nodes.size(); ++i) {
    if (flat_.nodes[i].absent >= 0) continue;
    forEachSource(flat_.nodes[i], [&](Source source, Reader::As as, int port, std::string_view name) {
      if (source) readers_.push_back({source, static_cast<int>(i), as, port, name});
    });
  }
  std::stable_sort(readers_.begin(), readers_.end(), [](const Reader& a, const Reader& b) {
    return std::tie(a.source.node, a.source.output) < std::tie(b.source.node, b.source.output);
  });
}

void Modes::spread(const Report& report) {
  for (size_t i = flat_.nodes.size(); i-- > 0;)
    if (flat_.nodes[i].absent >= 0) waiting_.push_back({static_cast<int>(i), -1, flat_.nodes[i].absent});
  while (!waiting_.empty()) {
    const Loss loss = waiting_.back();
    waiting_.pop_back();
    const int first = std::max(loss.output, 0);
    auto reader = std::lower_bound(
        readers_.begin(), readers_.end(), std::pair(loss.node, first),
        [](const Reader& a, const auto& b) { return std::pair(a.source.node, a.source.output) < b; });
    for (; reader != readers_.end() && reader->source.node == loss.node &&
           (loss.output < 0 || reader->source.output == loss.output);
         ++reader)
      loseFor(*reader, loss.culprit, report);
  }
}

void Modes::lose(int index, int culprit) {
  FlatNode& node = flat_.nodes[index];
  if (node.absent >= 0) return;
  node.absent = culprit;
  waiting_.push_back({index, -1, culprit});
  if (node.body < 0) return;
  for (int inside : flat_.scopes[node.body].nodes) lose(inside, culprit);
}

void Modes::loseFor(const Reader& reader, int culprit, const Report& report) {
  FlatNode& node = flat_.nodes[reader.node];
  if (node.absent >= 0) return;
  switch (reader.as) {
    case Reader::As::link:
      if (++gone_[{reader.node, reader.port}] == node.links[reader.port].size() &&
          !canDoWithout(node, reader.port))
        lose(reader.node, culprit);
      return;
    case Reader::As::outside:
      return lose(reader.node, culprit);
    case Reader::As::next:
      if (!isInside(culprit, node.body)) return lose(reader.node, culprit);
      return report(node,
                    Error(node.path, std::string(reader.name),
                          "there is nothing that it becomes in a step: " + absenceText(flat_.nodes[culprit]) +
                              ". Bypass that node, or mute the whole zone"));
    case Reader::As::until:
      return;
    case Reader::As::collect:
      if (lostPorts_.try_emplace({reader.node, reader.port}, culprit).second)
        waiting_.push_back({reader.node, reader.port, culprit});
      return;
  }
}

bool Modes::canDoWithout(const FlatNode& node, int index) const {
  const Port& port = node.type->inputs[static_cast<size_t>(index)];
  return !port.required || !port.fallback.empty() || node.doc->params.contains(port.id);
}

bool Modes::isInside(int node, int body) const {
  int scope = flat_.nodes[node].scope;
  while (scope >= 0 && scope != body) scope = flat_.scopes[scope].parent;
  return scope == body;
}

void Modes::takeAway() {
  const auto isLost = [&](Source source) { return lostBy(source) >= 0; };
  for (FlatNode& node : flat_.nodes) {
    if (node.absent >= 0) continue;
    for (std::vector<Source>& links : node.links) std::erase_if(links, isLost);
    std::erase_if(node.named, [&](const auto& each) { return isLost(each.second); });
  }
}

}  // namespace loom
