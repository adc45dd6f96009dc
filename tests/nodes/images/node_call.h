#pragma once
// Runs one node by itself, for tests: inputs by port id (defaults for the rest), outputs by port id.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/node/exec.h"

namespace loom::test {

struct QuietServices : RunServices {
  std::vector<std::filesystem::path> files_produced;
  std::vector<std::string> messages;
  void log(const std::string&, const std::string& message) override { messages.push_back(message); }
  void progress(const std::string&, int64_t, int64_t) override {}
  void produced(const std::string&, const std::filesystem::path& file) override {
    files_produced.push_back(file);
  }
};

struct NodeCall {
  NodeType type;
  std::map<std::string, std::vector<Value>> inputs;
  std::vector<int64_t> iteration;
  QuietServices services;

  explicit NodeCall(NodeType t) : type(std::move(t)) {}

  template <class T>
  NodeCall& set(const std::string& port, T value) {
    inputs[port].push_back(Value::of<T>(std::move(value)));
    return *this;
  }
  /// A parameter as a graph file holds it.
  NodeCall& param(const std::string& port, const nlohmann::json& json) {
    const Port* found = type.input(port);
    if (!found) throw Error("no port " + port);
    inputs[port] = {found->parse(json)};
    return *this;
  }

  std::map<std::string, Value> run() {
    std::vector<Value> held;
    std::vector<int> start{0};
    for (const Port& port : type.inputs) {
      const auto given = inputs.find(port.id);
      if (given != inputs.end())
        held.insert(held.end(), given->second.begin(), given->second.end());
      else if (!port.fallback.empty())
        held.push_back(port.fallback);
      start.push_back(static_cast<int>(held.size()));
    }
    std::vector<Value*> in;
    for (Value& value : held) in.push_back(&value);
    std::vector<Value> results(type.outputs.size());
    std::vector<Value*> out;
    for (Value& value : results) out.push_back(&value);
    const std::string path = "node";
    Exec exec(type, path, in, start, out, nullptr, iteration, services);
    type.execute(exec);
    std::map<std::string, Value> named;
    for (size_t i = 0; i < results.size(); ++i) named[type.outputs[i].id] = results[i];
    return named;
  }
};

}  // namespace loom::test
