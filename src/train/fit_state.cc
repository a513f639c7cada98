// SPDX-License-Identifier: Apache-2.0
#include "train/fit_state.h"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "exec/convert.h"
#include "nibble/error.h"

namespace nibble {
namespace {

std::vector<at::Tensor> tensors_of(const FitProblem& problem) {
  std::vector<at::Tensor> all;
  for (const auto& group : problem.groups) all.insert(all.end(), group.tensors.begin(), group.tensors.end());
  return all;
}

std::vector<at::Tensor> copies_of(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> copies;
  for (const auto& tensor : tensors) copies.push_back(tensor.detach().clone());
  return copies;
}

void copy_into(const std::vector<at::Tensor>& from, const std::vector<at::Tensor>& into) {
  const at::NoGradGuard no_gradients;
  for (std::size_t i = 0; i < into.size(); ++i) into[i].copy_(from[i]);
}

std::string name_of(const std::string& prefix, std::size_t i) { return fmt::format("{}.{:04}", prefix, i); }

void write_tensors(Snapshot& snapshot, const std::string& prefix, const std::vector<at::Tensor>& tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i) snapshot.tensors[name_of(prefix, i)] = from_torch(tensors[i]);
}

void write_score(Snapshot& snapshot, const std::string& name, const std::optional<double>& score) {
  if (score) snapshot.set_number(name, *score);
}

/// What counts something is not below `least`, and small enough to count on from. A snapshot may be anybody's: a step of -2^60 would be a
/// training without end.
std::int64_t read_count(const Snapshot& snapshot, const std::string& name, std::int64_t least = 0) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  const std::int64_t count = snapshot.counter(name);
  if (count < least || count > kMost)
    throw Error(ErrorKind::input,
                fmt::format("snapshot: counter \"{}\": {} is not within {}..{}; start again without it", name, count, least, kMost));
  return count;
}

std::optional<double> read_score(const Snapshot& snapshot, const std::string& name) {
  if (!snapshot.tensors.contains(name)) return std::nullopt;
  return snapshot.number(name);
}

}  // namespace

FitState::FitState(const FitProblem& problem, const FitOptions& options)
    : adam(tensors_of(problem), options.adam),
      average(adam.parameters(), options.average),
      watch(options.divergence),
      best_(copies_of(adam.parameters())) {
  keep_good();
}

void FitState::keep_best() { copy_into(average.averages(), best_); }
void FitState::use_best() { copy_into(best_, parameters()); }

std::vector<at::Tensor> FitState::changing() const {
  std::vector<at::Tensor> all = parameters();
  for (const auto& more : {adam.moments(), average.averages()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

void FitState::keep_good() { good_ = {copies_of(changing()), step, adam.updates(), average.updates()}; }

std::int64_t FitState::restore_good() {
  copy_into(good_.tensors, changing());
  adam.set_updates(good_.adam_updates);
  average.restore(average.averages(), good_.average_updates);
  return good_.step;
}

void FitState::save(const std::filesystem::path& path, const std::string& run) const {
  Snapshot snapshot;
  snapshot.run = run;
  const auto& watched = watch.state();
  snapshot.counters = {{"step", step},
                       {"ended_epochs", ended_epochs},
                       {"adam_updates", adam.updates()},
                       {"average_updates", average.updates()},
                       {"best_epoch", best_epoch},
                       {"scorings_without_best", scorings_without_best},
                       {"stopped_early", stopped_early ? 1 : 0},
                       {"watch_steps", watched.steps},
                       {"watch_exploded", watched.exploded},
                       {"watch_rollbacks", watched.rollbacks},
                       {"good_step", good_.step},
                       {"good_adam_updates", good_.adam_updates},
                       {"good_average_updates", good_.average_updates}};
  snapshot.set_number("watch_mean_loss", watched.mean_loss);
  write_score(snapshot, "initial_score", initial_score);
  write_score(snapshot, "best_score", best_score);
  write_score(snapshot, "highest_score", highest_score);
  write_tensors(snapshot, "state", changing());
  write_tensors(snapshot, "best", best_);
  if (good_.step != step) write_tensors(snapshot, "good", good_.tensors);
  write_snapshot(path, snapshot);
}

void FitState::read_tensors(const Snapshot& snapshot, const std::string& prefix, const std::vector<at::Tensor>& into) const {
  const at::NoGradGuard no_gradients;
  for (std::size_t i = 0; i < into.size(); ++i) {
    const at::Tensor stored = to_torch(snapshot.tensor(name_of(prefix, i)));
    if (stored.sizes() != into[i].sizes())
      throw Error(ErrorKind::input, fmt::format("snapshot: tensor \"{}\": is of another shape than this network's; start again without it",
                                                name_of(prefix, i)));
    if (!stored.to(at::kDouble).isfinite().all().item<bool>())
      throw Error(ErrorKind::input,
                  fmt::format("snapshot: tensor \"{}\": holds a number that is none; start again without it", name_of(prefix, i)));
    into[i].copy_(stored);
  }
}

void FitState::load(const std::filesystem::path& path, const std::string& run) {
  const Snapshot snapshot = read_snapshot(path, run);
  read_tensors(snapshot, "state", changing());
  read_tensors(snapshot, "best", best_);
  step = read_count(snapshot, "step");
  ended_epochs = read_count(snapshot, "ended_epochs");
  adam.set_updates(read_count(snapshot, "adam_updates"));
  average.restore(average.averages(), read_count(snapshot, "average_updates"));
  best_epoch = read_count(snapshot, "best_epoch", -1);
  scorings_without_best = read_count(snapshot, "scorings_without_best");
  stopped_early = snapshot.counter("stopped_early") != 0;
  watch.restore({snapshot.number("watch_mean_loss"), read_count(snapshot, "watch_steps"), read_count(snapshot, "watch_exploded"),
                 read_count(snapshot, "watch_rollbacks")});
  initial_score = read_score(snapshot, "initial_score");
  best_score = read_score(snapshot, "best_score");
  highest_score = read_score(snapshot, "highest_score");
  if (initial_score && !(best_score && highest_score))
    throw Error(ErrorKind::input, "snapshot: scores: the best or the highest one is missing; start again without it");
  keep_good();
  if (snapshot.counter("good_step") == step) return;
  read_tensors(snapshot, "good", good_.tensors);
  good_.step = read_count(snapshot, "good_step");
  good_.adam_updates = read_count(snapshot, "good_adam_updates");
  good_.average_updates = read_count(snapshot, "good_average_updates");
}

}  // namespace nibble
