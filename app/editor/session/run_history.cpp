#include "app/editor/session/run_history.h"

#include <QDir>
#include <QFile>

#include "app/editor/worker/background.h"
#include "engine/graph/graph_file.h"

namespace loom::editor {
namespace {

using nlohmann::json;

constexpr qint64 kMostRunBytes = 4 << 20, kMostPictureBytes = 4 << 20;
constexpr const char* kStates[] = {"queued",   "running", "paused",  "waiting",
                                   "finished", "failed",  "stopped", "lost"};

std::string text(const QString& from) { return from.toStdString(); }
QString text(const std::string& from) { return QString::fromStdString(from); }

json listFrom(const QStringList& list) {
  json result = json::array();
  for (const QString& each : list) result.push_back(text(each));
  return result;
}

QStringList listOf(const json& from, const char* name) {
  QStringList result;
  if (const auto found = from.find(name); found != from.end() && found->is_array())
    for (const json& each : *found)
      if (each.is_string()) result << text(each.get<std::string>());
  return result;
}

json jsonOf(const RunInfo& info, const QString& editor) {
  json result{{"number", info.number},
              {"title", text(info.title)},
              {"file", text(info.file)},
              {"state", nameOf(info.state)},
              {"started", text(info.started.toString(Qt::ISODateWithMs))},
              {"seconds", info.seconds},
              {"device", text(info.device)},
              {"dtype", text(info.dtype)},
              {"parent", text(info.parent)},
              {"forkedAt", loom::editor::jsonOf(info.forkedAt)},
              {"forkAsked", info.forkAsked},
              {"differs", listFrom(info.differs)},
              {"files", listFrom(info.files)},
              {"log", listFrom(info.log)},
              {"editor", text(editor)}};
  if (info.error)
    result["error"] = {{"message", text(info.error->message)},
                       {"node", text(info.error->node)},
                       {"port", text(info.error->port)}};
  json zones = json::object();
  for (const auto& [name, zone] : info.zones)
    zones[name] = {{"first", zone.first}, {"done", zone.done}, {"count", zone.count}, {"depth", zone.depth}};
  result["zones"] = zones;
  return result;
}

// Of a file that anyone may have changed: what does not fit is left out.
std::optional<RunHistory::Loaded> loadedFrom(const QString& folder, int number) {
  const QByteArray bytes = readBounded(folder + QStringLiteral("/run.json"), kMostRunBytes);
  const json run = json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (!run.is_object()) return {};
  try {
    RunHistory::Loaded loaded;
    auto info = std::make_shared<RunInfo>();
    info->number = number;
    info->id = QStringLiteral("run %1").arg(number);
    info->title = text(run.value("title", ""));
    info->file = text(run.value("file", ""));
    info->state = stateNamed(run.value("state", "")).value_or(RunInfo::State::lost);
    info->started = QDateTime::fromString(text(run.value("started", "")), Qt::ISODateWithMs);
    info->seconds = run.value("seconds", 0.0);
    info->device = text(run.value("device", ""));
    info->dtype = text(run.value("dtype", ""));
    info->parent = text(run.value("parent", ""));
    if (const auto at = run.find("forkedAt"); at != run.end()) info->forkedAt = stepsFrom(*at);
    info->forkAsked = run.value("forkAsked", false);
    info->differs = listOf(run, "differs");
    info->files = listOf(run, "files");
    info->log = listOf(run, "log");
    if (const auto error = run.find("error"); error != run.end())
      info->error = WorkerError{0, text(error->value("message", "")), text(error->value("node", "")),
                                text(error->value("port", ""))};
    if (const auto zones = run.find("zones"); zones != run.end() && zones->is_object())
      for (const auto& [name, zone] : zones->items()) {
        ZoneProgress& progress = info->zones[name];
        progress.first = zone.value("first", int64_t{0});
        progress.done = zone.value("done", int64_t{0});
        progress.count = zone.value("count", int64_t{0});
        progress.depth = zone.value("depth", 1);
      }
    loaded.editor = text(run.value("editor", ""));
    loaded.info = std::move(info);
    const QByteArray png = readBounded(folder + QStringLiteral("/thumbnail.png"), kMostPictureBytes);
    if (!png.isEmpty()) loaded.thumbnail.loadFromData(png, "PNG");
    return loaded;
  } catch (const json::exception&) {
    return {};
  }
}

json jsonOf(const RunRequest& request, int place) {
  json result{{"folder", text(request.folder)},
              {"title", text(request.title)},
              {"file", text(request.file)},
              {"watched", request.watched},
              {"shown", request.shown},
              {"measured", request.measured},
              {"device", text(request.device)},
              {"dtype", text(request.dtype)},
              {"out", text(request.out)},
              {"keepSteps", request.keepSteps},
              {"place", place}};
  json allowed = json::array();
  for (const QString& each : request.allowed) allowed.push_back(text(each));
  result["allowed"] = allowed;
  if (!request.pauseAt.empty()) result["pauseAt"] = loom::editor::jsonOf(request.pauseAt);
  if (request.forkOf) result["forkOf"] = text(*request.forkOf);
  if (request.parentAgain) result["parentAgain"] = true;
  if (!request.forkAt.empty()) result["forkAt"] = loom::editor::jsonOf(request.forkAt);
  return result;
}

std::optional<RunRequest> requestFrom(const json& from) {
  if (!from.is_object()) return {};
  try {
    RunRequest request;
    request.folder = text(from.value("folder", ""));
    request.title = text(from.value("title", ""));
    request.file = text(from.value("file", ""));
    request.watched = from.value("watched", std::vector<std::string>{});
    request.measured = from.value("measured", std::vector<std::string>{});
    request.shown = from.value("shown", std::vector<std::string>{});
    request.device = text(from.value("device", ""));
    request.dtype = text(from.value("dtype", ""));
    request.out = text(from.value("out", ""));
    request.keepSteps = from.value("keepSteps", json(true));
    request.parentAgain = from.value("parentAgain", false);
    for (const QString& each : listOf(from, "allowed")) request.allowed.push_back(each);
    if (from.contains("pauseAt")) request.pauseAt = stepsFrom(from["pauseAt"]);
    if (from.contains("forkOf")) request.forkOf = text(from["forkOf"].get<std::string>());
    if (from.contains("forkAt")) request.forkAt = stepsFrom(from["forkAt"]);
    return request;
  } catch (const json::exception&) {
    return {};
  }
}

json requestIn(const QString& folder) {
  const QByteArray bytes = readBounded(folder + QStringLiteral("/request.json"), kMostRunBytes);
  return json::parse(bytes.begin(), bytes.end(), nullptr, false);
}

std::vector<int> numbersIn(const QString& folder) {
  std::vector<int> numbers;
  for (const QString& name : QDir(folder).entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
    bool whole = false;
    const int number = name.toInt(&whole);
    if (whole && number > 0) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

const char* nameOf(RunInfo::State state) { return kStates[static_cast<int>(state)]; }

std::optional<RunInfo::State> stateNamed(const std::string& name) {
  for (size_t i = 0; i < std::size(kStates); ++i)
    if (name == kStates[i]) return static_cast<RunInfo::State>(i);
  return {};
}

RunHistory::RunHistory(const Presence& presence)
    : presence_(presence), folder_(presence.dataFolder() + QStringLiteral("/runs")) {
  QDir().mkpath(folder_);
}

void RunHistory::load(Then then) {
  inBackground(
      this,
      [folder = folder_] {
        std::vector<Loaded> all;
        std::vector<int> numbers = numbersIn(folder);
        const auto old = numbers.size() > kMost ? numbers.end() - kMost : numbers.begin();
        for (auto number = numbers.begin(); number != old; ++number)
          QDir(folder + QStringLiteral("/%1").arg(*number)).removeRecursively();
        for (auto number = old; number != numbers.end(); ++number) {
          const QString at = folder + QStringLiteral("/%1").arg(*number);
          auto loaded = loadedFrom(at, *number);
          if (!loaded) continue;
          if (loaded->info->state == RunInfo::State::queued) {
            const json request = requestIn(at);
            loaded->request = requestFrom(request);
            if (loaded->request && request.contains("place") && request["place"].is_number_integer())
              loaded->place = request["place"].get<int>();
          }
          all.push_back(std::move(*loaded));
        }
        return all;
      },
      [then](std::vector<Loaded> all) { then(std::move(all)); });
}

int RunHistory::claim() {
  if (next_ == 0) {
    const std::vector<int> numbers = numbersIn(folder_);
    next_ = numbers.empty() ? 1 : numbers.back() + 1;
  }
  // Another editor may have taken it: making a folder succeeds for one.
  const QDir runs(folder_);
  while (runs.exists() && !runs.mkdir(QString::number(next_)) && runs.exists(QString::number(next_))) ++next_;
  return next_++;
}

QString RunHistory::folderOf(int number) const { return folder_ + QStringLiteral("/%1").arg(number); }

void RunHistory::save(const RunInfo& info) const {
  const std::string bytes =
      jsonOf(info, presence_.name()).dump(1, ' ', false, json::error_handler_t::replace);
  writeWhole(folderOf(info.number) + QStringLiteral("/run.json"), QByteArray::fromStdString(bytes));
}

void RunHistory::saveGraph(const RunInfo& info) const {
  writeWhole(folderOf(info.number) + QStringLiteral("/graph.loom"),
             QByteArray::fromStdString(info.graphText));
}

void RunHistory::saveRequest(const RunInfo& info, const RunRequest& request, int place) const {
  const std::string bytes = jsonOf(request, place).dump(1, ' ', false, json::error_handler_t::replace);
  writeWhole(folderOf(info.number) + QStringLiteral("/request.json"), QByteArray::fromStdString(bytes));
}

std::optional<RunRequest> RunHistory::request(int number) const {
  return requestFrom(requestIn(folderOf(number)));
}

void RunHistory::saveThumbnail(const RunInfo& info) const {
  if (!info.thumbnail) return;
  const QString file = folderOf(info.number) + QStringLiteral("/thumbnail.png");
  QThreadPool::globalInstance()->start([picture = info.thumbnail, file] {
    const QImage image(picture->rgba.data(), picture->width, picture->height, QImage::Format_RGBA8888);
    image.save(file, "PNG");
  });
}

std::string RunHistory::graphText(int number) const {
  return readBounded(folderOf(number) + QStringLiteral("/graph.loom"), qint64{kMostGraphBytes}).toStdString();
}

void RunHistory::remove(int number) const {
  QThreadPool::globalInstance()->start([folder = folderOf(number)] { QDir(folder).removeRecursively(); });
}

}  // namespace loom::editor
