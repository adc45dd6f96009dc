#include "app/cli/environment_difference.h"

#include <map>

#include "engine/core/text.h"

namespace loom {
namespace {

using nlohmann::json;

std::string textOf(const json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return shortened(value.get<std::string>(), 200);
  return shortened(value.dump(-1, ' ', false, json::error_handler_t::replace), 200);
}

const json& member(const json& object, const std::string& name) {
  static const json kNone;
  const auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() ? *found : kNone;
}

void compare(const std::string& what, const json& made, const json& here,
             std::vector<EnvironmentDifference>& differences) {
  if (!made.is_null() && made != here) differences.push_back({what, textOf(made), textOf(here)});
}

// Both members' fields, one by one.
void compareFields(const std::string& prefix, const json& made, const json& here,
                   std::vector<EnvironmentDifference>& differences) {
  if (!made.is_object()) return;
  std::map<std::string, int> names;
  for (const auto& [name, value] : made.items()) names[name];
  if (here.is_object())
    for (const auto& [name, value] : here.items()) names[name];
  for (const auto& [name, unused] : names) {
    const json &was = member(made, name), &is = member(here, name);
    if (was != is) differences.push_back({prefix + name, textOf(was), textOf(is)});
  }
}

}  // namespace

std::vector<EnvironmentDifference> environmentDifferences(const json& made, const json& here) {
  std::vector<EnvironmentDifference> differences;
  compareFields("file ", member(made, "files"), member(here, "files"), differences);
  for (const char* name : {"program", "torch", "device", "dtype", "threads"})
    compare(name, member(made, name), member(here, name), differences);
  compareFields("libraries.", member(made, "libraries"), member(here, "libraries"), differences);
  compareFields("gpu.", member(made, "gpu"), member(here, "gpu"), differences);
  compareFields("cpu.", member(made, "cpu"), member(here, "cpu"), differences);
  return differences;
}

}  // namespace loom
