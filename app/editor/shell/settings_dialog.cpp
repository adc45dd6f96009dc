#include "app/editor/shell/settings_dialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDesktopServices>
#include <QDialogButtonBox>
#include <QDir>
#include <QHBoxLayout>
#include <QScrollArea>
#include <QSpinBox>
#include <QUrl>

#include "app/editor/shell/key_settings.h"
#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr int kUsualFramesMb = 512;

}  // namespace

bool ShellSettings::dark(const QSettings& settings) {
  return settings.value("view/theme", "dark") != "light";
}
int ShellSettings::textSize(const QSettings& settings) {
  return std::clamp(settings.value("view/textSize", kUsualText).toInt(), kLeastText, kMostText);
}
int ShellSettings::framesBudgetMb(const QSettings& settings) {
  return std::clamp(settings.value("frames/budgetMb", kUsualFramesMb).toInt(), 64, 16384);
}

SettingsDialog::SettingsDialog(Session& session, Commands& commands, const QString& dataFolder,
                               QWidget* parent)
    : QDialog(parent),
      session_(session),
      search_(new QLineEdit),
      tabs_(new QTabWidget),
      rows_(new QVBoxLayout),
      none_(dimLabel({})),
      keys_(new KeySettings(commands)) {
  setObjectName("settingsDialog");
  setWindowTitle(tr("Settings"));
  sizeDialog(this, {700, 620});
  search_->setObjectName("settingsSearch");
  search_->setPlaceholderText(tr("Search settings and keys"));
  search_->setClearButtonEnabled(true);
  rows_->setContentsMargins(14, 8, 14, 8);
  rows_->setSpacing(8);
  addLooks();
  addCanvas(session.settings().value("canvas/snapping", true).toBool());
  addRunning();
  addFolders(dataFolder);
  none_->setObjectName("settingsNone");
  none_->hide();
  rows_->addWidget(none_);
  rows_->addStretch(1);
  auto* general = new QWidget;
  general->setLayout(rows_);
  auto* scroll = new QScrollArea;
  scroll->setWidgetResizable(true);
  scroll->setWidget(general);
  tabs_->setObjectName("settingsTabs");
  tabs_->addTab(scroll, tr("General"));
  tabs_->addTab(keys_, tr("Keys"));
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
  buttons->button(QDialogButtonBox::Close)->setAutoDefault(false);  // Enter in the search closes nothing
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(search_);
  layout->addWidget(tabs_, 1);
  layout->addWidget(buttons);
  connect(search_, &QLineEdit::textChanged, this, &SettingsDialog::filter);
}

void SettingsDialog::section(const QString& title) {
  QLabel* label = headingLabel(title);
  sections_.push_back(label);
  rows_->addWidget(label);
}

void SettingsDialog::row(const QString& title, const QString& help, QWidget* editor) {
  auto* widget = new QWidget;
  auto* layout = new QHBoxLayout(widget);
  layout->setContentsMargins(0, 0, 0, 4);
  auto* words = new QVBoxLayout;
  words->setSpacing(1);
  words->addWidget(textLabel(title));
  if (!help.isEmpty()) words->addWidget(dimLabel(help));
  layout->addLayout(words, 1);
  editor->setMinimumWidth(190);
  editor->setAccessibleName(title);
  layout->addWidget(editor, 0, Qt::AlignTop);
  all_.push_back({widget, title + " " + help + " " + sections_.back()->property("text").toString(),
                  sections_.size() - 1});
  rows_->addWidget(widget);
}

void SettingsDialog::addLooks() {
  section(tr("Looks"));
  auto* theme = new QComboBox;
  theme->setObjectName("settingTheme");
  theme->addItems({tr("Dark"), tr("Light")});
  theme->setCurrentIndex(ShellSettings::dark(session_.settings()) ? 0 : 1);
  connect(theme, &QComboBox::activated, this, [this](int index) {
    session_.settings().setValue("view/theme", index ? "light" : "dark");
    Q_EMIT looksChanged();
  });
  row(tr("Theme"), tr("Colours of the window and the canvas"), theme);
  auto* size = new QSpinBox;
  size->setObjectName("settingTextSize");
  size->setRange(ShellSettings::kLeastText, ShellSettings::kMostText);
  size->setSuffix(tr(" px"));
  size->setValue(ShellSettings::textSize(session_.settings()));
  connect(size, &QSpinBox::valueChanged, this, [this](int pixels) {
    session_.settings().setValue("view/textSize", pixels);
    Q_EMIT looksChanged();
  });
  row(tr("Text size"), tr("Of the whole window; the canvas zooms besides"), size);
}

void SettingsDialog::addCanvas(bool snapping) {
  section(tr("Canvas"));
  auto* snap = new QCheckBox(tr("Snap to the grid"));
  snap->setObjectName("settingSnapping");
  snap->setChecked(snapping);
  connect(snap, &QCheckBox::toggled, this, &SettingsDialog::snappingChanged);
  row(tr("Snapping"), tr("Nodes that are moved come to lie on the grid"), snap);
  auto* hints = smallButton(tr("Show them again"), "settingHints", tr("Hints for the first steps"));
  connect(hints, &QPushButton::clicked, this, &SettingsDialog::hintsAsked);
  row(tr("First hints"), tr("Three lines on running, looking at steps, and finding commands"), hints);
}

void SettingsDialog::addRunning() {
  section(tr("Running"));
  auto* device = new QComboBox;
  device->setObjectName("settingDevice");
  auto* dtype = new QComboBox;
  dtype->setObjectName("settingDtype");
  for (const char* name : {"auto", "cpu", "cuda"}) device->addItem(name);
  for (const char* name : {"auto", "fp32", "bf16", "fp16"}) dtype->addItem(name);
  const auto shown = [](QComboBox* box, const QString& value) {
    if (!value.isEmpty() && box->findText(value) < 0) box->addItem(value);
    box->setCurrentText(value.isEmpty() ? "auto" : value);
  };
  shown(device, session_.device());
  shown(dtype, session_.dtype());
  const auto apply = [this, device, dtype] {
    const auto value = [](const QComboBox* box) {
      return box->currentText() == "auto" ? QString() : box->currentText();
    };
    session_.setDevice(value(device), value(dtype));
  };
  connect(device, &QComboBox::activated, this, apply);
  connect(dtype, &QComboBox::activated, this, apply);
  row(tr("Device"), tr("On which runs compute; auto takes a GPU where there is one"), device);
  row(tr("Number type of networks (dtype)"), tr("auto: bf16 on a GPU, fp32 on a CPU"), dtype);
  auto* budget = new QSpinBox;
  budget->setObjectName("settingFrames");
  budget->setRange(64, 16384);
  budget->setSingleStep(64);
  budget->setSuffix(tr(" MB"));
  budget->setValue(ShellSettings::framesBudgetMb(session_.settings()));
  connect(budget, &QSpinBox::valueChanged, this, [this](int megabytes) {
    session_.settings().setValue("frames/budgetMb", megabytes);
    session_.frames().setBudget(static_cast<size_t>(megabytes) << 20);
  });
  row(tr("Memory for frames"), tr("Of what was seen of runs; beyond it the oldest pictures go"), budget);
}

void SettingsDialog::addFolders(const QString& dataFolder) {
  section(tr("Folders"));
  auto* folder = smallButton(tr("Open"), "settingFolder", dataFolder);
  connect(folder, &QPushButton::clicked, this,
          [dataFolder] { QDesktopServices::openUrl(QUrl::fromLocalFile(dataFolder)); });
  row(tr("Data folder"),
      tr("What is kept to recover, runs and the queue: %1").arg(QDir::toNativeSeparators(dataFolder)),
      folder);
  auto* file = dimLabel(session_.settings().fileName());
  file->setTextInteractionFlags(Qt::TextSelectableByMouse);
  row(tr("Settings file"), {}, file);
}

void SettingsDialog::search(const QString& words) { search_->setText(words); }

void SettingsDialog::filter() {
  const QStringList words = search_->text().split(' ', Qt::SkipEmptyParts);
  std::set<size_t> shownSections;
  int shown = 0;
  for (const Row& row : all_) {
    const bool fits = std::all_of(words.begin(), words.end(), [&](const QString& word) {
      return row.words.contains(word, Qt::CaseInsensitive);
    });
    row.widget->setVisible(fits);
    if (fits) shownSections.insert(row.section), ++shown;
  }
  for (size_t i = 0; i < sections_.size(); ++i) sections_[i]->setVisible(shownSections.count(i) > 0);
  const int keys = keys_->filter(search_->text());
  none_->setVisible(shown == 0);
  none_->setText(keys ? tr("No setting has these words; keys have, on the other page.")
                      : tr("Neither a setting nor a command has these words."));
  tabs_->setTabText(0, words.isEmpty() ? tr("General") : tr("General (%1)").arg(shown));
  tabs_->setTabText(1, words.isEmpty() ? tr("Keys") : tr("Keys (%1)").arg(keys));
  if (words.isEmpty()) return;
  if (shown == 0 && keys > 0) tabs_->setCurrentIndex(1);
  if (shown > 0 && keys == 0) tabs_->setCurrentIndex(0);
}

}  // namespace loom::editor
