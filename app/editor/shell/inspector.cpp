#include "app/editor/shell/inspector.h"

#include "app/editor/shell/inspector_parts.h"
#include "app/editor/shell/number_field.h"

namespace loom::editor {
namespace {

constexpr int kValuesEveryMs = 100;

const Node* nodeAt(const Session& session, const std::string& id) {
  return findNode(graphAt(session.document(), session.place()), id);
}

}  // namespace

InspectorPart::InspectorPart(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), column_(new QVBoxLayout(this)) {
  column_->setContentsMargins(0, 0, 0, 0);
  column_->setSpacing(5);
}

Inspector::Inspector(Session& session, QWidget* parent) : QScrollArea(parent), session_(session) {
  setObjectName("inspector");
  setWidgetResizable(true);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  values_.setSingleShot(true);
  values_.setInterval(kValuesEveryMs);
  connect(&values_, &QTimer::timeout, this, [this] {
    if (!isVisible()) return;
    for (InspectorPart* part : parts_) part->refreshValues();
  });
  const auto soon = [this] {
    if (!values_.isActive()) values_.start();
  };
  connect(&session, &Session::documentChanged, this, &Inspector::update);
  connect(&session, &Session::selectionChanged, this, &Inspector::update);
  connect(&session, &Session::catalogChanged, this, &Inspector::build);
  connect(&session, &Session::checkedChanged, this, &Inspector::update);
  connect(&session, &Session::cursorChanged, this, soon);
  connect(&session.frames(), &Frames::changed, this, soon);
  connect(&session.runs(), &Runs::changed, this, soon);
  build();
}

// Everything but values: a change of these keeps the widgets, and with them the keyboard's place.
std::string Inspector::subject() const {
  const Selection& selection = session_.selection();
  const Document& document = session_.document();
  const Graph& graph = graphAt(document, session_.place());
  std::string text = session_.place() + "|" + session_.file().toStdString();
  for (const std::string& id : selection.nodes) text += "|" + id;
  const auto addExposed = [&text](const Graph& of) {
    for (const ExposedInput& input : of.inputs) {
      text += "\n" + input.name + ":" + input.doc;
      for (const Link& to : input.to) text += " " + to.text();
    }
    for (const ExposedOutput& output : of.outputs) text += "\n" + output.name + "=" + output.from.text();
  };
  addExposed(graph);
  if (selection.nodes.size() != 1) return text;
  const Node* node = findNode(graph, *selection.nodes.begin());
  if (!node) return text;
  text += "\n" + node->type;
  for (const auto& [port, input] : node->inputs)
    for (const Link& link : input.links) text += "\n" + port + "<" + link.text();
  if (node->when) text += "\n@when<" + node->when->text();
  if (node->zone) {
    for (const auto& [name, link] : node->zone->over) text += "\nover " + name + link.text();
    for (const Zone::State& state : node->zone->state)
      text += "\nstate " + state.name + state.init.text() + state.next.text();
    for (const Zone::Collect& each : node->zone->collect) text += "\ncollect " + each.name + each.from.text();
    if (node->zone->countFrom) text += "\ncount<" + node->zone->countFrom->text();
    if (node->zone->until) text += "\nuntil<" + node->zone->until->text();
  }
  if (node->type.starts_with(kGroupPrefix)) {
    const auto group = document.groups.find(node->type.substr(kGroupPrefix.size()));
    if (group != document.groups.end()) addExposed(group->second);
  }
  return text;
}

void Inspector::update() {
  if (subject() != built_) return build();
  for (InspectorPart* part : parts_) part->refresh();
  if (!values_.isActive()) values_.start();
}

void Inspector::build() {
  built_ = subject();
  parts_.clear();
  auto* content = new QWidget;
  auto* layout = new QVBoxLayout(content);
  layout->setContentsMargins(10, 4, 10, 12);
  layout->setSpacing(12);
  const auto add = [&](InspectorPart* part) {
    layout->addWidget(part);
    connect(part, &InspectorPart::helpAsked, this, &Inspector::helpAsked);
    parts_.push_back(part);
  };
  const Ids& nodes = session_.selection().nodes;
  if (nodes.size() > 1) {
    add(new SeveralView(session_, content));
  } else if (nodes.size() == 1) {
    const std::string& id = *nodes.begin();
    if (const Node* node = nodeAt(session_, id)) {
      add(new NodeHeader(session_, id, content));
      if (node->zone)
        add(new ZoneContents(session_, id, content));
      else
        add(new NodeParameters(session_, id, content));
      add(new ValueView(session_, id, content));
      add(new NodePorts(session_, id, content));
    } else {
      add(new DecorationView(session_, id, content));
    }
  } else {
    add(new DocumentView(session_, content));
  }
  layout->addStretch(1);
  setWidget(content);
  for (InspectorPart* part : parts_) part->refresh();
  if (!values_.isActive()) values_.start();
}

void Inspector::focusFirst() {
  if (!widget()) return;
  for (QLineEdit* field : widget()->findChildren<QLineEdit*>())
    if (field->objectName().startsWith("param.")) {
      field->setFocus(Qt::TabFocusReason);
      field->selectAll();
      return;
    }
  widget()->setFocus();
}

std::string workerPort(const Session& session, const std::string& port) { return session.path() + port; }

std::string workerNode(const Session& session, const std::string& node) { return session.path() + node; }

std::vector<std::string> exposedAs(const Graph& graph, const std::string& node, const std::string& port) {
  std::vector<std::string> names;
  for (const ExposedInput& input : graph.inputs)
    if (std::find(input.to.begin(), input.to.end(), Link{node, port}) != input.to.end())
      names.push_back(input.name);
  return names;
}

bool isParameter(const Catalog& catalog, const PortType& port) {
  if (!port.choices.empty()) return true;
  const ValueType* type = catalog.type(port.type);
  return type && type->scalar;
}

QLineEdit* nameField(const QString& objectName, std::function<void(const QString&)> taken) {
  auto* field = new QLineEdit;
  field->setObjectName(objectName);
  field->setMaxLength(200);
  QObject::connect(field, &QLineEdit::editingFinished, field, [field, taken = std::move(taken)] {
    if (!field->isModified()) return;
    field->setModified(false);
    taken(field->text().trimmed());
  });
  return field;
}

}  // namespace loom::editor
