#include "app/editor/shell/about_dialog.h"

#include <imgui.h>
#include <implot.h>

#include <QCoreApplication>
#include <QDialogButtonBox>
#include <QFile>
#include <QHBoxLayout>
#include <QIcon>
#include <QTextBlock>
#include <QTextBrowser>
#include <QTextTable>
#include <QVBoxLayout>

#include "app/editor/gl/theme.h"
#include "app/editor/shell/places.h"
#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr qint64 kMostText = 1 << 20;

QString textIn(std::initializer_list<QString> places) {
  for (const QString& place : places)
    if (QFile file(place); file.open(QIODevice::ReadOnly)) return QString::fromUtf8(file.read(kMostText));
  return {};
}

// Tables with thin lines and room in them, headings no larger than the dialog's own.
void layOut(QTextDocument& document) {
  for (QTextFrame* frame : document.rootFrame()->childFrames())
    if (auto* table = qobject_cast<QTextTable*>(frame)) {
      QTextTableFormat format = table->format();
      format.setBorderCollapse(true);
      format.setBorder(1);
      format.setBorderBrush(Theme::current().border);
      format.setCellSpacing(0);
      format.setCellPadding(4);
      table->setFormat(format);
    }
  for (QTextBlock block = document.begin(); block.isValid(); block = block.next()) {
    if (block.blockFormat().headingLevel() == 0) continue;
    QTextCursor cursor(block);
    cursor.select(QTextCursor::BlockUnderCursor);
    QTextCharFormat format;
    format.setProperty(QTextFormat::FontSizeAdjustment, 1);
    cursor.mergeCharFormat(format);
  }
}

}  // namespace

AboutDialog::AboutDialog(Session& session, QWidget* parent) : QDialog(parent) {
  setObjectName("aboutDialog");
  setWindowTitle(tr("About Noiseloom"));
  sizeDialog(this, {760, 600});
  const nlohmann::json& hello = session.worker().hello();
  const auto told = [&hello](const char* name) {
    if (!hello.is_object() || !hello.contains(name)) return tr("not known while there is no worker");
    const auto& value = hello.at(name);
    return QString::fromStdString(value.is_string() ? value.get<std::string>() : value.dump());
  };
  auto* top = new QHBoxLayout;
  auto* icon = new QLabel;
  icon->setPixmap(QIcon(resourcesFolder() + "/desktop/noiseloom.png").pixmap(72, 72));
  top->addWidget(icon, 0, Qt::AlignTop);
  auto* words = new QVBoxLayout;
  QLabel* title = textLabel("Noiseloom");
  title->setFont(titleFont(font(), 1.6));
  words->addWidget(title);
  words->addWidget(textLabel(tr("Diffusion sampling as a graph, with the loop in it, and every wire live.")));
  QLabel* versions = textLabel(
      tr("Editor %1 · runner %2 · Torch %3\nQt %4 · Dear ImGui %5 · ImPlot %6\nDevice %7, %8")
          .arg(QCoreApplication::applicationVersion().isEmpty() ? QString(NOISELOOM_VERSION)
                                                                : QCoreApplication::applicationVersion(),
               told("version"), told("torch"), qVersion(), IMGUI_VERSION, IMPLOT_VERSION, told("device"),
               told("dtype")));
  versions->setObjectName("aboutVersions");
  versions->setTextInteractionFlags(Qt::TextSelectableByMouse);
  words->addWidget(versions);
  top->addLayout(words, 1);
  auto* licences = new QTextBrowser;
  licences->setObjectName("aboutLicences");
  licences->setOpenExternalLinks(true);
  const QString share = QCoreApplication::applicationDirPath() + "/../share/doc/noiseloom";
  const QString parties = textIn({share + "/licences.md", NOISELOOM_SOURCE_FOLDER "/cmake/licences.md"});
  const QString own = textIn({share + "/LICENSE", NOISELOOM_SOURCE_FOLDER "/LICENSE"});
  licences->setMarkdown(parties + "\n\n# Noiseloom's own licence\n\n```\n" + own + "\n```\n");
  layOut(*licences->document());
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  auto* layout = new QVBoxLayout(this);
  layout->setSpacing(12);
  layout->addLayout(top);
  layout->addWidget(licences, 1);
  layout->addWidget(buttons);
}

}  // namespace loom::editor
