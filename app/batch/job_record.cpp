#include "app/batch/job_record.h"

#include <fstream>

#include "engine/files/atomic_file.h"
#include "engine/graph/json_reader.h"

namespace loom {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr uintmax_t kMostBytes = 64 << 20;

fs::path fileOf(const fs::path& out, const std::string& name) { return recordFolder(out) / (name + ".json"); }

// A record is a file like any other: it may not lead out of the job's folder.
bool isBelow(const std::string& path) {
  const fs::path plain = fs::path(path).lexically_normal();
  return !path.empty() && plain == fs::path(path) && plain.is_relative() && *plain.begin() != "..";
}

JobRecord parsed(const json& object) {
  JobRecord record;
  if (object.at("noiseloom-job") != kFormat) throw Error("of another format");
  record.name = object.at("name");
  record.identity = Key::fromHex(object.at("identity").get<std::string>());
  record.done = object.at("status") == "done";
  record.graph = object.at("graph");
  record.settings = object.at("settings");
  record.seconds = object.at("seconds");
  record.together = object.value("together", 1);
  record.picture = object.value("picture", "");
  record.session = object.value("session", "");
  for (const json& file : object.at("files")) {
    record.files.push_back({file.at("path"), file.at("bytes")});
    if (!isBelow(record.files.back().path)) throw Error("a file outside of its folder");
  }
  if (!record.picture.empty() && !isBelow(record.picture)) throw Error("a picture outside of its folder");
  if (const auto error = object.find("error"); error != object.end()) {
    record.error = error->at("message");
    record.errorNode = error->value("node", "");
    record.errorPort = error->value("port", "");
  }
  return record;
}

}  // namespace

fs::path recordFolder(const fs::path& out) { return out / ".jobs"; }

json toJson(const JobRecord& record) {
  json files = json::array();
  for (const JobRecord::File& file : record.files)
    files.push_back({{"path", file.path}, {"bytes", file.bytes}});
  json object{{"noiseloom-job", kFormat},
              {"name", record.name},
              {"identity", record.identity.hex()},
              {"status", record.done ? "done" : "failed"},
              {"graph", record.graph},
              {"settings", record.settings},
              {"seconds", record.seconds},
              {"together", record.together},
              {"files", std::move(files)},
              {"session", record.session}};
  if (!record.picture.empty()) object["picture"] = record.picture;
  if (record.done) return object;
  object["error"] = {{"message", record.error}};
  if (!record.errorNode.empty()) object["error"]["node"] = record.errorNode;
  if (!record.errorPort.empty()) object["error"]["port"] = record.errorPort;
  return object;
}

// A power cut may cost the record, and then the job is done again; what it vouches for has reached the disk.
void writeRecord(const fs::path& out, const JobRecord& record) {
  AtomicFile file(fileOf(out, record.name), {.durability = Durability::kill});
  file.write(toJson(record).dump(1, ' ', false, json::error_handler_t::replace) + "\n");
  file.commit();
}

std::optional<JobRecord> readRecord(const fs::path& out, const std::string& name) {
  try {
    const fs::path path = fileOf(out, name);
    std::error_code error;
    const uintmax_t size = fs::file_size(path, error);
    if (error || size > kMostBytes) return std::nullopt;
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    JobRecord record = parsed(json(parseJson(text, 64)));
    if (record.name != name) return std::nullopt;
    return record;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

bool filesAreWhole(const fs::path& out, const JobRecord& record) {
  for (const JobRecord::File& file : record.files) {
    std::error_code error;
    if (fs::file_size(out / record.name / file.path, error) != file.bytes || error) return false;
  }
  return true;
}

void removeResult(const fs::path& out, const JobRecord& record) {
  std::error_code ignored;
  fs::remove(fileOf(out, record.name), ignored);
  for (const JobRecord::File& file : record.files) fs::remove(out / record.name / file.path, ignored);
}

}  // namespace loom
