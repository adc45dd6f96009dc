#pragma once
// A batch as the dock asks for it: a graph and what it sweeps over, written as the file of jobs that
// `noiseloom batch` runs. Pure, but for the writing.
#include <QString>
#include <vector>

#include "app/batch/sweep.h"

namespace loom::editor {

struct SweepJob {
  QString graph;  // file
  std::vector<Sweep> sweeps;

  /// How many: all combinations. 0 where a sweep has no values.
  size_t count() const;
  /// The jobs as JSON lines, or as CSV (RFC 4180); the graph as it is named.
  QByteArray jsonLines() const;
  QByteArray csv() const;
};

/// "1,2,4", "0..9", "0..1:0.25" as values of `name`. Throws Error with what is wrong.
Sweep sweepOf(const QString& name, const QString& values);

}  // namespace loom::editor
