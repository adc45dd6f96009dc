// series.from_recording: what a zone collected, as a curve.
#include "engine/node/exec.h"
#include "nodes/plots/series.h"

namespace loom {
namespace {

constexpr In<Recording> recording{"recording", "Numbers that a zone collected"};
constexpr In<Text> name{"name", "As the legend shows it"};
constexpr Out<Series> series{"series", "The numbers over the iteration"};

void execute(Exec& x) {
  try {
    x.set(series, seriesOf(x.get(recording), x.get(name)));
  } catch (const Error& error) {
    throw Error("", recording.id, error.what());
  }
}

}  // namespace

NodeType seriesFromRecording() {
  return makeNode("series.from_recording", "Series from recording",
                  "A curve of the numbers that a zone collected.", execute, recording, name, series);
}

}  // namespace loom
