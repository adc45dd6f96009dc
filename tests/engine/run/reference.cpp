#include "tests/engine/run/reference.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/engine/test_nodes.h"

namespace loom::test {

Reference::Reference(const Graph& graph) : graph_(graph) {
  learn(graph.nodes, 0);
  levels_.emplace_back();
}

void Reference::learn(const std::vector<NodePtr>& nodes, size_t level) {
  for (const NodePtr& node : nodes) {
    homes_[node->id] = {node.get(), level};
    if (node->zone) learn(node->zone->nodes, level + 1);
  }
}

Maybe Reference::value(const std::string& link) { return at(*parseLink(link), 0); }

std::vector<Reference::Frame> Reference::recording(const std::string& link) {
  const Link to = *parseLink(link);
  at({to.node, homes_.at(to.node).node->zone->state.front().name}, 0);
  return levels_[0].frames[link];
}

Maybe Reference::at(const Link& link, size_t level) {
  for (size_t i = level; i > 0; --i) {
    Level& inside = levels_[i];
    if (inside.zone->id != link.node) continue;
    if (link.port == "index") return static_cast<double>(inside.index);
    if (link.port == "count") return static_cast<double>(inside.count);
    return inside.ports.at(link.port);
  }
  const Home home = homes_.at(link.node);
  const std::string name = home.node->zone ? link.text() : link.node;
  if (const auto known = levels_[home.level].known.find(name); known != levels_[home.level].known.end())
    return known->second;
  // What is further out knows nothing of the loops that wait for it.
  std::vector<Level> waiting(
      std::make_move_iterator(levels_.begin() + static_cast<std::ptrdiff_t>(home.level) + 1),
      std::make_move_iterator(levels_.end()));
  levels_.resize(home.level + 1);
  if (home.node->zone)
    goRound(*home.node, home.level);
  else
    levels_[home.level].known[name] = compute(*home.node, home.level);
  const Maybe found = levels_[home.level].known.at(name);
  levels_.insert(levels_.end(), std::make_move_iterator(waiting.begin()),
                 std::make_move_iterator(waiting.end()));
  return found;
}

bool Reference::isSkipped(const Node& node, size_t level) {
  if (!node.when) return false;
  const Maybe when = at(*node.when, level);
  return !when || *when == 0;
}

std::vector<double> Reference::rungs(const Node& ladder) const {
  std::vector<double> all;
  for (int i = 0; i < ladder.params.at("size").get<int>(); ++i)
    all.push_back(ladder.params.at("start").get<double>() + i);
  return all;
}

void Reference::goRound(const Node& node, size_t level) {
  const Zone& zone = *node.zone;
  bool skip = isSkipped(node, level);
  std::map<std::string, Maybe> states;
  for (const Zone::State& state : zone.state) {
    states[state.name] = skip ? Maybe{} : at(state.init, level);
    skip = skip || !states[state.name];
  }
  std::map<std::string, std::vector<double>> items;
  int64_t count = zone.count.value_or(0);
  for (const auto& [name, from] : zone.over) {
    items[name] = rungs(*homes_.at(from.node).node);
    count = static_cast<int64_t>(items[name].size());
  }
  if (skip) {
    for (auto& [name, value] : states) value = {};
    count = 0;
  }
  levels_.resize(level + 2);
  std::map<std::string, std::vector<Frame>> frames;
  for (int64_t step = 0; step < count; ++step) {
    Level& inside = levels_[level + 1];
    inside = Level{&node, step, count, states, {}, {}};
    for (const auto& [name, all] : items) inside.ports[name] = all[static_cast<size_t>(step)];
    const auto seen = [&](const Link& link) { return at(link, level + 1); };
    const Maybe stop = zone.until ? seen(*zone.until) : Maybe{};
    const bool last = (stop && *stop != 0) || step + 1 == count;
    std::vector<int64_t> iteration;
    for (size_t i = 1; i <= level + 1; ++i) iteration.push_back(levels_[i].index);
    for (const Zone::Collect& collect : zone.collect)
      if (step % collect.every == 0 || last)
        if (const Maybe value = seen(collect.from))
          frames[node.id + "." + collect.name].push_back({iteration, *value});
    std::map<std::string, Maybe> next = states;
    for (const Zone::State& state : zone.state)
      if (const Maybe value = seen(state.next)) next[state.name] = value;
    states = next;
    if (last) break;
  }
  levels_.resize(level + 1);
  for (const auto& [name, value] : states) levels_[level].known[node.id + "." + name] = value;
  for (auto& [name, all] : frames) levels_[level].frames[name] = all;
}

Maybe Reference::input(const Node& node, const char* port, size_t level, double fallback) {
  if (const auto link = node.inputs.find(port); link != node.inputs.end())
    return at(link->second.links.at(0), level);
  const auto param = node.params.find(port);
  return param == node.params.end() ? fallback : param->second.get<double>();
}

Maybe Reference::compute(const Node& node, size_t level) {
  if (isSkipped(node, level)) return {};
  const auto in = [&](const char* port, double fallback = 0) { return input(node, port, level, fallback); };
  if (node.type == "test.constant") return in("value");
  if (node.type == "test.tensor") return in("fill");
  if (node.type == "test.noise") {
    std::vector<int64_t> iteration;
    for (size_t i = 1; i <= level; ++i) iteration.push_back(levels_[i].index);
    return noiseAt(node.params.at("seed").get<uint64_t>(), iteration);
  }
  if (node.type == "test.net") {
    const Maybe x = in("x"), t = in("t");
    const double w = homes_.at(node.inputs.at("net").links[0].node).node->params.at("w").get<double>();
    return x && t ? Maybe{w * *x + w * std::sin(*t)} : Maybe{};
  }
  const bool onTensor = node.type == "test.increase" || node.type == "test.scale";
  const Maybe a = onTensor ? in("x") : in("a"), b = onTensor ? in("by", 1) : in("b", 1);
  if (!a || !b) return {};
  if (node.type == "test.add" || node.type == "test.increase") return *a + *b;
  if (node.type == "test.multiply" || node.type == "test.scale") return *a * *b;
  return *a < *b ? 1.0 : 0.0;  // test.less
}

namespace {

using Json = nlohmann::ordered_json;

std::string numbered(std::string name, size_t number) { return name += std::to_string(number); }

class Maker {
 public:
  Maker(uint64_t seed, bool tensors) : random_(seed), tensors_(tensors) {}

  RandomGraph run() {
    Json nodes = Json::object();
    Seen seen;
    for (size_t i = 0; i < 2; ++i) {
      const std::string id = numbered("net", i);
      if (!tensors_)
        nodes[id] = {{"type", "test.load"}, {"params", {{"w", 0.25 * static_cast<double>(i + 1)}}}};
      const std::string ladder = numbered("ladder", i);
      nodes[ladder] = {{"type", "test.ladder"}, {"params", {{"size", upTo(4) + 1}, {"start", upTo(3)}}}};
    }
    fill(nodes, seen, 0);
    if (std::none_of(zones_.begin(), zones_.end(), [](int depth) { return depth == 0; }))
      zone(nodes, seen, 0);
    RandomGraph graph;
    Json outputs = Json::object();
    for (const std::string& link : seen.values)
      outputs[numbered("o", graph.numbers.size())] = {{"from", link}}, graph.numbers.push_back(link);
    for (const std::string& link : rootCollections_)
      outputs[numbered("c", graph.collections.size())] = {{"from", link}}, graph.collections.push_back(link);
    graph.text = Json{{"noiseloom", 1}, {"nodes", nodes}, {"outputs", outputs}}.dump(1);
    return graph;
  }

 private:
  struct Seen {                        // links that may be made here
    std::vector<std::string> values;   // numbers, or tensors
    std::vector<std::string> scalars;  // whole numbers of steps, and items
    std::vector<std::string> bools;
  };

  size_t upTo(size_t n) { return static_cast<size_t>(random_() % n); }
  bool chance(int percent) { return static_cast<int>(upTo(100)) < percent; }
  std::string pick(const std::vector<std::string>& from) { return from[upTo(from.size())]; }
  std::string id(const char* prefix) { return numbered(prefix, static_cast<size_t>(next_++)); }

  void fill(Json& nodes, Seen& seen, int depth) {
    if (seen.values.empty()) source(nodes, seen);
    for (size_t i = 0, count = 2 + upTo(5); i < count; ++i) {
      if (depth < 3 && chance(25))
        zone(nodes, seen, depth);
      else if (chance(15))
        less(nodes, seen);
      else if (chance(15))
        source(nodes, seen);
      else
        operation(nodes, seen);
    }
  }

  void put(Json& nodes, const std::string& id, Json node, const Seen& seen) {
    if (!seen.bools.empty() && chance(25)) node["when"] = pick(seen.bools);
    nodes[id] = std::move(node);
  }

  void source(Json& nodes, Seen& seen) {
    const std::string n = id("s");
    if (tensors_)
      nodes[n] = {{"type", "test.tensor"}, {"params", {{"shape", {1}}, {"fill", upTo(5)}}}},
      seen.values.push_back(n + ".tensor");
    else if (chance(50))
      nodes[n] = {{"type", "test.noise"}, {"params", {{"seed", upTo(3)}}}},
      seen.values.push_back(n + ".value");
    else
      nodes[n] = {{"type", "test.constant"}, {"params", {{"value", upTo(5)}}}},
      seen.values.push_back(n + ".value");
  }

  void less(Json& nodes, Seen& seen) {
    const std::string n = id("b");
    Json inputs = Json::object();
    if (!seen.scalars.empty() && chance(80))
      inputs["a"] = pick(seen.scalars);
    else if (!tensors_)
      inputs["a"] = pick(seen.values);
    nodes[n] = {{"type", "test.less"}, {"params", {{"b", 1 + upTo(3)}}}, {"inputs", inputs}};
    seen.bools.push_back(n + ".holds");
  }

  void operation(Json& nodes, Seen& seen) {
    const std::string n = id("n");
    if (tensors_) {
      const bool increase = chance(75);
      Json node{{"type", increase ? "test.increase" : "test.scale"}, {"inputs", {{"x", pick(seen.values)}}}};
      if (increase && !seen.scalars.empty() && chance(40))
        node["inputs"]["by"] = pick(seen.scalars);
      else
        node["params"] = {{"by", increase ? static_cast<double>(upTo(4)) : chance(50) ? 1.0 : -1.0}};
      put(nodes, n, std::move(node), seen);
      seen.values.push_back(n + ".tensor");
      return;
    }
    if (chance(40)) {
      Json inputs{{"net", chance(70) ? "net0.net" : "net1.net"}, {"x", pick(seen.values)}};
      if (!seen.scalars.empty() && chance(80))
        inputs["t"] = pick(seen.scalars);
      else if (chance(30))
        inputs["t"] = pick(seen.values);
      put(nodes, n, {{"type", "test.net"}, {"inputs", inputs}}, seen);
      seen.values.push_back(n + ".y");
      return;
    }
    Json inputs{{"a", pick(seen.values)}};
    if (!seen.scalars.empty() && chance(50))
      inputs["b"] = pick(seen.scalars);
    else if (chance(70))
      inputs["b"] = pick(seen.values);
    put(nodes, n, {{"type", chance(70) ? "test.add" : "test.multiply"}, {"inputs", inputs}}, seen);
    seen.values.push_back(n + ".result");
    if (!seen.scalars.empty() && chance(30)) {  // a chain of numbers that depends on the step alone
      const std::string m = id("n");
      nodes[m] = {
          {"type", "test.add"}, {"inputs", {{"a", pick(seen.scalars)}}}, {"params", {{"b", upTo(4)}}}};
      seen.scalars.push_back(m + ".result");
    }
  }

  void zone(Json& nodes, Seen& seen, int depth) {
    const std::string z = id("z");
    zones_.push_back(depth);
    Json node{{"type", "zone"}};
    Seen inside = seen;
    if (chance(50)) {
      node["over"] = {{"t", numbered("ladder", upTo(2)) + ".ladder"}};
      inside.scalars.push_back(z + ".t");
    } else {
      node["count"] = upTo(5);
    }
    inside.scalars.push_back(z + ".index");
    inside.scalars.push_back(z + ".count");
    Json states = Json::object();
    const size_t count = 1 + upTo(3);
    for (size_t i = 0; i < count; ++i) {
      const std::string name = numbered("x", i);
      states[name] = {{"init", pick(seen.values)}};
      inside.values.push_back(z + "." + name);
    }
    Json body = Json::object();
    fill(body, inside, depth + 1);
    for (auto& [name, state] : states.items()) state["next"] = pick(inside.values);
    node["state"] = states;
    if (!inside.bools.empty() && chance(25)) node["until"] = pick(inside.bools);
    const bool collects = chance(60);
    if (collects) node["collect"] = {{"h", {{"from", pick(inside.values)}, {"every", 1 + upTo(3)}}}};
    if (!seen.bools.empty() && chance(20)) node["when"] = pick(seen.bools);
    node["nodes"] = body;
    nodes[z] = node;
    for (size_t i = 0; i < count; ++i) seen.values.push_back(z + ".x" + std::to_string(i));
    if (collects && depth == 0) rootCollections_.push_back(z + ".h");
  }

  std::mt19937_64 random_;
  bool tensors_;
  int next_ = 0;
  std::vector<int> zones_;
  std::vector<std::string> rootCollections_;
};

}  // namespace

RandomGraph randomGraph(uint64_t seed, bool tensors) { return Maker(seed, tensors).run(); }

}  // namespace loom::test
