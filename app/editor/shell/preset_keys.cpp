#include "app/editor/shell/preset_keys.h"

namespace loom::editor {

std::map<KeyPreset, QList<QKeySequence>> sameKeys(const char* text) {
  return {{KeyPreset::comfyUi, keysFrom(text)}};
}

void Keys::giveTo(Command& command) const {
  command.sameKeys = same;
  command.keys = {{KeyPreset::comfyUi, keysFrom(comfyUi)}};
  if (same) return;
  command.keys[KeyPreset::blender] = keysFrom(blender);
  command.keys[KeyPreset::nuke] = keysFrom(nuke);
}

}  // namespace loom::editor
