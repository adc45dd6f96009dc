#pragma once
// The timeline's header: which run, how far it is, and the buttons that play it, steer it and fork from it.
#include <imgui.h>

#include <functional>
#include <map>

#include "app/editor/watch/ink.h"
#include "app/editor/watch/playback.h"
#include "app/editor/watch/reel.h"

namespace loom::editor {

class ImGuiWidget;

/// What its buttons do beyond the session.
struct TransportGestures {
  std::function<void(int)> moveBy;
  std::function<void()> toBegin, toEnd, togglePlay;
  std::function<void(double)> setSpeed;
  std::function<void(bool)> setLoop;
};

/// `at` is the left upper corner of a line of kTransportHeight. Gives the middles of the buttons that steer.
inline constexpr float kTransportHeight = 34;
std::map<Icon, ImVec2> drawTransport(Session& session, ImGuiWidget& host, Playback& playback,
                                     const Reel& reel, const Reel& compared, const Steps& stepsAtCursor,
                                     ImVec2 at, float width, const TransportGestures& gestures);

/// "47 of 100 steps", "paused after 3 of 10 steps, 5 of 20 within", "failed after 3 of 100 steps" and where
/// it was forked.
std::string progressText(const Reel& reel, const Runs& runs);

}  // namespace loom::editor
