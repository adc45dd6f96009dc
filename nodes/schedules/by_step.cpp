// schedule.by_step: a number that changes as a zone goes round, such as eta or a guidance scale.
#include <algorithm>

#include "engine/node/exec.h"

namespace loom {
namespace {

constexpr In<Int> index{"index", "The zone's step, from 0", {.min = 0}};
constexpr In<Numbers> steps{"steps", "Steps at which it changes, rising", {.value = {0}, .count = 1}};
constexpr In<Numbers> values{"values", "The number from each of these steps on", {.value = {0}, .count = 1}};
constexpr In<Choice> between{
    "between",
    "Between two of these steps: the earlier one's number, or a straight line to the next",
    {.value = 0, .names = {"hold", "linear"}}};
constexpr Out<Real> value{"value", "The number at this step; before the first of the steps it is the first"};

void check(const Numbers& at, const Numbers& numbers) {
  if (at.values.size() != numbers.values.size())
    throw Error("", values.id,
                std::to_string(numbers.values.size()) + " numbers for " + std::to_string(at.values.size()) +
                    " steps; each step has one");
  if (at.values.empty()) throw Error("", steps.id, "needs at least one step");
  if (std::adjacent_find(at.values.begin(), at.values.end(), std::greater_equal<>()) != at.values.end())
    throw Error("", steps.id, "must rise from one to the next");
}

void execute(Exec& x) {
  const std::vector<double>& at = x.get(steps).values;
  const std::vector<double>& numbers = x.get(values).values;
  check(x.get(steps), x.get(values));
  const double now = static_cast<double>(x.get(index));
  const auto next = static_cast<size_t>(std::upper_bound(at.begin(), at.end(), now) - at.begin());
  if (next == 0 || next == at.size() || x.get(between).name == "hold") {
    x.set(value, numbers[next == 0 ? 0 : next - 1]);
    return;
  }
  const double share = (now - at[next - 1]) / (at[next] - at[next - 1]);
  x.set(value, numbers[next - 1] + share * (numbers[next] - numbers[next - 1]));
}

void infer(Infer& i) {
  const Numbers *at = i.constant(steps), *numbers = i.constant(values);
  if (at && numbers) check(*at, *numbers);
}

}  // namespace

NodeType scheduleByStep() {
  NodeType type =
      makeNode("schedule.by_step", "Value by step",
               "A number that changes as a zone goes round. A run that kept its steps goes on from "
               "the first one whose number is another.",
               execute, index, steps, values, between, value);
  type.infer = infer;
  return type;
}

}  // namespace loom
