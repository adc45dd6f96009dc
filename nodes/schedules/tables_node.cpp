// schedule.tables: a schedule's numbers, to look at and to compare.
#include <ATen/ATen.h>

#include <cmath>

#include "engine/node/exec.h"
#include "nodes/schedules/schedule.h"

namespace loom {
namespace {

constexpr In<Schedule> schedule{"schedule", "Noise schedule"};
constexpr Out<at::Tensor> beta{"beta", "β_t, float64 [T] as all of these"};
constexpr Out<at::Tensor> alphaBarOut{"alpha_bar", "ᾱ_t"};
constexpr Out<at::Tensor> variance{"posterior_variance", "β̃_t"};
constexpr Out<at::Tensor> logVariance{"posterior_log_variance",
                                      "log β̃_t, at t = 0 that of t = 1: as samplers use it"};
constexpr Out<at::Tensor> fromX0{"posterior_mean_x0", "Factor of x_0 in the posterior's mean"};
constexpr Out<at::Tensor> fromXt{"posterior_mean_x_t", "Factor of x_t in the posterior's mean"};
constexpr Out<at::Tensor> recip{"sqrt_recip_alpha_bar", "√(1 / ᾱ_t)"};
constexpr Out<at::Tensor> recipm1{"sqrt_recipm1_alpha_bar", "√(1 / ᾱ_t − 1)"};

void execute(Exec& x) {
  const Schedule& s = x.get(schedule);
  const int64_t T = s.steps();
  at::Tensor tilde = at::empty({T}, at::kDouble), log = at::empty_like(tilde), x0 = at::empty_like(tilde),
             xt = at::empty_like(tilde);
  for (int64_t t = 0; t < T; ++t) {
    const Timestep step{.t = t, .t_next = t - 1};
    const Posterior p = posterior(s, step);
    tilde.mutable_data_ptr<double>()[t] = p.variance;
    log.mutable_data_ptr<double>()[t] = posteriorLogVarianceClipped(s, step);
    x0.mutable_data_ptr<double>()[t] = p.fromX0;
    xt.mutable_data_ptr<double>()[t] = p.fromXt;
  }
  x.set(beta, s.beta);
  x.set(alphaBarOut, s.alpha_bar);
  x.set(variance, tilde);
  x.set(logVariance, log);
  x.set(fromX0, x0);
  x.set(fromXt, xt);
  x.set(recip, s.alpha_bar.rsqrt());
  x.set(recipm1, (1 / s.alpha_bar - 1).sqrt());
}

void infer(Infer& i) {
  for (const auto* port :
       {&beta, &alphaBarOut, &variance, &logVariance, &fromX0, &fromXt, &recip, &recipm1}) {
    i.out(*port).shape = i.in(schedule).shape;
    i.out(*port).dtype = at::kDouble;
  }
}

}  // namespace

NodeType scheduleTables() {
  NodeType type =
      makeNode("schedule.tables", "Schedule tables",
               "The numbers of a noise schedule, step by step, to save, plot or compare.", execute, schedule,
               beta, alphaBarOut, variance, logVariance, fromX0, fromXt, recip, recipm1);
  type.infer = infer;
  return type;
}

}  // namespace loom
