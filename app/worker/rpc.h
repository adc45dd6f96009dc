#pragma once
// JSON-RPC 2.0, one object a line: what a line asks for, and how answers are written. Lines are a stranger's:
// size, depth and number of values are bounded before anything is made of them.
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "engine/core/error.h"

namespace loom {

inline constexpr size_t kMostLineBytes = size_t{64} << 20;
inline constexpr int kMostRequestDepth = 32;
inline constexpr size_t kMostRequestValues = 1'000'000;

/// Codes of JSON-RPC, and the worker's own. `kind` in the error's data is the same in words.
enum class RpcCode : int {
  parse = -32700,
  request = -32600,
  method = -32601,
  params = -32602,
  internal = -32603,
  hello = -32000,    // nothing is answered before hello; no such protocol
  graph = -32001,    // the graph can't be read, set or run: node and port say where
  unknown = -32002,  // no graph, run, port, tensor of this name is held
  state = -32003,    // not now: the run is over, has not begun
  limit = -32004,    // too many are held or waiting
  failed = -32005,   // it was tried and failed
  tooLong = -32006   // the line
};

const char* kindOf(RpcCode code);

struct RpcError : std::runtime_error {
  RpcError(RpcCode code_, const std::string& message) : std::runtime_error(message), code(code_) {}
  RpcError(RpcCode code_, const Error& error)
      : std::runtime_error(error.what()), code(code_), node(error.node), port(error.port) {}
  RpcCode code;
  std::string node, port;
  nlohmann::json more = nlohmann::json::object();  // further fields of `data`
};

struct RpcRequest {
  nlohmann::json id;  // null together with `notification`: nobody waits for an answer
  bool notification = false;
  std::string method;
  nlohmann::json params = nlohmann::json::object();
};

/// Throws RpcError; `id` is then what could be told of the request's.
RpcRequest parseRequest(std::string_view line, nlohmann::json& id);

nlohmann::json rpcResult(const nlohmann::json& id, nlohmann::json result);
nlohmann::json rpcFailure(const nlohmann::json& id, const RpcError& error);
nlohmann::json rpcNotification(const char* method, nlohmann::json params);

/// Whatever was thrown by a call, as an answer: an Error is `usual`.
RpcError rpcErrorOf(const std::exception& error, RpcCode usual);

/// "r12": ids of what a worker holds.
std::string numberedId(const char* prefix, int64_t number);

/// One line, without its end; what is no UTF-8 is replaced.
std::string lineOf(const nlohmann::json& message);

}  // namespace loom
