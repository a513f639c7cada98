// SPDX-License-Identifier: Apache-2.0
// The loop on a small problem: a line through noisy points.
#include "train/fit.h"

#include <ATen/core/grad_mode.h>
#include <sys/wait.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <limits>
#include <set>
#include <thread>

#include "data/keyed_random.h"
#include "support/scratch.h"
#include "train/snapshot.h"

namespace nibble {
namespace {

using test::expect_error;
using testing::ElementsAre;

class FitFiles : public test::Scratch {};

constexpr std::int64_t kStepsPerEpoch = 7;

/// y = 3 x - 1 with noise; slope and offset start at 0.
struct Line {
  at::Tensor slope = at::zeros({1}).set_requires_grad(true), offset = at::zeros({1}).set_requires_grad(true);
  std::set<std::int64_t> broken_steps;  ///< whose loss is NaN
  std::int64_t interrupt_at = -1;       ///< at the loss of this step
  std::int64_t interrupt_score = -1;    ///< at this call of score, from 0
  std::int64_t scored = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> starts;  ///< of epochs

  StepLoss loss(std::int64_t step) {
    if (step == interrupt_at) throw Error(ErrorKind::interrupted, "interrupted: at the loss");
    std::vector<float> xs, ys;
    KeyedRandom random({5, static_cast<std::uint64_t>(step)});
    for (int i = 0; i < 16; ++i) {
      const double x = random.between(-1, 1);
      xs.push_back(static_cast<float>(x));
      ys.push_back(static_cast<float>(3 * x - 1 + random.between(-0.1, 0.1)));
    }
    at::Tensor total = (at::tensor(xs) * slope + offset - at::tensor(ys)).square().mean();
    if (broken_steps.contains(step)) total = total * std::numeric_limits<float>::quiet_NaN();
    return {total, {{"square", total.item<double>()}}};
  }
  double score() {
    if (scored++ == interrupt_score) throw Error(ErrorKind::interrupted, "interrupted: at the score");
    return -std::abs(slope.item<double>() - 3) - std::abs(offset.item<double>() + 1);
  }
  FitProblem problem(bool with_score = true) {
    FitProblem problem;
    problem.groups = {{"slope", {slope}, 0.2, {}}, {"offset", {offset}, 0.2, {0.5}}};
    problem.steps_per_epoch = kStepsPerEpoch;
    problem.start_epoch = [this](std::int64_t epoch, std::int64_t step) { starts.emplace_back(epoch, step); };
    problem.loss = [this](std::int64_t step) { return loss(step); };
    if (with_score) problem.score = [this] { return score(); };
    return problem;
  }
};

FitOptions quick() {
  FitOptions options;
  options.epochs = 12;
  options.warmup_steps = 5;
  options.average = {.decay = 0.8, .ramp_steps = 5};
  options.run = "line";
  return options;
}

void expect_same(const Line& a, const Line& b) {
  EXPECT_TRUE(at::equal(a.slope, b.slope)) << a.slope.item<double>() << " and " << b.slope.item<double>();
  EXPECT_TRUE(at::equal(a.offset, b.offset)) << a.offset.item<double>() << " and " << b.offset.item<double>();
}

TEST(Fit, FindsTheLine) {
  Line line;
  std::vector<StepReport> steps;
  std::vector<ScoreReport> scores;
  const FitResult result = fit(line.problem(), quick(),
                               {.begin = {},
                                .step = [&](const StepReport& report) { steps.push_back(report); },
                                .score = [&](const ScoreReport& report) { scores.push_back(report); },
                                .divergence = {}});
  EXPECT_NEAR(line.slope.item<double>(), 3, 0.05);
  EXPECT_NEAR(line.offset.item<double>(), -1, 0.05);
  EXPECT_EQ(result.steps, 12 * kStepsPerEpoch);
  EXPECT_EQ(result.rollbacks, 0);
  ASSERT_EQ(steps.size(), 84U);
  EXPECT_EQ(steps[8].step, 8);
  EXPECT_EQ(steps[8].epoch, 1);
  EXPECT_NEAR(steps[0].rates[0].second, 0.2 / 6, 1e-12) << "warm-up";
  EXPECT_NEAR(steps[5].rates[0].second, 0.2, 1e-12);
  EXPECT_NEAR(steps[5].rates[1].second, 0.2, 1e-12) << "of the group; its tensor learns at half of it";
  EXPECT_NEAR(steps[83].rates[0].second, 0.002, 1e-12);
  EXPECT_EQ(steps[0].parts[0].first, "square");
  ASSERT_EQ(scores.size(), 13U);
  EXPECT_EQ(scores[0].score, -4);
  EXPECT_EQ(scores[0].epoch, -1);
  EXPECT_EQ(*result.initial_score, -4);
  double best = -4;
  for (const auto& report : scores) best = std::max(best, report.score);
  EXPECT_EQ(*result.best_score, best);
  EXPECT_DOUBLE_EQ(-std::abs(line.slope.item<double>() - 3) - std::abs(line.offset.item<double>() + 1), best)
      << "the best weights are in place";
}

TEST(Fit, OfScoresWithinTheirNoiseTheLastCounts) {
  std::vector<double> scores = {0.5, 0.52, 0.518, 0.51, 0.499};  // the start, then four epochs
  const auto best_epoch = [&](double margin, std::int64_t epochs) {
    Line line;
    std::size_t next = 0;
    FitProblem problem = line.problem();
    problem.score = [&] { return scores.at(next++); };
    FitOptions options = quick();
    options.epochs = epochs;
    options.score_margin = margin;
    return fit(problem, options, {}).best_epoch;
  };
  EXPECT_EQ(best_epoch(0, 4), 0);
  EXPECT_EQ(best_epoch(0.005, 4), 1);
  EXPECT_EQ(best_epoch(0.05, 3), 2);
  EXPECT_EQ(best_epoch(0.05, 4), 2) << "the last is below the start";
  scores = {0.5, 0.52, 0.517, 0.514, 0.511};
  EXPECT_EQ(best_epoch(0.005, 4), 1) << "noise does not add up";
}

TEST(Fit, NeverEndsBelowItsStart) {
  Line line;
  {
    const at::NoGradGuard no_gradients;
    line.slope.fill_(3);
    line.offset.fill_(-1);
  }
  const FitResult result = fit(line.problem(), quick(), {});
  EXPECT_EQ(result.best_epoch, -1);
  EXPECT_EQ(line.slope.item<float>(), 3);
  EXPECT_EQ(line.offset.item<float>(), -1);
}

TEST(Fit, StopsEarlyWithoutProgress) {
  Line line;
  FitProblem problem = line.problem();
  problem.score = [] { return 1.0; };
  FitOptions options = quick();
  options.patience = 3;
  const FitResult result = fit(problem, options, {});
  EXPECT_TRUE(result.stopped_early);
  EXPECT_EQ(result.steps, 3 * kStepsPerEpoch);
  EXPECT_EQ(line.slope.item<float>(), 0) << "the start was best";
}

TEST(Fit, EndsWithinAnEpochAndScoresThere) {
  Line line;
  FitOptions options;
  options.epochs = 3;
  options.max_steps = kStepsPerEpoch + 2;
  std::vector<std::pair<std::int64_t, std::int64_t>> scored;
  FitObserver observer;
  observer.score = [&](const ScoreReport& report) { scored.emplace_back(report.step, report.epoch); };
  EXPECT_EQ(fit(line.problem(), options, observer).steps, kStepsPerEpoch + 2);
  EXPECT_THAT(scored, ElementsAre(std::pair(0, -1), std::pair(kStepsPerEpoch - 1, 0), std::pair(kStepsPerEpoch + 1, 1)));
}

TEST(Fit, WithoutScoresTheLastAveragesCount) {
  Line line;
  const FitResult result = fit(line.problem(false), quick(), {});
  EXPECT_FALSE(result.best_score);
  EXPECT_EQ(result.best_epoch, 11);
  EXPECT_NEAR(line.slope.item<double>(), 3, 0.1);
}

TEST(Fit, ConstraintsHoldAfterEveryStep) {
  Line line;
  FitProblem problem = line.problem(false);
  problem.constrain = [&] {
    const at::NoGradGuard no_gradients;
    line.slope.clamp_max_(0.5);
  };
  fit(problem, quick(), {});
  EXPECT_NEAR(line.slope.item<double>(), 0.5, 1e-3);
}

TEST(Fit, GoesBackAfterADivergenceWithALowerRate) {
  Line line;
  line.broken_steps = {17, 18};
  std::vector<std::int64_t> back_to;
  std::vector<StepReport> steps;
  const FitResult result = fit(line.problem(), quick(),
                               {.begin = {},
                                .step = [&](const StepReport& report) { steps.push_back(report); },
                                .score = {},
                                .divergence = [&](const DivergenceEvent&, double, std::int64_t step) { back_to.push_back(step); }});
  EXPECT_THAT(back_to, ElementsAre(14, 14)) << "the end of the epoch before";
  EXPECT_EQ(result.rollbacks, 2);
  EXPECT_EQ(result.steps, 84);
  EXPECT_EQ(steps.size(), 82U);
  EXPECT_NEAR(steps.back().rates[0].second, 0.002 / 4, 1e-12);
  EXPECT_NEAR(line.slope.item<double>(), 3, 0.2);
}

TEST(Fit, GivesUpAfterTooManyDivergences) {
  Line line;
  line.broken_steps = {3, 5, 20, 21};
  expect_error(ErrorKind::numeric, {"diverged", "step 21"}, [&] { fit(line.problem(), quick(), {}); });
}

/// Interrupts at steps in all positions of an epoch and at every score, and compares with the run in one piece.
TEST_F(FitFiles, ARunThatGoesOnIsTheSameBitForBit) {
  FitOptions options = quick();
  options.epochs = 4;
  options.snapshot_every_steps = 5;
  options.snapshot = folder() / "last.snapshot";
  const auto whole = [&] {
    Line line;
    line.broken_steps = {19};
    FitOptions alone = options;
    alone.snapshot.clear();
    fit(line.problem(), alone, {});
    return line;
  }();
  const auto resumed = [&](std::int64_t at_step, std::int64_t at_score) {
    Line first;
    first.broken_steps = {19};
    first.interrupt_at = at_step;
    first.interrupt_score = at_score;
    expect_error(ErrorKind::interrupted, {"interrupted"}, [&] { fit(first.problem(), options, {}); });
    Line second;
    second.broken_steps = {19};
    FitOptions again = options;
    again.resume = true;
    const FitResult result = fit(second.problem(), again, {});
    EXPECT_EQ(result.steps, 28);
    EXPECT_EQ(first.scored + second.scored, at_score < 0 ? 5 : 6) << "an interrupted score is done again, no other one";
    expect_same(second, whole);
    if (at_step >= 0) {
      EXPECT_EQ(second.starts.front(), std::make_pair(at_step / kStepsPerEpoch, at_step % kStepsPerEpoch));
    }
  };
  for (std::int64_t step = 0; step < 28; step += 3) {
    SCOPED_TRACE(testing::Message() << "step " << step);
    resumed(step, -1);
  }
  for (std::int64_t score = 0; score < 5; ++score) {
    SCOPED_TRACE(testing::Message() << "score " << score);
    resumed(-1, score);
  }
}

TEST_F(FitFiles, AKilledRunGoesOnTheSame) {
  FitOptions options = quick();
  options.snapshot_every_steps = 2;
  options.snapshot = folder() / "last.snapshot";
  for (const std::int64_t last_step :
       {3, 4, 11, 30, 31, 60}) {  // before this process trains: autograd and fork do not go together everywhere
    const pid_t child = ::fork();
    if (child == 0) {
      Line line;
      FitOptions again = options;
      again.resume = std::filesystem::exists(options.snapshot);
      FitObserver observer;
      observer.step = [&](const StepReport& report) {
        if (report.step == last_step) ::raise(SIGKILL);
      };
      try {
        fit(line.problem(), again, observer);
      } catch (...) {
      }
      ::_exit(1);
    }
    ASSERT_GT(child, 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it was to reach step " << last_step;
    ASSERT_TRUE(std::filesystem::exists(options.snapshot));
  }
  Line last, whole;
  FitOptions again = options;
  again.resume = true;
  fit(last.problem(), again, {});
  options.snapshot.clear();
  fit(whole.problem(), options, {});
  expect_same(last, whole);
}

TEST_F(FitFiles, AFinishedRunIsReadBack) {
  FitOptions options = quick();
  options.snapshot = folder() / "last.snapshot";
  Line first, second;
  fit(first.problem(), options, {});
  options.resume = true;
  fit(second.problem(), options, {});
  expect_same(first, second);
  EXPECT_EQ(second.scored, 0);
  EXPECT_TRUE(second.starts.empty());
}

/// Somebody else's snapshot, with hashes that are right.
TEST_F(FitFiles, WhatAForeignSnapshotCountsIsChecked) {
  FitOptions options = quick();
  options.snapshot = folder() / "last.snapshot";
  Line first;
  fit(first.problem(), options, {});
  const Snapshot sound = read_snapshot(options.snapshot, options.run);
  options.resume = true;
  const auto refuse = [&](const std::string& what, const Snapshot& snapshot) {
    SCOPED_TRACE(what);
    write_snapshot(options.snapshot, snapshot);
    Line line;
    expect_error(ErrorKind::input, {"snapshot"}, [&] { fit(line.problem(), options, {}); });
  };
  for (const auto* name : {"step", "ended_epochs", "adam_updates", "average_updates", "best_epoch", "scorings_without_best", "watch_steps",
                           "watch_exploded", "watch_rollbacks"})
    for (const std::int64_t count :
         {std::int64_t{-2}, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
      Snapshot snapshot = sound;
      snapshot.counters[name] = count;
      refuse(std::string(name) + " " + std::to_string(count), snapshot);
    }
  for (const auto& [name, count] : sound.counters) {
    Snapshot snapshot = sound;
    snapshot.counters.erase(name);
    if (name != "good_adam_updates" && name != "good_average_updates") refuse("without " + name, snapshot);
  }
  for (const auto* name : {"state.0000", "best.0000"})
    for (const double number : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
      Snapshot snapshot = sound;
      snapshot.tensors[name] = Tensor::of<double>(sound.tensor(name).shape(), {number});
      refuse(name, snapshot);
    }
  for (const auto* name : {"best_score", "highest_score", "watch_mean_loss"}) {
    Snapshot snapshot = sound;
    ASSERT_TRUE(snapshot.tensors.erase(name)) << name;
    refuse(name, snapshot);
    snapshot.tensors[name] = Tensor::of<float>({2}, {1, 2});
    refuse(name, snapshot);
  }
}

TEST_F(FitFiles, RefusesASnapshotThatDoesNotFit) {
  FitOptions options = quick();
  options.snapshot = folder() / "last.snapshot";
  Line line;
  fit(line.problem(), options, {});
  options.resume = true;
  options.run = "another line";
  expect_error(ErrorKind::input, {"last.snapshot", "another run"}, [&] { fit(line.problem(), options, {}); });
  options.run = "line";
  Line longer;
  longer.slope = at::zeros({2}).set_requires_grad(true);
  expect_error(ErrorKind::input, {"state.0000", "another shape"}, [&] { fit(longer.problem(), options, {}); });
  options.snapshot = folder() / "gone";
  expect_error(ErrorKind::input, {"gone"}, [&] { fit(line.problem(), options, {}); });
}

TEST(Fit, RefusesOptionsThatMakeNoSense) {
  Line line;
  const auto with = [&](auto change) {
    FitOptions options = quick();
    change(options);
    fit(line.problem(), options, {});
  };
  expect_error(ErrorKind::usage, {"epochs: 0"}, [&] { with([](auto& o) { o.epochs = 0; }); });
  expect_error(ErrorKind::usage, {"between scores: 0"}, [&] { with([](auto& o) { o.score_every_epochs = 0; }); });
  expect_error(ErrorKind::usage, {"warm-up"}, [&] { with([](auto& o) { o.warmup_steps = 84; }); });
  expect_error(ErrorKind::usage, {"gradient clipping"}, [&] { with([](auto& o) { o.max_gradient_norm = 0; }); });
}

}  // namespace
}  // namespace nibble
