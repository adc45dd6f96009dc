#include "app/editor/shell/link_picker.h"

#include "app/editor/gl/theme.h"
#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr size_t kMostShown = 200;  // further ones are told by their number

}  // namespace

void LinkPicker::openToLink() {
  cutting_ = false;
  collectPossible();
  openList(tr("Which link? A few letters of the ports or nodes at its ends"));
}

void LinkPicker::openToCut() {
  cutting_ = true;
  collectPresent();
  openList(tr("Which link is to be cut?"));
}

void LinkPicker::add(const Wire& wire, const std::string& type, int worth, bool replaces) {
  const auto name = [](const std::string& node, const std::string& slot) {
    return QString::fromStdString(node + "." + slot);
  };
  choices_.push_back({wire, name(wire.from.node, wire.from.port) + "  →  " + name(wire.to.node, wire.to.slot),
                      QString::fromStdString(type), worth, replaces});
}

// By what declarations say alone: whether a link leads round in a circle is asked for those that are shown.
void LinkPicker::collectPossible() {
  choices_.clear();
  const Document& document = session_.document();
  const std::string& place = session_.place();
  const Catalog& catalog = session_.catalog();
  const Ids& selected = session_.selection().nodes;
  struct End {
    std::string node, slot, type;
    bool chosen, taken;
  };
  std::vector<End> outputs, inputs;
  const Graph& graph = graphAt(document, place);
  forEachNode(graph.nodes, [&](const Node& node) {
    const Face face = faceOf(document, place, node, catalog);
    const bool chosen = selected.count(node.id) > 0;
    std::set<std::string> seen;  // what a state is goes by one name inside and outside
    for (const auto* sockets : {&face.outputs, &face.bodyOutputs})
      for (const Socket& socket : *sockets)
        if (!socket.adds && seen.insert(socket.slot).second)
          outputs.push_back({node.id, socket.slot, typeOf(document, place, {node.id, socket.slot}, catalog),
                             chosen, false});
    for (const auto* sockets : {&face.inputs, &face.bodyInputs})
      for (const Socket& socket : *sockets) {
        const bool taken = !socket.port.many && !linksInto(graph, {node.id, socket.slot}).empty();
        inputs.push_back({node.id, socket.slot, socket.port.type, chosen, taken});
      }
  });
  for (const End& from : outputs)
    for (const End& to : inputs) {
      const bool wanted = selected.size() > 1 ? from.chosen && to.chosen : from.chosen || to.chosen;
      if (!wanted || from.node == to.node) continue;
      const auto links = linksInto(graph, {to.node, to.slot});
      if (std::find(links.begin(), links.end(), Link{from.node, from.slot}) != links.end()) continue;
      const int fit = catalog.fit(from.type, to.type);
      if (fit <= 0) continue;
      const bool adds = to.slot.ends_with('.') || to.slot.starts_with('@');
      const bool sameName = from.slot == to.slot;
      add({{from.node, from.slot}, {to.node, to.slot}, 0}, from.type,
          fit * 8 + (to.taken ? 0 : 6) + (sameName ? 4 : 0) - (adds ? 12 : 0), to.taken);
    }
  std::stable_sort(choices_.begin(), choices_.end(),
                   [](const Choice& a, const Choice& b) { return a.worth > b.worth; });
}

void LinkPicker::collectPresent() {
  choices_.clear();
  const Ids& selected = session_.selection().nodes;
  for (const Wire& wire : wiresOf(graphAt(session_.document(), session_.place())))
    if (selected.count(wire.from.node) || selected.count(wire.to.node))
      add(wire, typeOf(session_.document(), session_.place(), wire.from, session_.catalog()), 0, false);
}

bool LinkPicker::possible(const Wire& wire) const {
  try {
    editor::connect(session_.document(), session_.place(), session_.catalog(), wire.from, wire.to);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

std::vector<PickList::Item> LinkPicker::itemsFor(const QString& query) {
  std::vector<std::pair<int, const Choice*>> hits;
  for (const Choice& choice : choices_)
    if (const auto score = fuzzyScore(query, choice.title))
      hits.emplace_back(query.isEmpty() ? choice.worth : *score * 2 + choice.worth, &choice);
  std::stable_sort(hits.begin(), hits.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Item> items;
  size_t at = 0;
  for (; at < hits.size() && items.size() < kMostShown; ++at) {
    const Choice& choice = *hits[at].second;
    if (!cutting_ && !possible(choice.wire)) continue;
    const ValueType* type = session_.catalog().type(choice.type.toStdString());
    items.push_back({.title = choice.title,
                     .smallPrint = choice.replaces ? tr("in place of what is there") : QString(),
                     .atEnd = type ? QString::fromStdString(type->name) : choice.type,
                     .help = {},
                     .dot = Theme::current().ofType(session_.catalog().colour(choice.type.toStdString())),
                     .choose = [this, wire = choice.wire, cut = cutting_] {
                       const QString name = tr(cut ? "Cut link" : "Link");
                       session_.edit(name, [&](const Document& document) {
                         return cut ? editor::disconnect(document, session_.place(), {wire})
                                    : editor::connect(document, session_.place(), session_.catalog(),
                                                      wire.from, wire.to);
                       });
                     }});
  }
  if (at < hits.size())
    items.push_back({.title = tr("and %1 more: type a few letters").arg(hits.size() - at), .enabled = false});
  if (items.empty())
    items.push_back({.title = cutting_ ? tr("No such link") : tr("Nothing that fits"), .enabled = false});
  return items;
}

}  // namespace loom::editor
