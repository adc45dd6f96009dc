#pragma once
// What the tests of sessions begin with.
#include <QtTest>

#include "app/editor/session/session.h"
#include "engine/graph/graph_file.h"

namespace loom::editor::testing {

inline constexpr int kPatience = 60'000;  // milliseconds, for what takes seconds on a machine at rest

inline QString sources() { return QStringLiteral(NOISELOOM_SOURCE_DIR); }

/// graphs/ddpm.loom, quick: so many steps, one picture.
inline Document quickDdpm(int steps = 10) {
  Document document =
      parseGraph(readGraphText((sources() + QStringLiteral("/graphs/ddpm.loom")).toStdString()));
  document = withValue(document, "steps", steps);
  return withValue(document, "batch", 1);
}

/// A session whose worker can't be started: for what needs none.
inline SessionOptions withoutWorker(const QString& dataFolder) {
  return {.runner = QStringLiteral("/nowhere/noiseloom"), .dataFolder = dataFolder};
}

inline SessionOptions withWorker(const QString& dataFolder) {
  return {.runner = QStringLiteral(NOISELOOM_RUNNER), .dataFolder = dataFolder};
}

inline Document titled(const Document& document, const std::string& title) {
  Document other = document;
  other.title = title;
  return other;
}

}  // namespace loom::editor::testing
