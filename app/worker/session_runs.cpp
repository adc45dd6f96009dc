#include "app/worker/session.h"

#include "engine/core/text.h"

namespace loom {
namespace {

using nlohmann::json;

[[noreturn]] void refuseOver(const WorkerRun& run) {
  throw RpcError(RpcCode::state, "run " + run.id() + " is over: " + WorkerRun::nameOf(run.state()));
}

ProbeRequest::Kind kindFrom(Params& params) {
  const std::string kind = params.choice("kind", {"record", "statistics", "preview"}, "record");
  if (kind == "record") return ProbeRequest::Kind::record;
  return kind == "statistics" ? ProbeRequest::Kind::statistics : ProbeRequest::Kind::preview;
}

void requireZone(const WorkerRun& run, const std::string& zone) {
  std::string names;
  for (const PlanZone& each : run.plan().prepared.plan->zones) {
    if (each.path == zone) return;
    names += (names.empty() ? "" : ", ") + each.path;
  }
  throw RpcError(RpcCode::unknown, "the graph of run " + run.id() + " has no zone \"" + shortened(zone) +
                                       "\"; it has: " + (names.empty() ? "none" : names));
}

}  // namespace

json Session::runStart(Params& params) {
  const HeldGraph& graph = graphs_.find(params.text("graph"));
  if (ending_) throw RpcError(RpcCode::state, "the worker is ending");
  try {
    return shop_.start(graph, params);
  } catch (const Error& error) {
    throw RpcError(RpcCode::graph, withoutOption(error));
  }
}

json Session::runPause(Params& params) {
  const auto run = shop_.find(params.text("run"));
  params.done();
  if (!run->pause()) refuseOver(*run);
  return run->status();
}

json Session::runStep(Params& params) {
  const auto run = shop_.find(params.text("run"));
  const int64_t steps = params.integer("steps", 1, 1, kMostSteps);
  params.done();
  if (!run->step(steps)) refuseOver(*run);
  return run->status();
}

json Session::runTo(Params& params) {
  const auto run = shop_.find(params.text("run"));
  const Control::Place place = pausePlace(params);
  if (!place.zone.empty()) requireZone(*run, place.zone);
  if (place.at.size() > 1) requirePause(place, *run->plan().prepared.plan, params.where());
  if (!run->runTo(place)) refuseOver(*run);
  return run->status();
}

json Session::runContinue(Params& params) {
  const auto run = shop_.find(params.text("run"));
  params.done();
  if (!run->proceed()) refuseOver(*run);
  return run->status();
}

json Session::runStop(Params& params) {
  const auto run = shop_.find(params.text("run"));
  params.done();
  run->stop();
  return run->status();
}

json Session::runStatus(Params& params) {
  const auto run = shop_.find(params.text("run"));
  params.done();
  return run->status();
}

json Session::runList(Params& params) {
  params.done();
  return shop_.list();
}

json Session::runForget(Params& params) {
  const std::string run = params.text("run");
  params.done();
  shop_.forget(run);
  return json::object();
}

json Session::runMove(Params& params) {
  const std::string run = params.text("run");
  const int64_t place = params.integer("place", 0, 1'000'000);
  params.done();
  shop_.move(run, place);
  return shop_.list();
}

// What a fork can begin with.
json Session::runSteps(Params& params) {
  const auto run = shop_.find(params.text("run"));
  params.done();
  json zones = json::array();
  const std::filesystem::path folder = run->stepsFolder();
  if (folder.empty()) return {{"run", run->id()}, {"kept", false}, {"zones", zones}};
  for (const History::ZoneSteps& zone : History::read(folder)) {
    json steps = json::array();
    for (const History::Step& step : zone.steps)
      if (step.state) steps.push_back(step.done);
    json described{{"zone", zone.zone}, {"count", zone.count}, {"steps", steps}};
    for (const auto& [around, point] : zone.around) described["within"].push_back(point.done);
    zones.push_back(std::move(described));
  }
  return {{"run", run->id()}, {"kept", true}, {"zones", zones}};
}

json Session::probe(Params& params) {
  const auto run = shop_.find(params.text("run"));
  const ProbeRequest request = probeFrom(params, kindFrom(params));
  params.done();
  run->watch().add(request);
  return {{"run", run->id()}, {"probes", run->watch().describe()}};
}

json Session::unprobe(Params& params) {
  const auto run = shop_.find(params.text("run"));
  const std::string port = params.text("port");
  const ProbeRequest::Kind kind = kindFrom(params);
  params.done();
  if (!run->watch().remove(port, kind))
    throw RpcError(RpcCode::unknown, "there is no " + std::string(nameOf(kind)) + " probe on \"" +
                                         shortened(port) + "\" of run " + run->id());
  return {{"run", run->id()}, {"probes", run->watch().describe()}};
}

}  // namespace loom
