#pragma once
// What is left of a job: OUT/.jobs/<name>.json, written in one step when it ends. A job is done when its
// record says so, for the same identity, and its files are there in the sizes that they had.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/error.h"
#include "engine/core/key.h"

namespace loom {

struct JobRecord {
  struct File {
    std::string path;  // below the job's folder
    uint64_t bytes = 0;
  };
  std::string name;  // and folder
  Key identity;      // of all that decides the result
  bool done = false;
  std::string graph;
  nlohmann::json settings = nlohmann::json::object();
  double seconds = 0;
  int together = 1;  // jobs that ran in step with it, itself among them
  std::vector<File> files;
  std::string picture;  // the file that stands for it in a grid; may be empty
  std::string error, errorNode, errorPort;
  std::string session;  // the call of the program that made it
};

std::filesystem::path recordFolder(const std::filesystem::path& out);

/// Throws Error where it can't be written.
void writeRecord(const std::filesystem::path& out, const JobRecord& record);

/// None where there is no record, or one that is damaged or not of this name: the job is then not done.
std::optional<JobRecord> readRecord(const std::filesystem::path& out, const std::string& name);

/// Whether its files are there, in their sizes.
bool filesAreWhole(const std::filesystem::path& out, const JobRecord& record);

/// Removes the record of an earlier job of that name and the files it lists, and nothing else: half of them
/// replaced by a killed job, it would still vouch for them.
void removeResult(const std::filesystem::path& out, const JobRecord& record);

nlohmann::json toJson(const JobRecord& record);

}  // namespace loom
