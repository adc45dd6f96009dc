#include "app/editor/shell/library_panel.h"

#include <QDrag>
#include <QKeyEvent>
#include <QMimeData>
#include <QVBoxLayout>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/library_mime.h"
#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr int kTypeRole = Qt::UserRole;

/// Its items can be dragged to the canvas, as the node type they stand for.
class LibraryTree : public QTreeWidget {
 public:
  using QTreeWidget::QTreeWidget;

 protected:
  QMimeData* mimeData(const QList<QTreeWidgetItem*>& items) const override {
    auto* data = new QMimeData;
    if (!items.isEmpty()) data->setData(kLibraryMime, items.first()->data(0, kTypeRole).toString().toUtf8());
    return data;
  }
  QStringList mimeTypes() const override { return {kLibraryMime}; }
};

// As pipelines are built; groups that are not named come after, by name.
const char* const kOrder[] = {"denoise", "denoiser", "ddpm",      "guidance", "predict", "step",
                              "noise",   "schedule", "timesteps", "image",    "tensor",  "weights",
                              "data",    "train",    "loss",      "series",   "plot"};

int placeOf(const std::string& group) {
  const auto found = std::find(std::begin(kOrder), std::end(kOrder), group);
  return static_cast<int>(found - std::begin(kOrder));
}

}  // namespace

QString groupTitle(const std::string& group) {
  if (group == "ddpm") return "DDPM";
  QString title = QString::fromStdString(group).replace('_', ' ');
  if (!title.isEmpty()) title[0] = title[0].toUpper();
  return title;
}

LibraryPanel::LibraryPanel(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      search_(new QLineEdit),
      tree_(new LibraryTree),
      title_(textLabel({})),
      doc_(dimLabel({})),
      more_(smallButton(tr("All about it"), "libraryHelp",
                        tr("Its ports, one by one, in the node reference"))) {
  search_->setObjectName("librarySearch");
  search_->setPlaceholderText(tr("Search nodes"));
  search_->setToolTip(tr("Letters of a name, or words of what it does. On the canvas, Tab searches too."));
  search_->setClearButtonEnabled(true);
  search_->installEventFilter(this);
  tree_->setObjectName("libraryTree");
  tree_->setHeaderHidden(true);
  tree_->setIndentation(6);
  tree_->setRootIsDecorated(false);
  tree_->setDragEnabled(true);
  tree_->setDragDropMode(QAbstractItemView::DragOnly);
  tree_->setItemDelegate(new RowDelegate(tree_));
  tree_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  title_->setProperty("strong", true);
  doc_->setObjectName("libraryDoc");
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(10, 4, 6, 8);
  layout->setSpacing(6);
  layout->addWidget(search_);
  layout->addWidget(tree_, 1);
  layout->addWidget(ruleLine());
  layout->addWidget(title_);
  layout->addWidget(doc_);
  layout->addWidget(more_, 0, Qt::AlignLeft);
  connect(search_, &QLineEdit::textChanged, this, &LibraryPanel::filter);
  connect(tree_, &QTreeWidget::currentItemChanged, this, &LibraryPanel::describe);
  connect(tree_, &QTreeWidget::itemActivated, this, [this](const QTreeWidgetItem* item) {
    if (const QString type = item->data(0, kTypeRole).toString(); !type.isEmpty()) Q_EMIT addAsked(type);
  });
  connect(more_, &QPushButton::clicked, this, [this] {
    if (const auto* item = tree_->currentItem()) Q_EMIT helpAsked(item->data(0, kTypeRole).toString());
  });
  connect(&session, &Session::catalogChanged, this, &LibraryPanel::fill);
  fill();
}

void LibraryPanel::focusSearch() {
  search_->setFocus();
  search_->selectAll();
}

void LibraryPanel::fill() {
  tree_->clear();
  const Catalog& catalog = session_.catalog();
  std::vector<const NodeType*> nodes;
  for (const NodeType& node : catalog.nodes()) nodes.push_back(&node);
  std::sort(nodes.begin(), nodes.end(), [](const NodeType* a, const NodeType* b) {
    return std::make_tuple(placeOf(a->group), a->group, a->title) <
           std::make_tuple(placeOf(b->group), b->group, b->title);
  });
  const auto heading = [this](const QString& title) {
    auto* item = new QTreeWidgetItem(tree_, {title});
    item->setFlags(Qt::ItemIsEnabled);
    QFont font = tree_->font();
    font.setWeight(QFont::DemiBold);
    item->setFont(0, font);
    return item;
  };
  const auto add = [](QTreeWidgetItem* group, const QString& title, const QString& id, const QString& doc,
                      const QColor& colour) {
    auto* item = new QTreeWidgetItem(group, {title});
    item->setData(0, kTypeRole, id);
    item->setToolTip(0, doc);
    item->setData(0, RowDelegate::dot, colour);
  };
  if (!nodes.empty())
    add(heading(tr("Loops")), tr("Zone"), QString::fromUtf8(kZoneType.data()),
        tr("A region of the graph that goes round: what is inside runs again and again, and its states carry "
           "values from one step to the next."),
        Theme::current().state);
  std::string last;
  QTreeWidgetItem* group = nullptr;
  for (const NodeType* node : nodes) {
    if (!group || node->group != last) group = heading(groupTitle(node->group));
    last = node->group;
    QColor colour = Theme::current().dim;
    if (!node->outputs.empty()) colour = Theme::current().ofType(catalog.colour(node->outputs.front().type));
    add(group, QString::fromStdString(node->title), QString::fromStdString(node->id),
        QString::fromStdString(node->doc), colour);
  }
  if (nodes.empty()) {
    auto* item = heading(tr("Waiting for the worker…"));
    item->setData(0, Qt::ForegroundRole, Theme::current().dim);
  }
  tree_->expandAll();
  filter();
}

void LibraryPanel::filter() {
  const QString query = search_->text().trimmed().left(100);
  QTreeWidgetItem* best = nullptr;
  int bestScore = 0;
  for (int g = 0; g < tree_->topLevelItemCount(); ++g) {
    QTreeWidgetItem* group = tree_->topLevelItem(g);
    bool any = false;
    for (int i = 0; i < group->childCount(); ++i) {
      QTreeWidgetItem* item = group->child(i);
      const QString words = item->text(0) + " " + item->data(0, kTypeRole).toString() + " " + group->text(0);
      const auto score = fuzzyScore(query, words);
      const bool inDoc = query.size() > 2 && item->toolTip(0).contains(query, Qt::CaseInsensitive);
      item->setHidden(!query.isEmpty() && !score && !inDoc);
      any |= !item->isHidden();
      const int worth = score.value_or(0) + (item->text(0).startsWith(query, Qt::CaseInsensitive) ? 100 : 0);
      if (!query.isEmpty() && !item->isHidden() && (!best || worth > bestScore))
        best = item, bestScore = worth;
    }
    group->setHidden(!query.isEmpty() && !any);
  }
  // What is not seen is not what Enter adds.
  if (best || (tree_->currentItem() && tree_->currentItem()->isHidden())) tree_->setCurrentItem(best);
  describe();
}

void LibraryPanel::describe() {
  const QTreeWidgetItem* item = tree_->currentItem();
  const QString type = item ? item->data(0, kTypeRole).toString() : QString();
  title_->setText(type.isEmpty() ? QString() : item->text(0));
  bool any = false;
  for (int g = 0; g < tree_->topLevelItemCount(); ++g) any |= !tree_->topLevelItem(g)->isHidden();
  doc_->setText(!any             ? tr("No node has these letters. Tab on the canvas searches too.")
                : type.isEmpty() ? tr("Drag a node onto the canvas, or double-click it.")
                                 : item->toolTip(0));
  title_->setVisible(!type.isEmpty());
  more_->setVisible(session_.catalog().node(type.toStdString()) != nullptr);
}

bool LibraryPanel::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyPress) {
    const auto* key = static_cast<QKeyEvent*>(event);
    if (key->key() == Qt::Key_Down || key->key() == Qt::Key_Up) {
      QCoreApplication::sendEvent(tree_, event);
      return true;
    }
    if ((key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) && tree_->currentItem()) {
      if (const QString type = tree_->currentItem()->data(0, kTypeRole).toString(); !type.isEmpty())
        Q_EMIT addAsked(type);
      return true;
    }
    if (key->key() == Qt::Key_Escape && !search_->text().isEmpty()) {
      search_->clear();
      return true;
    }
  }
  if (event->type() == QEvent::ShortcutOverride && !search_->text().isEmpty() &&
      static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape)
    event->accept();
  return QWidget::eventFilter(watched, event);
}

}  // namespace loom::editor
