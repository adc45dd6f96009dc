#include "app/editor/shell/batch_panel.h"

#include <QCompleter>
#include <QDesktopServices>
#include <QDir>
#include <QFileDialog>
#include <QGridLayout>
#include <QSaveFile>
#include <QScrollArea>
#include <QStandardPaths>
#include <QUrl>

#include "app/editor/shell/grid_dialog.h"
#include "app/editor/shell/inspector_parts.h"
#include "app/editor/shell/places.h"
#include "app/editor/shell/widgets.h"
#include "app/editor/worker/background.h"
#include "engine/core/error.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {
namespace {

constexpr int kMostSweeps = 12, kMostLine = 4 << 20, kForcedAfterMs = 5000, kParts = 1000;
constexpr int kRefillAfterMs = 100;  // of an edit: not while it is being painted

// The graph will lie elsewhere: files that it names beside itself are named whole.
Document withWholePaths(const Document& document, const Catalog& catalog, const QString& folder) {
  Document changed = document;
  forEachNode(document.graph.nodes, [&](const Node& node) {
    const NodeType* type = catalog.node(node.type);
    if (!type) return;
    for (const auto& [name, value] : node.params) {
      const PortType* port = type->input(name);
      if (!port || port->type != "path" || port->writes || !value.is_string()) continue;
      const QString path = QString::fromStdString(value.get<std::string>());
      if (path.isEmpty() || path.startsWith('@') || QDir::isAbsolutePath(path)) continue;
      changed = withNode(changed, node.id, [&, name = name](Node& each) {
        each.params[name] = QDir(folder).absoluteFilePath(path).toStdString();
      });
    }
  });
  return changed;
}

}  // namespace

BatchPanel::BatchPanel(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      sweeps_(new QVBoxLayout),
      total_(textLabel({})),
      why_(dimLabel({})),
      state_(dimLabel({})),
      grid_(new QLabel),
      out_(new QLineEdit),
      workers_(new QSpinBox),
      progress_(new QProgressBar),
      run_(wordButton(tr("Run the batch"), "batchRun")),
      cancel_(wordButton(tr("Cancel"), "batchCancel")),
      write_(smallButton(tr("Write jobs file…"), "batchWrite",
                         tr("The same jobs as a file, for `noiseloom batch` on this or another machine"))),
      folder_(smallButton(tr("Open folder"), "batchFolder", tr("Where the pictures lie"))),
      large_(smallButton(tr("See it large"), "batchLarge", tr("The whole grid, in a window of its own"))),
      add_(smallButton(tr("Add a parameter"), "batchAdd", tr("One more to go through values"))) {
  setObjectName("batchPanel");
  run_->setProperty("primary", true);
  total_->setObjectName("batchTotal");
  total_->setProperty("strong", true);
  why_->setObjectName("batchWhy");
  state_->setObjectName("batchState");
  grid_->setObjectName("batchGrid");
  out_->setObjectName("batchOut");
  out_->setPlaceholderText(tr("Folder for the results"));
  workers_->setObjectName("batchWorkers");
  workers_->setRange(1, 64);
  workers_->setPrefix(tr("processes: "));
  progress_->setObjectName("batchProgress");
  progress_->setRange(0, kParts);
  progress_->setTextVisible(false);
  progress_->setFixedHeight(8);
  auto* content = new QWidget;
  auto* layout = new QVBoxLayout(content);
  layout->setContentsMargins(10, 4, 10, 8);
  layout->setSpacing(6);
  layout->addWidget(
      dimLabel(tr("Runs the graph at every combination of these values: a list (1, 2, 4), a range (0..9), "
                  "one in steps (0..1:0.25), or words.")));
  layout->addLayout(sweeps_);
  layout->addWidget(add_, 0, Qt::AlignLeft);
  layout->addWidget(total_);
  layout->addWidget(why_);
  auto* where = new QHBoxLayout;
  where->addWidget(out_, 1);
  QPushButton* browse = smallButton(tr("Browse"), "batchBrowse", tr("Choose the folder"));
  where->addWidget(browse);
  layout->addLayout(where);
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(run_);
  buttons->addWidget(cancel_);
  buttons->addStretch(1);
  layout->addWidget(workers_, 0, Qt::AlignLeft);
  layout->addLayout(buttons);
  layout->addWidget(progress_);
  layout->addWidget(state_);
  layout->addWidget(grid_);
  auto* after = new QHBoxLayout;
  after->addWidget(large_);
  after->addWidget(folder_);
  after->addStretch(1);
  layout->addLayout(after);
  layout->addWidget(write_, 0, Qt::AlignLeft);
  layout->addStretch(1);
  auto* scroll = new QScrollArea;
  scroll->setWidgetResizable(true);
  scroll->setWidget(content);
  auto* whole = new QVBoxLayout(this);
  whole->setContentsMargins(0, 0, 0, 0);
  whole->addWidget(scroll);
  progress_->hide();
  folder_->hide();
  large_->hide();
  connect(large_, &QPushButton::clicked, this, &BatchPanel::showLarge);
  connect(add_, &QPushButton::clicked, this, [this] { addSweep(); });
  connect(run_, &QPushButton::clicked, this, &BatchPanel::start);
  connect(cancel_, &QPushButton::clicked, this, &BatchPanel::cancel);
  connect(write_, &QPushButton::clicked, this, &BatchPanel::chooseJobsFile);
  connect(folder_, &QPushButton::clicked, this,
          [this] { QDesktopServices::openUrl(QUrl::fromLocalFile(out_->text())); });
  connect(browse, &QPushButton::clicked, this, [this] {
    auto* dialog = new QFileDialog(window(), tr("Folder for the results"), out_->text());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    connect(dialog, &QFileDialog::fileSelected, out_, &QLineEdit::setText);
    dialog->open();
  });
  connect(&process_, &QProcess::readyReadStandardOutput, this, &BatchPanel::readOutput);
  connect(&process_, &QProcess::finished, this, [this](int code) { ended(code); });
  connect(&process_, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error != QProcess::FailedToStart) return;
    failure_ = tr("%1 can't be started").arg(process_.program());
    ended(-1);
  });
  connect(&session, &Session::catalogChanged, this, &BatchPanel::refillNames);
  connect(&session, &Session::documentChanged, &refill_, qOverload<>(&QTimer::start));
  refill_.setSingleShot(true);
  refill_.setInterval(kRefillAfterMs);
  connect(&refill_, &QTimer::timeout, this, &BatchPanel::refillNames);
  connect(&session, &Session::documentChanged, this, [this] {
    if (out_->text().isEmpty() || !out_->isModified()) {
      // Not among the graphs that come with the program.
      const bool own = !session_.file().isEmpty() && !session_.file().startsWith(graphsFolder() + "/");
      const QString base = !own ? QStandardPaths::writableLocation(QStandardPaths::PicturesLocation)
                                : QFileInfo(session_.file()).absolutePath();
      const QString name = session_.file().isEmpty()
                               ? QString("batch")
                               : QFileInfo(session_.file()).completeBaseName() + "_batch";
      out_->setText(QDir(base).filePath(name));
      out_->setCursorPosition(0);
    }
  });
  addSweep();
  updateButtons();
}

BatchPanel::~BatchPanel() {
  process_.disconnect(this);
  if (!running()) return;
  process_.terminate();  // what is done stays, and the same batch goes on from there
  if (!process_.waitForFinished(1000)) process_.kill();
}

QStringList BatchPanel::names() const {
  QStringList names;
  const Document& document = session_.document();
  for (const ExposedInput& input : document.graph.inputs) names << QString::fromStdString(input.name);
  forEachNode(document.graph.nodes, [&](const Node& node) {
    const NodeType* type = session_.catalog().node(node.type);
    if (!type) return;
    for (const PortType& port : type->inputs)
      if (isParameter(session_.catalog(), port) && !node.inputs.count(port.id))
        names << QString::fromStdString(node.id + "." + port.id);
  });
  return names;
}

void BatchPanel::addSweep(const QString& name, const QString& values) {
  if (rows_.size() >= kMostSweeps) return;
  Row row;
  row.widget = new QWidget;
  auto* layout = new QHBoxLayout(row.widget);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(4);
  row.name = new QComboBox;
  row.name->setObjectName("batchName");
  row.name->setEditable(true);
  row.name->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  row.name->setMinimumContentsLength(6);
  row.name->setInsertPolicy(QComboBox::NoInsert);
  row.name->setModel(&names_);
  row.name->completer()->setFilterMode(Qt::MatchContains);
  row.name->completer()->setCompletionMode(QCompleter::PopupCompletion);
  row.name->lineEdit()->setPlaceholderText(tr("parameter"));
  row.name->setCurrentText(name);
  if (name.isEmpty() && rows_.empty() && row.name->count()) row.name->setCurrentIndex(0);
  row.values = new QLineEdit(values);
  row.values->setObjectName("batchValues");
  row.values->setPlaceholderText("0..9");
  row.values->setFont(numberFont(row.values->font()));
  row.count = dimLabel({});
  row.count->setWordWrap(false);
  QPushButton* remove = smallButton("✕", "batchRemove", tr("Leave this one out"));
  remove->setProperty("flat", true);
  layout->addWidget(row.name, 3);
  layout->addWidget(row.values, 3);
  layout->addWidget(row.count);
  layout->addWidget(remove);
  connect(row.name, &QComboBox::editTextChanged, this, &BatchPanel::count);
  connect(row.values, &QLineEdit::textChanged, this, &BatchPanel::count);
  connect(remove, &QPushButton::clicked, this, [this, widget = row.widget] {
    std::erase_if(rows_, [widget](const Row& each) { return each.widget == widget; });
    widget->hide();
    widget->deleteLater();
    count();
  });
  sweeps_->addWidget(row.widget);
  rows_.push_back(row);
  count();
}

void BatchPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  refillNames();
}

// Names come as the catalog does, after a row was made. A large graph has thousands, which nobody needs while
// they can't be seen.
void BatchPanel::refillNames() {
  if (!isVisible()) return;
  const QStringList now = names();
  if (now == names_.stringList()) return;
  std::vector<std::pair<QComboBox*, QString>> chosen;
  for (const Row& row : rows_) chosen.emplace_back(row.name, row.name->currentText());
  for (const auto& [box, text] : chosen) box->blockSignals(true);
  names_.setStringList(now);
  for (const auto& [box, text] : chosen) {
    box->setCurrentText(text.isEmpty() && !now.isEmpty() && rows_.size() == 1 ? now.first() : text);
    box->blockSignals(false);
  }
}

SweepJob BatchPanel::job() const {
  SweepJob job;
  for (const Row& row : rows_) {
    const QString name = row.name->currentText().trimmed();
    if (name.isEmpty() && row.values->text().trimmed().isEmpty()) continue;
    if (name.isEmpty()) throw Error("which parameter goes through " + row.values->text().toStdString() + "?");
    job.sweeps.push_back(sweepOf(name, row.values->text()));
  }
  for (size_t i = 0; i < job.sweeps.size(); ++i)
    for (size_t k = 0; k < i; ++k)
      if (job.sweeps[k].name == job.sweeps[i].name)
        throw Error(job.sweeps[i].name + " is there twice; give all its values in one line");
  return job;
}

void BatchPanel::count() {
  for (const Row& row : rows_) {
    row.count->setText({});
    bool bad = false;
    if (!row.values->text().trimmed().isEmpty()) try {
        row.count->setText(QString::number(sweepOf("x", row.values->text()).points.size()));
      } catch (const Error& error) {
        bad = true;
        row.values->setToolTip(QString::fromUtf8(error.what()));
      }
    row.values->setProperty("bad", bad);
    row.values->style()->unpolish(row.values);
    row.values->style()->polish(row.values);
    if (!bad) row.values->setToolTip({});
  }
  size_t jobs = 0;
  QString why;
  try {
    jobs = job().count();
  } catch (const Error& error) {
    why = QString::fromUtf8(error.what());
  }
  total_->setText(jobs == 1 ? tr("1 job") : jobs ? tr("%1 jobs").arg(jobs) : tr("No jobs yet"));
  why_->setText(why);
  why_->setVisible(!why.isEmpty());
  run_->setEnabled(jobs > 0 && !running());
  write_->setEnabled(jobs > 0);
}

// The file at hand where it is what is on the canvas; else a copy of what is.
QString BatchPanel::graphFile(const QString& folder) const {
  if (!session_.file().isEmpty() && !session_.modified() &&
      !session_.file().endsWith(".png", Qt::CaseInsensitive))
    return QFileInfo(session_.file()).absoluteFilePath();
  const QString name =
      session_.file().isEmpty() ? QString("graph") : QFileInfo(session_.file()).completeBaseName();
  const QString file = QDir(folder).filePath(name + ".loom");
  QSaveFile out(file);
  const QByteArray text = QByteArray::fromStdString(
      writeGraph(withWholePaths(session_.document(), session_.catalog(), session_.folder())));
  if (!out.open(QIODevice::WriteOnly) || out.write(text) != text.size() || !out.commit())
    throw Error(file.toStdString() + " can't be written: " + out.errorString().toStdString());
  return file;
}

void BatchPanel::writeJobs(const QString& file) {
  SweepJob batch = job();
  const QFileInfo info(file);
  if (!QDir().mkpath(info.absolutePath())) throw Error(info.absolutePath().toStdString() + " can't be made");
  batch.graph = graphFile(info.absolutePath());
  const QByteArray text = info.suffix().toLower() == "csv" ? batch.csv() : batch.jsonLines();
  QSaveFile out(file);
  if (!out.open(QIODevice::WriteOnly) || out.write(text) != text.size() || !out.commit())
    throw Error(file.toStdString() + " can't be written: " + out.errorString().toStdString());
}

void BatchPanel::chooseJobsFile() {
  auto* dialog = new QFileDialog(window(), tr("Write jobs file"), QDir(out_->text()).filePath("jobs.jsonl"),
                                 tr("Files of jobs (*.jsonl *.csv)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& file) {
    try {
      writeJobs(file);
      session_.notice(tr("Wrote %1. Run it with: noiseloom batch \"%1\"").arg(file));
    } catch (const Error& error) {
      session_.notice(QString::fromUtf8(error.what()), true);
    }
  });
  dialog->open();
}

void BatchPanel::start() {
  if (running()) return;
  const QString out = out_->text().trimmed();
  failure_.clear();
  gridFile_.clear();
  jobs_ = done_ = failed_ = 0;
  jobPart_ = 0;
  cancelled_ = false;
  pending_.clear();
  grid_->clear();
  folder_->hide();
  large_->hide();
  try {
    if (out.isEmpty()) throw Error("which folder do the results go into?");
    const QString runner = session_.worker().program();
    if (runner.isEmpty()) throw Error("the program noiseloom was not found beside this one, nor in PATH");
    const QString jobs = QDir(out).filePath("jobs.jsonl");
    writeJobs(jobs);
    QStringList arguments{
        "batch", jobs, "--out", out, "--json", "--workers", QString::number(workers_->value())};
    if (!session_.device().isEmpty()) arguments << "--device" << session_.device();
    if (!session_.dtype().isEmpty()) arguments << "--dtype" << session_.dtype();
    if (!session_.folder().isEmpty()) arguments << "--allow" << session_.folder();
    for (const QString& folder : session_.allowedFolders()) arguments << "--allow" << folder;
    process_.setProcessChannelMode(QProcess::SeparateChannels);
    process_.setWorkingDirectory(out);
    process_.start(runner, arguments);
  } catch (const Error& error) {
    state_->setText(QString::fromUtf8(error.what()));
    return;
  }
  state_->setText(tr("Starting…"));
  progress_->setValue(0);
  progress_->show();
  updateButtons();
}

void BatchPanel::cancel() {
  if (!running()) return;
  cancelled_ = true;
  state_->setText(tr("Stopping…"));
  process_.terminate();
  QTimer::singleShot(kForcedAfterMs, &process_, [this] {
    if (running()) process_.kill();
  });
}

void BatchPanel::readOutput() {
  pending_ += process_.readAllStandardOutput();
  qsizetype end;
  while ((end = pending_.indexOf('\n')) >= 0) {
    const auto event =
        nlohmann::json::parse(pending_.constData(), pending_.constData() + end, nullptr, false);
    pending_.remove(0, end + 1);
    if (event.is_object()) try {
        heard(event);
      } catch (const nlohmann::json::exception&) {  // an event of another kind than this knows: not told
      }
  }
  if (pending_.size() > kMostLine) pending_.clear();
}

void BatchPanel::heard(const nlohmann::json& event) {
  const std::string what = event.value("event", "");
  if (what == "batch-started") {
    jobs_ = event.value("jobs", 0);
    done_ = event.value("known", 0);
  } else if (what == "step" && event.value("count", 0) > 0 && event.at("iteration").size() == 1) {
    jobPart_ = event.value("done", 0.) / event.value("count", 1.);
  } else if (what == "job-finished" || what == "job-failed") {
    ++done_;
    jobPart_ = 0;
    if (what == "job-failed") {
      ++failed_;
      failure_ = QString::fromStdString(event.value("message", ""));
    }
  } else if (what == "batch-finished" || what == "batch-stopped") {
    for (const auto& file : event.value("files", nlohmann::json::array()))
      if (const QString name = QString::fromStdString(file.get<std::string>());
          name.endsWith(".png") && QFileInfo(name).fileName().startsWith("grid"))
        if (gridFile_.isEmpty()) gridFile_ = QDir(out_->text()).absoluteFilePath(name);
  } else if (what == "error") {
    failure_ = QString::fromStdString(event.value("message", ""));
  }
  if (jobs_ > 0) {
    progress_->setValue(static_cast<int>(kParts * std::min(1., (done_ + jobPart_) / jobs_)));
    if (!cancelled_)
      state_->setText(tr("%1 of %2 jobs done").arg(done_).arg(jobs_) +
                      (failed_ ? tr(", %1 failed").arg(failed_) : QString()));
  }
}

void BatchPanel::ended(int code) {
  readOutput();
  const QString said = QString::fromUtf8(process_.readAllStandardError().right(2000)).trimmed();
  const bool done = code == 0 && process_.exitStatus() == QProcess::NormalExit;
  progress_->hide();
  if (done)
    state_->setText(tr("All %1 jobs are done.").arg(jobs_));
  else if (cancelled_)
    state_->setText(tr("Stopped after %1 of %2 jobs. Run it again to do the rest.").arg(done_).arg(jobs_));
  else if (!failure_.isEmpty())
    state_->setText(failed_ ? tr("%1 of %2 jobs failed: %3").arg(failed_).arg(jobs_).arg(failure_)
                            : failure_);
  else
    state_->setText(said.isEmpty() ? tr("The batch ended before its time (%1).").arg(code) : said);
  folder_->setVisible(QFileInfo::exists(out_->text()));
  if (!gridFile_.isEmpty()) showGrid(gridFile_);
  updateButtons();
  Q_EMIT finished(done, gridFile_);
}

// Not read on the GUI thread.
void BatchPanel::showGrid(const QString& file) {
  const qreal ratio = devicePixelRatioF();
  const int pixels = static_cast<int>(std::max(200, width() - 40) * ratio);
  inBackground(
      this, [file, pixels] { return readGrid(file, pixels); },
      [this, file, ratio](QImage image) {
        if (image.isNull() || file != gridFile_) return;
        image.setDevicePixelRatio(ratio);
        grid_->setPixmap(QPixmap::fromImage(image));
        grid_->setToolTip(file);
        large_->show();
      });
}

void BatchPanel::showLarge() {
  auto* dialog = new GridDialog(gridFile_, window());
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->show();
}

void BatchPanel::updateButtons() {
  cancel_->setEnabled(running());
  count();
}

}  // namespace loom::editor
