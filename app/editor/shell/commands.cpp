#include "app/editor/shell/commands.h"

#include <QWidget>
#include <nlohmann/json.hpp>

#include "engine/core/error.h"

namespace loom::editor {
namespace {

constexpr const char* kPresetSetting = "keys/preset";

const std::pair<KeyPreset, const char*> kPresetNames[] = {
    {KeyPreset::comfyUi, "comfyui"}, {KeyPreset::blender, "blender"}, {KeyPreset::nuke, "nuke"}};

QString ownSetting(const QString& id) { return "keys/own/" + id; }

}  // namespace

QList<QKeySequence> keysFrom(const QString& text) {
  QList<QKeySequence> keys = QKeySequence::listFromString(text, QKeySequence::PortableText);
  keys.removeAll(QKeySequence());
  return keys;
}

bool isBareKey(const QKeySequence& key) {
  if (key.isEmpty()) return false;
  const QKeyCombination first = key[0];
  if (first.keyboardModifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier)) return false;
  // Nobody types these, and what they do is wanted wherever one is.
  const Qt::Key code = first.key();
  return code != Qt::Key_Escape && !(code >= Qt::Key_F1 && code <= Qt::Key_F35);
}

bool clash(const QKeySequence& a, const QKeySequence& b) {
  return a.matches(b) != QKeySequence::NoMatch || b.matches(a) != QKeySequence::NoMatch;
}

Commands::Commands(QWidget* window, QSettings& settings, QWidget* canvas)
    : QObject(window), window_(window), canvas_(canvas), settings_(settings) {}

void Commands::add(Command command) {
  if (actions_.count(command.id)) throw Error("two commands are called " + command.id.toStdString());
  auto* action = new QAction(command.title, this);
  action->setObjectName(command.id);
  action->setStatusTip(command.help);
  action->setCheckable(static_cast<bool>(command.checked));
  action->setMenuRole(QAction::NoRole);
  actions_[command.id] = action;
  connect(action, &QAction::triggered, this, [this, id = command.id] {
    find(id).run();
    refresh();
  });
  commands_.push_back(std::move(command));
  applyKeys(commands_.back());
}

const Command& Commands::find(const QString& id) const {
  for (const Command& command : commands_)
    if (command.id == id) return command;
  throw Error("there is no command " + id.toStdString());
}

QAction* Commands::action(const QString& id) const {
  const auto found = actions_.find(id);
  if (found == actions_.end()) throw Error("there is no command " + id.toStdString());
  return found->second;
}

void Commands::refresh() {
  for (const Command& command : commands_) {
    QAction* action = actions_.at(command.id);
    action->setEnabled(!command.enabled || command.enabled());
    if (command.checked) action->setChecked(command.checked());
  }
}

KeyPreset Commands::preset() const {
  const QString name = settings_.value(kPresetSetting, "comfyui").toString();
  for (const auto& [preset, text] : kPresetNames)
    if (name == text) return preset;
  return KeyPreset::comfyUi;
}

void Commands::setPreset(KeyPreset preset) {
  for (const auto& [each, text] : kPresetNames)
    if (each == preset) settings_.setValue(kPresetSetting, text);
  applyAllKeys();
}

QList<QKeySequence> Commands::keys(const QString& id) const {
  if (ownKeys(id)) return keysFrom(settings_.value(ownSetting(id)).toString());
  const Command& command = find(id);
  const auto found = command.keys.find(command.sameKeys ? KeyPreset::comfyUi : preset());
  return found == command.keys.end() ? QList<QKeySequence>{} : found->second;
}

void Commands::setKeys(const QString& id, const QList<QKeySequence>& keys) {
  find(id);
  settings_.setValue(ownSetting(id), QKeySequence::listToString(keys, QKeySequence::PortableText));
  applyAllKeys();
}

void Commands::resetKeys(const QString& id) {
  find(id);
  settings_.remove(ownSetting(id));
  applyAllKeys();
}

void Commands::resetAllKeys() {
  settings_.remove("keys/own");
  applyAllKeys();
}

QByteArray Commands::keysText() const {
  nlohmann::ordered_json own = nlohmann::ordered_json::object();
  for (const Command& command : commands_)
    if (ownKeys(command.id))
      own[command.id.toStdString()] =
          QKeySequence::listToString(keys(command.id), QKeySequence::PortableText).toStdString();
  nlohmann::ordered_json all;
  all["noiseloom-keys"] = 1;
  for (const auto& [each, name] : kPresetNames)
    if (each == preset()) all["preset"] = name;
  all["own"] = own;
  return QByteArray::fromStdString(all.dump(2)) + '\n';
}

void Commands::takeKeysText(const QByteArray& text) {
  const auto all = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  const Error unknown("this is no file of Noiseloom's keys");
  if (!all.is_object() || all.value("noiseloom-keys", nlohmann::json()) != 1) throw unknown;
  const auto own = all.find("own"), preset = all.find("preset");
  if (own == all.end() || !own->is_object() || preset == all.end()) throw unknown;
  const auto named = std::find_if(std::begin(kPresetNames), std::end(kPresetNames),
                                  [&](const auto& each) { return *preset == each.second; });
  if (named == std::end(kPresetNames)) throw unknown;
  std::map<QString, QString> taken;
  for (const auto& [id, keys] : own->items()) {
    if (!keys.is_string()) throw unknown;
    if (actions_.count(QString::fromStdString(id)))
      taken[QString::fromStdString(id)] = QKeySequence::listToString(
          keysFrom(QString::fromStdString(keys.get<std::string>())), QKeySequence::PortableText);
  }
  settings_.remove("keys/own");
  settings_.setValue(kPresetSetting, named->second);
  for (const auto& [id, keys] : taken) settings_.setValue(ownSetting(id), keys);
  applyAllKeys();
}

bool Commands::ownKeys(const QString& id) const { return settings_.contains(ownSetting(id)); }

QStringList Commands::conflicts(const QString& id, const QKeySequence& key) const {
  QStringList result;
  if (key.isEmpty()) return result;
  for (const Command& command : commands_) {
    if (command.id == id) continue;
    const QList<QKeySequence> keys = this->keys(command.id);
    if (std::any_of(keys.begin(), keys.end(), [&key](const QKeySequence& each) { return clash(each, key); }))
      result << command.id;
  }
  return result;
}

void Commands::applyKeys(const Command& command) {
  QAction* action = actions_.at(command.id);
  const QList<QKeySequence> keys = this->keys(command.id);
  const bool bare = canvas_ && (command.onCanvas || std::any_of(keys.begin(), keys.end(), isBareKey));
  window_->removeAction(action);
  if (canvas_) canvas_->removeAction(action);
  action->setShortcuts(keys);
  action->setShortcutContext(bare ? Qt::WidgetWithChildrenShortcut : Qt::WindowShortcut);
  (bare ? canvas_ : window_)->addAction(action);
  QString tip = command.help.isEmpty() ? command.title : command.help;
  if (!keys.isEmpty()) tip += " (" + keys.first().toString(QKeySequence::NativeText) + ")";
  action->setToolTip(tip);
}

void Commands::applyAllKeys() {
  for (const Command& command : commands_) applyKeys(command);
  Q_EMIT keysChanged();
}

}  // namespace loom::editor
