#include "app/cli/settings.h"

#include "engine/core/error.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

std::vector<Link> targetsOf(const Document& document, const std::string& name) {
  for (const ExposedInput& input : document.graph.inputs)
    if (input.name == name) return input.to;
  if (const std::optional<Link> link = parseLink(name)) return {*link};
  return {};
}

bool accepts(const Port* port, const json& value) {
  try {
    if (port) port->parse(value);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// JSON where the port takes it as that, else the text as it was typed; what neither fits is left to the
// compiler, whose message names node and port.
json valueFor(const std::vector<const Port*>& ports, const std::string& text) {
  const json parsed = json::parse(text, nullptr, false);
  const auto fits = [&](const json& value) {
    for (const Port* port : ports)
      if (!accepts(port, value)) return false;
    return true;
  };
  if (parsed.is_discarded()) return text;
  if (!parsed.is_string() && !fits(parsed) && fits(json(text))) return text;
  return parsed;
}

std::string readPathFor(const std::string& text, const fs::path& current, const fs::path& graph,
                        ResolvedSetting& setting) {
  if (text.empty() || text.starts_with("@resources/")) return text;
  fs::path path(text);
  std::error_code ignored;
  if (path.is_relative()) {
    // What is not here but beside the graph is meant as the graph itself would mean it.
    if (!fs::exists(current / path, ignored) && fs::exists(graph / path, ignored)) return text;
    path = (current / path).lexically_normal();
  }
  setting.readable = fs::weakly_canonical(path, ignored);
  return path.string();
}

std::string writePathFor(const std::string& text, ResolvedSetting& setting) {
  std::error_code ignored;
  if (fs::path(text).is_absolute()) setting.writable = fs::weakly_canonical(text, ignored);
  return text;
}

std::string everythingSettable(const Document& document) {
  std::string names;
  for (const ExposedInput& input : document.graph.inputs) names += (names.empty() ? "" : ", ") + input.name;
  if (!names.empty()) return "the graph exposes: " + names;
  for (const NodePtr& node : document.graph.nodes) names += (names.empty() ? "" : ", ") + node->id;
  return names.empty() ? "the graph has no nodes" : "the graph exposes no names; its nodes are: " + names;
}

void requireTarget(const Document& document, const std::string& name, const std::vector<Link>& targets,
                   const Registry& registry) {
  if (targets.empty())
    throw Error("--set " + name + ": there is no such name; " + everythingSettable(document) +
                ". A parameter is set as node.param");
  for (const Link& to : targets) {
    const Node* node = findNode(document.graph, to.node);
    if (!node)
      throw Error("--set " + name + ": there is no node " + to.node + "; " + everythingSettable(document));
    const NodeType* type = registry.find(node->type);
    if (!type || type->input(to.port)) continue;
    std::string ports;
    for (const Port& port : type->inputs)
      if (port.type->isScalar()) ports += (ports.empty() ? "" : ", ") + port.id;
    throw Error("--set " + name + ": " + type->id + " has no parameter \"" + to.port +
                "\"; it has: " + (ports.empty() ? "none" : ports));
  }
}

}  // namespace

Setting parseSetting(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Error("--set takes name=value, such as --set seed=7; got " + text);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

const Port* portAt(const Document& document, const Link& to, const Registry& registry) {
  const Node* node = findNode(document.graph, to.node);
  const NodeType* type = node ? registry.find(node->type) : nullptr;
  return type ? type->input(to.port) : nullptr;
}

ResolvedSetting resolveSetting(const Document& document, const Setting& setting, const Registry& registry,
                               const SettingFolders& folders) {
  ResolvedSetting resolved;
  resolved.to = targetsOf(document, setting.name);
  requireTarget(document, setting.name, resolved.to, registry);
  for (const Link& to : resolved.to) resolved.ports.push_back(portAt(document, to, registry));
  resolved.value = valueFor(resolved.ports, setting.text);
  const Port* port = resolved.ports[0];
  if (port && port->type == &typeOf<FilePath>() && resolved.value.is_string())
    resolved.value =
        port->writes ? writePathFor(resolved.value, resolved)
                     : readPathFor(resolved.value, setting.folder.empty() ? folders.current : setting.folder,
                                   folders.graph, resolved);
  return resolved;
}

AppliedSettings applySettings(const Document& document, const std::vector<Setting>& settings,
                              const Registry& registry, const SettingFolders& folders) {
  AppliedSettings applied;
  applied.document = document;
  for (const Setting& setting : settings) {
    const ResolvedSetting resolved = resolveSetting(document, setting, registry, folders);
    if (resolved.readable) applied.readable.push_back(*resolved.readable);
    if (resolved.writable) applied.writable.push_back(*resolved.writable);
    applied.document = withValue(applied.document, setting.name, resolved.value);
    applied.values[setting.name] = resolved.value;
  }
  return applied;
}

json exposedValue(const Document& document, const ExposedInput& input, const Registry& registry) {
  for (const Link& to : input.to) {
    const Node* node = findNode(document.graph, to.node);
    if (!node) continue;
    if (node->zone && to.port == "count" && node->zone->count) return *node->zone->count;
    if (const auto param = node->params.find(to.port); param != node->params.end()) return param->second;
    const Port* port = portAt(document, to, registry);
    if (port && !port->fallback.empty() && port->type->format) return port->type->format(port->fallback);
  }
  return nullptr;
}

}  // namespace loom
