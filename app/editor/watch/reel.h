#pragma once
// What there is to see of a run, step by step: the watched ports with the iterations they have frames of, and
// how far their zones are. Made from the session when something changed, not at each frame.
#include <QObject>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/editor/session/session.h"

namespace loom::editor {

struct Track {
  std::string port;   // "sampling.x"
  std::string label;  // "x"
  std::string node;   // "sampling", or the node's title
  std::string type;   // the value type's id
  std::string zone;   // the outermost one around it, as the worker calls it; "": outside, or not known
  std::vector<std::string> zones;  // all around it, outermost first; empty: as above
  uint32_t colour = 0xE0E0E0;
  bool state = false;   // of a zone
  bool picture = true;  // has thumbnails; others are for the plots alone
  std::vector<Iteration> iterations;
  size_t depth = 1;             // of zones around it; 0: outside
  int64_t done = 0, count = 0;  // outermost steps: done, and in all
};

/// An outermost zone that has tracks: steps of different ones have nothing to do with each other.
struct ReelZone {
  std::string zone;
  int64_t done = 0, count = 0;
};

struct Reel {
  std::shared_ptr<const RunInfo> run;  // null: there is none
  std::vector<Track> tracks;
  std::vector<ReelZone> zones;  // in the order of their tracks
  int64_t done = 0, count = 0;  // of the longest track

  const Track* track(const std::string& port) const;
  const ReelZone* zone(const std::string& name) const;
  /// Where an inner frame is between its outermost step (0) and the next (1), by its place among those
  /// within.
  double part(const Track& track, const Iteration& frame) const;
  Iteration newest() const;  // the outermost step that was computed last; empty where there is none
};

/// The last frame at or before a place: among those within [3] or before for the place [3]. An empty place
/// means the newest. Nothing where all frames are after it.
std::optional<Iteration> frameAt(const std::vector<Iteration>& frames, const Iteration& place);
/// Those of an outermost step.
std::vector<Iteration> framesWithin(const std::vector<Iteration>& frames, int64_t step);

/// What "run again" promises where a run did not keep a wire's steps.
std::string runAgainTip(const RunInfo& run);

/// Where the session's cursor is in a reel: its own place, or the newest step where it follows the run.
Iteration placeOf(const Cursor& cursor, const Reel& reel);

class Reels : public QObject {
  Q_OBJECT
 public:
  explicit Reels(Session& session);
  const Reel& shown();     // of the cursor's run
  const Reel& compared();  // of the run it is compared with
  /// The value type's id of a port of a run's graph; "" where it has no such port.
  std::string typeOf(const RunInfo& run, const std::string& port);
  /// Counts changes of anything that a reel, its pictures and its numbers come from.
  int64_t changes() const { return changes_; }

 Q_SIGNALS:
  void changed();

 private:
  const Reel& reelOf(const std::shared_ptr<const RunInfo>& run);
  Reel make(const std::shared_ptr<const RunInfo>& run);
  const Document* graphOf(const RunInfo& run);
  void change();

  Session& session_;
  int64_t changes_ = 0;
  std::map<QString, std::pair<int64_t, Reel>> made_;           // and at which change
  std::map<QString, std::unique_ptr<const Document>> graphs_;  // of runs; null: can't be read
};

}  // namespace loom::editor
