#include "app/editor/gl/save_dialog.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QRegularExpression>

#include "app/editor/session/session.h"
#include "app/editor/worker/background.h"

namespace loom::editor {
namespace {

// "Picture (*.png)": png
QString suffixOf(const QString& filter) {
  static const QRegularExpression pattern(QStringLiteral("\\*\\.(\\w+)"));
  return pattern.match(filter).captured(1);
}

}  // namespace

void askAndSave(Session& session, QWidget* window, const SaveQuestion& question,
                std::function<FileWriter(const QString& file)> writer) {
  const auto ask = [&session, window, question, writer = std::move(writer)] {
    auto* dialog =
        new QFileDialog(window, question.title, session.folder() + "/" + question.name, question.filter);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName("exportDialog");
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QFileInfo(question.name).suffix());
    QObject::connect(dialog, &QFileDialog::filterSelected, dialog,
                     [dialog](const QString& filter) { dialog->setDefaultSuffix(suffixOf(filter)); });
    QObject::connect(dialog, &QFileDialog::fileSelected, &session, [&session, writer](const QString& file) {
      inBackground(&session, writer(file), [&session, file](bool written) {
        session.notice(written
                           ? Session::tr("Wrote %1").arg(file)
                           : Session::tr("%1 can't be written, or there is nothing to write yet.").arg(file),
                       !written);
      });
    });
    dialog->open();
  };
  QMetaObject::invokeMethod(window, ask, Qt::QueuedConnection);
}

}  // namespace loom::editor
