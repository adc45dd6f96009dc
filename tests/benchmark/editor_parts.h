#pragma once
// The parts of the editor's benchmark, all in one window. Each prints.
#include <QTest>
#include <functional>

#include "app/editor/shell/main_window.h"

namespace loom::bench {

inline bool waitFor(const std::function<bool()>& done, int milliseconds = 60'000) {
  return QTest::qWaitFor(done, milliseconds);
}

void paintTimes(editor::MainWindow& window);
void idlePaints(editor::MainWindow& window);
void watchingCost(editor::MainWindow& window, int rounds);
/// `only`: rows whose name has this in it.
void holdUps(editor::MainWindow& window, const QString& only, int rounds, int nodes);

}  // namespace loom::bench
