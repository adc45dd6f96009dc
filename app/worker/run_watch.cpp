#include "app/worker/run_watch.h"

#include "app/cli/duration.h"
#include "app/worker/rpc.h"
#include "engine/core/text.h"

namespace loom {
namespace {

using nlohmann::json;

constexpr size_t kMostNamed = 40;  // ports in a message

// The ports nearest to the one that is not there: those of its node, else all nodes.
std::string portsNear(const Plan& plan, const std::string& port) {
  const std::string node = port.substr(0, port.find_last_of(".:"));
  std::string ports, nodes;
  size_t named = 0;
  for (const auto& [each, slot] : plan.ports) {
    const std::string path = each.substr(0, each.rfind('.'));
    if (path == node) ports += (ports.empty() ? "" : ", ") + each;
    if (!nodes.ends_with(path) && ++named <= kMostNamed) nodes += (nodes.empty() ? "" : ", ") + path;
  }
  return ports.empty() ? "the nodes are: " + nodes : "there are: " + ports;
}

const PlanOp* nodeAt(const Plan& plan, const std::string& path) {
  for (const PlanOp& op : plan.ops)
    if (op.kind == PlanOp::Kind::node && op.path == path) return &op;
  return nullptr;
}

}  // namespace

const char* nameOf(ProbeRequest::Kind kind) {
  switch (kind) {
    case ProbeRequest::Kind::record:
      return "record";
    case ProbeRequest::Kind::statistics:
      return "statistics";
    case ProbeRequest::Kind::preview:
      return "preview";
  }
  return "";
}

PreviewOptions previewFrom(Params& params) {
  PreviewOptions options;
  options.kind = previewKindOf(
      params.choice("as", {"automatic", "picture", "normalised", "false_colour", "channels"}, "automatic"));
  options.longestSide = params.integer("side", options.longestSide, 1, 4096);
  options.samples = params.integer("samples", options.samples, 1, 256);
  constexpr double most = std::numeric_limits<double>::max();
  if (params.has("low")) options.low = params.real("low", 0, -most, most);
  if (params.has("high")) options.high = params.real("high", 0, -most, most);
  return options;
}

ProbeRequest probeFrom(Params& params, ProbeRequest::Kind kind) {
  ProbeRequest request;
  request.kind = kind;
  request.port = params.text("port");
  if (kind == ProbeRequest::Kind::record) {
    request.rule.every = params.integer("every", 1, 1, 1'000'000'000);
    request.rule.last = params.integer("last", 0, 0, 1'000'000'000);
  }
  if (kind == ProbeRequest::Kind::preview) request.preview = previewFrom(params);
  return request;
}

ProbeRequest probeFrom(const json& value, ProbeRequest::Kind kind, const std::string& where) {
  if (value.is_string()) {
    const json named{{"port", value}};
    Params params(named, where);
    return probeFrom(params, kind);
  }
  if (!value.is_object())
    throw RpcError(RpcCode::params, where + R"( is a list of ports, "node.port" or {"port": ...})");
  Params params(value, where);
  ProbeRequest request = probeFrom(params, kind);
  params.done();
  return request;
}

RunWatch::RunWatch(WatchOptions options, std::shared_ptr<const Plan> plan, RunEvents& events,
                   LivePreviews::Told told)
    : plan_(std::move(plan)),
      recorder_(recorderOptions(options, events)),
      previews_(std::move(told), [&events](const std::string& port, const std::string& why) {
        events.log("", port + " can't be shown: " + why);
      }) {
  observer_.add(recorder_);
  observer_.add(previews_.observer());
  for (const ProbeRequest& request : options.fixed) {
    add(request);
    fixed_.insert(request.port);
  }
}

Recorder::Options RunWatch::recorderOptions(const WatchOptions& options, RunEvents& events) const {
  Recorder::Options recorder;
  recorder.mostBytes = options.mostBytes;
  recorder.mostDiskBytes = options.mostDiskBytes;
  recorder.folder = options.folder;
  recorder.thinned = [&events](const std::string& port, int64_t every) {
    events.log("", "recording " + port + " every " + std::to_string(every) +
                       " steps to stay within the budget (recordBudget)");
  };
  recorder.row = [&events](const std::string& port, const Recorder::Row& row) {
    events.statistics(port, row);
  };
  recorder.say = [&events](const std::string& message) { events.log("", message); };
  return recorder;
}

void RunWatch::check(const std::string& port) const {
  if (const size_t colon = port.find(':'); colon != std::string::npos) {
    const PlanOp* node = nodeAt(*plan_, port.substr(0, colon));
    if (node && node->type->showsInside) return;
    throw RpcError(RpcCode::unknown,
                   shortened(port) + ": " +
                       (node ? node->type->id + " shows nothing of its inside" : "there is no such node"));
  }
  const auto found = plan_->ports.find(port);
  if (found == plan_->ports.end())
    throw RpcError(RpcCode::unknown,
                   "there is no port \"" + shortened(port) + "\"; " + portsNear(*plan_, port));
  const TypeInfo* type = plan_->slots[static_cast<size_t>(found->second)].spec.type;
  if (type && type != &typeOf<Any>() && !hasTensor(*type) && !type->picture)
    throw RpcError(RpcCode::params, port + " carries " + type->name + ", which is no tensor and no number");
}

void RunWatch::begin(const ProbeRequest& request) {
  switch (request.kind) {
    case ProbeRequest::Kind::record:
      return recorder_.add(request.port, request.rule);
    case ProbeRequest::Kind::statistics:
      return recorder_.addStatistics(request.port);
    case ProbeRequest::Kind::preview:
      return previews_.add(request.port, request.preview);
  }
}

void RunWatch::add(const ProbeRequest& request) {
  check(request.port);
  const std::lock_guard lock(mutex_);
  if (!probes_.contains({request.port, request.kind}) && probes_.size() >= kMost)
    throw RpcError(RpcCode::limit, "at most " + std::to_string(kMost) + " probes are held for one run");
  begin(request);
  probes_[{request.port, request.kind}] = request.rule;
  live_.add(request.port);
}

bool RunWatch::remove(const std::string& port, ProbeRequest::Kind kind) {
  const std::lock_guard lock(mutex_);
  if (probes_.erase({port, kind}) == 0) return false;
  if (kind == ProbeRequest::Kind::record) recorder_.remove(port);
  if (kind == ProbeRequest::Kind::statistics) recorder_.removeStatistics(port);
  if (kind == ProbeRequest::Kind::preview) previews_.remove(port);
  const auto next = probes_.lower_bound({port, ProbeRequest::Kind::record});
  if (next == probes_.end() || next->first.first != port) live_.remove(port);
  return true;
}

bool RunWatch::has(const std::string& port, ProbeRequest::Kind kind) const {
  const std::lock_guard lock(mutex_);
  return probes_.contains({port, kind});
}

std::vector<std::string> RunWatch::recorded() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ports;
  for (const auto& [probe, rule] : probes_)
    if (probe.second == ProbeRequest::Kind::record) ports.push_back(probe.first);
  return ports;
}

std::vector<std::string> RunWatch::fixedPorts() const {
  const std::lock_guard lock(mutex_);
  return {fixed_.begin(), fixed_.end()};
}

json RunWatch::describe() const {
  const std::lock_guard lock(mutex_);
  json all = json::array();
  for (const auto& [probe, rule] : probes_) {
    json described{{"port", probe.first}, {"kind", nameOf(probe.second)}};
    if (probe.second == ProbeRequest::Kind::preview) described["slot"] = previews_.slotOf(probe.first);
    all.push_back(std::move(described));
  }
  return all;
}

}  // namespace loom
