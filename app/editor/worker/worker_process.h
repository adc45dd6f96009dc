#pragma once
// One `noiseloom worker` process: lines to it, messages from it, and how it ended. WorkerClient has one after
// another of them. GUI thread; nothing waits but the destructor, for a moment.
#include <QElapsedTimer>
#include <QObject>
#include <QProcess>
#include <QTimer>
#include <nlohmann/json.hpp>

#include "app/editor/worker/lines.h"

namespace loom::editor {

class WorkerProcess : public QObject {
  Q_OBJECT
 public:
  explicit WorkerProcess(const QString& program, QObject* parent = nullptr);
  ~WorkerProcess() override;

  void begin();
  void write(const QByteArray& line);
  /// In order if it does so within that time, else by force.
  void end(int milliseconds);
  /// What it said is not the protocol: it is ended by force, and this is told as the reason.
  void giveUp(const QString& why);
  qint64 pid() const { return process_.processId(); }

 Q_SIGNALS:
  void started();
  void message(nlohmann::json& message);  // whoever hears it may take it apart
  void printed(const QString& line);
  void ended(const QString& how);  // once, and nothing comes after it

 private:
  void read();
  void handle();
  void readErrors();
  void print(const QString& line);
  void printLeftOut();
  void finish(const QString& how);

  const QString program_;
  QProcess process_;
  Lines lines_, errors_;
  QStringList said_;  // the newest lines of its standard error
  QElapsedTimer printing_;
  int printed_ = 0, leftOut_ = 0;  // lines of the second at hand
  QString why_;
  QTimer later_, kill_;
  bool parsing_ = false, over_ = false;
};

}  // namespace loom::editor
