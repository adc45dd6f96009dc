#include "app/editor/shell/palette.h"

#include "app/editor/shell/widgets.h"

namespace loom::editor {

void CommandPalette::openPalette() {
  commands_.refresh();
  openList(tr("What do you want to do?"));
}

std::vector<PickList::Item> CommandPalette::itemsFor(const QString& query) {
  struct Hit {
    int score;
    const Command* command;
  };
  std::vector<Hit> hits;
  for (const Command& command : commands_.all()) {
    if (command.id == "help.palette") continue;
    const auto byTitle = fuzzyScore(query, command.title);
    const auto byPath = fuzzyScore(query, command.menu + " " + command.title);
    const auto byHelp = fuzzyScore(query, command.help);
    if (!byTitle && !byPath && !(byHelp && command.help.contains(query, Qt::CaseInsensitive))) continue;
    int score = byTitle ? *byTitle + 20 : byPath ? *byPath : *byHelp - 40;
    if (query.isEmpty()) score = 0;  // in the order of the menus
    if (!commands_.action(command.id)->isEnabled()) score -= 30;
    hits.push_back({score, &command});
  }
  std::stable_sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.score > b.score; });
  std::vector<Item> items;
  for (const Hit& hit : hits) {
    const auto keys = commands_.keys(hit.command->id);
    QAction* action = commands_.action(hit.command->id);
    items.push_back({.title = hit.command->title,
                     .smallPrint = QString(hit.command->menu).replace('/', QStringLiteral(" › ")),
                     .atEnd = keys.isEmpty() ? QString() : keys.first().toString(QKeySequence::NativeText),
                     .help = hit.command->help,
                     .enabled = action->isEnabled(),
                     .choose = [action] { action->trigger(); }});
  }
  if (items.empty()) items.push_back({.title = tr("No command has these letters"), .enabled = false});
  return items;
}

}  // namespace loom::editor
