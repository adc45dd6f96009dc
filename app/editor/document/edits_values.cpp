// Parameters, and the names under which parts of a graph are seen from outside.
#include <algorithm>
#include <cmath>

#include "app/editor/document/graph_edit.h"
#include "engine/core/error.h"
#include "engine/core/text.h"

namespace loom::editor {
namespace {

using nlohmann::json;

std::string shown(const json& value) {
  return shortened(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::string numberText(double number) {
  if (number == std::floor(number) && std::abs(number) < 9e15)
    return std::to_string(static_cast<int64_t>(number));
  return json(number).dump();
}

std::string rangeText(const PortType& port) {
  if (port.min && port.max) return "from " + numberText(*port.min) + " to " + numberText(*port.max);
  return port.min ? numberText(*port.min) + " or more" : numberText(*port.max) + " or less";
}

// 50.0 is 50: what is whole is written so.
json plainNumber(double number) {
  if (number == std::floor(number) && std::abs(number) < 9e15) return static_cast<int64_t>(number);
  return number;
}

json wholeFrom(const json& value, bool isSeed) {
  if (value.is_number_unsigned() && (isSeed || value.get<uint64_t>() <= static_cast<uint64_t>(INT64_MAX)))
    return value;
  if (value.is_number_integer() && !value.is_number_unsigned() && (!isSeed || value.get<int64_t>() >= 0))
    return value;
  if (value.is_number_float() && value.get<double>() == std::floor(value.get<double>()) &&
      std::abs(value.get<double>()) < 9e15 && (!isSeed || value.get<double>() >= 0))
    return static_cast<int64_t>(value.get<double>());
  throw Error(isSeed ? "A seed is a whole number from 0 upwards, not " + shown(value) + "."
                     : "Expected a whole number, not " + shown(value) + ".");
}

json numberFrom(const json& value) {
  if (!value.is_number() || !std::isfinite(value.get<double>()))
    throw Error("Expected a number, not " + shown(value) + ".");
  return value.is_number_float() ? plainNumber(value.get<double>()) : value;
}

json listFrom(const json& value, const std::string& type) {
  if (!value.is_array()) throw Error("Expected a list such as [3, 32, 32], not " + shown(value) + ".");
  const bool sizes = type == "shape";
  if (sizes && value.size() > 8) throw Error("At most 8 sizes.");
  if (value.size() > 100'000) throw Error("At most 100,000 numbers.");
  json list = json::array();
  for (const json& item : value) {
    list.push_back(sizes ? wholeFrom(item, false) : numberFrom(item));
    if (sizes && (list.back().get<int64_t>() < 0 || list.back().get<int64_t>() > (int64_t{1} << 31)))
      throw Error("Sizes go from 0 to 2^31, not " + shown(item) + ".");
  }
  return list;
}

json textFrom(const json& value, const PortType& port) {
  if (!value.is_string()) throw Error("Expected text, not " + shown(value) + ".");
  try {
    (void)value.dump();
  } catch (const json::exception&) {
    throw Error("Expected text in UTF-8.");
  }
  const std::string& text = value.get_ref<const std::string&>();
  if (text.size() > 1 << 20) throw Error("A text may have at most 1 MiB.");
  if (port.choices.empty()) return value;
  if (std::find(port.choices.begin(), port.choices.end(), text) != port.choices.end()) return value;
  std::string all;
  for (const std::string& choice : port.choices) all += (all.empty() ? "" : ", ") + choice;
  throw Error("\"" + shortened(text) + "\" is none of: " + all + ".");
}

json checked(const json& value, const PortType& port, const Catalog& catalog) {
  const std::string& type = port.type;
  json good;
  if (type == "int" || type == "seed") {
    good = wholeFrom(value, type == "seed");
  } else if (type == "real") {
    good = numberFrom(value);
  } else if (type == "bool") {
    if (!value.is_boolean()) throw Error("Expected true or false, not " + shown(value) + ".");
    good = value;
  } else if (type == "shape" || type == "numbers") {
    good = listFrom(value, type);
  } else if (type == "text" || type == "choice" || type == "path") {
    good = textFrom(value, port);
  } else if (const ValueType* known = catalog.type(type); known && !known->scalar) {
    throw Error("It takes a link, not a value: it is of type " + known->name + ".");
  } else {
    good = value;  // of a type that this program does not know
  }
  if (good.is_number()) {
    const double number = good.get<double>();
    if ((port.min && number < *port.min) || (port.max && number > *port.max))
      throw Error(shown(good) + " is out of range: " + rangeText(port) + ".");
  }
  return good;
}

void setCount(Zone& zone, const json& value) {
  if (!zone.over.empty())
    throw Error("A zone that goes over a sequence has no count: the sequence's length is it.");
  PortType port;
  port.type = "int";
  port.min = 0;
  port.max = static_cast<double>(kMostCount);
  zone.count = value.is_null() ? kNewCount : checked(value, port, Catalog()).get<int64_t>();
  zone.countFrom.reset();
}

PortType portToSet(const Document& document, const std::string& place, const Node& node,
                   const std::string& port, const Catalog& catalog) {
  const Face face = faceOf(document, place, node, catalog);
  const Socket* socket = face.input(port);
  if (socket) return socket->port;
  throw Error(nameOf(node, catalog) + " has no parameter " + shortened(port, 64) + ".");
}

}  // namespace

Document setParam(const Document& before, const std::string& place, const Catalog& catalog,
                  const std::string& id, const std::string& port, const json& value) {
  Document document = before;
  const Node& node = *GraphIndex::of(graphAt(before, place))->at(id).node;
  try {
    if (node.zone) {
      if (port != "count" && port != "@count") throw Error("A zone has one parameter, count.");
      editZone(graphIn(document, place), id, [&](Zone& zone) { setCount(zone, value); });
      pruneReroutes(document, place);
      return document;
    }
    const bool reset = value.is_null();
    const json good = reset ? json() : checked(value, portToSet(before, place, node, port, catalog), catalog);
    editNode(graphIn(document, place), id, [&](Node& changed) {
      if (reset) {
        changed.params.erase(port);
        return;
      }
      changed.params[port] = good;
      changed.inputs.erase(port);  // a link would go before it
    });
  } catch (const Error& error) {
    throw Error(id, port, error.what());
  }
  pruneReroutes(document, place);
  return document;
}

// --- exposed names ---

namespace {

// As `to` of an exposed input names it.
Link targetOf(const Graph& graph, const InputSlot& slot) {
  const Node& node = *GraphIndex::of(graph)->at(slot.node).node;
  const SlotRef ref = slotOf(node, slot.slot);
  switch (ref.kind) {
    case SlotRef::Kind::port:
    case SlotRef::Kind::over:
    case SlotRef::Kind::init:
      if (!ref.name.empty()) return {node.id, std::string(ref.name)};
      break;
    case SlotRef::Kind::count:
      return {node.id, "count"};
    default:
      break;
  }
  throw Error("Only inputs of nodes, and a zone's count, sequences and first values, can be exposed.");
}

const ExposedInput* exposing(const Graph& graph, const Link& target) {
  for (const ExposedInput& input : graph.inputs)
    if (std::find(input.to.begin(), input.to.end(), target) != input.to.end()) return &input;
  return nullptr;
}

}  // namespace

Document expose(const Document& before, const std::string& place, const Catalog& catalog,
                const InputSlot& slot, const std::string& name) {
  requireName(name, "an exposed name");
  Document document = before;
  Graph& graph = graphIn(document, place);
  const Link target = targetOf(graph, slot);
  const Node& node = *GraphIndex::of(graph)->at(slot.node).node;
  if (!node.zone) portToSet(before, place, node, target.port, catalog);
  if (const ExposedInput* already = exposing(graph, target)) {
    if (already->name == name) return document;
    throw Error(target.text() + " is exposed as " + already->name + " already.");
  }
  for (ExposedInput& input : graph.inputs)
    if (input.name == name) {
      input.to.push_back(target);
      return document;
    }
  ExposedInput input;
  input.name = name;
  input.to.push_back(target);
  graph.inputs.push_back(std::move(input));
  return document;
}

Document exposeOutput(const Document& before, const std::string& place, const Link& link,
                      const std::string& name) {
  requireName(name, "an exposed name");
  Document document = before;
  Graph& graph = graphIn(document, place);
  const auto index = GraphIndex::of(graph);
  index->at(link.node);
  if (!index->visible(link, nullptr))
    throw Error(link.text() +
                " is there only inside its zone: make it a state or a collection, and expose that.");
  for (const ExposedOutput& output : graph.outputs)
    if (output.name == name) throw Error("There is an exposed output " + name + " already.");
  ExposedOutput output;
  output.name = name;
  output.from = link;
  graph.outputs.push_back(std::move(output));
  return document;
}

Document unexpose(const Document& before, const std::string& place, const std::string& name) {
  Document document = before;
  Graph& graph = graphIn(document, place);
  const auto named = [&](const auto& exposed) { return exposed.name == name; };
  std::set<std::string> inputs, outputs;
  if (std::erase_if(graph.inputs, named)) inputs.insert(name);
  if (std::erase_if(graph.outputs, named)) outputs.insert(name);
  if (inputs.empty() && outputs.empty()) throw Error("There is no exposed name " + name + ".");
  if (!place.empty()) dropGroupPorts(document, place, inputs, outputs);
  forEachGraph(document, [&](const std::string& at, Graph&) { pruneReroutes(document, at); });
  return document;
}

}  // namespace loom::editor
