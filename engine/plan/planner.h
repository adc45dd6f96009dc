#pragma once
// A graph that is being edited, and its plan. Where an edit sets a parameter, only what depends on it is
// planned anew: milliseconds become microseconds in a graph of ten thousand nodes. The plan is always what
// compile() would give. Used on one thread; the plans it gives may be used on any.
#include <memory>

#include "engine/plan/plan.h"

namespace loom {

class Planner {
 public:
  /// Plans the document. Throws Error as compile() does.
  Planner(std::shared_ptr<const Document> document, const Registry& registry, CompileOptions options);
  ~Planner();
  Planner(const Planner&) = delete;
  Planner& operator=(const Planner&) = delete;

  const std::shared_ptr<const Document>& document() const { return document_; }
  /// Stays as it is for whoever holds it: a plan that others hold is copied before it changes.
  std::shared_ptr<const Plan> plan() const { return plan_; }

  /// Sets an exposed name or "node.param", as withValue() does. Throws Error, and leaves all as it was, where
  /// the graph can't be run so.
  void set(const std::string& name, const nlohmann::json& value);
  /// How many of the edits were done without planning the whole graph.
  int64_t partial() const { return partial_; }

 private:
  class Parts;
  void planWhole(std::shared_ptr<const Document> document);
  bool planPart(const std::shared_ptr<const Document>& document, const std::string& name);

  const Registry& registry_;
  const CompileOptions options_;
  std::shared_ptr<const Document> document_;
  std::shared_ptr<Plan> plan_;
  std::unique_ptr<Parts> parts_;  // null after an edit that could not be finished: the next one plans all
  int64_t partial_ = 0;
};

}  // namespace loom
