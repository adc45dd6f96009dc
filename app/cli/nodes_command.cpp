#include "app/cli/nodes_command.h"

#include <algorithm>
#include <cmath>

#include "app/cli/output.h"

namespace loom {
namespace {

using nlohmann::json;

std::string familyOf(const std::string& id) { return id.substr(0, id.find('.')); }

json numberOf(double number) {
  if (number == std::floor(number) && std::abs(number) < 9e15) return static_cast<int64_t>(number);
  return number;
}

json describeInput(const Port& port) {
  json described{{"id", port.id}, {"type", port.type->id}, {"doc", port.doc}, {"required", port.required}};
  if (port.many) described["many"] = true;
  if (!port.fallback.empty() && port.type->format) described["default"] = port.type->format(port.fallback);
  if (std::isfinite(port.min)) described["min"] = numberOf(port.min);
  if (std::isfinite(port.max)) described["max"] = numberOf(port.max);
  if (!port.choices.empty()) described["choices"] = port.choices;
  if (!port.extensions.empty()) described["extensions"] = port.extensions;
  if (port.writes) described["writes"] = true;
  return described;
}

// "Whole number, 50, 1 or more" or "Latent, required".
std::string inputText(const Port& port) {
  std::string text = port.type->name;
  if (port.many) text += "s, any number of links";
  if (!port.choices.empty()) {
    text = "one of";
    for (const std::string& choice : port.choices) text += " " + choice;
  }
  if (port.required)
    text += ", required";
  else if (port.fallback.empty())
    text += ", may be left out";
  else if (port.type->format)
    text += ", default " + port.fallback.summary();
  const bool low = std::isfinite(port.min), high = std::isfinite(port.max);
  if (low && high) text += ", from " + numberOf(port.min).dump() + " to " + numberOf(port.max).dump();
  if (low && !high) text += ", " + numberOf(port.min).dump() + " or more";
  if (!low && high) text += ", " + numberOf(port.max).dump() + " or less";
  return text;
}

void printPorts(const char* title, const std::vector<Port>& ports, bool inputs) {
  if (ports.empty()) return;
  std::printf("\n%s\n", title);
  size_t width = 0;
  for (const Port& port : ports) width = std::max(width, port.id.size());
  for (const Port& port : ports) {
    std::printf("  %-*s  %s\n", static_cast<int>(width), port.id.c_str(),
                (inputs ? inputText(port) : port.type->name).c_str());
    if (!port.doc.empty()) std::printf("  %-*s  %s\n", static_cast<int>(width), "", port.doc.c_str());
  }
}

void printNode(const NodeType& type) {
  std::printf("%s: %s (version %d)\n%s\n", type.id.c_str(), type.title.c_str(), type.version,
              type.doc.c_str());
  printPorts("Inputs", type.inputs, true);
  printPorts("Outputs", type.outputs, false);
  if (type.effect) std::printf("\nRuns for what it does, whether or not anything is linked to it.\n");
}

std::string firstSentence(const std::string& doc) {
  const size_t end = doc.find(". ");
  return end == std::string::npos ? doc : doc.substr(0, end + 1);
}

void printAll(const Registry& registry) {
  size_t width = 0;
  for (const auto& [id, type] : registry.nodes()) width = std::max(width, id.size());
  std::string family;
  for (const auto& [id, type] : registry.nodes()) {
    if (familyOf(id) != family) {
      std::printf("%s%s\n", family.empty() ? "" : "\n", familyOf(id).c_str());
      family = familyOf(id);
    }
    std::printf("  %-*s  %s: %s\n", static_cast<int>(width), id.c_str(), type.title.c_str(),
                firstSentence(type.doc).c_str());
  }
  std::printf("\n%zu node types; `noiseloom nodes TYPE` shows one.\n", registry.nodes().size());
}

int unknownType(const NodesRequest& request, const Registry& registry) {
  const std::string nearest = registry.nearest(request.type);
  std::string family;
  for (const auto& [id, type] : registry.nodes())
    if (familyOf(id) == familyOf(request.type)) family += (family.empty() ? "" : ", ") + id;
  std::string message = "there is no node type " + request.type;
  if (!nearest.empty()) message += "; did you mean " + nearest + "?";
  if (!family.empty()) message += " " + familyOf(request.type) + " has: " + family;
  return report(Error(message), kRefused, request.json);
}

}  // namespace

json describeNode(const NodeType& type) {
  json inputs = json::array(), outputs = json::array();
  for (const Port& port : type.inputs) inputs.push_back(describeInput(port));
  for (const Port& port : type.outputs)
    outputs.push_back({{"id", port.id}, {"type", port.type->id}, {"doc", port.doc}});
  return {{"id", type.id},           {"title", type.title}, {"doc", type.doc},
          {"version", type.version}, {"inputs", inputs},    {"outputs", outputs},
          {"effect", type.effect},   {"pure", type.pure},   {"usesStep", type.usesStep},
          {"aliases", type.aliases}};
}

int nodesCommand(const NodesRequest& request, const Registry& registry) {
  if (!request.type.empty()) {
    const NodeType* type = registry.find(request.type);
    if (!type) return unknownType(request, registry);
    if (request.json)
      writeJsonLine(stdout, describeNode(*type));
    else
      printNode(*type);
  } else if (request.json) {
    for (const auto& [id, type] : registry.nodes()) writeJsonLine(stdout, describeNode(type));
  } else {
    printAll(registry);
  }
  std::fflush(stdout);
  return kDone;
}

}  // namespace loom
