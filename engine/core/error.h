#pragma once
// How failures travel: an Error names the node and port it belongs to and says what to do;
// Cancelled is not an error and is never shown as one.
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace loom {

struct Error : std::runtime_error {
  explicit Error(const std::string& message) : std::runtime_error(message) {}
  Error(std::string node_, std::string port_, const std::string& message)
      : std::runtime_error(message), node(std::move(node_)), port(std::move(port_)) {}

  /// "node.port: message", as a person reads it.
  std::string full() const {
    if (node.empty()) return what();
    return node + (port.empty() ? "" : "." + port) + ": " + what();
  }

  std::string node;  // path of the node, empty while nobody has filled it in
  std::string port;
};

struct Cancelled : std::exception {
  const char* what() const noexcept override { return "stopped"; }
};

}  // namespace loom
