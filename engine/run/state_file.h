#pragma once
// A loop's state on disk: the common ground of checkpoints and histories. A sealed file holds a digest of
// itself, so that one that is damaged is told from one that is whole.
#include <filesystem>

#include "engine/files/atomic_file.h"
#include "engine/run/run.h"
#include "engine/run/saved_value.h"

namespace loom {

/// Adds values to an archive, as KIND.NAME. Throws Error naming the one that has no form on disk.
void addValues(Archive& archive, const std::string& kind, const std::map<std::string, Value>& values,
               const Registry& registry);
/// The values of these names again; tensors go to `device`. Throws Error where one is missing or damaged.
std::map<std::string, Value> takeValues(const Archive& archive, const std::string& kind,
                                        const std::vector<std::string>& names, const Registry& registry,
                                        c10::Device device);

/// Writes atomically, and reads what was written so. Reading throws Error on anything else.
void writeSealed(const std::filesystem::path& file, Archive archive, Durability durability);
Archive readSealed(const std::filesystem::path& file);

std::vector<std::string> stateNames(const PlanZone& zone);
std::vector<std::string> collectNames(const PlanZone& zone);
/// Throws Error where a state is of another type than the zone's, or a recording is none.
void checkTypes(const CheckpointStore::State& state, const PlanZone& zone, const Plan& plan);

/// A zone's path as the start of a file name: "group/sampling" -> "group+sampling".
std::string zoneFileStem(std::string zone);

}  // namespace loom
