#include "app/editor/shell/palette.h"

#include <QApplication>
#include <QKeyEvent>
#include <QVBoxLayout>

#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr int kIdRole = Qt::UserRole;
constexpr int kWidth = 620, kMostShown = 12;

}  // namespace

CommandPalette::CommandPalette(Commands& commands, QWidget* window)
    : QFrame(window), commands_(commands), field_(new QLineEdit), list_(new QListWidget) {
  setObjectName("palette");
  field_->setObjectName("paletteField");
  field_->setPlaceholderText(tr("What do you want to do?"));
  list_->setObjectName("paletteList");
  list_->setItemDelegate(new RowDelegate(list_));
  list_->setFocusPolicy(Qt::NoFocus);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(8, 8, 8, 8);
  layout->addWidget(field_);
  layout->addWidget(list_);
  connect(field_, &QLineEdit::textChanged, this, &CommandPalette::fill);
  connect(list_, &QListWidget::itemClicked, this, &CommandPalette::runCurrent);
  field_->installEventFilter(this);
  hide();
}

void CommandPalette::openPalette() {
  before_ = QApplication::focusWidget();
  commands_.refresh();
  field_->clear();
  fill();
  show();
  raise();
  field_->setFocus();
}

void CommandPalette::fill() {
  struct Hit {
    int score;
    const Command* command;
  };
  std::vector<Hit> hits;
  const QString query = field_->text().left(100);
  for (const Command& command : commands_.all()) {
    if (command.id == "help.palette") continue;
    const auto byTitle = fuzzyScore(query, command.title);
    const auto byPath = fuzzyScore(query, command.menu + " " + command.title);
    const auto byHelp = fuzzyScore(query, command.help);
    if (!byTitle && !byPath && !(byHelp && command.help.contains(query, Qt::CaseInsensitive))) continue;
    int score = byTitle ? *byTitle + 20 : byPath ? *byPath : *byHelp - 40;
    if (query.isEmpty()) score = 0;  // in the order of the menus
    if (!commands_.action(command.id)->isEnabled()) score -= 30;
    hits.push_back({score, &command});
  }
  std::stable_sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.score > b.score; });
  list_->clear();
  for (const Hit& hit : hits) {
    auto* item = new QListWidgetItem(hit.command->title, list_);
    item->setData(kIdRole, hit.command->id);
    item->setData(RowDelegate::smallPrint, QString(hit.command->menu).replace('/', QStringLiteral(" › ")));
    const auto keys = commands_.keys(hit.command->id);
    if (!keys.isEmpty()) item->setData(RowDelegate::atEnd, keys.first().toString(QKeySequence::NativeText));
    item->setToolTip(hit.command->help);
    if (!commands_.action(hit.command->id)->isEnabled()) item->setFlags(Qt::NoItemFlags);
  }
  if (list_->count() && list_->item(0)->flags() & Qt::ItemIsEnabled) list_->setCurrentRow(0);
  const int row = list_->count() ? list_->sizeHintForRow(0) : 28;
  const int shown = std::clamp(list_->count(), 1, kMostShown);
  list_->setFixedHeight(shown * row + 4);
  const int width = std::min(kWidth, parentWidget()->width() - 40);
  setFixedWidth(width);
  adjustSize();
  move((parentWidget()->width() - width) / 2, 64);
}

void CommandPalette::runCurrent() {
  const QListWidgetItem* item = list_->currentItem();
  if (!item || !(item->flags() & Qt::ItemIsEnabled)) return;
  const QString id = item->data(kIdRole).toString();
  closePalette();
  commands_.action(id)->trigger();
}

void CommandPalette::closePalette() {
  if (isHidden()) return;
  hide();
  if (before_) before_->setFocus();
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::FocusOut && static_cast<QFocusEvent*>(event)->reason() != Qt::PopupFocusReason)
    hide();
  if (event->type() == QEvent::ShortcutOverride) {
    event->accept();  // every key is this field's while it is open
    return true;
  }
  if (event->type() == QEvent::KeyPress) {
    const auto* key = static_cast<QKeyEvent*>(event);
    const int row = list_->currentRow();
    switch (key->key()) {
      case Qt::Key_Escape:
        closePalette();
        return true;
      case Qt::Key_Return:
      case Qt::Key_Enter:
        runCurrent();
        return true;
      case Qt::Key_Down:
        list_->setCurrentRow(std::min(row + 1, list_->count() - 1));
        return true;
      case Qt::Key_Up:
        list_->setCurrentRow(std::max(row - 1, 0));
        return true;
      case Qt::Key_PageDown:
        list_->setCurrentRow(std::min(row + kMostShown, list_->count() - 1));
        return true;
      case Qt::Key_PageUp:
        list_->setCurrentRow(std::max(row - kMostShown, 0));
        return true;
      default:
        break;
    }
  }
  return QFrame::eventFilter(watched, event);
}

}  // namespace loom::editor
