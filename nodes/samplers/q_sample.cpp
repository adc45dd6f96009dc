#include "nodes/samplers/q_sample.h"

namespace loom {

at::Tensor gathered(const at::Tensor& table, const at::Tensor& t, int64_t rank) {
  std::vector<int64_t> shape(static_cast<size_t>(rank), 1);
  shape[0] = t.size(0);
  return table.to(t.device()).index_select(0, t).to(at::kFloat).reshape(shape);
}

at::Tensor qSample(const Schedule& schedule, const at::Tensor& x0, const at::Tensor& t,
                   const at::Tensor& epsilon) {
  if (t.dim() != 1 || t.size(0) != x0.size(0))
    throw Error("Every sample needs its timestep: x_0 is " + describe(x0) + ", t is " + describe(t) + ".");
  if (t.numel() > 0 && (t.min().item<int64_t>() < 0 || t.max().item<int64_t>() >= schedule.steps()))
    throw Error("Timesteps " + std::to_string(t.min().item<int64_t>()) + " to " +
                std::to_string(t.max().item<int64_t>()) + " go beyond the schedule's " +
                std::to_string(schedule.steps()) + " steps.");
  const at::Tensor signal = gathered(schedule.alpha_bar.sqrt(), t, x0.dim());
  const at::Tensor noise = gathered((1 - schedule.alpha_bar).sqrt(), t, x0.dim());
  return signal * x0 + noise * epsilon;
}

PosteriorTables posteriorTables(const Schedule& schedule) {
  const int64_t T = schedule.steps();
  PosteriorTables tables;
  for (at::Tensor* table : {&tables.fromX0, &tables.fromXt, &tables.variance, &tables.log_variance_clipped})
    *table = at::empty({T}, at::kDouble);
  for (int64_t t = 0; t < T; ++t) {
    const Timestep step{.t = t, .t_next = t - 1};
    const Posterior p = posterior(schedule, step);
    tables.fromX0.mutable_data_ptr<double>()[t] = p.fromX0;
    tables.fromXt.mutable_data_ptr<double>()[t] = p.fromXt;
    tables.variance.mutable_data_ptr<double>()[t] = p.variance;
    tables.log_variance_clipped.mutable_data_ptr<double>()[t] = posteriorLogVarianceClipped(schedule, step);
  }
  return tables;
}

at::Tensor posteriorMean(const PosteriorTables& tables, const at::Tensor& x0, const at::Tensor& x_t,
                         const at::Tensor& t) {
  return gathered(tables.fromX0, t, x0.dim()) * x0 + gathered(tables.fromXt, t, x0.dim()) * x_t;
}

}  // namespace loom
