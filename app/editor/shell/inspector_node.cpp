// The inspector's parts for a node: header, parameters, ports.
#include <QHBoxLayout>
#include <QInputDialog>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/inspector_parts.h"

namespace loom::editor {
namespace {

const Graph& graphOf(const Session& session) { return graphAt(session.document(), session.place()); }

}  // namespace

NodeHeader::NodeHeader(Session& session, std::string id, QWidget* parent)
    : InspectorPart(session, parent), id_(std::move(id)) {
  const Node* node = findNode(graphOf(session), id_);
  const Face face = faceOf(session.document(), session.place(), *node, session.catalog());
  title_ = nameField("inspectorTitle", [this](const QString& text) {
    session_.edit(tr("Set title"), [&](const Document& document) {
      return setTitle(document, session_.place(), id_, text.toStdString());
    });
  });
  title_->setFont(titleFont(title_->font()));
  title_->setToolTip(tr("Title of this node on the canvas; empty: its type's"));
  title_->setPlaceholderText(QString::fromStdString(face.kind));
  column()->addWidget(title_);
  auto* row = new QHBoxLayout;
  row->setSpacing(6);
  QLabel* kind = dimLabel(QString::fromStdString(face.kind));
  kind->setWordWrap(false);
  row->addWidget(kind);
  row->addStretch(1);
  row->addWidget(dimLabel(tr("id")));
  name_ = nameField("inspectorId", [this](const QString& text) {
    const std::string to = text.toStdString(), place = session_.place(), from = id_;
    Session& session = session_;  // this part is gone when the selection follows the new name
    const bool done = session.edit(tr("Rename to %1").arg(text), [&](const Document& document) {
      return rename(document, place, from, to);
    });
    if (done)
      session.select({.nodes = {to}, .wires = {}, .port = {}});
    else
      refresh();
  });
  name_->setFont(numberFont(name_->font()));
  name_->setMaximumWidth(120);
  name_->setToolTip(tr("Its name in the file and on the command line"));
  row->addWidget(name_);
  mode_ = new QComboBox;
  mode_->setObjectName("inspectorMode");
  mode_->addItems({tr("On"), tr("Muted"), tr("Bypassed")});
  mode_->setToolTip(tr("Muted: it and what needs it do not run. Bypassed: what comes in goes out as it is."));
  connect(mode_, &QComboBox::activated, this, [this](int index) {
    session_.edit(tr("Set mode"), [&](const Document& document) {
      return setMode(document, session_.place(), {id_}, static_cast<NodeMode>(index));
    });
  });
  row->addWidget(mode_);
  column()->addLayout(row);
  problem_ = textLabel({});
  problem_->setObjectName("inspectorProblem");
  problem_->setProperty("bad", true);
  column()->addWidget(problem_);
  if (!face.doc.empty()) column()->addWidget(dimLabel(QString::fromStdString(face.doc)));
  if (face.known && session.catalog().node(node->type)) {
    QPushButton* help = smallButton(tr("Help"), "inspectorHelp", tr("This node in the node reference"));
    help->setProperty("flat", true);
    connect(help, &QPushButton::clicked, this,
            [this, type = QString::fromStdString(node->type)] { Q_EMIT helpAsked(type); });
    column()->addWidget(help, 0, Qt::AlignLeft);
  }
}

void NodeHeader::refresh() {
  const Node* node = findNode(graphOf(session_), id_);
  if (!node) return;
  if (!title_->isModified()) title_->setText(QString::fromStdString(node->title));
  title_->setModified(false);
  if (!name_->hasFocus() || !name_->isModified()) name_->setText(QString::fromStdString(id_));
  mode_->setCurrentIndex(static_cast<int>(node->mode));
  QStringList problems;
  const std::string path = workerNode(session_, id_);
  for (const Checked::Problem& problem : session_.checked().errors)
    if (problem.node == path)
      problems << QString::fromStdString((problem.port.empty() ? "" : problem.port + ": ") + problem.message);
  if (const auto run = session_.shownRun(); run && run->error && run->error->node.toStdString() == path)
    problems << tr("The run failed here: %1").arg(run->error->message);
  problem_->setText(problems.join("\n"));
  problem_->setVisible(!problems.isEmpty());
}

NodeParameters::NodeParameters(Session& session, std::string id, QWidget* parent)
    : InspectorPart(session, parent), id_(std::move(id)) {
  const Node* node = findNode(graphOf(session), id_);
  const Face face = faceOf(session.document(), session.place(), *node, session.catalog());
  for (const Socket& socket : face.inputs)
    if (isParameter(session.catalog(), socket.port)) {
      if (rows_.empty()) column()->addWidget(headingLabel(tr("Parameters")));
      addRow(socket);
    }
  // What this program does not know of stays, and shows.
  for (const auto& [name, value] : node->params)
    if (!rows_.count(name)) {
      QLabel* label = dimLabel(QString("%1 = %2").arg(QString::fromStdString(name),
                                                      QString::fromStdString(value.dump()).left(200)));
      label->setToolTip(tr("This program does not know this parameter. It is kept."));
      column()->addWidget(label);
    }
}

void NodeParameters::addRow(const Socket& socket) {
  const std::string slot = socket.slot;
  auto* row =
      new ParameterRow(socket.port, QString::fromStdString(socket.label.empty() ? slot : socket.label),
                       QString::fromStdString(socket.port.doc), session_.folder(),
                       "param." + QString::fromStdString(id_ + "." + slot));
  connect(row, &ParameterRow::edited, this,
          [this, slot, port = socket.port](const nlohmann::json& value, bool going) {
            const bool done = session_.edit(
                tr("Set %1").arg(QString::fromStdString(slot)),
                [&](const Document& document) {
                  return setParam(document, session_.place(), session_.catalog(), id_, slot, value);
                },
                going ? "param " + id_ + "." + slot : std::string());
            if (!done) return refresh();
            session_.allowTyped(port, value);
          });
  connect(row, &ParameterRow::settled, this, [this] { session_.endMerge(); });
  const Graph& graph = graphOf(session_);
  QStringList drivers;
  for (const Link& link : linksInto(graph, {id_, slot})) drivers << QString::fromStdString(link.text());
  if (!drivers.isEmpty()) {
    row->setDriver(drivers.join(", "));
    connect(row, &ParameterRow::unlinkAsked, this, [this, slot] {
      session_.edit(tr("Unlink %1").arg(QString::fromStdString(slot)), [&](const Document& document) {
        std::vector<Wire> wires;
        for (const Wire& wire : wiresOf(graphAt(document, session_.place())))
          if (wire.to == InputSlot{id_, slot}) wires.push_back(wire);
        return editor::disconnect(document, session_.place(), wires);
      });
    });
  }
  if (socket.port.type == "seed" && drivers.isEmpty()) {
    QPushButton* lock =
        row->addSwitch(tr("Lock"), "param." + QString::fromStdString(id_ + "." + slot + ".lock"),
                       tr("Keep this seed; else each run draws another"));
    connect(lock, &QPushButton::clicked, this, [this, slot](bool on) {
      session_.edit(on ? tr("Lock seed") : tr("Unlock seed"), [&](const Document& document) {
        return lockSeed(document, session_.place(), id_, slot, on ? Lock::on : Lock::off);
      });
    });
    locks_[slot] = lock;
  }
  for (const std::string& name : exposedAs(graph, id_, slot)) {
    row->addToMenu(tr("No longer expose as %1").arg(QString::fromStdString(name)), [this, name] {
      session_.edit(tr("Unexpose %1").arg(QString::fromStdString(name)),
                    [&](const Document& document) { return unexpose(document, session_.place(), name); });
    });
  }
  row->addToMenu(tr("Expose under a name…"), [this, slot] {
    auto* dialog = new QInputDialog(window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName("exposeDialog");
    dialog->setWindowTitle(tr("Expose"));
    dialog->setLabelText(tr("Name under which it is set from outside, as in --set name=value:"));
    dialog->setTextValue(QString::fromStdString(slot));
    connect(dialog, &QInputDialog::textValueSelected, this, [this, slot](const QString& name) {
      session_.edit(tr("Expose %1").arg(name), [&](const Document& document) {
        return expose(document, session_.place(), session_.catalog(), {id_, slot}, name.toStdString());
      });
    });
    dialog->open();
  });
  rows_[slot] = row;
  column()->addWidget(row);
}

void NodeParameters::refresh() {
  const Node* node = findNode(graphOf(session_), id_);
  if (!node) return;
  for (const auto& [slot, row] : rows_) {
    const auto found = node->params.find(slot);
    row->setValue(found == node->params.end() ? nlohmann::json() : found->second);
  }
  if (locks_.empty()) return;
  const auto layout = layoutOf(session_.document(), session_.place());
  const auto own = layout->nodes.find(id_);
  for (const auto& [slot, lock] : locks_)
    lock->setChecked(own == layout->nodes.end() || !own->second.rolled.count(slot));
}

NodePorts::NodePorts(Session& session, std::string id, QWidget* parent)
    : InspectorPart(session, parent), id_(std::move(id)) {
  const Node* node = findNode(graphOf(session), id_);
  const Face face = faceOf(session.document(), session.place(), *node, session.catalog());
  const auto section = [&](const QString& title, const std::vector<Socket>& sockets, bool output) {
    bool any = false;
    for (const Socket& socket : sockets) {
      if (socket.adds || (!output && isParameter(session_.catalog(), socket.port))) continue;
      if (!any) column()->addWidget(headingLabel(title));
      any = true;
      addPort(socket, output);
    }
  };
  section(tr("Inputs"), face.inputs, false);
  section(tr("Outputs"), face.outputs, true);
  section(tr("Given to the inside"), face.bodyOutputs, true);
  section(tr("Taken from the inside"), face.bodyInputs, false);
}

void NodePorts::addPort(const Socket& socket, bool output) {
  auto* row = new QWidget;
  auto* layout = new QHBoxLayout(row);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(6);
  auto* dot = new QLabel;
  QPixmap pixmap(20, 20);
  pixmap.fill(Qt::transparent);
  QPainter painter(&pixmap);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(Theme::current().border, 2));
  painter.setBrush(QColor::fromRgb(session_.catalog().colour(socket.port.type)));
  painter.drawEllipse(2, 2, 16, 16);
  painter.end();
  pixmap.setDevicePixelRatio(2);
  dot->setPixmap(pixmap);
  layout->addWidget(dot);
  const QString label = QString::fromStdString(socket.label.empty() ? socket.slot : socket.label);
  const ValueType* type = session_.catalog().type(socket.port.type);
  const QString typeName = QString::fromStdString(type ? type->name : socket.port.type);
  if (output) {
    QPushButton* button = smallButton(label, "port." + QString::fromStdString(id_ + "." + socket.slot),
                                      tr("Show its values here and in the viewer"));
    button->setProperty("flat", true);
    connect(button, &QPushButton::clicked, this, [this, port = socket.slot] {
      Selection selection = session_.selection();
      selection.port = workerPort(session_, id_ + "." + port);
      session_.select(selection);
    });
    layout->addWidget(button);
  } else {
    QLabel* name = textLabel(label);
    name->setWordWrap(false);
    layout->addWidget(name);
  }
  auto* text = new ElidedLabel(typeName);
  text->setProperty("dim", true);
  text->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  layout->addWidget(text, 1);
  QString tip = QString::fromStdString(socket.port.doc);
  if (socket.port.required) tip += (tip.isEmpty() ? "" : "\n") + tr("Must be linked.");
  row->setToolTip("<p style='white-space:pre-wrap'>" + tip.toHtmlEscaped() + "</p>");
  std::string path;
  if (output) {
    path = id_ + "." + socket.slot;
  } else {
    const auto links = linksInto(graphOf(session_), {id_, socket.slot});
    if (!links.empty())
      path = links.front().text();
    else if (socket.port.required)
      text->setText(tr("%1, not linked").arg(typeName));
  }
  if (!path.empty()) texts_.emplace_back(path, text);
  column()->addWidget(row);
}

void NodePorts::refresh() {
  for (const auto& [path, label] : texts_) {
    const auto found = session_.checked().ports.find(workerPort(session_, path));
    if (found == session_.checked().ports.end()) continue;
    label->setText(QString::fromStdString(found->second));
    label->setToolTip(label->text());
  }
}

}  // namespace loom::editor
