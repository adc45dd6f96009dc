#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "app/cli/compared_files.h"
#include "app/cli/compared_tensors.h"
#include "app/cli/json_observer.h"
#include "app/worker/run_frames.h"
#include "app/worker/session.h"
#include "engine/files/tensor_entry.h"

namespace loom {
namespace {

using nlohmann::json;
using Iteration = std::vector<int64_t>;

at::Tensor tensorOf(const Value& value, const std::string& what) {
  const at::Tensor tensor = tensorFor(value);
  if (!tensor.defined())
    throw RpcError(RpcCode::params,
                   what + " carries " + value.type().name + ", which is no tensor and no number");
  return tensor;
}

json describeFrame(const RunFrame& frame) {
  return {{"iteration", frame.info.iteration},    {"bytes", frame.info.bytes}, {"onDisk", frame.info.onDisk},
          {"dtype", dtypeName(frame.info.dtype)}, {"shape", frame.info.shape}, {"run", frame.run}};
}

std::vector<ComparedTensor> comparedFrames(const WorkerRun& a, const WorkerRun& b, const std::string& port,
                                           const std::atomic<bool>& ending) {
  std::map<Iteration, ComparedTensor::Where> iterations;
  for (const RunFrame& frame : framesOf(a, port))
    iterations[frame.info.iteration] = ComparedTensor::Where::onlyA;
  for (const RunFrame& frame : framesOf(b, port)) {
    const auto [at, onlyHere] = iterations.try_emplace(frame.info.iteration, ComparedTensor::Where::onlyB);
    if (!onlyHere) at->second = ComparedTensor::Where::both;
  }
  std::vector<ComparedTensor> rows;
  for (const auto& [iteration, where] : iterations) {
    if (ending) throw Cancelled{};
    ComparedTensor row;
    row.iteration = iteration;
    row.where = where;
    if (where == ComparedTensor::Where::both)
      row.difference = tensorDifference(tensorOf(frameOf(a, port, iteration), port),
                                        tensorOf(frameOf(b, port, iteration), port));
    rows.push_back(std::move(row));
  }
  return rows;
}

// Exposed outputs that both have, where both are finished.
std::vector<ComparedTensor> comparedOutputs(const WorkerRun& a, const WorkerRun& b) {
  std::vector<ComparedTensor> rows;
  if (a.state() != WorkerRun::State::finished || b.state() != WorkerRun::State::finished) return rows;
  const auto& others = b.plan().prepared.plan->outputs;
  for (const auto& [name, slot] : a.plan().prepared.plan->outputs) {
    if (!others.contains(name)) continue;
    const at::Tensor one = tensorFor(a.output(name)), other = tensorFor(b.output(name));
    if (!one.defined() || !other.defined()) continue;
    ComparedTensor row;
    row.name = name;
    row.difference = tensorDifference(one, other);
    rows.push_back(std::move(row));
  }
  return rows;
}

json tableJson(const std::vector<ComparedTensor>& rows, bool frames, double bound) {
  FileComparison table = tableOf(rows, frames, {.bound = bound});
  table.details["text"] = table.line;
  return table.details;
}

}  // namespace

// A recorded frame, the newest where no iteration is named, or an exposed output.
Session::Named Session::namedValue(Params& params) {
  const auto run = shop_.find(params.text("run"));
  const auto port = params.optionalText("port"), output = params.optionalText("output");
  const bool newest = !params.has("iteration");
  Iteration iteration = params.integers("iteration");
  if (port.has_value() == output.has_value()) params.refuse("port", "or \"output\" says which value");
  if (output) return {run->output(*output), *output, {{"run", run->id()}, {"output", *output}}};
  const Value value = newest ? newestFrameOf(*run, *port, iteration) : frameOf(*run, *port, iteration);
  return {value, *port, {{"run", run->id()}, {"port", *port}, {"iteration", iteration}}};
}

json Session::frames(Params& params) {
  const auto run = shop_.find(params.text("run"));
  const std::string port = params.text("port");
  params.done();
  json list = json::array();
  for (const RunFrame& frame : framesOf(*run, port)) list.push_back(describeFrame(frame));
  return {{"run", run->id()}, {"port", port}, {"every", run->watch().every(port)}, {"frames", list}};
}

json Session::tensor(Params& params) {
  const Named named = namedValue(params);
  params.done();
  json shared = shared_.share(tensorOf(named.value, named.what));
  shared["type"] = named.value.type().id;
  shared.update(named.fields);
  return shared;
}

json Session::preview(Params& params) {
  const PreviewOptions options = previewFrom(params);
  const Named named = namedValue(params);
  params.done();
  Preview preview = previewOf(named.value, options);
  json shared = shared_.share(
      at::from_blob(preview.rgba.data(), {preview.height, preview.width, 4}, at::TensorOptions(at::kByte)));
  shared.update({{"width", preview.width},
                 {"height", preview.height},
                 {"columns", preview.columns},
                 {"rows", preview.rows},
                 {"as", previewKindName(preview.kind)},
                 {"low", preview.low},
                 {"high", preview.high}});
  shared.update(named.fields);
  return shared;
}

json Session::release(Params& params) {
  const std::string id = params.text("id");
  params.done();
  if (!shared_.release(id)) throw RpcError(RpcCode::unknown, "nothing is shared as \"" + id + "\"");
  return json::object();
}

json Session::statistics(Params& params) {
  const auto run = shop_.find(params.text("run"));
  const std::string port = params.text("port");
  params.done();
  json rows = json::array();
  for (const Recorder::Row& row : statisticsOf(*run, port)) rows.push_back(describeRow(row));
  return {{"run", run->id()}, {"port", port}, {"rows", rows}};
}

json Session::outputs(Params& params) {
  const auto run = shop_.find(params.text("run"));
  params.done();
  return {{"run", run->id()}, {"outputs", run->outputs()}, {"files", run->events().files()}};
}

json Session::diff(Params& params) {
  const auto a = shop_.find(params.text("a")), b = shop_.find(params.text("b"));
  std::vector<std::string> ports = params.texts("ports");
  const bool all = !params.has("ports");
  const double bound = params.real("bound", 0, 0, std::numeric_limits<double>::max());
  params.done();
  if (all)
    for (const std::string& port : a->watch().recorded())
      if (b->watch().records(port)) ports.push_back(port);
  json tables = json::array();
  bool equal = true;
  for (const std::string& port : ports) {
    json table = tableJson(comparedFrames(*a, *b, port, ending_), true, bound);
    equal = equal && table["equal"].get<bool>();
    table["port"] = port;
    tables.push_back(std::move(table));
  }
  json result{{"a", a->id()}, {"b", b->id()}, {"bound", bound}, {"ports", tables}};
  const std::vector<ComparedTensor> outputs = comparedOutputs(*a, *b);
  if (!outputs.empty()) {
    result["outputs"] = tableJson(outputs, false, bound);
    equal = equal && result["outputs"]["equal"].get<bool>();
  }
  result["equal"] = equal;
  return result;
}

}  // namespace loom
