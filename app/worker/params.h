#pragma once
// The parameters of one request, read with checks: a wrong type, a number out of range, a name that the
// method does not have are refused by name. Lives on one thread for one call.
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace loom {

class Params {
 public:
  /// `where` begins every message: "run.start", "run.start: fork".
  Params(const nlohmann::json& object, std::string where) : object_(object), where_(std::move(where)) {}

  bool has(const std::string& name);
  std::string text(const std::string& name);
  std::string text(const std::string& name, const std::string& fallback);
  std::optional<std::string> optionalText(const std::string& name);
  /// One of `names`.
  std::string choice(const std::string& name, const std::vector<std::string>& names,
                     const std::string& fallback);
  int64_t integer(const std::string& name, int64_t least, int64_t most);
  int64_t integer(const std::string& name, int64_t fallback, int64_t least, int64_t most);
  double real(const std::string& name, double fallback, double least, double most);
  bool flag(const std::string& name, bool fallback);
  std::vector<std::string> texts(const std::string& name);
  std::vector<int64_t> integers(const std::string& name);
  /// Any JSON at all; it must be there.
  const nlohmann::json& value(const std::string& name);
  /// An object, for a Params of its own; null where it is left out.
  const nlohmann::json* object(const std::string& name);
  /// An array; null where it is left out.
  const nlohmann::json* list(const std::string& name);

  /// To be called when all have been read: what is left is no parameter of this method.
  void done() const;

  [[noreturn]] void refuse(const std::string& name, const std::string& message) const;
  const std::string& where() const { return where_; }

 private:
  const nlohmann::json* find(const std::string& name);
  const nlohmann::json& need(const std::string& name, const char* what);

  const nlohmann::json& object_;
  std::string where_;
  std::set<std::string> known_;
};

}  // namespace loom
