#include "app/editor/shell/node_reference.h"

#include <QHBoxLayout>
#include <QSplitter>
#include <QVBoxLayout>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/library_panel.h"
#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr int kTypeRole = Qt::UserRole, kWordsRole = Qt::UserRole + 1;

QString escaped(const std::string& text) { return QString::fromStdString(text).toHtmlEscaped(); }

}  // namespace

NodeReference::NodeReference(Session& session, QWidget* parent)
    : QDialog(parent),
      session_(session),
      search_(new QLineEdit),
      list_(new QListWidget),
      page_(new QTextBrowser) {
  setObjectName("nodeReference");
  setWindowTitle(tr("Node reference"));
  sizeDialog(this, {900, 640});
  search_->setObjectName("referenceSearch");
  search_->setPlaceholderText(tr("Search nodes, ports and what they do"));
  search_->setClearButtonEnabled(true);
  list_->setObjectName("referenceList");
  list_->setItemDelegate(new RowDelegate(list_));
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  page_->setObjectName("referencePage");
  page_->setOpenLinks(false);
  auto* left = new QWidget;
  auto* column = new QVBoxLayout(left);
  column->setContentsMargins(0, 0, 0, 0);
  column->addWidget(search_);
  column->addWidget(list_, 1);
  auto* split = new QSplitter;
  split->addWidget(left);
  split->addWidget(page_);
  split->setStretchFactor(1, 1);
  split->setSizes({width() * 3 / 10, width() * 7 / 10});
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(split);
  connect(search_, &QLineEdit::textChanged, this, &NodeReference::filter);
  connect(list_, &QListWidget::currentItemChanged, this, [this](const QListWidgetItem* item) {
    if (!item) return;
    if (const NodeType* node = session_.catalog().node(item->data(kTypeRole).toString().toStdString()))
      page_->setHtml(page(*node));
  });
  connect(&session, &Session::catalogChanged, this, &NodeReference::fill);
  fill();
}

void NodeReference::fill() {
  const QString before = list_->currentItem() ? list_->currentItem()->data(kTypeRole).toString() : QString();
  list_->clear();
  for (const NodeType& node : session_.catalog().nodes()) {
    auto* item = new QListWidgetItem(QString::fromStdString(node.title), list_);
    item->setData(kTypeRole, QString::fromStdString(node.id));
    item->setData(RowDelegate::smallPrint, QString::fromStdString(node.id));
    QString words = QString::fromStdString(node.title + " " + node.id + " " + node.doc);
    for (const auto* ports : {&node.inputs, &node.outputs})
      for (const PortType& port : *ports) words += QString::fromStdString(" " + port.id + " " + port.doc);
    item->setData(kWordsRole, words);
    if (QString::fromStdString(node.id) == before) list_->setCurrentItem(item);
  }
  list_->sortItems();
  filter();
}

void NodeReference::filter() {
  const QStringList words = search_->text().split(' ', Qt::SkipEmptyParts);
  QListWidgetItem* first = nullptr;
  for (int i = 0; i < list_->count(); ++i) {
    QListWidgetItem* item = list_->item(i);
    const QString text = item->data(kWordsRole).toString();
    const bool fits = std::all_of(words.begin(), words.end(), [&](const QString& word) {
      return text.contains(word, Qt::CaseInsensitive);
    });
    item->setHidden(!fits);
    if (!fits) continue;
    const bool inTitle = !words.isEmpty() && item->text().contains(words.first(), Qt::CaseInsensitive);
    if (!first || (inTitle && !first->text().contains(words.value(0), Qt::CaseInsensitive))) first = item;
  }
  if (!first) {
    list_->setCurrentItem(nullptr);
    page_->setHtml("<p>" +
                   (list_->count() ? tr("No node has these words, nor has a port of one.")
                                   : tr("The worker has not told yet which nodes there are.")) +
                   "</p>");
  }
  if (first && (!list_->currentItem() || list_->currentItem()->isHidden() || !words.isEmpty()))
    list_->setCurrentItem(first);
}

void NodeReference::showNode(const QString& type) {
  search_->clear();
  const NodeType* node = session_.catalog().node(type.toStdString());
  for (int i = 0; node && i < list_->count(); ++i)
    if (list_->item(i)->data(kTypeRole).toString().toStdString() == node->id) list_->setCurrentRow(i);
}

QString NodeReference::page(const NodeType& node) const {
  const Theme& theme = Theme::current();
  QString html = QString("<h2>%1</h2><p style='color:%2'>%3 · %4 · version %5</p><p>%6</p>")
                     .arg(escaped(node.title), theme.dim.name(), escaped(node.id), groupTitle(node.group))
                     .arg(node.version)
                     .arg(escaped(node.doc));
  if (node.effect)
    html += "<p>" + tr("Runs for what it does, whether or not anything needs its outputs.") + "</p>";
  if (node.showsInside)
    html += "<p>" + tr("Shows what is inside: a probe at node:name sees its tensors.") + "</p>";
  const auto table = [&](const QString& title, const std::vector<PortType>& ports) {
    if (ports.empty()) return;
    html += "<h3>" + title + "</h3><table cellspacing='0' cellpadding='5' width='100%'>";
    for (const PortType& port : ports) {
      const ValueType* type = session_.catalog().type(port.type);
      QStringList facts;
      if (port.required) facts << tr("must be given");
      if (!port.value.is_null()) facts << tr("default %1").arg(escaped(port.value.dump()).left(80));
      if (port.min && port.max)
        facts << tr("%1 to %2").arg(numberText(*port.min), numberText(*port.max));
      else if (port.min)
        facts << tr("%1 or more").arg(numberText(*port.min));
      else if (port.max)
        facts << tr("%1 or less").arg(numberText(*port.max));
      if (port.many) facts << tr("takes several links");
      if (!port.choices.empty()) {
        QStringList choices;
        for (const std::string& choice : port.choices) choices << escaped(choice);
        facts << tr("one of %1").arg(choices.join(", "));
      }
      html +=
          QString("<tr><td width='26%'><b>%1</b><br><span style='color:%2'>%3</span></td><td>%4%5</td></tr>")
              .arg(escaped(port.id), theme.dim.name(), escaped(type ? type->name : port.type),
                   escaped(port.doc),
                   facts.isEmpty() ? QString()
                                   : QString("<br><span style='color:%1'>%2</span>")
                                         .arg(theme.dim.name(), facts.join(" · ")));
    }
    html += "</table>";
  };
  table(tr("Inputs"), node.inputs);
  table(tr("Outputs"), node.outputs);
  return html;
}

}  // namespace loom::editor
