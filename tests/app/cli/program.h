#pragma once
// The real program, called as a person or a script calls it. Each call gets a folder of its own to stand in.
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QProcessEnvironment>
#include <QTemporaryDir>

struct Outcome {
  int code = -1;
  QByteArray out, err;
  QString text() const {
    return QString("code %1\nstdout: %2\nstderr: %3").arg(code).arg(QString(out), QString(err));
  }
};

inline QList<QJsonObject> eventsOf(const QByteArray& lines) {
  QList<QJsonObject> events;
  for (const QByteArray& line : lines.split('\n')) {
    if (line.isEmpty()) continue;
    QJsonParseError error;
    const QJsonDocument parsed = QJsonDocument::fromJson(line, &error);
    if (error.error != QJsonParseError::NoError || !parsed.isObject())
      qFatal("this line is no JSON object: %s", line.constData());
    events << parsed.object();
  }
  return events;
}

inline QList<QJsonObject> eventsOf(const QByteArray& lines, const QString& kind) {
  QList<QJsonObject> events;
  for (const QJsonObject& event : eventsOf(lines))
    if (event["event"].toString() == kind) events << event;
  return events;
}

class Program {
 public:
  /// Each run computes anew, whatever ran before: tests of the result cache give it room.
  Program() { environment.insert("NOISELOOM_CACHE_SIZE", "0"); }
  QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();

  /// Does not wait: the caller reads, sends signals, waits.
  void start(QProcess& process, const QStringList& arguments) const {
    process.setWorkingDirectory(folder_.path());
    process.setProcessEnvironment(environment);
    process.start(NOISELOOM_RUNNER, arguments);
    if (!process.waitForStarted()) qFatal("%s can't be started", NOISELOOM_RUNNER);
  }
  static Outcome finish(QProcess& process) {
    if (!process.waitForFinished(240'000)) qFatal("the program does not end");
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
            process.readAllStandardOutput(), process.readAllStandardError()};
  }
  Outcome run(const QStringList& arguments) const {
    QProcess process;
    start(process, arguments);
    return finish(process);
  }

  QString path(const QString& name) const { return folder_.filePath(name); }
  void write(const QString& name, const QByteArray& content) const {
    QFile file(path(name));
    if (!file.open(QIODevice::WriteOnly)) qFatal("%s can't be written", qPrintable(name));
    file.write(content);
  }
  QByteArray read(const QString& name) const {
    QFile file(path(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
  }
  bool has(const QString& name) const { return QFile::exists(path(name)); }

 private:
  QTemporaryDir folder_;
};

/// A walk within a walk: each of three rounds goes down a chain of ten steps, and then adds noise of its own.
inline const char* const kRounds = R"({
  "noiseloom": 1,
  "title": "Rounds",
  "nodes": {
    "schedule": {"type": "schedule.noise", "version": 1, "params": {"steps": 10}},
    "timesteps": {"type": "schedule.timesteps", "version": 1, "params": {"spacing": "all"}, "inputs": {"schedule": "schedule.schedule"}},
    "noise": {"type": "noise.gaussian", "version": 1, "params": {"batch": 1, "seed": 1, "shape": [3, 8, 8]}},
    "levels": {"type": "timesteps.list", "version": 1, "params": {"list": [8, 5, 2]}},
    "rounds": {
      "type": "zone",
      "over": {"t": "levels.timesteps"},
      "state": {"x": {"init": "noise.noise", "next": "again.x_prev"}},
      "nodes": {
        "walk": {
          "type": "zone",
          "over": {"t": "timesteps.timesteps"},
          "state": {"y": {"init": "rounds.x", "next": "step.x_prev"}},
          "nodes": {
            "z": {"type": "noise.gaussian", "version": 1, "params": {"seed": 2}, "inputs": {"like": "walk.y"}},
            "step": {"type": "step.ddpm", "version": 1, "inputs": {"noise": "z.noise", "schedule": "schedule.schedule", "t": "walk.t", "x0": "walk.y", "x_t": "walk.y"}}
          }
        },
        "fresh": {"type": "noise.gaussian", "version": 1, "params": {"seed": 3}, "inputs": {"like": "walk.y"}},
        "again": {"type": "step.ddpm", "version": 1, "inputs": {"noise": "fresh.noise", "schedule": "schedule.schedule", "t": "rounds.t", "x0": "walk.y", "x_t": "walk.y"}}
      }
    },
    "picture": {"type": "image.from_latent", "version": 1, "inputs": {"latent": "rounds.x"}},
    "save": {"type": "image.save", "version": 1, "params": {"path": "rounds.png"}, "inputs": {"image": "picture.image"}}
  },
  "outputs": {"x": {"from": "rounds.x"}}
})";

/// x goes down a DDPM chain whose every guess at x_0 is x_t itself: real nodes and noise, no network.
inline const char* const kWalk = R"({
  "noiseloom": 1,
  "title": "A walk",
  "about": "Steps of a sampler without a network.",
  "nodes": {
    "schedule": {"type": "schedule.noise", "version": 1, "params": {"steps": 100}},
    "timesteps": {"type": "schedule.timesteps", "version": 1, "params": {"spacing": "all"}, "inputs": {"schedule": "schedule.schedule"}},
    "noise": {"type": "noise.gaussian", "version": 1, "params": {"batch": 2, "seed": 1, "shape": [3, 8, 8]}},
    "sampling": {
      "type": "zone",
      "over": {"t": "timesteps.timesteps"},
      "state": {"x": {"init": "noise.noise", "next": "step.x_prev"}},
      "collect": {"x_t": {"from": "step.x_prev", "every": 1000}},
      "nodes": {
        "z": {"type": "noise.gaussian", "version": 1, "params": {"seed": 2}, "inputs": {"like": "sampling.x"}},
        "step": {"type": "step.ddpm", "version": 1, "inputs": {"noise": "z.noise", "schedule": "schedule.schedule", "t": "sampling.t", "x0": "sampling.x", "x_t": "sampling.x"}}
      }
    },
    "picture": {"type": "image.from_latent", "version": 1, "inputs": {"latent": "sampling.x"}},
    "save": {"type": "image.save", "version": 1, "params": {"path": "walk.png"}, "inputs": {"image": "picture.image"}}
  },
  "inputs": {
    "seed": {"doc": "Another walk", "to": ["noise.seed", "z.seed"]},
    "batch": {"to": ["noise.batch"]},
    "steps": {"to": ["schedule.steps"]}
  },
  "outputs": {"x": {"from": "sampling.x"}}
})";
