// schedule.betas: a schedule from a table of β.
#include "engine/node/exec.h"
#include "nodes/schedules/schedule.h"

namespace loom {
namespace {

enum class Product { float64, float32 };

constexpr In<at::Tensor> betas{"betas", "β_t of every step, [T], each from 0 to 1"};
constexpr In<Real> vPosterior{
    "v_posterior", "LDM: posterior variance (1 − v) β̃ + v β", {.value = 0, .min = 0, .max = 1}};
constexpr In<Choice> precision{"precision",
                               "Of ᾱ. float32: a product of float32 (ermongroup/ddim, diffusers)",
                               {.value = 0, .names = {"float64", "float32"}}};
constexpr Out<Schedule> schedule{"schedule", "β, ᾱ and posterior variance over the T steps"};

void execute(Exec& x) {
  try {
    x.set(schedule,
          scheduleFromBetas(x.get(betas), x.get(vPosterior),
                            x.get(precision).as<Product>() == Product::float32 ? SchedulePrecision::float32
                                                                               : SchedulePrecision::float64));
  } catch (const Error& error) {
    throw Error("", betas.id, error.what());
  }
}

void infer(Infer& i) {
  const Spec& table = i.in(betas);
  if (table.shape && table.shape->size() != 1)
    i.refuse(betas, "a schedule is made of a list of β, [T]; this is " + table.text());
  i.out(schedule).shape = table.shape;
  i.out(schedule).dtype = at::kDouble;
}

}  // namespace

NodeType scheduleBetas() {
  NodeType type = makeNode("schedule.betas", "Schedule from a table",
                           "A noise schedule from the β of every step: one that no formula here makes.",
                           execute, betas, vPosterior, precision, schedule);
  type.infer = infer;
  return type;
}

}  // namespace loom
