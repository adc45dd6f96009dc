#include "nodes/schedules/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace loom {

namespace {

const double* table(const at::Tensor& t) { return t.const_data_ptr<double>(); }

/// numpy.linspace: the end is exact.
double ramp(double from, double to, int64_t i, int64_t count) {
  if (count == 1) return from;
  if (i == count - 1) return to;
  return from + static_cast<double>(i) * ((to - from) / static_cast<double>(count - 1));
}

at::Tensor cosineBetas(int64_t steps, double s) {
  at::Tensor beta = at::empty({steps}, at::kDouble);
  double* out = beta.mutable_data_ptr<double>();
  const auto signal = [&](int64_t i) {
    const double u = (static_cast<double>(i) / static_cast<double>(steps) + s) / (1 + s);
    const double c = std::cos(u * std::numbers::pi / 2);
    return c * c;
  };
  for (int64_t i = 0; i < steps; ++i) out[i] = std::clamp(1 - signal(i + 1) / signal(i), 0.0, 0.999);
  return beta;
}

double betaOf(const ScheduleOptions& o, int64_t i) {
  const auto line = [&](double from, double to) { return ramp(from, to, i, o.steps); };
  switch (o.kind) {
    case ScheduleKind::linear:
      return line(o.betaStart, o.betaEnd);
    case ScheduleKind::scaled_linear: {
      const double root = line(std::sqrt(o.betaStart), std::sqrt(o.betaEnd));
      return root * root;
    }
    case ScheduleKind::sqrt:
      return std::sqrt(line(o.betaStart, o.betaEnd));
    case ScheduleKind::constant:
      return o.betaEnd;
    case ScheduleKind::jsd:
      return 1 / line(static_cast<double>(o.steps), 1);
    case ScheduleKind::sigmoid:
      return (o.betaEnd - o.betaStart) / (1 + std::exp(-line(-6, 6))) + o.betaStart;
    case ScheduleKind::cosine:
      break;
  }
  return 0;
}

at::Tensor betasOf(const ScheduleOptions& o) {
  if (o.kind == ScheduleKind::cosine) return cosineBetas(o.steps, o.cosineS);
  if (o.kind == ScheduleKind::linear && o.precision == SchedulePrecision::float32_beta)
    return at::linspace(o.betaStart, o.betaEnd, o.steps, at::kFloat).to(at::kDouble);
  at::Tensor beta = at::empty({o.steps}, at::kDouble);
  double* out = beta.mutable_data_ptr<double>();
  for (int64_t i = 0; i < o.steps; ++i) out[i] = betaOf(o, i);
  return beta;
}

at::Tensor rescaledToZeroSnr(const at::Tensor& beta) {
  at::Tensor root = (1 - beta).cumprod(0).sqrt();
  const double first = root[0].item<double>(), last = root[-1].item<double>();
  root = (root - last) * (first / (first - last));
  const at::Tensor bar = root * root;
  const at::Tensor alpha = at::cat({bar.slice(0, 0, 1), bar.slice(0, 1) / bar.slice(0, 0, -1)});
  return 1 - alpha;
}

Schedule fromTables(at::Tensor beta, at::Tensor alphaBar, double v) {
  const at::Tensor before = at::cat({at::ones({1}, at::kDouble), alphaBar.slice(0, 0, -1)});
  // eq. 7; LDM mixes β in by v.
  const at::Tensor tilde = beta * (1 - before) / (1 - alphaBar);
  Schedule s;
  s.posterior_variance = v == 0 ? tilde : (1 - v) * tilde + v * beta;
  s.beta = std::move(beta);
  s.alpha_bar = std::move(alphaBar);
  s.v_posterior = v;
  return s;
}

}  // namespace

Schedule scheduleFromBetas(const at::Tensor& beta, double vPosterior, SchedulePrecision precision) {
  if (beta.dim() != 1 || beta.size(0) < 1)
    throw Error("A schedule is made of a list of β; this is " + describe(beta) + ".");
  const at::Tensor b = beta.to(at::kCPU, at::kDouble).contiguous();
  if (!((b >= 0) & (b <= 1)).all().item<bool>())
    throw Error("Every β of a schedule must lie between 0 and 1.");
  if (precision != SchedulePrecision::float32) return fromTables(b, (1 - b).cumprod(0), vPosterior);
  const at::Tensor rounded = b.to(at::kFloat);
  return fromTables(rounded.to(at::kDouble), (1 - rounded).cumprod(0).to(at::kDouble), vPosterior);
}

Schedule makeSchedule(const ScheduleOptions& options) {
  if (options.steps < 1) throw Error("A schedule needs at least one step.");
  at::Tensor beta = betasOf(options);
  if (options.zeroTerminalSnr) beta = rescaledToZeroSnr(beta);
  if (options.precision == SchedulePrecision::float32_beta) beta = beta.to(at::kFloat).to(at::kDouble);
  return scheduleFromBetas(beta, options.vPosterior, options.precision);
}

Schedule respaced(const Schedule& schedule, const Timesteps& timesteps) {
  const auto count = static_cast<int64_t>(timesteps.t.size());
  if (count == 0) throw Error("A schedule over no timesteps has no steps.");
  at::Tensor beta = at::empty({count}, at::kDouble);
  double* out = beta.mutable_data_ptr<double>();
  double last = 1;
  for (int64_t i = 0; i < count; ++i) {
    const double bar = alphaBar(schedule, timesteps.t[count - 1 - i]);
    out[i] = 1 - bar / last;
    last = bar;
  }
  return scheduleFromBetas(beta, schedule.v_posterior);
}

double alphaBar(const Schedule& schedule, int64_t t) {
  if (t == -1) return 1;
  if (t < -1 || t >= schedule.steps())
    throw Error("Timestep " + std::to_string(t) + " lies outside the schedule, which has the steps 0 to " +
                std::to_string(schedule.steps() - 1) + ".");
  return table(schedule.alpha_bar)[t];
}

Posterior posterior(const Schedule& schedule, const Timestep& step) {
  const double bar_t = alphaBar(schedule, step.t), bar_s = alphaBar(schedule, step.t_next);
  Posterior p;
  // Not from the table of β, even between neighbours: where ᾱ was rounded to float32 the two differ by 2e-4,
  // and the coefficients must add up.
  p.beta = bar_s > 0 ? 1 - bar_t / bar_s : table(schedule.beta)[step.t];
  p.fromX0 = std::sqrt(bar_s) * p.beta / (1 - bar_t);
  p.fromXt = std::sqrt(1 - p.beta) * (1 - bar_s) / (1 - bar_t);
  const double tilde = p.beta * (1 - bar_s) / (1 - bar_t), v = schedule.v_posterior;
  p.variance = v == 0 ? tilde : (1 - v) * tilde + v * p.beta;
  return p;
}

double posteriorLogVarianceClipped(const Schedule& schedule, const Timestep& step) {
  const double own = posterior(schedule, step).variance;
  if (own > 0) return std::log(std::max(own, 1e-20));
  // Ho et al.: the variance of the end is 0, that of the step before stands in for it.
  int64_t before = step.t_before;
  if (before < 0 && step.t == 0 && schedule.steps() > 1) before = 1;
  if (before <= step.t) return std::log(1e-20);
  return std::log(std::max(posterior(schedule, {.t = before, .t_next = step.t}).variance, 1e-20));
}

}  // namespace loom
