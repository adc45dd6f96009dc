// series.save: curves as a table for other programs.
#include "engine/files/atomic_file.h"
#include "engine/node/exec.h"
#include "nodes/plots/series.h"

namespace loom {
namespace {

constexpr InMany<Series> series{"series", "Curves to write, a column each"};
constexpr In<FilePath> path{"path",
                            "File to write, in the output folder",
                            {.value = "series.csv", .extensions = ".csv", .writes = true}};

void execute(Exec& x) {
  std::vector<Series> curves;
  for (const Value& value : x.values(series)) curves.push_back(value.as<Series>());
  const auto file = x.writePath(path);
  writeAtomically(file, csvOf(curves));
  x.services().produced(x.path(), file);
}

}  // namespace

NodeType seriesSave() {
  NodeType type =
      makeNode("series.save", "Save series", "Writes curves as a CSV table.", execute, series, path);
  type.pure = false;
  type.effect = true;
  return type;
}

}  // namespace loom
