#pragma once
// Batches of small jobs for tests: run, look at what they left.
#include <QDir>
#include <QSet>

#include "tests/app/cli/program.h"

/// A job is a step or two of a sampler without a network: `steps` says how long it takes.
class Batches : public Program {
 public:
  Batches() { write("walk.loom", kWalk); }

  Outcome batch(const QStringList& arguments, const QString& out = "out") const {
    return run(QStringList{"batch"} + arguments + QStringList{"--threads", "1", "--out", out});
  }

  QStringList recordNames(const QString& out = "out") const {
    QStringList names;
    for (const QString& file : QDir(path(out + "/.jobs")).entryList({"*.json"}, QDir::Files))
      names << file.chopped(5);
    return names;
  }
  QJsonObject record(const QString& job, const QString& out = "out") const {
    return QJsonDocument::fromJson(read(out + "/.jobs/" + job + ".json")).object();
  }
  QJsonObject summary(const QString& out = "out") const {
    return QJsonDocument::fromJson(read(out + "/summary.json")).object();
  }
};

inline QStringList jobsOf(const QByteArray& events, const QString& kind) {
  QStringList jobs;
  for (const QJsonObject& event : eventsOf(events, kind)) jobs << event["job"].toString();
  jobs.sort();
  return jobs;
}
