#include "app/worker/params.h"

#include <cmath>

#include "app/worker/rpc.h"
#include "engine/core/text.h"

namespace loom {
namespace {

using nlohmann::json;

constexpr size_t kMostListed = 10'000;

std::optional<int64_t> integerIn(const json& value) {
  if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()})
    return std::nullopt;
  if (value.is_number_integer()) return value.get<int64_t>();
  return std::nullopt;
}

}  // namespace

void Params::refuse(const std::string& name, const std::string& message) const {
  RpcError error(RpcCode::params, where_ + ": \"" + shortened(name) + "\" " + message);
  error.more["param"] = shortened(name);
  throw error;
}

// null stands for what is left out, so that a client may write every field.
const json* Params::find(const std::string& name) {
  known_.insert(name);
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

const json& Params::need(const std::string& name, const char* what) {
  const json* found = find(name);
  if (!found) refuse(name, std::string("is missing: ") + what);
  return *found;
}

bool Params::has(const std::string& name) { return find(name) != nullptr; }

std::optional<std::string> Params::optionalText(const std::string& name) {
  const json* found = find(name);
  if (!found) return std::nullopt;
  if (!found->is_string()) refuse(name, "is a text");
  std::string text = found->get<std::string>();
  if (text.find('\0') != std::string::npos) refuse(name, "holds a zero byte");
  return text;
}

std::string Params::text(const std::string& name) {
  need(name, "a text");
  return *optionalText(name);
}

std::string Params::text(const std::string& name, const std::string& fallback) {
  return optionalText(name).value_or(fallback);
}

std::string Params::choice(const std::string& name, const std::vector<std::string>& names,
                           const std::string& fallback) {
  const std::string given = text(name, fallback);
  std::string listed;
  for (const std::string& each : names) {
    if (each == given) return given;
    listed += (listed.empty() ? "" : ", ") + each;
  }
  refuse(name, "is one of " + listed);
}

int64_t Params::integer(const std::string& name, int64_t least, int64_t most) {
  const auto number = integerIn(need(name, "a whole number"));
  if (!number || *number < least || *number > most)
    refuse(name, "is a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return *number;
}

int64_t Params::integer(const std::string& name, int64_t fallback, int64_t least, int64_t most) {
  return find(name) ? integer(name, least, most) : fallback;
}

double Params::real(const std::string& name, double fallback, double least, double most) {
  const json* found = find(name);
  if (!found) return fallback;
  if (!found->is_number() || !(found->get<double>() >= least) || !(found->get<double>() <= most))
    refuse(name, "is a number from " + json(least).dump() + " to " + json(most).dump());
  return found->get<double>();
}

bool Params::flag(const std::string& name, bool fallback) {
  const json* found = find(name);
  if (!found) return fallback;
  if (!found->is_boolean()) refuse(name, "is true or false");
  return found->get<bool>();
}

const json* Params::list(const std::string& name) {
  const json* found = find(name);
  if (found && !found->is_array()) refuse(name, "is a list");
  if (found && found->size() > kMostListed)
    refuse(name, "has " + std::to_string(found->size()) + " entries; at most " + std::to_string(kMostListed) +
                     " are taken");
  return found;
}

std::vector<std::string> Params::texts(const std::string& name) {
  std::vector<std::string> all;
  const json* found = list(name);
  if (!found) return all;
  for (const json& each : *found) {
    if (!each.is_string()) refuse(name, "is a list of texts");
    all.push_back(each.get<std::string>());
    if (all.back().find('\0') != std::string::npos) refuse(name, "holds a zero byte");
  }
  return all;
}

std::vector<int64_t> Params::integers(const std::string& name) {
  std::vector<int64_t> all;
  const json* found = find(name);
  if (!found) return all;
  if (const auto one = integerIn(*found)) return {*one};  // 12 for [12]
  list(name);
  for (const json& each : *found) {
    const auto number = integerIn(each);
    if (!number) refuse(name, "is a list of whole numbers");
    all.push_back(*number);
  }
  return all;
}

const json& Params::value(const std::string& name) {
  known_.insert(name);
  const auto found = object_.find(name);
  if (found == object_.end()) refuse(name, "is missing");
  return *found;
}

const json* Params::object(const std::string& name) {
  const json* found = find(name);
  if (found && !found->is_object()) refuse(name, "is an object");
  return found;
}

void Params::done() const {
  std::string names;
  for (const std::string& name : known_) names += (names.empty() ? "" : ", ") + name;
  for (const auto& [name, value] : object_.items())
    if (!known_.contains(name))
      refuse(name, "is no parameter here; there are: " + (names.empty() ? "none" : names));
}

}  // namespace loom
