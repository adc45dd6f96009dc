#pragma once
// What a node's execute() sees: its inputs and outputs by port, the policy of the run, files, noise
// identity, progress and the request to stop. Lives for one call, on the run's thread.
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <filesystem>
#include <span>
#include <string>

#include "engine/core/cancel.h"
#include "engine/node/files.h"
#include "engine/node/inside.h"
#include "engine/node/node_type.h"

namespace loom {

/// Where and how a run computes. "auto" has been decided by the time a node sees it.
struct Policy {
  c10::Device device{c10::kCPU};
  c10::ScalarType compute = c10::kFloat;  // of networks; samplers stay in float32
  int threads = 0;                        // 0: all cores
};

/// What an operation knows of the run around it. One per run; nodes reach it through Exec.
struct RunServices {
  Policy policy;
  Files files;
  const CancelToken* cancel = nullptr;
  std::string document;                                  // the graph file's text, for provenance
  nlohmann::json provenance = nlohmann::json::object();  // seeds, versions, weights; nodes may read it
  virtual ~RunServices() = default;
  virtual void log(const std::string& node, const std::string& message) = 0;
  virtual void progress(const std::string& node, int64_t done, int64_t total) = 0;
  /// A file that a node has finished writing.
  virtual void produced(const std::string& node, const std::filesystem::path& file) = 0;
  /// Who looks inside this node, in this call; null where nobody does.
  virtual InsideWatch* insideOf(const std::string& /*node*/) { return nullptr; }
};

class Exec {
 public:
  Exec(const NodeType& type, const std::string& path, std::span<Value* const> inputs,
       std::span<const int> inputStart, std::span<Value* const> outputs, const Value* prepared,
       std::span<const int64_t> iteration, RunServices& services)
      : type_(&type),
        path_(&path),
        inputs_(inputs),
        inputStart_(inputStart),
        outputs_(outputs),
        prepared_(prepared),
        iteration_(iteration),
        services_(&services) {}

  template <class T>
  const T& get(const In<T>& port) const {
    return value(port).template as<T>();
  }
  template <class T>
  bool has(const In<T>& port) const {
    const int i = type_->inputIndex(&port);
    return inputStart_[i] < inputStart_[i + 1] && !inputs_[inputStart_[i]]->empty();
  }
  /// The value as it travels: for In<Any>, and to hand on without a copy.
  template <class T>
  const Value& value(const In<T>& port) const {
    return *inputs_[inputStart_[type_->inputIndex(&port)]];
  }
  /// The value itself where this node is its last reader: its object may then be unique().
  template <class T>
  Value take(const In<T>& port) {
    Value* slot = inputs_[inputStart_[type_->inputIndex(&port)]];
    return takeable(slot) ? std::move(*slot) : *slot;
  }
  template <class T>
  std::vector<Value> values(const InMany<T>& port) const {
    const int i = type_->inputIndex(&port);
    std::vector<Value> all;
    for (int at = inputStart_[i]; at < inputStart_[i + 1]; ++at) all.push_back(*inputs_[at]);
    return all;
  }
  template <class T>
  void set(const Out<T>& port, T object) {
    *outputs_[type_->outputIndex(&port)] = Value::of<T>(std::move(object));
  }
  template <class T>
  void setValue(const Out<T>& port, Value value) {
    *outputs_[type_->outputIndex(&port)] = std::move(value);
  }

  /// Prepare only: what execute() will read with prepared().
  void setPrepared(Value value) { *outputs_[0] = std::move(value); }
  template <class T>
  const T& prepared() const {
    return prepared_->as<T>();
  }

  std::filesystem::path readPath(const In<FilePath>& port) const;  // throws Error naming the port
  std::filesystem::path writePath(const In<FilePath>& port) const;

  /// Of a node type that shows its inside: who asks for it; mostly null.
  InsideWatch* inside() const { return services_->insideOf(*path_); }

  const NodeType& type() const { return *type_; }
  const std::string& path() const { return *path_; }                 // "group/node"
  std::span<const int64_t> iteration() const { return iteration_; }  // zone indices, outermost first
  const Policy& policy() const { return services_->policy; }
  RunServices& services() const { return *services_; }
  void checkCancelled() const {
    if (services_->cancel) services_->cancel->check();
  }
  void progress(int64_t done, int64_t total) const { services_->progress(*path_, done, total); }
  void log(const std::string& message) const { services_->log(*path_, message); }

  /// Which inputs may be moved from; set by the executor.
  void setTakeable(std::span<Value* const> slots) { takeable_ = slots; }

 private:
  bool takeable(const Value* slot) const {
    for (const Value* candidate : takeable_)
      if (candidate == slot) return true;
    return false;
  }

  const NodeType* type_;
  const std::string* path_;
  std::span<Value* const> inputs_;
  std::span<const int> inputStart_;  // inputs of port i: [start[i], start[i+1])
  std::span<Value* const> outputs_;
  const Value* prepared_;
  std::span<const int64_t> iteration_;
  RunServices* services_;
  std::span<Value* const> takeable_;
};

/// What a node's infer() sees: specs of its inputs, constants among them, files to look into.
class Infer {
 public:
  Infer(const NodeType& type, std::span<const Spec* const> inputs, std::span<const int> inputStart,
        std::span<Spec> outputs, const Files& files)
      : type_(&type), inputs_(inputs), inputStart_(inputStart), outputs_(outputs), files_(&files) {}

  template <class T>
  const Spec& in(const In<T>& port) const {
    const int i = type_->inputIndex(&port);
    return inputStart_[i] < inputStart_[i + 1] ? *inputs_[inputStart_[i]] : unknown();
  }
  template <class T>
  std::vector<const Spec*> in(const InMany<T>& port) const {
    const int i = type_->inputIndex(&port);
    return {inputs_.begin() + inputStart_[i], inputs_.begin() + inputStart_[i + 1]};
  }
  /// The input's value where the graph itself holds it, else null.
  template <class T>
  const T* constant(const In<T>& port) const {
    const Spec& spec = in(port);
    return spec.constant.empty() ? nullptr : &spec.constant.as<T>();
  }
  template <class T>
  Spec& out(const Out<T>& port) {
    return outputs_[type_->outputIndex(&port)];
  }
  template <class T>
  [[noreturn]] void refuse(const In<T>& port, const std::string& message) const {
    throw Error("", port.id, message);
  }
  const Files& files() const { return *files_; }

 private:
  static const Spec& unknown();
  const NodeType* type_;
  std::span<const Spec* const> inputs_;
  std::span<const int> inputStart_;
  std::span<Spec> outputs_;
  const Files* files_;
};

}  // namespace loom
