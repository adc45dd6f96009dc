#pragma once
// Node types and value types for the engine's tests only: small, counted, some of them ill-behaved. And the
// few lines that every such test needs: parse, compile, run, and read a result.
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/graph_file.h"
#include "engine/node/node_type.h"
#include "engine/plan/plan.h"
#include "engine/run/run.h"

namespace loom::test {

/// A sequence of numbers that a zone goes over.
struct Ladder {
  std::vector<double> rungs;
};
/// Stands for a network: y = w x + embedding(t).
struct Net {
  double w = 0;
};
/// Stands for weights in training; zones with such a state run with gradients.
struct Learner {
  at::Tensor w;
};

const Registry& registry();

/// How often something happened since resetCalls(): "add", "net", "net.merged", "embed", "embed.all", ...
int64_t& calls(const std::string& what);
void resetCalls();
/// What test.record nodes saw, in order: (name, value).
std::vector<std::pair<std::string, Value>>& recorded();

/// The noise of test.noise, for loops written by hand.
double noiseAt(uint64_t seed, std::span<const int64_t> iteration);

/// What test.torchstep multiplies with: [256, 256].
const at::Tensor& stepMatrix();

/// A graph file in which ' may stand for ", to be read more easily in C++.
std::shared_ptr<const Document> document(std::string_view text);
std::shared_ptr<const Plan> planOf(std::string_view text, const CompileOptions& options = {});

/// A finished run and its outputs.
class Finished {
 public:
  Finished(std::shared_ptr<const Plan> plan, const RunOptions& options);
  double real(const std::string& output) const { return value(output).as<Real>(); }
  const Value& value(const std::string& output) const { return run_->output(output); }
  const Plan& plan() const { return *plan_; }

 private:
  std::shared_ptr<const Plan> plan_;
  std::unique_ptr<Run> run_;
};
Finished finish(std::string_view text, const RunOptions& options = {}, const CompileOptions& compile = {});

/// "node.port: message" of the Error that `body` throws; empty where it throws none.
std::string failure(const std::function<void()>& body);

}  // namespace loom::test

namespace loom {
LOOM_VALUE_TYPE(test::Ladder)
LOOM_VALUE_TYPE(test::Net)
LOOM_VALUE_TYPE(test::Learner)
}  // namespace loom
