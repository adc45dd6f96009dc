#include "engine/run/state_file.h"

#include <algorithm>

#include "engine/files/safetensors.h"

namespace loom {

void addValues(Archive& archive, const std::string& kind, const std::map<std::string, Value>& values,
               const Registry& registry) {
  for (const auto& [name, value] : values) {
    try {
      addPart(archive, kind + "." + name, archiveOf(value, registry));
    } catch (const Error& error) {
      throw Error("its " + kind + " " + name + ": " + error.what());
    }
  }
}

std::map<std::string, Value> takeValues(const Archive& archive, const std::string& kind,
                                        const std::vector<std::string>& names, const Registry& registry,
                                        c10::Device device) {
  std::map<std::string, Value> values;
  for (const std::string& name : names)
    values[name] = valueOf(takePart(archive, kind + "." + name), registry, device);
  return values;
}

void writeSealed(const std::filesystem::path& file, Archive archive, Durability durability) {
  archive.meta["digest"] = digestOf(archive);
  std::filesystem::create_directories(file.parent_path());
  writeArchive(file, archive, nullptr, {}, durability);
}

Archive readSealed(const std::filesystem::path& file) {
  Archive archive = readArchive(file);
  if (!archive.meta.is_object()) throw Error("it has no description");
  const auto digest = archive.meta.find("digest");
  const std::string wanted = digest != archive.meta.end() && digest->is_string() ? *digest : "";
  archive.meta.erase("digest");
  if (digestOf(archive) != wanted) throw Error("its content is damaged");
  return archive;
}

std::vector<std::string> stateNames(const PlanZone& zone) {
  std::vector<std::string> names;
  for (const PlanZone::State& each : zone.state) names.push_back(each.name);
  return names;
}

std::vector<std::string> collectNames(const PlanZone& zone) {
  std::vector<std::string> names;
  for (const PlanZone::Collect& each : zone.collect) names.push_back(each.name);
  return names;
}

void checkTypes(const CheckpointStore::State& state, const PlanZone& zone, const Plan& plan) {
  for (const PlanZone::State& each : zone.state) {
    const Value& value = state.states.at(each.name);
    const Spec& wanted = plan.slots.at(static_cast<size_t>(each.slot)).spec;
    if (value.empty() || (wanted.type != &value.type() && wanted.type != &typeOf<Any>()))
      throw Error("its state " + each.name + " is of another type");
  }
  for (const auto& [name, value] : state.collected)
    if (value.empty() || !value.is<Recording>()) throw Error("its recording " + name + " is of another type");
}

std::string zoneFileStem(std::string zone) {
  std::replace(zone.begin(), zone.end(), '/', '+');
  return zone.size() > 120 ? zone.substr(zone.size() - 120) : zone;
}

}  // namespace loom
