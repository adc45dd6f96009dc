#pragma once
// A client of a worker, for tests: lines to it, answers and notifications from it.
#include <QDeadlineTimer>
#include <QtTest>

#include "tests/app/cli/program.h"

class Client {
 public:
  /// The worker stands in the program's folder, and keeps what it keeps below it.
  explicit Client(const Program& program, const QStringList& arguments = {}) {
    QProcessEnvironment environment = program.environment;
    environment.insert("XDG_CACHE_HOME", program.path("cache"));
    process_.setProcessEnvironment(environment);
    process_.setWorkingDirectory(program.path("."));
    process_.start(NOISELOOM_RUNNER, QStringList{"worker"} + arguments);
    if (!process_.waitForStarted()) qFatal("the worker can't be started");
  }
  ~Client() {
    process_.closeWriteChannel();
    if (!process_.waitForFinished(10'000)) process_.kill();
    process_.waitForFinished();
  }

  QProcess& process() { return process_; }
  void write(const QByteArray& bytes) { process_.write(bytes); }
  void line(const QByteArray& text) { write(text + "\n"); }

  /// Sends a request and gives its number.
  int ask(const QString& method, const QJsonObject& params = {}) {
    const QJsonObject request{{"jsonrpc", "2.0"}, {"id", ++count_}, {"method", method}, {"params", params}};
    line(QJsonDocument(request).toJson(QJsonDocument::Compact));
    return count_;
  }
  /// The whole answer: "result" or "error"; empty where none comes in time.
  QJsonObject answer(int id, int milliseconds = 60'000) {
    const QDeadlineTimer end(milliseconds);
    while (true) {
      for (int i = 0; i < answers_.size(); ++i)
        if (answers_[i]["id"] == id) return answers_.takeAt(i);
      if (!readLine(end)) return {};
    }
  }
  QJsonObject call(const QString& method, const QJsonObject& params = {}) {
    return answer(ask(method, params));
  }
  QJsonObject result(const QString& method, const QJsonObject& params = {}) {
    const QJsonObject whole = call(method, params);
    if (!whole.contains("result"))
      qWarning("%s: %s", qPrintable(method), QJsonDocument(whole).toJson().constData());
    return whole["result"].toObject();
  }
  QJsonObject error(const QString& method, const QJsonObject& params = {}) {
    return call(method, params)["error"].toObject();
  }
  /// The next answer that has no id: to a line of which none could be told.
  QJsonObject anonymous(int milliseconds = 60'000) {
    const QDeadlineTimer end(milliseconds);
    while (true) {
      for (int i = 0; i < answers_.size(); ++i)
        if (answers_[i]["id"].isNull()) return answers_.takeAt(i);
      if (!readLine(end)) return {};
    }
  }
  QJsonObject hello() { return result("hello", {{"client", "test"}, {"protocol", 1}}); }

  /// Waits for a run to be in one of these states; gives the notification, empty where it does not come.
  QJsonObject state(const QString& run, const QStringList& states, int milliseconds = 60'000) {
    const QDeadlineTimer end(milliseconds);
    while (true) {
      while (!notifications_.isEmpty()) {
        const QJsonObject next = notifications_.takeFirst();
        const QJsonObject params = next["params"].toObject();
        if (next["method"] == "run.state" && params["run"] == run &&
            states.contains(params["state"].toString()))
          return params;
      }
      if (!readLine(end)) return {};
    }
  }
  QList<QJsonObject> takeNotifications() { return std::exchange(notifications_, {}); }

 private:
  bool readLine(const QDeadlineTimer& end) {
    while (!process_.canReadLine())
      if (end.hasExpired() ||
          !process_.waitForReadyRead(static_cast<int>(std::max<qint64>(1, end.remainingTime()))))
        if (!process_.canReadLine()) return false;
    const QJsonObject message = QJsonDocument::fromJson(process_.readLine()).object();
    if (message.isEmpty()) qFatal("the worker wrote a line that is no object");
    (message.contains("method") ? notifications_ : answers_) << message;
    return true;
  }

  QProcess process_;
  int count_ = 0;
  QList<QJsonObject> answers_, notifications_;
};

/// The walk with another number of steps: a longer one leaves time to do something meanwhile.
inline QJsonObject walkOf(int steps) {
  QByteArray text = kWalk;
  text.replace(R"("params": {"steps": 100})", R"("params": {"steps": )" + QByteArray::number(steps) + "}");
  return {{"text", QString(text)}};
}
