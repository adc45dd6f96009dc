#include "tests/engine/test_nodes.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "engine/node/exec.h"

namespace loom {

template <>
const TypeInfo& typeOf<test::Ladder>() {
  static const TypeInfo type = [] {
    TypeInfo ladder;
    ladder.id = "ladder";
    ladder.name = "Ladder";
    ladder.colour = "#000000";
    ladder.sequence =
        SequenceInfo{[](const Value& v) { return static_cast<int64_t>(v.as<test::Ladder>().rungs.size()); },
                     [](const Value& v, int64_t i) {
                       return Value::of<Real>(v.as<test::Ladder>().rungs[static_cast<size_t>(i)]);
                     },
                     &typeOf<Real>};
    return ladder;
  }();
  return type;
}

template <>
const TypeInfo& typeOf<test::Net>() {
  static const TypeInfo type = [] {
    TypeInfo net;
    net.id = "net";
    net.name = "Net";
    net.colour = "#000000";
    return net;
  }();
  return type;
}

template <>
const TypeInfo& typeOf<test::Learner>() {
  static const TypeInfo type = [] {
    TypeInfo learner;
    learner.id = "learner";
    learner.name = "Learner";
    learner.colour = "#000000";
    learner.tensor = [](const Value& v) { return &v.as<test::Learner>().w; };
    learner.trainable = true;
    return learner;
  }();
  return type;
}

namespace test {
namespace {

std::map<std::string, int64_t>& counters() {
  static std::map<std::string, int64_t> all;
  return all;
}

// --- sources ---

constexpr In<Real> value{"value", "The number"};
constexpr In<Int> whole{"value", "The number", {.max = 1'000'000'000}};
constexpr In<Bool> flag{"value", "Yes or no"};
constexpr Out<Real> real{"value", "The number"};
constexpr Out<Int> wholeOut{"value", "The number"};
constexpr Out<Bool> flagOut{"value", "Yes or no"};

void constant(Exec& x) {
  ++calls("constant");
  x.set(real, x.get(value));
}
void wholeConstant(Exec& x) { x.set(wholeOut, x.get(whole)); }
void flagConstant(Exec& x) { x.set(flagOut, x.get(flag)); }

constexpr In<Int> size{"size", "How many rungs", {.value = 3, .min = 0, .max = 20'000'000}};
constexpr In<Real> start{"start", "The first", {.value = 0}};
constexpr Out<Ladder> ladder{"ladder", "start, start + 1, ..."};
void makeLadder(Exec& x) {
  Ladder made;
  for (int64_t i = 0; i < x.get(size); ++i) made.rungs.push_back(x.get(start) + static_cast<double>(i));
  x.set(ladder, std::move(made));
}

constexpr In<Shape> shape{"shape", "Sizes", {.value = {4}, .rank = 1}};
constexpr In<Real> fill{"fill", "What every element is", {.value = 0}};
constexpr Out<at::Tensor> tensor{"tensor", "The tensor"};
void makeTensor(Exec& x) { x.set(tensor, at::full(x.get(shape).sizes, x.get(fill), at::kFloat)); }
void inferTensor(Infer& i) {
  i.out(tensor).dtype = at::kFloat;
  if (const Shape* sizes = i.constant(shape))
    i.out(tensor).shape = std::vector<Dim>(sizes->sizes.begin(), sizes->sizes.end());
}

constexpr Out<at::Tensor> batch{"tensor", "float32 [batch, 3], batch unknown before the run"};
void makeBatch(Exec& x) { x.set(batch, at::ones({2, 3})); }
void inferBatch(Infer& i) { i.out(batch).shape = std::vector<Dim>{"batch", 3}; }

// --- arithmetic ---

constexpr In<Real> a{"a", "First"};
constexpr In<Real> b{"b", "Second", {.value = 1}};
constexpr Out<Real> result{"result", "The result"};
void add(Exec& x) {
  ++calls("add");
  x.set(result, x.get(a) + x.get(b));
}
void multiply(Exec& x) {
  ++calls("multiply");
  x.set(result, x.get(a) * x.get(b));
}
constexpr Out<Bool> holds{"holds", "Whether it is so"};
void less(Exec& x) { x.set(holds, x.get(a) < x.get(b)); }

constexpr In<Bool> counted{"flag", "Yes or no"};
void count(Exec& x) { x.set(result, x.get(counted) ? 1.0 : 0.0); }

constexpr InMany<Real> terms{"terms", "What is added up", Need::optional};
void sum(Exec& x) {
  double total = 0;
  for (const Value& term : x.values(terms)) total += term.as<Real>();
  x.set(result, total);
}

// --- tensors ---

constexpr In<at::Tensor> in{"x", "A tensor"};
constexpr In<Real> by{"by", "Amount", {.value = 1}};
void scale(Exec& x) { x.set(tensor, x.get(in) * x.get(by)); }
void sameSpec(Infer& i) { i.out(tensor) = i.in(in), i.out(tensor).constant = {}; }

void torchStep(Exec& x) { x.set(tensor, at::tanh(x.get(in).matmul(stepMatrix()))); }

// Writes in place where it may.
void increase(Exec& x) {
  Value taken = x.take(in);
  if (at::Tensor* own = taken.unique<at::Tensor>();
      own && own->use_count() == 1 && own->storage().use_count() == 1) {
    ++calls("in place");
    own->add_(x.get(by));
    x.setValue(tensor, std::move(taken));
    return;
  }
  ++calls("copied");
  x.set(tensor, taken.as<at::Tensor>() + x.get(by));
}

void need3(Exec& x) { x.set(tensor, x.get(in).narrow(-1, 0, 3) * 1); }
void inferNeed3(Infer& i) {
  const Spec& spec = i.in(in);
  if (spec.shape && (spec.shape->empty() || !spec.shape->back().fits(3)))
    i.refuse(in, "needs 3 columns, not " + spec.text());
  i.out(tensor) = spec;
}
void widen(Exec& x) { x.set(tensor, at::cat({x.get(in), x.get(in)}, 0)); }
void inferWiden(Infer& i) {
  i.out(tensor) = i.in(in);
  auto& sizes = i.out(tensor).shape;
  if (sizes && (*sizes)[0].known()) (*sizes)[0].size *= 2;
}

constexpr In<Int> step{"step", "The iteration"};
constexpr In<Int> at_{"at", "When", {.value = 0}};
void makeNaN(Exec& x) {
  x.set(tensor,
        x.get(step) == x.get(at_) ? x.get(in) * std::numeric_limits<float>::quiet_NaN() : x.get(in) * 1);
}

// --- noise, impure, effects ---

constexpr In<Seed> seed{"seed", "Start of the stream"};
void noise(Exec& x) {
  ++calls("noise");
  x.set(real, noiseAt(x.get(seed).value, x.iteration()));
}
void clock(Exec& x) { x.set(wholeOut, ++calls("clock")); }

constexpr In<Any> anything{"value", "Whatever comes"};
constexpr In<Text> name{"name", "What to call it", {.value = "it"}};
void record(Exec& x) {
  ++calls("record");
  recorded().emplace_back(x.get(name), x.value(anything));
}
constexpr Out<Any> same{"value", "The same"};
void reroute(Exec& x) { x.setValue(same, x.value(anything)); }
void inferReroute(Infer& i) { i.out(same) = i.in(anything); }

// --- a network that embeds its step and takes batches ---

constexpr In<Real> weight{"w", "Its only weight", {.value = 0.5}};
constexpr Out<Net> net{"net", "The network"};
void makeNet(Exec& x) {
  ++calls("load");
  x.set(net, Net{x.get(weight)});
}
constexpr In<Net> netIn{"net", "The network"};
constexpr In<Real> xIn{"x", "What it sees"};
constexpr In<Real> tIn{"t", "The step"};
constexpr Out<Real> y{"y", "w x + embedding(t)"};
double embedding(const Exec& x) { return x.get(netIn).w * std::sin(x.get(tIn)); }
void embed(Exec& x) {
  ++calls("embed");
  x.setPrepared(Value::of<Real>(embedding(x)));
}
void embedAll(std::vector<Exec>& all) {
  ++calls("embed.all");
  for (Exec& x : all) x.setPrepared(Value::of<Real>(embedding(x)));
}
double output(const Exec& x) { return x.get(netIn).w * x.get(xIn) + x.prepared<Real>(); }
// A weight of 13 brings bad luck, so that a call can fail among others.
double luckyOutput(const Exec& x) {
  if (x.get(netIn).w == 13 && x.get(xIn) > 1000) throw Error("", xIn.id, "is beyond this network");
  return output(x);
}
void showInside(const Exec& x, InsideWatch* watch) {
  if (!watch) return;
  requireInsides(*watch, {"hidden"});
  ++calls("net.shown");
  watch->show("hidden", at::full({1, 1}, x.get(netIn).w * x.get(xIn), at::kDouble));
}
void call(Exec& x) {
  ++calls("net");
  showInside(x, x.inside());
  x.set(y, luckyOutput(x));
}
void callAll(std::vector<Exec>& all) {
  ++calls("net.merged");
  calls("net") += static_cast<int64_t>(all.size());
  for (Exec& x : all) {
    showInside(x, x.inside());
    x.set(y, luckyOutput(x));
  }
}

// --- something to train: w becomes w - rate dL/dw with L = (w - goal)^2 summed ---

constexpr In<Int> width{"width", "Weights", {.value = 2, .min = 1}};
constexpr Out<Learner> learner{"learner", "Weights"};
void makeLearner(Exec& x) { x.set(learner, Learner{at::zeros({x.get(width)}).set_requires_grad(true)}); }
constexpr In<Learner> learnerIn{"learner", "Weights"};
constexpr In<Real> goal{"goal", "Where they should go", {.value = 1}};
constexpr Out<at::Tensor> loss{"loss", "Sum of squares"};
void lossOf(Exec& x) {
  const at::Tensor off = x.get(learnerIn).w - x.get(goal);
  x.set(loss, (off * off).sum());
}
constexpr In<at::Tensor> lossIn{"loss", "What to lower"};
constexpr In<Real> rate{"rate", "Learning rate", {.value = 0.1}};
void learn(Exec& x) {
  const at::Tensor gradient = torch::autograd::grad({x.get(lossIn)}, {x.get(learnerIn).w})[0];
  Value taken = x.take(learnerIn);
  Learner* own = taken.unique<Learner>();
  const at::NoGradGuard none;
  ++calls(own ? "learn in place" : "learn copied");
  at::Tensor w = own ? own->w : taken.as<Learner>().w.clone();
  w.sub_(gradient, x.get(rate));
  x.set(learner, Learner{w.set_requires_grad(true)});
}

// --- ill-behaved ---

constexpr In<Int> hunger{"bytes", "How much it takes", {.value = 1}};
void hungry(Exec& x) { x.set(tensor, at::zeros({x.get(hunger)}, at::kByte)); }
std::optional<int64_t> hungerOf(const Infer& i) {
  const Int* bytes = i.constant(hunger);
  return bytes ? std::optional<int64_t>(*bytes) : std::nullopt;
}

constexpr In<Int> milliseconds{"milliseconds", "How long", {.value = 10'000}};
void slow(Exec& x) {
  for (int64_t i = 0; i < x.get(milliseconds); ++i) {
    x.checkCancelled();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  x.set(real, x.get(value));
}
void fail(Exec& x) {
  if (x.get(step) == x.get(at_)) throw Error("", a.id, "can't be that");
  x.set(result, x.get(a));
}
void failInTorch(Exec& x) { x.set(tensor, at::zeros({2, 3}).matmul(x.get(in))); }
void silent(Exec&) {}
void lie(Exec& x) { x.setValue(tensor, Value::of<Real>(1)); }

// --- parameters of every kind, files, versions ---

constexpr In<Int> anInt{"int", "From 1 to 10", {.value = 5, .min = 1, .max = 10}};
constexpr In<Real> aReal{"real", "From 0", {.value = 0.5, .min = 0}};
constexpr In<Choice> aChoice{"choice", "One of three", {.value = 1, .names = {"red", "green", "blue"}}};
constexpr In<Text> aText{"text", "Some text", {.value = "hello"}};
constexpr In<Bool> aBool{"bool", "Yes or no", {.value = true}};
constexpr In<Seed> aSeed{"seed", "A seed", {.value = 7}};
constexpr In<FilePath> aPath{"path", "A file", {.value = "a.txt"}};
constexpr In<Shape> aShape{"shape", "Sizes", {.value = {2, 3}, .rank = 2}};
constexpr In<Numbers> someNumbers{"numbers", "Numbers", {.value = {0.25, 1}, .count = 2}};
constexpr Out<Text> described{"text", "All of them"};
void describeAll(Exec& x) {
  x.set(described, std::to_string(x.get(anInt)) + " " + std::to_string(x.get(aReal)) + " " +
                       x.get(aChoice).name + " " + std::to_string(x.get(aChoice).index) + " " + x.get(aText) +
                       (x.get(aBool) ? " yes " : " no ") + std::to_string(x.get(aSeed).value) + " " +
                       x.get(aPath).text + " " + std::to_string(x.get(aShape).sizes.size()) + " " +
                       std::to_string(x.get(someNumbers).values.size()));
}

constexpr In<FilePath> file{"file", "A text file", {}};
void readFile(Exec& x) {
  ++calls("read");
  std::ifstream stream(x.readPath(file));
  std::string text;
  std::getline(stream, text);
  x.set(described, text);
}
void fileIdentity(Exec& x, KeyBuilder& key) {
  const auto path = x.readPath(file);
  key.add(path.string()).add(std::filesystem::last_write_time(path).time_since_epoch().count());
}

void renameBy(nlohmann::json& node) {
  if (!node["params"].contains("by")) return;
  node["params"]["factor"] = node["params"]["by"];
  node["params"].erase("by");
}
void percentToFactor(nlohmann::json& node) {
  if (node["params"].contains("factor"))
    node["params"]["factor"] = node["params"]["factor"].get<double>() / 100;
  if (node["inputs"].contains("in")) {
    node["inputs"]["a"] = node["inputs"]["in"];
    node["inputs"].erase("in");
  }
}
constexpr In<Real> factor{"factor", "Factor", {.value = 1}};
void scaleReal(Exec& x) { x.set(result, x.get(a) * x.get(factor)); }

NodeType with(NodeType type, const std::function<void(NodeType&)>& change) {
  change(type);
  return type;
}

void addArithmetic(Registry& all) {
  all.add(makeNode("test.constant", "Constant", "A number.", constant, value, real));
  all.add(makeNode("test.whole", "Whole number", "A whole number.", wholeConstant, whole, wholeOut));
  all.add(makeNode("test.flag", "Flag", "Yes or no.", flagConstant, flag, flagOut));
  all.add(makeNode("test.ladder", "Ladder", "A sequence.", makeLadder, size, start, ladder));
  all.add(makeNode("test.add", "Add", "a + b.", add, a, b, result));
  all.add(makeNode("test.multiply", "Multiply", "a b.", multiply, a, b, result));
  all.add(makeNode("test.less", "Less", "a < b.", less, a, b, holds));
  all.add(makeNode("test.count", "Count", "1 for yes.", count, counted, result));
  all.add(makeNode("test.sum", "Sum", "Of many.", sum, terms, result));
  all.add(with(makeNode("test.noise", "Noise", "Differs at every step.", noise, seed, real),
               [](NodeType& type) { type.usesStep = true; }));
  all.add(with(makeNode("test.clock", "Clock", "Never the same.", clock, wholeOut),
               [](NodeType& type) { type.pure = false; }));
  all.add(with(makeNode("test.record", "Record", "Keeps what it sees.", record, anything, name),
               [](NodeType& type) { type.effect = true; }));
  all.add(with(makeNode("test.reroute", "Reroute", "The same.", reroute, anything, same),
               [](NodeType& type) { type.infer = inferReroute; }));
}

void addTensors(Registry& all) {
  all.add(with(makeNode("test.tensor", "Tensor", "Filled.", makeTensor, shape, fill, tensor),
               [](NodeType& type) { type.infer = inferTensor; }));
  all.add(with(makeNode("test.batch", "Batch", "Of unknown size.", makeBatch, batch),
               [](NodeType& type) { type.infer = inferBatch; }));
  all.add(with(makeNode("test.scale", "Scale", "x by.", scale, in, by, tensor),
               [](NodeType& type) { type.infer = sameSpec; }));
  all.add(
      with(makeNode("test.increase", "Increase", "x + by, in place where it may.", increase, in, by, tensor),
           [](NodeType& type) { type.infer = sameSpec; }));
  all.add(with(makeNode("test.need3", "Three", "Needs 3 columns.", need3, in, tensor),
               [](NodeType& type) { type.infer = inferNeed3; }));
  all.add(with(makeNode("test.widen", "Widen", "Twice as long.", widen, in, tensor),
               [](NodeType& type) { type.infer = inferWiden; }));
  all.add(with(makeNode("test.torchstep", "Step", "tanh(x W).", torchStep, in, tensor),
               [](NodeType& type) { type.infer = sameSpec; }));
  all.add(makeNode("test.nan", "NaN", "NaN at one step.", makeNaN, in, step, at_, tensor));
}

void addNets(Registry& all) {
  all.add(makeNode("test.load", "Load", "A network.", makeNet, weight, net));
  all.add(with(makeNode("test.net", "Net", "Calls a network.", call, netIn, xIn, tIn, y), [](NodeType& type) {
    type.prepare = NodeType::Prepare{{&netIn, &tIn}, embed, embedAll};
    type.merge = NodeType::Merge{&netIn, callAll};
    type.showsInside = true;
  }));
  all.add(makeNode("test.learner", "Learner", "Weights.", makeLearner, width, learner));
  all.add(makeNode("test.loss", "Loss", "Sum of squares.", lossOf, learnerIn, goal, loss));
  all.add(makeNode("test.learn", "Learn", "A step downhill.", learn, learnerIn, lossIn, rate, learner));
}

void addRest(Registry& all) {
  all.add(makeNode("test.slow", "Slow", "Takes its time.", slow, value, milliseconds, real));
  all.add(makeNode("test.fail", "Fail", "Fails at one step.", fail, a, step, at_, result));
  all.add(
      with(makeNode("test.hungry", "Hungry", "Takes memory.", hungry, hunger, tensor), [](NodeType& type) {
        type.infer = [](Infer&) {};
        type.workBytes = hungerOf;
      }));
  all.add(makeNode("test.torch", "Torch", "Fails in torch.", failInTorch, in, tensor));
  all.add(makeNode("test.silent", "Silent", "Gives nothing.", silent, real));
  all.add(makeNode("test.lie", "Lie", "Gives another type.", lie, tensor));
  all.add(makeNode("test.params", "Parameters", "One of each.", describeAll, anInt, aReal, aChoice, aText,
                   aBool, aSeed, aPath, aShape, someNumbers, described));
  all.add(with(makeNode("test.file", "File", "The first line.", readFile, file, described),
               [](NodeType& type) { type.fingerprint = fileIdentity; }));
  all.add(with(makeNode("test.factor", "Factor", "a times a factor.", scaleReal, a, factor, result),
               [](NodeType& type) {
                 type.version = 3;
                 type.migrations = {{1, renameBy}, {2, percentToFactor}};
                 type.aliases = {"test.scaled"};
               }));
}

Registry everything() {
  Registry all;
  for (const TypeInfo* type :
       {&typeOf<Int>(), &typeOf<Real>(), &typeOf<Bool>(), &typeOf<Text>(), &typeOf<Choice>(), &typeOf<Seed>(),
        &typeOf<FilePath>(), &typeOf<Shape>(), &typeOf<Numbers>(), &typeOf<at::Tensor>(),
        &typeOf<Recording>(), &typeOf<Ladder>(), &typeOf<Net>(), &typeOf<Learner>()})
    all.add(*type);
  all.add({&typeOf<Int>(), &typeOf<Real>(),
           [](const Value& v) { return Value::of<Real>(static_cast<double>(v.as<Int>())); }});
  all.add({&typeOf<Real>(), &typeOf<at::Tensor>(),
           [](const Value& v) { return Value::of<at::Tensor>(at::full({1}, v.as<Real>(), at::kFloat)); }});
  addArithmetic(all);
  addTensors(all);
  addNets(all);
  addRest(all);
  return all;
}

}  // namespace

const Registry& registry() {
  static const Registry all = everything();
  return all;
}

int64_t& calls(const std::string& what) { return counters()[what]; }
void resetCalls() {
  counters().clear();
  recorded().clear();
}

std::vector<std::pair<std::string, Value>>& recorded() {
  static std::vector<std::pair<std::string, Value>> all;
  return all;
}

double noiseAt(uint64_t seed, std::span<const int64_t> iteration) {
  uint64_t hash = seed * 0x9E3779B97F4A7C15u + 1;
  for (int64_t step : iteration)
    hash = (hash ^ static_cast<uint64_t>(step)) * 0xBF58476D1CE4E5B9u + 0x94D049BB133111EBu;
  return static_cast<double>(hash >> 11) * 0x1p-53;
}

const at::Tensor& stepMatrix() {
  static const at::Tensor matrix = at::eye(256) * 0.5 + 1e-3;
  return matrix;
}

std::shared_ptr<const Document> document(std::string_view text) {
  std::string json(text);
  std::replace(json.begin(), json.end(), '\'', '"');
  return std::make_shared<const Document>(parseGraph(json));
}

std::shared_ptr<const Plan> planOf(std::string_view text, const CompileOptions& options) {
  return std::make_shared<const Plan>(compile(document(text), registry(), options));
}

Finished::Finished(std::shared_ptr<const Plan> plan, const RunOptions& options)
    : plan_(std::move(plan)), run_(std::make_unique<Run>(plan_, options)) {
  run_->execute();
}

Finished finish(std::string_view text, const RunOptions& options, const CompileOptions& compile) {
  return Finished(planOf(text, compile), options);
}

std::string failure(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.full();
  }
  return "";
}

}  // namespace test
}  // namespace loom
