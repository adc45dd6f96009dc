#pragma once
// The command palette: a few letters of any command find it, with its keys.
#include "app/editor/shell/commands.h"
#include "app/editor/shell/pick_list.h"

namespace loom::editor {

class CommandPalette : public PickList {
  Q_OBJECT
 public:
  CommandPalette(Commands& commands, QWidget* window) : PickList("palette", window), commands_(commands) {}
  void openPalette();

 protected:
  std::vector<Item> itemsFor(const QString& query) override;

 private:
  Commands& commands_;
};

}  // namespace loom::editor
