#include "app/editor/shell/command_line_text.h"

#include <QRegularExpression>
#include <set>

namespace loom::editor {
namespace {

void collect(const std::vector<NodePtr>& nodes, std::map<std::string, const Node*>& into) {
  for (const NodePtr& node : nodes) {
    into[node->id] = node.get();
    if (node->zone) collect(node->zone->nodes, into);
  }
}

QString textOf(const nlohmann::json& value) {
  return QString::fromStdString(value.is_string() ? value.get<std::string>() : value.dump());
}

}  // namespace

QString shellQuoted(const QString& text) {
  static const QRegularExpression plain("^[A-Za-z0-9_./:=@%+,-]+$");
  if (plain.match(text).hasMatch()) return text;
  return "'" + QString(text).replace("'", "'\\''") + "'";
}

QString commandLineText(const QString& file, const Document& saved, const Document& now,
                        const QString& device, const QString& dtype) {
  QString line = "noiseloom run " + shellQuoted(file);
  std::map<std::string, const Node*> before, after;
  collect(saved.graph.nodes, before);
  collect(now.graph.nodes, after);
  std::set<std::string> told;  // parameters that an exposed name already sets
  const auto changed = [&](const Link& to) -> const nlohmann::json* {
    const auto node = after.find(to.node), old = before.find(to.node);
    if (node == after.end() || old == before.end()) return nullptr;
    const auto value = node->second->params.find(to.port);
    if (value == node->second->params.end()) return nullptr;
    const auto was = old->second->params.find(to.port);
    return was != old->second->params.end() && was->second == value->second ? nullptr : &value->second;
  };
  for (const ExposedInput& input : now.graph.inputs) {
    if (input.to.empty()) continue;
    const nlohmann::json* value = changed(input.to.front());
    if (!value) continue;
    const bool all = std::all_of(input.to.begin(), input.to.end(), [&](const Link& to) {
      const nlohmann::json* each = changed(to);
      return each && *each == *value;
    });
    if (!all) continue;
    line += " --set " + shellQuoted(QString::fromStdString(input.name) + "=" + textOf(*value));
    for (const Link& to : input.to) told.insert(to.text());
  }
  for (const auto& [id, node] : after)
    for (const auto& [name, param] : node->params)
      if (const nlohmann::json* value = changed({id, name}); value && !told.count(id + "." + name))
        line += " --set " + shellQuoted(QString::fromStdString(id + "." + name) + "=" + textOf(*value));
  if (!device.isEmpty()) line += " --device " + shellQuoted(device);
  if (!dtype.isEmpty()) line += " --dtype " + shellQuoted(dtype);
  return line;
}

}  // namespace loom::editor
