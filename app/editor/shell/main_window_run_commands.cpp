// The commands of the menus Run and Batch: running, steering, looking along the steps.
#include "app/editor/shell/main_window_implementation.h"
#include "app/editor/shell/preset_keys.h"
#include "engine/core/error.h"

namespace loom::editor {

bool MainWindow::Implementation::alive() const {
  const auto run = const_cast<Session&>(session_).runs().current();
  return run && run->alive();
}

bool MainWindow::Implementation::paused() const {
  const auto run = const_cast<Session&>(session_).runs().current();
  return run && run->state == RunInfo::State::paused;
}

void MainWindow::Implementation::addRunCommands() {
  Timeline& timeline = central_->timeline();
  const auto add = [this](const char* id, const char* menu, const QString& title, const QString& help,
                          Keys keys, std::function<void()> run, std::function<bool()> enabled = {},
                          std::function<bool()> checked = {}, bool separator = false, bool onCanvas = false) {
    Command command{.id = id,
                    .menu = menu,
                    .title = title,
                    .help = help,
                    .run = std::move(run),
                    .enabled = std::move(enabled),
                    .checked = std::move(checked),
                    .separatorBefore = separator,
                    .onCanvas = onCanvas};
    keys.giveTo(command);
    commands_->add(std::move(command));
  };
  const auto isAlive = [this] { return alive(); };
  const auto hasRun = [this] { return session_.shownRun() != nullptr; };
  const auto current = [this] { return session_.runs().current()->id; };
  add("run.start", "Run", tr("Run"),
      tr("Runs the graph as it is; what is known already is not computed again"), {"Ctrl+Enter; Ctrl+Return"},
      [this] {
        hideGallery();
        session_.run();
      });
  add("run.startPaused", "Run", tr("Run one step"), tr("Runs up to the first step and waits there"),
      {"Shift+F7"}, [this] {
        hideGallery();
        session_.run(1);
      });
  add(
      "run.pause", "Run", tr("Pause or continue"), tr("After the step at hand; again: it goes on"), {"F6"},
      [this, current] { paused() ? session_.runs().proceed(current()) : session_.runs().pause(current()); },
      isAlive);
  add(
      "run.step", "Run", tr("Step"), tr("One more step of a paused run; one that runs pauses"), {"F7"},
      [this, current] { paused() ? session_.step(current()) : session_.runs().pause(current()); }, isAlive);
  add("run.toHere", "Run", tr("Run to here"),
      tr("Up to the step under the timeline's cursor, and waits there"), {"F8"}, [this, &timeline] {
        const Steps here = timeline.stepAtCursor();
        session_.runTo(here.empty() ? Steps(1) : here);
      });
  add(
      "run.fork", "Run", tr("Fork from here"),
      tr("Goes on from the step under the timeline's cursor, with the parameters as they are now"), {"F9"},
      [this, &timeline] {
        const auto run = session_.shownRun();
        if (run) session_.forkFrom(run->id, timeline.stepAtCursor());
      },
      hasRun);
  add(
      "run.stop", "Run", tr("Stop"), tr("Within the step; what was computed stays"),
      {"Esc; Ctrl+Alt+Enter; Ctrl+Alt+Return"}, [this, current] { session_.runs().stop(current()); },
      isAlive);
  add(
      "run.stopAll", "Run", tr("Stop all, and empty the queue"), tr("Nothing runs or waits after it"),
      {"Shift+Esc"},
      [this] {
        for (const QString& id : session_.runs().queue()) session_.runs().stop(id);
        if (alive()) session_.runs().stop(session_.runs().current()->id);
      },
      isAlive);
  add(
      "run.compare", "Run", tr("Compare with the run before"),
      tr("In the viewer and the plots; again: no longer"), {"Ctrl+Alt+C"},
      [this] {
        if (!session_.comparedRun().isEmpty()) return session_.compareWith({});
        const auto shown = session_.shownRun();
        const auto& all = session_.runs().all();
        for (size_t i = all.size(); i-- > 1;)
          if (shown && all[i]->id == shown->id) return session_.compareWith(all[i - 1]->id);
      },
      hasRun, [this] { return !session_.comparedRun().isEmpty(); }, true);
  add(
      "time.back", "Run/Look along the steps", tr("A step back"), tr("All pictures and numbers follow"),
      {"Ctrl+Left"}, [&timeline] { timeline.moveBy(-1); }, hasRun);
  add(
      "time.on", "Run/Look along the steps", tr("A step on"), tr("All pictures and numbers follow"),
      {"Ctrl+Right"}, [&timeline] { timeline.moveBy(1); }, hasRun);
  add(
      "time.begin", "Run/Look along the steps", tr("To the first step"), tr("Pure noise"), {"Ctrl+Home"},
      [&timeline] { timeline.toBegin(); }, hasRun);
  add(
      "time.end", "Run/Look along the steps", tr("To the newest step"), tr("And follows the run again"),
      {"Ctrl+End"}, [&timeline] { timeline.toEnd(); }, hasRun);
  add(
      "time.play", "Run/Look along the steps", tr("Play"),
      tr("Shows the steps one after another; again: stops"), {"Space"},
      [&timeline] { timeline.togglePlay(); }, hasRun, [&timeline] { return timeline.playing(); }, false,
      true);
  add(
      "time.loop", "Run/Look along the steps", tr("Play again and again"),
      tr("From the begin when the end is there"), {"Shift+Space"},
      [&timeline] { timeline.setLoop(!timeline.loop()); }, {}, [&timeline] { return timeline.loop(); });
  add("time.faster", "Run/Look along the steps", tr("Play faster"), tr("Twice as many steps a second"),
      {"Ctrl+Alt+."}, [&timeline] { timeline.setSpeed(timeline.speed() * 2); });
  add("time.slower", "Run/Look along the steps", tr("Play slower"), tr("Half as many steps a second"),
      {"Ctrl+Alt+,"}, [&timeline] { timeline.setSpeed(timeline.speed() / 2); });
  add(
      "run.restartWorker", "Run", tr("Restart the worker"),
      tr("Ends the process that computes, and starts another; graph and seen frames stay"),
      {"Ctrl+K, Ctrl+W"}, [this] { session_.worker().restart(); }, {}, {}, true);
  add("run.clearCache", "Run", tr("Forget cached results"),
      tr("In the worker's memory; the next run computes all anew"), {"Ctrl+K, Ctrl+E"}, [this] {
        session_.worker().call(
            "cache.clear", nlohmann::json::object(), this,
            [this](const nlohmann::json&) { session_.notice(tr("The worker's cached results are gone.")); },
            [this](const WorkerError& error) { session_.notice(error.message, true); });
      });
  add("batch.panel", "Batch", tr("Sweep over parameters…"),
      tr("The graph at every combination of some values"), {"Ctrl+Shift+B"},
      [this] { showDock(docks_.at("batch")); });
  add(
      "batch.addSelected", "Batch", tr("Sweep over the selected node"),
      tr("Adds its first parameter to the sweep"), {"Ctrl+K, Ctrl+B"},
      [this] {
        const Node* node = findNode(graphAt(session_.document(), session_.place()), onlyNode());
        const NodeType* type = node ? session_.catalog().node(node->type) : nullptr;
        if (!type) return;
        for (const PortType& port : type->inputs) {
          const ValueType* value = session_.catalog().type(port.type);
          if (!value || !value->scalar || node->inputs.count(port.id)) continue;
          batch_->addSweep(QString::fromStdString(node->id + "." + port.id), {});
          break;
        }
        showDock(docks_.at("batch"));
      },
      [this] { return !onlyNode().empty() && session_.place().empty(); });
  add(
      "batch.start", "Batch", tr("Run the batch"), tr("As the batch panel says"), {"Ctrl+Alt+B"},
      [this] {
        showDock(docks_.at("batch"));
        batch_->start();
      },
      [this] { return !batch_->running(); }, {}, true);
  add(
      "batch.cancel", "Batch", tr("Cancel the batch"), tr("What is done stays; run again to do the rest"),
      {"Ctrl+K, Ctrl+X"}, [this] { batch_->cancel(); }, [this] { return batch_->running(); });
}

}  // namespace loom::editor
