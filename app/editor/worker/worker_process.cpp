#include "app/editor/worker/worker_process.h"

#include "app/editor/worker/background.h"

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr qsizetype kParsedAtOnce = 256 << 10;  // longer lines are parsed on another thread
constexpr qint64 kMostMilliseconds = 8;         // of messages in a row, then the window has its turn
constexpr qsizetype kMostSaid = 8, kLongestSaid = 4096;
constexpr qsizetype kMostWaiting = qsizetype{256} << 20;  // bytes that are read and not understood yet
constexpr int kMostPrinted = 200;                         // lines of standard error a second

QString beginOf(const QByteArray& line) {
  const QString text = QString::fromUtf8(line.left(80)).simplified();
  return line.size() > 80 ? text + QStringLiteral("…") : text;
}

}  // namespace

WorkerProcess::WorkerProcess(const QString& program, QObject* parent) : QObject(parent), program_(program) {
  later_.setSingleShot(true);
  kill_.setSingleShot(true);
  connect(&later_, &QTimer::timeout, this, &WorkerProcess::handle);
  connect(&kill_, &QTimer::timeout, &process_, &QProcess::kill);
  connect(&process_, &QProcess::started, this, &WorkerProcess::started);
  connect(&process_, &QProcess::readyReadStandardOutput, this, &WorkerProcess::read);
  connect(&process_, &QProcess::readyReadStandardError, this, &WorkerProcess::readErrors);
  connect(&process_, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error == QProcess::FailedToStart)
      finish(tr("%1 can't be started: %2").arg(program_, process_.errorString()));
  });
  connect(&process_, &QProcess::finished, this, [this](int code, QProcess::ExitStatus status) {
    read();
    readErrors();
    QString how = why_;
    if (!how.isEmpty()) {
    } else if (status == QProcess::CrashExit) {
      how = code == 9 ? tr("killed by signal 9 (out of memory?)") : tr("killed by signal %1").arg(code);
    } else {
      how = tr("ended with code %1").arg(code);
    }
    if (!said_.isEmpty() && (code != 0 || status == QProcess::CrashExit))
      how += QStringLiteral("; ") + tr("it said: %1").arg(said_.last());
    finish(how);
  });
}

WorkerProcess::~WorkerProcess() {
  over_ = true;
  disconnect(&process_, nullptr, this, nullptr);
  if (process_.state() == QProcess::NotRunning) return;
  // It ends by itself when its input does; a hung one would keep the memory of the device.
  process_.closeWriteChannel();
  process_.terminate();
  if (!process_.waitForFinished(400)) {
    process_.kill();
    process_.waitForFinished(400);
  }
}

void WorkerProcess::begin() { process_.start(program_, {QStringLiteral("worker")}); }

void WorkerProcess::write(const QByteArray& line) {
  if (process_.state() == QProcess::Running) process_.write(line);
}

void WorkerProcess::end(int milliseconds) {
  if (process_.state() == QProcess::NotRunning) return;
  process_.closeWriteChannel();
  process_.terminate();
  kill_.start(milliseconds);
}

void WorkerProcess::giveUp(const QString& why) {
  if (why_.isEmpty()) why_ = why;
  process_.kill();
}

void WorkerProcess::read() {
  const QByteArray bytes = process_.readAllStandardOutput();
  if (why_.isEmpty()) lines_.add(bytes);
  if (lines_.tooLong()) {
    lines_.clear();
    giveUp(tr("it wrote a line of more than 64 MiB"));
  } else if (lines_.bytes() > kMostWaiting) {
    lines_.clear();
    giveUp(tr("it writes more than can be read"));
  }
  handle();
}

void WorkerProcess::handle() {
  QElapsedTimer clock;
  clock.start();
  while (!parsing_ && !over_ && why_.isEmpty()) {
    const bool ended = process_.state() == QProcess::NotRunning;  // then there is no later
    if (!ended && clock.elapsed() > kMostMilliseconds) {
      if (lines_.waiting()) later_.start(0);
      return;
    }
    const std::optional<QByteArray> line = lines_.next();
    if (!line) return;
    if (line->trimmed().isEmpty()) continue;
    const auto parse = [text = *line] { return json::parse(text.begin(), text.end(), nullptr, false); };
    const auto take = [this, start = beginOf(*line)](json parsed) {
      if (parsed.is_object())
        Q_EMIT message(parsed);
      else
        giveUp(tr("it does not speak the worker's protocol; it wrote \"%1\"").arg(start));
    };
    if (line->size() <= kParsedAtOnce || ended) {
      take(parse());
      continue;
    }
    parsing_ = true;
    inBackground(this, parse, [this, take](json parsed) {
      parsing_ = false;
      if (over_) return;
      take(std::move(parsed));
      handle();
    });
  }
}

void WorkerProcess::readErrors() {
  errors_.add(process_.readAllStandardError());
  while (const auto line = errors_.next()) {
    const QString text = QString::fromUtf8(line->left(kLongestSaid));
    if (text.trimmed().isEmpty()) continue;
    said_ << text;
    if (said_.size() > kMostSaid) said_.removeFirst();
    print(text);
  }
  if (errors_.tooLong()) errors_.clear();
}

// A program that prints without end must not have the window do nothing else.
void WorkerProcess::print(const QString& line) {
  if (!printing_.isValid() || printing_.elapsed() > 1000) {
    printLeftOut();
    printed_ = 0;
    printing_.start();
  }
  if (++printed_ <= kMostPrinted)
    Q_EMIT printed(line);
  else
    ++leftOut_;
}

void WorkerProcess::printLeftOut() {
  if (const int count = std::exchange(leftOut_, 0)) Q_EMIT printed(tr("… and %1 more lines").arg(count));
}

void WorkerProcess::finish(const QString& how) {
  if (over_) return;
  printLeftOut();
  over_ = true;
  kill_.stop();
  later_.stop();
  Q_EMIT ended(how);
}

}  // namespace loom::editor
