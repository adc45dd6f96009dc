// train.every: fires every n iterations of a zone.
#include "engine/node/exec.h"

namespace loom {
namespace {

constexpr In<Int> index{"index", "The zone's iteration, from 0"};
constexpr In<Int> count{"count", "How many iterations there are; 0: not known", {.min = 0}};
constexpr In<Int> every{"every", "Iterations between two firings", {.value = 100, .min = 1}};
constexpr In<Bool> last{"last", "Fire at the last iteration too", {.value = true}};
constexpr In<Bool> first{"first", "Fire at the first iteration too", {.value = false}};
constexpr Out<Bool> fires{"fires", "True at iterations every, 2 · every, …, counted from 1"};

void execute(Exec& x) {
  const Int i = x.get(index), n = x.get(count);
  const bool now =
      (i + 1) % x.get(every) == 0 || (x.get(last) && n > 0 && i + 1 == n) || (x.get(first) && i == 0);
  x.set(fires, now);
}

}  // namespace

NodeType trainEvery() {
  return makeNode("train.every", "Every n iterations",
                  "True once in n iterations: the `when` of what should happen now and then.", execute, index,
                  count, every, last, first, fires);
}

}  // namespace loom
