#include "app/editor/worker/worker_client.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QPointer>
#include <QTimer>
#include <deque>
#include <map>

#include "app/editor/worker/background.h"
#include "app/editor/worker/find_runner.h"
#include "app/editor/worker/worker_process.h"

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr int kProtocol = 1;
constexpr int kAskAfter = 3000, kHungAfter = 10'000, kEndWithin = 2000;  // milliseconds
constexpr int kBeginWithin = 60'000;  // libraries from a cold disk take their time
constexpr size_t kMostDeaths = 5;     // within this:
constexpr qint64 kDeathsWithin = 60'000;
constexpr size_t kWordedAtOnce = 256 << 10;          // bytes of a text
constexpr int kWait[] = {50, 200, 500, 1000, 2000};  // before the next one, by deaths

const QString kGone = QStringLiteral("the worker is gone");

WorkerError errorFrom(const json& error) {
  WorkerError result;
  if (!error.is_object()) return result;
  if (const auto code = error.find("code"); code != error.end() && code->is_number_integer())
    result.code = code->get<int>();
  const auto text = [](const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? QString::fromStdString(found->get<std::string>())
                                                       : QString();
  };
  result.message = text(error, "message");
  if (const auto data = error.find("data"); data != error.end() && data->is_object()) {
    result.node = text(*data, "node");
    result.port = text(*data, "port");
  }
  return result;
}

}  // namespace

class WorkerClient::Implementation : public QObject {
 public:
  struct Call {
    QPointer<QObject> context;
    Then then;
    Fail fail;
  };

  Implementation(WorkerClient& owner, QString named) : owner_(owner), named_(std::move(named)) {
    begin_.setSingleShot(true);
    ask_.setSingleShot(true);
    connect(&begin_, &QTimer::timeout, this, [this] { launch(); });
    connect(&ask_, &QTimer::timeout, this, [this] { askWhetherItAnswers(); });
    clock_.start();
  }

  ~Implementation() override {
    if (process_) process_->disconnect(this);
  }

  void launch() {
    if (process_) return;
    begin_.stop();
    const FoundRunner found = findRunner(named_);
    program_ = found.program;
    if (program_.isEmpty())
      return failWith(WorkerClient::tr("the program noiseloom was not found; it was looked for at %1")
                          .arg(found.looked.join(QStringLiteral(", "))));
    process_ = std::make_unique<WorkerProcess>(program_);
    WorkerProcess* process = process_.get();
    connect(process, &WorkerProcess::started, this, [this] { sayHello(); });
    connect(process, &WorkerProcess::message, this, [this](json& message) { heard(message); });
    connect(process, &WorkerProcess::printed, &owner_, &WorkerClient::printed);
    // Queued: it is not destroyed in the middle of telling so.
    connect(
        process, &WorkerProcess::ended, this, [this](const QString& how) { died(how); },
        Qt::QueuedConnection);
    hello_ = nullptr;
    set(State::starting, WorkerClient::tr("starting"));
    heardAt_ = clock_.elapsed();
    process->begin();
    watch();
  }

  void restart() {
    deaths_.clear();
    if (!process_) {
      set(State::gone, WorkerClient::tr("restarting"));
      begin_.start(0);
      return;
    }
    restarting_ = true;
    process_->end(state_ == State::hung ? 0 : kEndWithin);
    set(State::gone, WorkerClient::tr("restarting"));
    dropSent();
  }

  void call(const char* method, json params, QObject* context, Then then, Fail fail) {
    const int64_t id = next_++;
    if (params.is_null()) params = json::object();
    calls_[id] = {context, std::move(then), std::move(fail)};
    if (state_ == State::failed) {
      QTimer::singleShot(0, this, [this, id] { fails(id, {-32000, text_, {}, {}}); });
    } else if (isLong(params)) {
      waiting_.emplace_back(id, QByteArray());
      inBackground(
          this, [id, method, params = std::move(params)] { return lineOf(id, method, params); },
          [this, id](const QByteArray& line) { worded(id, line); });
    } else if (ready()) {
      process_->write(lineOf(id, method, params));
      watch();
    } else {
      waiting_.emplace_back(id, lineOf(id, method, params));
    }
  }

  void tell(const char* method, const json& params) {
    if (!ready()) return;
    const json request{{"jsonrpc", "2.0"}, {"method", method}, {"params", params}};
    process_->write(wordsOf(request));
  }

  void setBusy(bool busy) {
    busy_ = busy;
    watch();
  }

  WorkerClient& owner_;
  const QString named_;
  QString program_;
  State state_ = State::gone;
  QString text_ = WorkerClient::tr("not started");
  json hello_;
  std::unique_ptr<WorkerProcess> process_;

 private:
  static QByteArray lineOf(int64_t id, const char* method, const json& params) {
    return wordsOf({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}});
  }

  static QByteArray wordsOf(const json& request) {
    return QByteArray::fromStdString(request.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
  }

  static bool isLong(const json& params) {
    return std::any_of(params.begin(), params.end(), [](const json& value) {
      return value.is_string() && value.get_ref<const std::string&>().size() > kWordedAtOnce;
    });
  }

  void worded(int64_t id, const QByteArray& line) {
    const auto found =
        std::find_if(waiting_.begin(), waiting_.end(), [id](const auto& each) { return each.first == id; });
    if (found == waiting_.end()) return;
    found->second = line;
    if (ready()) sendWaiting();
  }

  // Those that are in words.
  void sendWaiting() {
    for (auto& [id, line] : std::exchange(waiting_, {})) {
      if (!calls_.contains(id)) continue;
      if (line.isEmpty())
        waiting_.emplace_back(id, line);
      else
        process_->write(line);
    }
    watch();
  }

  bool ready() const { return state_ == State::ready || state_ == State::hung; }

  void set(State state, const QString& text) {
    if (state == state_ && text == text_) return;
    state_ = state;
    text_ = text;
    Q_EMIT owner_.stateChanged();
  }

  void sayHello() {
    const json params{
        {"protocol", kProtocol}, {"client", "noiseloom-editor"}, {"pid", QCoreApplication::applicationPid()}};
    helloId_ = next_++;
    process_->write(lineOf(helloId_, "hello", params));
  }

  // --- what comes ---

  void heard(json& message) {
    heardAt_ = clock_.elapsed();
    if (restarting_) return;
    if (state_ == State::hung) set(State::ready, WorkerClient::tr("running"));
    const auto id = message.find("id");
    if (id != message.end() && id->is_number_integer()) return answered(id->get<int64_t>(), message);
    const auto method = message.find("method");
    if (method == message.end() || !method->is_string()) {
      if (const auto error = message.find("error"); error != message.end())
        Q_EMIT owner_.printed(errorFrom(*error).message);
      return;
    }
    static const json none = json::object();
    const auto params = message.find("params");
    Q_EMIT owner_.notification(QString::fromStdString(method->get<std::string>()),
                               params != message.end() && params->is_object() ? *params : none);
  }

  void answered(int64_t id, json& message) {
    const auto error = message.find("error");
    const auto result = message.find("result");
    const bool failed = error != message.end() || result == message.end();
    if (id == helloId_) {
      if (failed) {
        hopeless_ = true;  // another one says the same
        const QString why = error == message.end() ? QString() : errorFrom(*error).message;
        return process_->giveUp(WorkerClient::tr("it refused to work with this editor: %1").arg(why));
      }
      if (const auto protocol = result->is_object() ? result->find("protocol") : result->end();
          result->is_object() && protocol != result->end() && *protocol != kProtocol) {
        hopeless_ = true;
        return process_->giveUp(WorkerClient::tr("it speaks version %1 of the protocol and this editor %2: "
                                                 "they are of different versions of Noiseloom")
                                    .arg(QString::fromStdString(protocol->dump()).left(20))
                                    .arg(kProtocol));
      }
      hello_ = *result;
      set(State::ready, WorkerClient::tr("running"));
      return sendWaiting();
    }
    if (id == askedId_) {
      askedId_ = 0;
      return watch();
    }
    if (failed) return fails(id, error == message.end() ? WorkerError{} : errorFrom(*error));
    const auto found = calls_.find(id);
    if (found == calls_.end()) return;
    const Call call = std::move(found->second);
    calls_.erase(found);
    if (call.context && call.then) call.then(std::move(*result));
  }

  void fails(int64_t id, const WorkerError& error) {
    const auto found = calls_.find(id);
    if (found == calls_.end()) return;
    const Call call = std::move(found->second);
    calls_.erase(found);
    if (call.context && call.fail) call.fail(error);
  }

  // --- when it goes ---

  void died(const QString& how) {
    process_.reset();
    askedId_ = helloId_ = 0;
    hello_ = nullptr;
    ask_.stop();
    const bool wanted = std::exchange(restarting_, false);
    if (std::exchange(hopeless_, false) && !wanted) return failWith(how);
    if (!wanted) {
      deaths_.push_back(clock_.elapsed());
      while (deaths_.front() < clock_.elapsed() - kDeathsWithin) deaths_.pop_front();
      if (deaths_.size() >= kMostDeaths)
        return failWith(
            WorkerClient::tr("ended %1 times within a minute, at last: %2").arg(deaths_.size()).arg(how));
      begin_.start(kWait[std::min(deaths_.size() - 1, std::size(kWait) - 1)]);
      set(State::gone, WorkerClient::tr("gone: %1").arg(how));
      dropSent();
    } else {
      begin_.start(0);
    }
  }

  void failWith(const QString& why) {
    waiting_.clear();
    set(State::failed, why);
    dropSent();
  }

  // What was written to one that is gone is answered by nobody. What still waits goes to the next.
  void dropSent() {
    std::vector<int64_t> sent;
    for (const auto& [id, call] : calls_)
      if (std::none_of(waiting_.begin(), waiting_.end(),
                       [id = id](const auto& each) { return each.first == id; }))
        sent.push_back(id);
    const WorkerError error{-32000, state_ == State::failed ? text_ : kGone, {}, {}};
    for (const int64_t id : sent) fails(id, error);
  }

  // --- whether it still answers ---

  bool wanted() const { return process_ && (busy_ || !calls_.empty() || state_ == State::starting); }

  void watch() {
    if (wanted() && !restarting_ && !ask_.isActive()) ask_.start(kAskAfter);
  }

  void askWhetherItAnswers() {
    if (!wanted() || restarting_) return;
    const qint64 silent = clock_.elapsed() - heardAt_;
    if (state_ == State::starting && silent > kBeginWithin)
      return process_->giveUp(WorkerClient::tr("it did not answer within a minute of its start"));
    if (ready() && askedId_ == 0) {
      askedId_ = next_++;
      askedAt_ = clock_.elapsed();
      process_->write(lineOf(askedId_, "device", json::object()));
    } else if (askedId_ != 0 && clock_.elapsed() - askedAt_ >= kHungAfter && silent >= kHungAfter) {
      set(State::hung, WorkerClient::tr("does not answer"));
    }
    watch();
  }

  QTimer begin_, ask_;
  QElapsedTimer clock_;
  std::map<int64_t, Call> calls_;
  std::vector<std::pair<int64_t, QByteArray>> waiting_;
  std::deque<qint64> deaths_;
  int64_t next_ = 1, helloId_ = 0, askedId_ = 0;
  qint64 askedAt_ = 0, heardAt_ = 0;
  bool busy_ = false, restarting_ = false, hopeless_ = false;
};

WorkerClient::WorkerClient(QString program, QObject* parent)
    : QObject(parent), implementation_(std::make_unique<Implementation>(*this, std::move(program))) {}

WorkerClient::~WorkerClient() = default;

void WorkerClient::start() {
  if (implementation_->process_ || state() == State::ready) return;
  implementation_->launch();
}

void WorkerClient::restart() { implementation_->restart(); }
WorkerClient::State WorkerClient::state() const { return implementation_->state_; }
QString WorkerClient::stateText() const { return implementation_->text_; }
QString WorkerClient::program() const { return implementation_->program_; }
const nlohmann::json& WorkerClient::hello() const { return implementation_->hello_; }
void WorkerClient::setBusy(bool busy) { implementation_->setBusy(busy); }

qint64 WorkerClient::pid() const { return implementation_->process_ ? implementation_->process_->pid() : 0; }

void WorkerClient::call(const char* method, nlohmann::json params, QObject* context, Then then, Fail fail) {
  implementation_->call(method, std::move(params), context, std::move(then), std::move(fail));
}

void WorkerClient::tell(const char* method, const nlohmann::json& params) {
  implementation_->tell(method, params);
}

}  // namespace loom::editor
