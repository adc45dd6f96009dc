#include "app/worker/rpc.h"

#include "app/cli/output.h"

namespace loom {
namespace {

using nlohmann::json;

// nlohmann's parser does not recurse, but what it builds must stay small enough to be looked at.
json parseBounded(std::string_view line) {
  size_t values = 0;
  const auto bounded = [&](int depth, json::parse_event_t event, json&) {
    if (depth > kMostRequestDepth)
      throw RpcError(RpcCode::parse,
                     "this is nested more than " + std::to_string(kMostRequestDepth) + " deep");
    if (event != json::parse_event_t::key && ++values > 2 * kMostRequestValues)
      throw RpcError(RpcCode::parse, "these are more than " + std::to_string(kMostRequestValues) + " values");
    return true;
  };
  json parsed = json::parse(line.begin(), line.end(), bounded, false);
  if (parsed.is_discarded()) throw RpcError(RpcCode::parse, "this line is not JSON in UTF-8");
  return parsed;
}

bool mayBeId(const json& id) { return id.is_string() || id.is_number() || id.is_null(); }

}  // namespace

const char* kindOf(RpcCode code) {
  switch (code) {
    case RpcCode::parse:
      return "parse";
    case RpcCode::request:
      return "request";
    case RpcCode::method:
      return "method";
    case RpcCode::params:
      return "params";
    case RpcCode::internal:
      return "internal";
    case RpcCode::hello:
      return "hello";
    case RpcCode::graph:
      return "graph";
    case RpcCode::unknown:
      return "unknown";
    case RpcCode::state:
      return "state";
    case RpcCode::limit:
      return "limit";
    case RpcCode::failed:
      return "failed";
    case RpcCode::tooLong:
      return "line-too-long";
  }
  return "internal";
}

RpcRequest parseRequest(std::string_view line, json& id) {
  id = nullptr;
  json parsed = parseBounded(line);
  if (parsed.is_array())
    throw RpcError(RpcCode::request, "batches are not taken: one request a line, as many lines as you like");
  if (!parsed.is_object()) throw RpcError(RpcCode::request, "a request is a JSON object");
  RpcRequest request;
  request.notification = !parsed.contains("id");
  if (!request.notification) {
    if (!mayBeId(parsed["id"])) throw RpcError(RpcCode::request, "\"id\" is a number or a text");
    id = request.id = parsed["id"];
  }
  const auto version = parsed.find("jsonrpc");
  if (version == parsed.end() || *version != "2.0")
    throw RpcError(RpcCode::request, "a request says \"jsonrpc\": \"2.0\"");
  const auto method = parsed.find("method");
  if (method == parsed.end() || !method->is_string())
    throw RpcError(RpcCode::request, "a request names its \"method\"");
  request.method = method->get<std::string>();
  if (const auto params = parsed.find("params"); params != parsed.end()) {
    if (!params->is_object())
      throw RpcError(RpcCode::params, "\"params\" is an object: parameters go by name");
    request.params = std::move(*params);
  }
  return request;
}

json rpcResult(const json& id, json result) {
  return {{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}};
}

json rpcFailure(const json& id, const RpcError& error) {
  json data = error.more;
  data["kind"] = kindOf(error.code);
  if (!error.node.empty()) data["node"] = error.node;
  if (!error.port.empty()) data["port"] = error.port;
  return {{"jsonrpc", "2.0"},
          {"id", id},
          {"error", {{"code", static_cast<int>(error.code)}, {"message", error.what()}, {"data", data}}}};
}

json rpcNotification(const char* method, json params) {
  return {{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}};
}

RpcError rpcErrorOf(const std::exception& error, RpcCode usual) {
  if (const auto* own = dynamic_cast<const RpcError*>(&error)) return *own;
  if (dynamic_cast<const Error*>(&error)) return RpcError(usual, plainError(error));
  if (dynamic_cast<const Cancelled*>(&error)) return RpcError(RpcCode::state, "stopped");
  return RpcError(RpcCode::failed, plainError(error));
}

std::string numberedId(const char* prefix, int64_t number) {
  std::string id = prefix;
  id += std::to_string(number);
  return id;
}

std::string lineOf(const json& message) {
  return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace loom
