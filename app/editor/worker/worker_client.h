#pragma once
// The editor's end of the worker's protocol (app/worker/PROTOCOL.md): starts `noiseloom worker`, asks it,
// hears it, and starts another when it is gone. Lives on the GUI thread and never blocks it. Answers come in
// the order they arrive.
#include <QObject>
#include <QString>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

namespace loom::editor {

struct WorkerError {
  int code = 0;
  QString message, node, port;
};

class WorkerClient : public QObject {
  Q_OBJECT
 public:
  enum class State {
    starting,
    ready,
    gone,
    hung,
    failed
  };  // failed: it can't be started, or not again and again

  using Then = std::function<void(nlohmann::json&& result)>;
  using Fail = std::function<void(const WorkerError&)>;

  /// `program`: noiseloom; empty: the one beside this program, else in PATH.
  explicit WorkerClient(QString program = {}, QObject* parent = nullptr);
  ~WorkerClient() override;

  void start();  // at once, where it would wait a while before another one
  /// Ends it, by force if it does not end by itself, and starts another.
  void restart();
  State state() const;
  QString stateText() const;  // "running", "gone: killed by signal 9", ...
  qint64 pid() const;
  const nlohmann::json& hello() const;  // the answer of `hello`; null before it

  /// Asks; `then` or `fail` is called later, once, but not after `context` is gone. What was asked when the
  /// worker went fails with "the worker is gone". Before it is ready requests wait. A request that holds a
  /// text of many bytes is put into words on another thread: what is asked after it may come before it.
  void call(const char* method, nlohmann::json params, QObject* context, Then then, Fail fail = {});

  /// Asks for what nobody waits to be done: it is not answered. Nothing, where no worker is ready.
  void tell(const char* method, const nlohmann::json& params);

  /// While something is waited for it is asked every few seconds whether it still answers; `busy`: a run goes
  /// on too. Else nothing wakes.
  void setBusy(bool busy);
  QString program() const;  // that was found; empty: none

 Q_SIGNALS:
  void stateChanged();
  void notification(const QString& method, const nlohmann::json& params);
  void printed(const QString& line);  // on its standard error

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace loom::editor
