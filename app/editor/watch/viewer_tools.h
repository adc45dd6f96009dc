#pragma once
// The viewer's tools above its picture: which port and sample, how it looks, what it is compared with.
#include <functional>

#include "app/editor/watch/viewer_content.h"

namespace loom::editor {

struct ViewerToolGestures {
  std::function<void()> pin, fit, copy, save;
};

/// Changes `choice`; in lines of this width, from the window's cursor on.
void drawViewerTools(Session& session, Reels& reels, const ViewerContent& content, ViewerChoice& choice,
                     const ViewerToolGestures& gestures, float width);

}  // namespace loom::editor
