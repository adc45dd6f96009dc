#include "engine/plan/planner.h"

#include "engine/plan/compiler.h"

namespace loom {

// What planning the whole graph left behind, and planning a part of it takes up again.
class Planner::Parts {
 public:
  Parts(std::shared_ptr<const Document> document, const Registry& registry, const CompileOptions& options)
      : document_(std::move(document)),
        flat_(flatten(*document_, registry)),
        compiler_(document_, registry, options, flat_, {}) {
    for (size_t i = 0; i < flat_.nodes.size(); ++i) byPath_[flat_.nodes[i].path] = static_cast<int>(i);
  }
  // A graph of which a part is left out is planned by compile() alone.
  bool whole() const { return flat_.problems.empty(); }
  Plan run() { return compiler_.run(); }

  bool change(Plan& plan, const Document& document, const Link& to) {
    const auto found = byPath_.find(to.node);
    const Node* node = findNode(document.graph, to.node);
    if (found == byPath_.end() || !node) return false;
    FlatNode& flat = flat_.nodes[static_cast<size_t>(found->second)];
    const Port* port = flat.type ? flat.type->input(to.port) : nullptr;
    if (!port || node->params.contains(to.port) == false) return false;
    flat.doc = node;
    return compiler_.change(plan, found->second, *port);
  }

 private:
  std::shared_ptr<const Document> document_;  // nodes that no edit has changed are still this one's
  FlatGraph flat_;
  Compiler compiler_;
  std::unordered_map<std::string, int> byPath_;
};

Planner::Planner(std::shared_ptr<const Document> document, const Registry& registry, CompileOptions options)
    : registry_(registry), options_(std::move(options)) {
  planWhole(std::move(document));
}

Planner::~Planner() = default;

void Planner::planWhole(std::shared_ptr<const Document> document) {
  auto parts = std::make_unique<Parts>(document, registry_, options_);
  std::shared_ptr<Plan> plan;
  if (parts->whole()) {
    try {
      plan = std::make_shared<Plan>(parts->run());
    } catch (const Error&) {  // compile() may have a plan for a part of it
    }
  }
  if (!plan) {
    parts.reset();
    plan = std::make_shared<Plan>(compile(document, registry_, options_));
  }
  document_ = std::move(document);
  plan_ = std::move(plan);
  parts_ = std::move(parts);
}

void Planner::set(const std::string& name, const nlohmann::json& value) {
  auto document = std::make_shared<const Document>(withValue(*document_, name, value));
  if (parts_ && planPart(document, name)) {
    ++partial_;
    return;
  }
  parts_.reset();
  try {
    planWhole(std::move(document));
  } catch (...) {
    if (!plan_) plan_ = std::make_shared<Plan>(compile(document_, registry_, options_));
    throw;
  }
}

// False leaves the plan it began with only where others hold it.
bool Planner::planPart(const std::shared_ptr<const Document>& document, const std::string& name) {
  std::vector<Link> targets;
  for (const ExposedInput& input : document->graph.inputs)
    if (input.name == name) targets = input.to;
  if (targets.empty()) {
    const std::optional<Link> link = parseLink(name);
    if (!link) return false;
    targets.push_back(*link);
  }
  std::shared_ptr<Plan> plan = plan_.use_count() == 1 ? plan_ : std::make_shared<Plan>(*plan_);
  if (plan == plan_) plan_.reset();  // changed half-way it would be no plan
  bool done = true;
  try {
    for (const Link& to : targets) done = done && parts_->change(*plan, *document, to);
  } catch (const Error&) {
    done = false;
  }
  if (!done) return false;
  plan->document = document;
  document_ = document;
  plan_ = std::move(plan);
  return true;
}

}  // namespace loom
