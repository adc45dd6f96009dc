#pragma once
// Writing down a command's keys: one text for all presets, or one for each. Several keys: "Del; Backspace".
#include "app/editor/shell/commands.h"

namespace loom::editor {

/// For Command::keys, with sameKeys.
std::map<KeyPreset, QList<QKeySequence>> sameKeys(const char* text);

struct Keys {
  Keys(const char* all) : comfyUi(all), blender(all), nuke(all), same(true) {}
  Keys(const char* comfyUi_, const char* blender_, const char* nuke_)
      : comfyUi(comfyUi_), blender(blender_), nuke(nuke_), same(false) {}
  void giveTo(Command& command) const;
  const char *comfyUi, *blender, *nuke;
  bool same;
};

}  // namespace loom::editor
