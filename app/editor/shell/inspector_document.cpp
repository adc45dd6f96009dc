// The inspector when no node is selected: the document, several things, a frame or a note.
#include <QHBoxLayout>
#include <QPlainTextEdit>

#include "app/editor/shell/inspector_parts.h"

namespace loom::editor {
namespace {

constexpr int kMostText = 20'000, kOutputSide = 72;

/// Takes its text over when it is left.
class TextBox : public QPlainTextEdit {
 public:
  std::function<void(const QString&)> taken;
  void setShown(const QString& text) {
    if (hasFocus() && document()->isModified()) return;
    if (text != toPlainText()) setPlainText(text);
    document()->setModified(false);
  }

 protected:
  void focusOutEvent(QFocusEvent* event) override {
    if (document()->isModified() && taken) {
      document()->setModified(false);
      taken(toPlainText().left(kMostText));
    }
    QPlainTextEdit::focusOutEvent(event);
  }
};

}  // namespace

DocumentView::DocumentView(Session& session, QWidget* parent) : InspectorPart(session, parent) {
  const bool top = session.place().empty();
  title_ = nameField("documentTitle", [this](const QString& text) {
    session_.edit(tr("Set title"), [&](const Document& document) {
      Document changed = document;
      changed.title = text.toStdString();
      return changed;
    });
  });
  title_->setPlaceholderText(tr("Title of this graph"));
  title_->setFont(titleFont(title_->font()));
  auto* about = new TextBox;
  about->setObjectName("documentAbout");
  about->setPlaceholderText(tr("What it does, for who opens it next"));
  about->setFixedHeight(92);
  about->setTabChangesFocus(true);
  about->taken = [this](const QString& text) {
    session_.edit(tr("Set description"), [&](const Document& document) {
      Document changed = document;
      changed.about = text.toStdString();
      return changed;
    });
  };
  about_ = about;
  column()->addWidget(title_);
  column()->addWidget(about);
  title_->setVisible(top);
  about_->setVisible(top);
  if (!top) {
    QLabel* name = textLabel(tr("Group %1").arg(QString::fromStdString(session.place())));
    name->setProperty("strong", true);
    column()->addWidget(name);
  }
  const Graph& graph = graphAt(session.document(), session.place());
  column()->addSpacing(6);
  column()->addWidget(headingLabel(tr("Exposed inputs")));
  if (graph.inputs.empty())
    column()->addWidget(
        dimLabel(tr("None. Right-click a parameter's name to expose it: then it is set here, by "
                    "--set on the command line, and swept over in a batch.")));
  for (const ExposedInput& input : graph.inputs) addInput(input);
  column()->addSpacing(6);
  column()->addWidget(headingLabel(tr("Exposed outputs")));
  if (graph.outputs.empty()) column()->addWidget(dimLabel(tr("None.")));
  for (const ExposedOutput& output : graph.outputs) addOutput(output);
}

void DocumentView::addInput(const ExposedInput& input) {
  const Graph& graph = graphAt(session_.document(), session_.place());
  const Node* node = input.to.empty() ? nullptr : findNode(graph, input.to.front().node);
  PortType port;
  port.id = input.name;
  if (node) {
    const Face face = faceOf(session_.document(), session_.place(), *node, session_.catalog());
    if (const Socket* socket = face.input(input.to.front().port)) port = socket->port;
  }
  if (!isParameter(session_.catalog(), port)) {
    const ValueType* type = session_.catalog().type(port.type);
    column()->addWidget(
        dimLabel(QString::fromStdString(input.name + ": " + (type ? type->name : port.type))));
    return;
  }
  auto* row = new ParameterRow(port, QString::fromStdString(input.name),
                               QString::fromStdString(input.doc.empty() ? port.doc : input.doc),
                               session_.folder(), "param." + QString::fromStdString(input.name));
  connect(row, &ParameterRow::edited, this,
          [this, name = input.name, port](const nlohmann::json& value, bool going) {
            const bool done = session_.edit(
                tr("Set %1").arg(QString::fromStdString(name)),
                [&](const Document& document) {
                  Document changed = document;
                  for (const ExposedInput& each : graphAt(document, session_.place()).inputs)
                    if (each.name == name)
                      for (const Link& to : each.to)
                        changed =
                            setParam(changed, session_.place(), session_.catalog(), to.node, to.port, value);
                  return changed;
                },
                going ? "exposed " + name : std::string());
            if (!done) return refresh();
            session_.allowTyped(port, value);
          });
  connect(row, &ParameterRow::settled, this, [this] { session_.endMerge(); });
  row->addToMenu(tr("No longer expose"), [this, name = input.name] {
    session_.edit(tr("Unexpose %1").arg(QString::fromStdString(name)),
                  [&](const Document& document) { return unexpose(document, session_.place(), name); });
  });
  rows_[input.name] = row;
  column()->addWidget(row);
  if (!input.doc.empty()) {
    QLabel* doc = dimLabel(QString::fromStdString(input.doc));
    doc->setContentsMargins(108, 0, 0, 2);
    column()->addWidget(doc);
  }
}

void DocumentView::addOutput(const ExposedOutput& output) {
  auto* row = new QWidget;
  auto* layout = new QHBoxLayout(row);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* text = new ElidedLabel(QString::fromStdString(output.name));
  text->setFixedWidth(104);
  layout->addWidget(text, 0, Qt::AlignTop);
  auto* picture = new QLabel;
  layout->addWidget(picture);
  auto* from = new ElidedLabel(tr("from %1").arg(QString::fromStdString(output.from.text())));
  from->setProperty("dim", true);
  layout->addWidget(from, 1, Qt::AlignTop);
  pictures_.emplace_back(output.from.text(), picture);
  column()->addWidget(row);
}

void DocumentView::refresh() {
  const Document& document = session_.document();
  if (!title_->hasFocus() || !title_->isModified()) title_->setText(QString::fromStdString(document.title));
  static_cast<TextBox*>(about_)->setShown(QString::fromStdString(document.about));
  const Graph& graph = graphAt(document, session_.place());
  for (const ExposedInput& input : graph.inputs) {
    const auto row = rows_.find(input.name);
    if (row == rows_.end() || input.to.empty()) continue;
    const Node* node = findNode(graph, input.to.front().node);
    if (!node) continue;
    nlohmann::json value;
    if (const auto found = node->params.find(input.to.front().port); found != node->params.end())
      value = found->second;
    if (node->zone && input.to.front().port == "count" && node->zone->count) value = *node->zone->count;
    row->second->setValue(value);
  }
}

void DocumentView::refreshValues() {
  for (const auto& [port, label] : pictures_) {
    const PicturePtr picture = session_.pictureOf(port);
    label->setVisible(picture != nullptr);
    if (picture) label->setPixmap(pixmapOf(imageOf(*picture), kOutputSide, devicePixelRatioF()));
  }
}

DecorationView::DecorationView(Session& session, std::string id, QWidget* parent)
    : InspectorPart(session, parent), id_(std::move(id)) {
  const bool frame = layoutOf(session.document(), session.place())->frames.count(id_) > 0;
  column()->addWidget(headingLabel(frame ? tr("Frame") : tr("Note")));
  auto* text = new TextBox;
  text->setObjectName("decorationText");
  text->setFixedHeight(frame ? 36 : 160);
  text->setTabChangesFocus(true);
  text->taken = [this](const QString& words) {
    session_.edit(tr("Set text"), [&](const Document& document) {
      Layout layout = *layoutOf(document, session_.place());
      if (const auto frame = layout.frames.find(id_); frame != layout.frames.end())
        frame->second.title = words.toStdString();
      if (const auto note = layout.notes.find(id_); note != layout.notes.end())
        note->second.text = words.toStdString();
      return withLayout(document, session_.place(), layout);
    });
  };
  text_ = text;
  column()->addWidget(text);
  column()->addWidget(headingLabel(tr("Colour")));
  auto* colours = new QHBoxLayout;
  colours->setSpacing(4);
  const std::pair<QString, const char*> choices[] = {{tr("Blue"), "#3A6EA5"},
                                                     {tr("Green"), "#3F7D58"},
                                                     {tr("Pink"), "#9A4D8E"},
                                                     {tr("Amber"), "#9A6B1F"},
                                                     {tr("Grey"), "#5A6270"}};
  for (const auto& [name, colour] : choices) {
    QPushButton* button = smallButton(name, QString("colour.") + colour, name);
    connect(button, &QPushButton::clicked, this, [this, colour = std::string(colour)] {
      session_.edit(tr("Set colour"), [&](const Document& document) {
        Layout layout = *layoutOf(document, session_.place());
        if (const auto frame = layout.frames.find(id_); frame != layout.frames.end())
          frame->second.colour = colour;
        if (const auto note = layout.notes.find(id_); note != layout.notes.end())
          note->second.colour = colour;
        return withLayout(document, session_.place(), layout);
      });
    });
    colours->addWidget(button);
  }
  colours->addStretch(1);
  column()->addLayout(colours);
}

void DecorationView::refresh() {
  const auto layout = layoutOf(session_.document(), session_.place());
  std::string words;
  if (const auto frame = layout->frames.find(id_); frame != layout->frames.end()) words = frame->second.title;
  if (const auto note = layout->notes.find(id_); note != layout->notes.end()) words = note->second.text;
  static_cast<TextBox*>(text_)->setShown(QString::fromStdString(words));
}

SeveralView::SeveralView(Session& session, QWidget* parent)
    : InspectorPart(session, parent), text_(textLabel({})) {
  column()->addWidget(text_);
  column()->addWidget(
      dimLabel(tr("Delete, duplicate, align, mute, group and wrap in a zone work on all of them: see "
                  "the menus Edit and Graph.")));
}

void SeveralView::refresh() {
  constexpr int kNamed = 20;
  const Graph& graph = graphAt(session_.document(), session_.place());
  QStringList names;
  for (const std::string& id : session_.selection().nodes) {
    if (names.size() == kNamed) break;
    const Node* node = findNode(graph, id);
    names << (node ? QString::fromStdString(
                         faceOf(session_.document(), session_.place(), *node, session_.catalog()).title)
                   : QString::fromStdString(id));
  }
  const auto count = static_cast<qsizetype>(session_.selection().nodes.size());
  text_->setText(tr("%1 selected: %2%3").arg(count).arg(names.join(", "), count > names.size() ? "…" : ""));
}

}  // namespace loom::editor
