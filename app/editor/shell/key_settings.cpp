#include "app/editor/shell/key_settings.h"

#include <QDir>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QSaveFile>
#include <QVBoxLayout>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/widgets.h"
#include "engine/core/error.h"

namespace loom::editor {
namespace {

constexpr int kIdRole = Qt::UserRole;
constexpr qint64 kMostText = 1 << 20;

QString keysText(const QList<QKeySequence>& keys) {
  QStringList texts;
  for (const QKeySequence& key : keys) texts << key.toString(QKeySequence::NativeText);
  return texts.join("   ");
}

}  // namespace

KeySettings::KeySettings(Commands& commands, QWidget* parent)
    : QWidget(parent),
      commands_(commands),
      preset_(new QComboBox),
      table_(new QTreeWidget),
      edit_(new QKeySequenceEdit),
      set_(smallButton(tr("Set"), "keySet", tr("These keys and no others"))),
      add_(smallButton(tr("Add"), "keyAdd", tr("These keys too"))),
      take_(
          smallButton(tr("Take it from there"), "keyTake", tr("These keys, which no other has any longer"))),
      clear_(smallButton(tr("None"), "keyClear", tr("No keys for this command"))),
      reset_(smallButton(tr("Back to the preset's"), "keyReset", tr("The preset's keys for this command"))),
      resetAll_(
          smallButton(tr("All back to the preset's"), "keyResetAll", tr("Forgets all keys of your own"))),
      export_(smallButton(tr("Export…"), "keyExport", tr("The preset and your own keys, into a file"))),
      import_(smallButton(tr("Import…"), "keyImport", tr("Keys from such a file, in place of yours"))),
      conflict_(textLabel({})) {
  preset_->setObjectName("keyPreset");
  preset_->addItems({tr("Keys as in ComfyUI"), tr("Keys as in Blender"), tr("Keys as in Nuke")});
  preset_->setCurrentIndex(static_cast<int>(commands.preset()));
  table_->setObjectName("keyTable");
  table_->setHeaderLabels({tr("Command"), tr("Menu"), tr("Keys")});
  table_->setRootIsDecorated(false);
  table_->setUniformRowHeights(true);
  table_->header()->setStretchLastSection(true);
  edit_->setObjectName("keyEdit");
  conflict_->setObjectName("keyConflict");
  auto* top = new QHBoxLayout;
  top->addWidget(preset_);
  top->addStretch(1);
  for (QPushButton* button : {import_, export_, resetAll_}) top->addWidget(button);
  auto* row = new QHBoxLayout;
  auto* which = dimLabel({});
  which->setWordWrap(false);
  which->setObjectName("keyWhich");
  which->setBuddy(edit_);
  connect(table_, &QTreeWidget::currentItemChanged, which, [which](const QTreeWidgetItem* item) {
    which->setText(item ? tr("Keys of “%1”").arg(item->text(0)) : QString());
  });
  row->addWidget(which);
  row->addWidget(edit_, 1);
  for (QPushButton* button : {set_, add_, clear_, reset_}) row->addWidget(button);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(8, 8, 8, 8);
  layout->addLayout(top);
  layout->addWidget(table_, 1);
  layout->addLayout(row);
  auto* warning = new QHBoxLayout;
  warning->addWidget(conflict_, 1);
  warning->addWidget(take_);
  layout->addLayout(warning);
  connect(preset_, &QComboBox::activated, this,
          [this](int index) { commands_.setPreset(static_cast<KeyPreset>(index)); });
  connect(&commands, &Commands::keysChanged, this, &KeySettings::fill);
  connect(table_, &QTreeWidget::currentItemChanged, this, &KeySettings::showChosen);
  connect(edit_, &QKeySequenceEdit::keySequenceChanged, this, &KeySettings::showConflicts);
  connect(take_, &QPushButton::clicked, this, &KeySettings::take);
  connect(export_, &QPushButton::clicked, this, [this] { chooseFile(true); });
  connect(import_, &QPushButton::clicked, this, [this] { chooseFile(false); });
  connect(set_, &QPushButton::clicked, this, [this] {
    adding_ = false;
    set();
  });
  connect(add_, &QPushButton::clicked, this, [this] {
    adding_ = true;
    set();
  });
  connect(clear_, &QPushButton::clicked, this, [this] { commands_.setKeys(chosen(), {}); });
  connect(reset_, &QPushButton::clicked, this, [this] { commands_.resetKeys(chosen()); });
  connect(resetAll_, &QPushButton::clicked, this, [this] { commands_.resetAllKeys(); });
  fill();
  table_->setColumnWidth(0, 250);
  table_->setColumnWidth(1, 120);
}

QString KeySettings::chosen() const {
  return table_->currentItem() ? table_->currentItem()->data(0, kIdRole).toString() : QString();
}

void KeySettings::choose(const QString& id) {
  for (int i = 0; i < table_->topLevelItemCount(); ++i)
    if (table_->topLevelItem(i)->data(0, kIdRole).toString() == id)
      table_->setCurrentItem(table_->topLevelItem(i));
}

void KeySettings::fill() {
  const QString before = chosen();
  std::vector<bool> hidden;
  for (int i = 0; i < table_->topLevelItemCount(); ++i) hidden.push_back(table_->topLevelItem(i)->isHidden());
  table_->clear();
  preset_->setCurrentIndex(static_cast<int>(commands_.preset()));
  for (const Command& command : commands_.all()) {
    const QList<QKeySequence> keys = commands_.keys(command.id);
    auto* item = new QTreeWidgetItem(
        table_, {command.title, QString(command.menu).replace('/', QStringLiteral(" › ")), keysText(keys)});
    item->setData(0, kIdRole, command.id);
    item->setToolTip(0, command.help);
    if (commands_.ownKeys(command.id)) {
      QFont bold = table_->font();
      bold.setBold(true);
      item->setFont(2, bold);
    }
    QStringList shared;
    for (const QKeySequence& key : keys)
      for (const QString& id : commands_.conflicts(command.id, key)) shared << commands_.action(id)->text();
    if (!shared.isEmpty()) {
      item->setForeground(2, Theme::current().error);
      item->setToolTip(2, tr("Also of: %1").arg(shared.join(", ")));
    }
    const auto index = static_cast<size_t>(table_->topLevelItemCount() - 1);
    if (index < hidden.size()) item->setHidden(hidden[index]);
    if (command.id == before) table_->setCurrentItem(item);
  }
  if (!table_->currentItem() && table_->topLevelItemCount()) table_->setCurrentItem(table_->topLevelItem(0));
}

void KeySettings::showChosen() {
  const QString id = chosen();
  if (id.isEmpty()) return;
  const auto keys = commands_.keys(id);
  edit_->setKeySequence(keys.isEmpty() ? QKeySequence() : keys.first());
  showConflicts(edit_->keySequence());
  reset_->setEnabled(commands_.ownKeys(id));
}

void KeySettings::showConflicts(const QKeySequence& key) {
  QStringList titles;
  for (const QString& id : commands_.conflicts(chosen(), key)) titles << commands_.action(id)->text();
  say(titles.isEmpty() ? QString() : tr("Also of: %1. Neither will work then.").arg(titles.join(", ")),
      !titles.isEmpty());
  take_->setVisible(!titles.isEmpty());
}

void KeySettings::say(const QString& text, bool bad) {
  conflict_->setProperty("bad", bad);
  conflict_->style()->unpolish(conflict_);
  conflict_->style()->polish(conflict_);
  conflict_->setText(text);
}

void KeySettings::take() {
  const QKeySequence key = edit_->keySequence();
  for (const QString& id : commands_.conflicts(chosen(), key)) {
    QList<QKeySequence> left = commands_.keys(id);
    left.removeIf([&key](const QKeySequence& each) { return clash(each, key); });
    commands_.setKeys(id, left);
  }
  edit_->setKeySequence(key);
  adding_ = false;
  set();
}

QString KeySettings::exportTo(const QString& file) const {
  QSaveFile out(file);
  const QByteArray text = commands_.keysText();
  const bool done = out.open(QIODevice::WriteOnly) && out.write(text) == text.size() && out.commit();
  return done ? QString() : tr("%1 can't be written: %2").arg(file, out.errorString());
}

QString KeySettings::importFrom(const QString& file) {
  QFile in(file);
  if (!in.open(QIODevice::ReadOnly)) return tr("%1 can't be read: %2").arg(file, in.errorString());
  if (in.size() > kMostText) return tr("%1 is too large for a file of keys").arg(file);
  try {
    commands_.takeKeysText(in.read(kMostText));
  } catch (const Error& error) {
    return QFileInfo(file).fileName() + ": " + QString::fromUtf8(error.what());
  }
  return {};
}

void KeySettings::chooseFile(bool toWrite) {
  auto* dialog = new QFileDialog(window(), toWrite ? tr("Export keys") : tr("Import keys"),
                                 toWrite ? QDir::home().filePath("noiseloom-keys.json") : QDir::homePath(),
                                 tr("Keys (*.json)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setObjectName("keysDialog");
  dialog->setAcceptMode(toWrite ? QFileDialog::AcceptSave : QFileDialog::AcceptOpen);
  if (!toWrite) dialog->setFileMode(QFileDialog::ExistingFile);
  connect(dialog, &QFileDialog::fileSelected, this, [this, toWrite](const QString& file) {
    const QString wrong = toWrite ? exportTo(file) : importFrom(file);
    say(!wrong.isEmpty() ? wrong : toWrite ? tr("Wrote %1").arg(file) : tr("Taken."), !wrong.isEmpty());
  });
  dialog->open();
}

void KeySettings::set() {
  const QString id = chosen();
  if (id.isEmpty() || edit_->keySequence().isEmpty()) return;
  QList<QKeySequence> keys = adding_ ? commands_.keys(id) : QList<QKeySequence>{};
  if (!keys.contains(edit_->keySequence())) keys << edit_->keySequence();
  commands_.setKeys(id, keys);
}

int KeySettings::filter(const QString& words) {
  int shown = 0;
  for (int i = 0; i < table_->topLevelItemCount(); ++i) {
    QTreeWidgetItem* item = table_->topLevelItem(i);
    const QString text = item->text(0) + " " + item->text(1) + " " + item->text(2) + " " + item->toolTip(0);
    const bool fits = text.contains(words.trimmed(), Qt::CaseInsensitive);
    item->setHidden(!fits);
    shown += fits;
  }
  return shown;
}

}  // namespace loom::editor
