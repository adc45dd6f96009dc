#include "app/editor/session/checker.h"

#include "app/editor/worker/background.h"

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr int kUnknown = -32002;
constexpr size_t kReadAtOnce = 500;  // ports; what is told of more is read on another thread

const json& listIn(const json& answer, const char* name) {
  static const json none = json::array();
  const auto found = answer.find(name);
  return found != answer.end() && found->is_array() ? *found : none;
}

}  // namespace

Checked checkedFrom(const json& answer) {
  Checked result;
  result.ok = answer.value("ok", false);
  for (const json& error : listIn(answer, "errors"))
    result.errors.push_back({error.value("node", ""), error.value("port", ""), error.value("message", "")});
  if (const auto ports = answer.find("ports"); ports != answer.end() && ports->is_object())
    for (const auto& [name, port] : ports->items()) {
      result.ports[name] = port.value("text", "");
      for (const json& size : listIn(port, "shape"))
        result.shapes[name].push_back(size.is_string() ? size.get<std::string>() : size.dump());
    }
  for (const json& node : listIn(answer, "nodes")) {
    if (node.value("hoisted", false)) result.hoisted.insert(node.value("node", ""));
  }
  for (const json& node : listIn(answer, "muted"))
    if (node.is_object()) result.muted.insert(node.value("node", ""));
  for (const json& zone : listIn(answer, "zones"))
    if (zone.value("trains", false)) result.trains = true;
  if (const auto forecast = answer.find("forecast"); forecast != answer.end() && forecast->is_object()) {
    result.peakBytes = forecast->value("peak_bytes", int64_t{0});
    result.peakAt = forecast->value("peak_at", "");
  }
  return result;
}

Checker::Checker(WorkerClient& worker, QObject* parent) : QObject(parent), worker_(worker) {
  connect(&worker, &WorkerClient::stateChanged, this, [this] {
    switch (worker_.state()) {
      case WorkerClient::State::ready:
        // Another worker knows nothing of it.
        if (graph_.empty() && !waiting_ && !underWay_) waiting_ = asked_;
        return next();
      case WorkerClient::State::gone:
      case WorkerClient::State::failed:
        graph_.clear();
        if (underWay_ && !waiting_) waiting_ = asked_;
        underWay_ = false;
        ++asking_;
        return;
      case WorkerClient::State::starting:
      case WorkerClient::State::hung:
        return;
    }
  });
}

void Checker::outdated(int version) {
  version_ = version;
  if (!std::exchange(checked_.current, false)) return;
  Q_EMIT changed();
}

void Checker::check(Asked asked) {
  waiting_ = std::move(asked);
  next();
}

void Checker::next() {
  if (underWay_ || !waiting_ || worker_.state() != WorkerClient::State::ready) return;
  underWay_ = true;
  asked_ = std::exchange(waiting_, std::nullopt);
  json params{{"text", asked_->text}};
  if (!graph_.empty()) params["graph"] = graph_;
  if (!asked_->folder.isEmpty()) params["folder"] = asked_->folder.toStdString();
  if (!asked_->allowed.empty()) {
    params["allow"] = json::array();
    for (const QString& folder : asked_->allowed) params["allow"].push_back(folder.toStdString());
  }
  const int asking = ++asking_;
  worker_.call(
      "graph.submit", std::move(params), this,
      [this, asking](const json& answer) {
        if (asking == asking_) submitted(answer);
      },
      [this, asking](const WorkerError& error) {
        if (asking == asking_) failed(error);
      });
}

void Checker::submitted(const json& answer) {
  graph_ = answer.value("graph", "");
  json params{{"graph", graph_}};
  if (!asked_->device.isEmpty()) params["device"] = asked_->device.toStdString();
  if (!asked_->dtype.isEmpty()) params["dtype"] = asked_->dtype.toStdString();
  const int asking = asking_;
  worker_.call(
      "graph.check", std::move(params), this,
      [this, asking](json&& answer) {
        if (asking != asking_) return;
        if (const auto ports = answer.find("ports"); ports == answer.end() || ports->size() <= kReadAtOnce)
          return came(checkedFrom(answer));
        inBackground(
            this, [answer = std::move(answer)] { return checkedFrom(answer); },
            [this, asking](Checked&& checked) {
              if (asking == asking_) came(std::move(checked));
            });
      },
      [this, asking](const WorkerError& error) {
        if (asking == asking_) failed(error);
      });
}

void Checker::came(Checked checked) {
  underWay_ = false;
  checked.current = asked_ && asked_->version == version_;
  letGo(std::exchange(checked_, std::move(checked)));
  Q_EMIT changed();
  next();
}

void Checker::failed(const WorkerError& error) {
  if (error.code == kUnknown) graph_.clear();
  Checked checked;
  checked.errors.push_back({error.node.toStdString(), error.port.toStdString(), error.message.toStdString()});
  came(std::move(checked));
}

}  // namespace loom::editor
