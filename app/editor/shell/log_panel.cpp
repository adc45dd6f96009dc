#include "app/editor/shell/log_panel.h"

#include <QHBoxLayout>
#include <QTime>
#include <QVBoxLayout>

#include "app/editor/shell/widgets.h"

namespace loom::editor {
namespace {

constexpr int kMostLines = 5000, kMostLength = 2000;

}  // namespace

LogPanel::LogPanel(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), text_(new QPlainTextEdit), filter_(new QLineEdit) {
  text_->setObjectName("logText");
  text_->setReadOnly(true);
  text_->setPlaceholderText(tr("What the worker, runs and the editor say comes here, a line each."));
  text_->setMaximumBlockCount(kMostLines);
  text_->setFont(numberFont(text_->font()));
  text_->setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  filter_->setObjectName("logFilter");
  filter_->setPlaceholderText(tr("Lines that hold…"));
  filter_->setClearButtonEnabled(true);
  QPushButton* clear = smallButton(tr("Clear"), "logClear", tr("Forgets these lines"));
  auto* row = new QHBoxLayout;
  row->addWidget(filter_, 1);
  row->addWidget(clear);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(8, 4, 8, 8);
  layout->addLayout(row);
  layout->addWidget(text_, 1);
  connect(filter_, &QLineEdit::textChanged, this, &LogPanel::filter);
  connect(clear, &QPushButton::clicked, this, [this] {
    lines_.clear();
    text_->clear();
  });
  connect(&session.worker(), &WorkerClient::printed, this,
          [this](const QString& line) { add(tr("worker"), line); });
  connect(&session.worker(), &WorkerClient::stateChanged, this,
          [this] { add(tr("worker"), session_.worker().stateText()); });
  connect(&session.worker(), &WorkerClient::notification, this,
          [this](const QString& method, const nlohmann::json& params) {
            if (method == "run.log")
              add(QString::fromStdString(params.value("run", "")) + " " +
                      QString::fromStdString(params.value("node", "")),
                  QString::fromStdString(params.value("message", "")));
            else if (method == "run.file")
              add(QString::fromStdString(params.value("run", "")),
                  tr("wrote %1").arg(QString::fromStdString(params.value("file", ""))));
          });
  connect(&session, &Session::noticed, this,
          [this](const QString& text, bool error) { add(error ? tr("error") : tr("editor"), text); });
}

void LogPanel::add(const QString& from, const QString& text) {
  for (const QString& line : text.left(kMostLength).split('\n')) {
    const QString whole =
        QTime::currentTime().toString("HH:mm:ss") + "  " + from.leftJustified(10) + "  " + line;
    if (lines_.size() >= kMostLines) lines_.erase(lines_.begin(), lines_.begin() + kMostLines / 10);
    lines_ << whole;
    show(whole);
  }
}

void LogPanel::show(const QString& line) {
  if (line.contains(filter_->text(), Qt::CaseInsensitive)) text_->appendPlainText(line);
}

void LogPanel::filter() {
  QStringList shown;
  for (const QString& line : lines_)
    if (line.contains(filter_->text(), Qt::CaseInsensitive)) shown << line;
  text_->setPlainText(shown.join('\n'));
}

}  // namespace loom::editor
