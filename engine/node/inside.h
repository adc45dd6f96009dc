#pragma once
// Looking inside a node: what it computes on the way to its outputs (a network's attention maps, the
// activations of its blocks), shown by name while somebody asks for it, and at no cost otherwise.
#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

namespace loom {

/// Who asks. Belongs to one call of a node; on the run's thread.
class InsideWatch {
 public:
  virtual ~InsideWatch() = default;
  /// The names asked for, in no order.
  virtual const std::vector<std::string>& names() const = 0;
  /// Whether a node that has no such name must say so; somebody who only passes by is shown nothing instead.
  virtual bool isRequired(const std::string& /*name*/) const { return true; }
  bool wants(const std::string& name) const {
    for (const std::string& each : names())
      if (each == name) return true;
    return false;
  }
  /// `value` may be kept: the node writes into it no more.
  virtual void show(const std::string& name, at::Tensor value) = 0;
};

/// Several calls made as one batch, each with its own watcher or none: what is shown goes to each by its
/// rows.
class JoinedInside final : public InsideWatch {
 public:
  /// The next call's watcher (null: nobody looks) and its rows of the batch.
  void add(InsideWatch* watch, int64_t rows);
  /// Itself where somebody looks, else null.
  InsideWatch* orNull() { return names_.empty() ? nullptr : this; }
  const std::vector<std::string>& names() const override { return names_; }
  void show(const std::string& name, at::Tensor value) override;

 private:
  std::vector<std::pair<InsideWatch*, int64_t>> calls_;
  std::vector<std::string> names_;
};

/// Throws Error where a name is required that is not among `there`.
void requireInsides(const InsideWatch& watch, const std::vector<std::string>& there);

}  // namespace loom
