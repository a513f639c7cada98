// SPDX-License-Identifier: Apache-2.0
#include "train/fit.h"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "nibble/error.h"
#include "train/fit_state.h"
#include "train/fit_together.h"
#include "train/gradient_norm.h"
#include "train/schedule.h"

namespace nibble {
namespace {

void check(const FitProblem& problem, const FitOptions& options) {
  const auto require = [](bool good, const char* name, std::int64_t value) {
    if (!good) throw Error(ErrorKind::usage, fmt::format("training: {}: {} makes no sense; give at least 1", name, value));
  };
  require(options.epochs >= 1, "epochs", options.epochs);
  require(problem.steps_per_epoch >= 1, "steps per epoch", problem.steps_per_epoch);
  require(options.score_every_epochs >= 1, "epochs between scores", options.score_every_epochs);
}

/// The averages in the place of the parameters while it lives.
class WithAverages {
 public:
  explicit WithAverages(FitState& state) : state_(state) {
    const at::NoGradGuard no_gradients;
    for (const auto& parameter : state.parameters()) saved_.push_back(parameter.detach().clone());
    for (std::size_t i = 0; i < saved_.size(); ++i) state.parameters()[i].copy_(state.average.averages()[i]);
  }
  ~WithAverages() {
    const at::NoGradGuard no_gradients;
    for (std::size_t i = 0; i < saved_.size(); ++i) state_.parameters()[i].copy_(saved_[i]);
  }
  WithAverages(const WithAverages&) = delete;
  WithAverages& operator=(const WithAverages&) = delete;

 private:
  FitState& state_;
  std::vector<at::Tensor> saved_;
};

class Fit {
 public:
  Fit(const FitProblem& problem, const FitOptions& options, const FitObserver& observer)
      : problem_(problem),
        options_(options),
        observer_(observer),
        processes_(*problem.processes),
        interrupt_(processes_),
        state_(problem, options) {
    const std::int64_t whole = options.epochs * problem.steps_per_epoch;
    const std::int64_t steps = options.max_steps > 0 ? std::min(whole, options.max_steps) : whole;
    schedule_ = {1, steps, options.warmup_steps, options.final_fraction};
    learning_rate(schedule_, 0);  // checks
  }

  FitResult run() {
    if (options_.resume) state_.load(options_.snapshot, options_.run);
    if (observer_.begin) observer_.begin(state_.step, schedule_.steps);
    try {
      train();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) save();
      throw;
    }
    state_.use_best();
    return {state_.step, state_.initial_score, state_.best_score, state_.best_epoch, state_.stopped_early, state_.watch.state().rollbacks};
  }

 private:
  std::int64_t epoch() const { return state_.step / problem_.steps_per_epoch; }
  bool is_finished() const { return state_.step >= schedule_.steps; }
  /// The last one may end early.
  std::int64_t ended_epochs() const {
    const std::int64_t begun = (state_.step + problem_.steps_per_epoch - 1) / problem_.steps_per_epoch;
    return is_finished() ? begun : epoch();
  }

  /// Whatever a resumed run finds undone comes first: a run may be interrupted between an epoch's last step and its score.
  void train() {
    if (problem_.score && !state_.initial_score) score_start();
    bool epoch_started = false;
    for (;;) {
      interrupt_.throw_if_any();
      if (state_.ended_epochs < ended_epochs()) end_epoch();
      if (is_finished() || state_.stopped_early) return;
      const std::int64_t in_epoch = state_.step % problem_.steps_per_epoch;
      if (!epoch_started || in_epoch == 0) problem_.start_epoch(epoch(), in_epoch);
      epoch_started = true;
      one_step();
      if (options_.snapshot_every_steps > 0 && state_.step % options_.snapshot_every_steps == 0) keep_and_save();
    }
  }

  void one_step() {
    state_.adam.clear_gradients();
    StepLoss loss = problem_.loss(state_.step);
    double value = loss.total.item<double>();
    if (loss.total.requires_grad()) loss.total.backward();
    add_up_gradients(processes_, state_.parameters());
    add_up_loss(processes_, value, loss.parts);
    const double norm = clip_gradient_norm(state_.parameters(), options_.max_gradient_norm);
    const auto event = state_.watch.observe(state_.step, value, norm);
    if (event) return roll_back(*event);
    StepReport report{state_.step, epoch(), value, loss.parts, norm, {}};
    state_.adam.step(rates(report));
    if (problem_.constrain) problem_.constrain();
    state_.average.update(state_.parameters());
    ++state_.step;  // before anybody is told
    tell(observer_.step, report);
  }

  /// What is told may end in an interrupt.
  template <class... Values>
  void tell(const std::function<void(Values...)>& listener, const std::type_identity_t<Values>&... values) {
    if (listener) interrupt_.hold([&] { listener(values...); });
  }

  /// One rate for each tensor; one for each group into the report.
  std::vector<double> rates(StepReport& report) const {
    const double factor = learning_rate(schedule_, state_.step) * state_.watch.rate_factor();
    std::vector<double> all;
    for (const auto& group : problem_.groups) {
      report.rates.emplace_back(group.name, group.rate * factor);
      for (std::size_t i = 0; i < group.tensors.size(); ++i)
        all.push_back(group.rate * factor * (group.factors.empty() ? 1 : group.factors.at(i)));
    }
    return all;
  }

  void roll_back(const DivergenceEvent& event) {
    const double factor = state_.watch.roll_back(event);
    const std::int64_t back_to = state_.restore_good();
    ++state_.step;  // on with the next batch
    tell(observer_.divergence, event, factor, back_to);
  }

  void score_start() {
    state_.initial_score = state_.best_score = state_.highest_score = score_once(processes_, problem_.score);
    tell(observer_.score, {0, -1, *state_.best_score, true});
  }

  void end_epoch() {
    if (ended_epochs() % options_.score_every_epochs == 0 || is_finished()) score_epoch();
    state_.ended_epochs = ended_epochs();
    keep_and_save();
  }

  void score_epoch() {
    std::optional<double> score;
    if (problem_.score) {
      const WithAverages averages(state_);
      score = score_once(processes_, problem_.score);
    }
    // Never below the start, however noisy scores are.
    const bool is_best = !score || (*score > *state_.initial_score && *score > *state_.highest_score - options_.score_margin);
    const bool is_highest = !score || *score > *state_.highest_score;
    if (score && is_highest) state_.highest_score = score;
    state_.scorings_without_best = is_highest ? 0 : state_.scorings_without_best + 1;
    state_.stopped_early = options_.patience > 0 && state_.scorings_without_best >= options_.patience;
    if (is_best) {
      state_.keep_best();
      state_.best_epoch = ended_epochs() - 1;
      state_.best_score = score;
    }
    if (score) tell(observer_.score, {state_.step - 1, ended_epochs() - 1, *score, is_best});
  }

  void keep_and_save() {
    if (state_.watch.state().exploded == 0) state_.keep_good();
    save();
  }
  void save() const {
    if (processes_.is_first() && !options_.snapshot.empty()) state_.save(options_.snapshot, options_.run);
  }

  const FitProblem& problem_;
  const FitOptions& options_;
  const FitObserver& observer_;
  Processes& processes_;
  SharedInterrupt interrupt_;
  FitState state_;
  Schedule schedule_;
};

}  // namespace

FitResult fit(const FitProblem& problem, const FitOptions& options, const FitObserver& observer) {
  check(problem, options);
  require_same_run(*problem.processes, options.run);
  share_start(*problem.processes, problem.groups);
  return Fit(problem, options, observer).run();
}

}  // namespace nibble
