// The inspector's part for a zone: what it goes over, carries and collects.
#include <QHBoxLayout>

#include "app/editor/shell/inspector_parts.h"
#include "app/editor/shell/number_field.h"

namespace loom::editor {
namespace {

constexpr int kMostCount = 1'000'000'000;

std::string freeName(const Zone& zone, const std::string& base) {
  const auto taken = [&zone](const std::string& name) {
    for (const Zone::State& state : zone.state)
      if (state.name == name) return true;
    for (const auto& [over, link] : zone.over)
      if (over == name) return true;
    for (const Zone::Collect& each : zone.collect)
      if (each.name == name) return true;
    return false;
  };
  std::string name = base;
  for (int i = 2; taken(name); ++i) name = base + std::to_string(i);
  return name;
}

}  // namespace

ZoneContents::ZoneContents(Session& session, std::string id, QWidget* parent)
    : InspectorPart(session, parent), id_(std::move(id)), progress_(dimLabel({})) {
  const Node* node = findNode(graphAt(session.document(), session.place()), id_);
  const Zone& zone = *node->zone;
  progress_->setObjectName("zoneProgress");
  column()->addWidget(progress_);
  if (zone.over.empty()) {
    PortType count;
    count.id = "count";
    count.type = "int";
    count.value = 10;
    count.min = 0;
    count.max = kMostCount;
    count_ = new ParameterRow(count, tr("count"), tr("How many times it goes round"), {},
                              "param." + QString::fromStdString(id_) + ".count");
    connect(count_, &ParameterRow::edited, this, [this](const nlohmann::json& value, bool going) {
      const bool done = session_.edit(
          tr("Set count"),
          [&](const Document& document) {
            return setParam(document, session_.place(), session_.catalog(), id_, "count", value);
          },
          going ? "param " + id_ + ".count" : std::string());
      if (!done) refresh();
    });
    connect(count_, &ParameterRow::settled, this, [this] { session_.endMerge(); });
    if (zone.countFrom) count_->setDriver(QString::fromStdString(zone.countFrom->text()));
    column()->addWidget(headingLabel(tr("Goes round")));
    column()->addWidget(count_);
  } else {
    column()->addWidget(headingLabel(tr("Goes over")));
    for (const auto& [name, link] : zone.over)
      addNamed("over.", name, QString::fromStdString(link.text()), false);
  }
  column()->addWidget(headingLabel(tr("States, carried from step to step")));
  for (const Zone::State& state : zone.state)
    addNamed("init.", state.name,
             tr("%1 → %2").arg(QString::fromStdString(state.init.empty() ? "?" : state.init.text()),
                               QString::fromStdString(state.next.empty() ? "?" : state.next.text())),
             false);
  addMaker(tr("Add a state"), "zoneAddState", [this] {
    session_.edit(tr("Add state"), [this](const Document& document) {
      const Node* node = findNode(graphAt(document, session_.place()), id_);
      return addState(document, session_.place(), id_, freeName(*node->zone, "x"));
    });
  });
  column()->addWidget(headingLabel(tr("Collected, a value a step")));
  for (const Zone::Collect& each : zone.collect)
    addNamed("collect.", each.name, QString::fromStdString(each.from.text()), true);
  column()->addWidget(dimLabel(tr(
      "Drag a wire to the zone's empty sockets: on the left one more thing to go over or a state, inside on "
      "the right one more collection.")));
}

void ZoneContents::addNamed(const QString& prefix, const std::string& name, const QString& from, bool every) {
  auto* row = new QWidget;
  auto* layout = new QHBoxLayout(row);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(4);
  const std::string slot = prefix.toStdString() + name;
  QLineEdit* field = nameField("zone." + QString::fromStdString(slot), [this, slot](const QString& text) {
    if (text.isEmpty()) return refresh();  // taking it away is the button's
    session_.edit(tr("Rename to %1").arg(text), [&](const Document& document) {
      return renameZonePort(document, session_.place(), id_, slot, text.toStdString());
    });
  });
  field->setText(QString::fromStdString(name));
  field->setFixedWidth(86);
  layout->addWidget(field);
  auto* label = new ElidedLabel(from);
  label->setProperty("dim", true);
  label->setToolTip(from);
  layout->addWidget(label, 1);
  if (every) {
    layout->addWidget(dimLabel(tr("every")));
    auto* number = new NumberField({true, 1, kMostCount});
    number->setObjectName("zone.every." + QString::fromStdString(name));
    number->setFixedWidth(48);
    number->setToolTip(tr("Keeps each n-th step"));
    connect(number, &NumberField::edited, this, [this, name](const nlohmann::json& value, bool going) {
      const bool done = session_.edit(
          tr("Collect %1 every %2").arg(QString::fromStdString(name), QString::fromStdString(value.dump())),
          [&](const Document& document) {
            return setCollectEvery(document, session_.place(), id_, name, value.get<int64_t>());
          },
          going ? "every " + id_ + "." + name : std::string());
      if (!done) refresh();
    });
    connect(number, &NumberField::settled, this, [this] { session_.endMerge(); });
    every_[name] = number;
    layout->addWidget(number);
  }
  QPushButton* remove = smallButton("✕", "zone." + QString::fromStdString(slot) + ".remove",
                                    tr("Take %1 away").arg(QString::fromStdString(name)));
  remove->setProperty("flat", true);
  connect(remove, &QPushButton::clicked, this, [this, slot, name] {
    session_.edit(tr("Remove %1").arg(QString::fromStdString(name)), [&](const Document& document) {
      return renameZonePort(document, session_.place(), id_, slot, "");
    });
  });
  layout->addWidget(remove);
  column()->addWidget(row);
}

void ZoneContents::addMaker(const QString& text, const QString& name, std::function<void()> run) {
  QPushButton* button = smallButton(text, name, text);
  connect(button, &QPushButton::clicked, this, std::move(run));
  column()->addWidget(button, 0, Qt::AlignLeft);
}

void ZoneContents::refresh() {
  const Node* node = findNode(graphAt(session_.document(), session_.place()), id_);
  if (!node || !node->zone) return;
  if (count_) count_->setValue(node->zone->count ? nlohmann::json(*node->zone->count) : nlohmann::json());
  for (const Zone::Collect& each : node->zone->collect)
    if (const auto found = every_.find(each.name); found != every_.end()) found->second->setValue(each.every);
  refreshValues();
}

void ZoneContents::refreshValues() {
  const auto run = session_.shownRun();
  const std::string path = workerNode(session_, id_);
  const auto found = run ? run->zones.find(path) : std::map<std::string, ZoneProgress>::const_iterator{};
  progress_->setVisible(run && found != run->zones.end());
  if (!run || found == run->zones.end()) return;
  const ZoneProgress& progress = found->second;
  QString text = progress.count ? tr("step %1 of %2").arg(progress.done).arg(progress.count)
                                : tr("step %1").arg(progress.done);
  if (progress.perSecond > 0) text += tr(" · %1 steps a second").arg(numberText(progress.perSecond));
  if (progress.running && progress.left) text += tr(" · %1 left").arg(secondsText(*progress.left));
  progress_->setText(text);
}

}  // namespace loom::editor
