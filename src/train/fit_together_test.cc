// SPDX-License-Identifier: Apache-2.0
// The loop in several processes, on a line through noisy points of which each has its share.
#include "train/fit_together.h"

#include <ATen/core/grad_mode.h>

#include <cmath>
#include <limits>

#include "base/files.h"
#include "data/keyed_random.h"
#include "support/scratch.h"
#include "support/several_processes.h"
#include "train/snapshot.h"

namespace nibble {
namespace {

using test::expect_error;
using test::in_processes;
namespace fs = std::filesystem;

class FitTogether : public test::Scratch {};

constexpr std::int64_t kStepsPerEpoch = 5, kPoints = 6;

/// y = 3 x - 1 with noise. Every third step has one point only: nothing for the processes but the first.
struct Line {
  std::shared_ptr<Processes> processes = std::make_shared<Processes>();
  at::Tensor slope = at::zeros({1}).set_requires_grad(true), offset = at::zeros({1}).set_requires_grad(true);
  std::int64_t broken_step = -1;  ///< whose loss is NaN

  StepLoss loss(std::int64_t step) const {
    const std::int64_t points = step % 3 == 2 ? 1 : kPoints;
    KeyedRandom random({5, static_cast<std::uint64_t>(step)});
    at::Tensor total = at::zeros({});
    for (std::int64_t i = 0; i < points; ++i) {
      const double x = random.between(-1, 1), y = 3 * x - 1 + random.between(-0.1, 0.1);
      if (i % processes->size() == processes->rank()) total = total + (slope * x + offset - y).square().sum() / static_cast<double>(points);
    }
    if (step == broken_step) total = total + std::numeric_limits<double>::quiet_NaN();
    return {total, {{"square", total.item<double>()}}};
  }
  FitProblem problem() {
    FitProblem problem;
    problem.groups = {{"slope", {slope}, 0.2, {}}, {"offset", {offset}, 0.2, {}}};
    problem.steps_per_epoch = kStepsPerEpoch;
    problem.start_epoch = [](std::int64_t, std::int64_t) {};
    problem.loss = [this](std::int64_t step) { return loss(step); };
    problem.score = [this] {
      EXPECT_TRUE(processes->is_first()) << "the others are told";
      return -std::abs(slope.item<double>() - 3) - std::abs(offset.item<double>() + 1);
    };
    problem.processes = processes;
    return problem;
  }
  Snapshot state() const {
    Snapshot state;
    state.set_number("slope", slope.item<double>());
    state.set_number("offset", offset.item<double>());
    return state;
  }
};

FitOptions quick() {
  FitOptions options;
  options.epochs = 4;
  options.max_gradient_norm = 0.5;  // is met: of the sum, not of a share
  options.average = {.decay = 0.8, .ramp_steps = 5};
  options.run = "line";
  return options;
}

/// The end of one process's training and what it was told, for the others to be compared with.
struct Told {
  std::vector<double> losses, norms, scores;
};

Told train(Line& line, const FitOptions& options) {
  Told told;
  FitObserver observer;
  observer.step = [&](const StepReport& report) {
    EXPECT_EQ(report.loss, report.parts.at(0).second);
    told.losses.push_back(report.loss);
    told.norms.push_back(report.gradient_norm);
  };
  observer.score = [&](const ScoreReport& report) { told.scores.push_back(report.score); };
  fit(line.problem(), options, observer);
  return told;
}

Line joined(const Rendezvous& place) {
  Line line;
  line.processes = join_processes(place);
  return line;
}

TEST_F(FitTogether, UpdatesAreThoseOfOneProcess) {
  for (const int size : {2, 3}) {
    in_processes(size, [&](const Rendezvous& place) {
      Line line = joined(place), alone;
      if (place.rank > 0) {
        const at::NoGradGuard no_gradients;
        line.slope.fill_(place.rank);  // the first one's start counts
      }
      const Told told = train(line, quick()), expected = train(alone, quick());
      ASSERT_EQ(told.losses.size(), 20U);
      for (std::size_t i = 0; i < told.losses.size(); ++i) {
        EXPECT_NEAR(told.losses[i], expected.losses[i], 1e-5 * expected.losses[i]) << i;
        EXPECT_NEAR(told.norms[i], expected.norms[i], 1e-5 * expected.norms[i]) << i;
      }
      EXPECT_NEAR(line.slope.item<double>(), alone.slope.item<double>(), 1e-5);
      EXPECT_NEAR(line.offset.item<double>(), alone.offset.item<double>(), 1e-5);
      at::Tensor own = at::cat({line.slope, line.offset}).detach(), first = own.clone();
      line.processes->broadcast(first);
      EXPECT_TRUE(at::equal(own, first)) << "the same bits everywhere";
      std::vector<double> scores = told.scores;
      line.processes->broadcast(scores);
      EXPECT_EQ(scores, told.scores);
    });
  }
}

TEST_F(FitTogether, AllGoBackWhenOneDiverges) {
  in_processes(2, [](const Rendezvous& place) {
    Line line = joined(place);
    if (place.rank == 1) line.broken_step = 8;
    EXPECT_EQ(fit(line.problem(), quick(), {}).rollbacks, 1);
  });
}

TEST_F(FitTogether, AnInterruptOfOneStopsAllAndTheyGoOnTheSame) {
  const auto end_of = [&](int rank, const std::string& run) { return folder() / (run + std::to_string(rank)); };
  FitOptions options = quick();
  in_processes(2, [&](const Rendezvous& place) {
    Line line = joined(place);
    train(line, options);
    write_snapshot(end_of(place.rank, "whole"), line.state());
  });
  options.snapshot = folder() / "last.snapshot";
  in_processes(2, [&](const Rendezvous& place) {
    Line line = joined(place);
    std::int64_t last = -1;
    FitObserver observer;
    observer.step = [&](const StepReport& report) {
      last = report.step;
      if (place.rank == 1 && report.step == 9) throw Error(ErrorKind::interrupted, "interrupted: here");
    };
    expect_error(ErrorKind::interrupted, {place.rank == 1 ? "here" : "another process"}, [&] { fit(line.problem(), options, observer); });
    EXPECT_EQ(last, 9);
  });
  EXPECT_EQ(read_snapshot(options.snapshot, "line").counter("step"), 10);
  options.resume = true;
  in_processes(2, [&](const Rendezvous& place) {
    Line line = joined(place);
    EXPECT_EQ(train(line, options).losses.size(), 10U);
    write_snapshot(end_of(place.rank, "resumed"), line.state());
  });
  for (const int rank : {0, 1}) EXPECT_EQ(read_file(end_of(rank, "whole")), read_file(end_of(rank, "resumed"))) << rank;
}

TEST_F(FitTogether, AFailedScoreStopsAll) {
  in_processes(2, [](const Rendezvous& place) {
    Line line = joined(place);
    FitProblem problem = line.problem();
    problem.score = []() -> double { throw Error(ErrorKind::input, "no images"); };
    expect_error(ErrorKind::input, {place.rank == 0 ? "no images" : "process 0 stopped"}, [&] { fit(problem, quick(), {}); });
  });
}

TEST_F(FitTogether, RefuseToTrainDifferentThings) {
  in_processes(3, [](const Rendezvous& place) {
    Line line = joined(place);
    FitOptions options = quick();
    if (place.rank == 2) options.run = "another line";
    expect_error(ErrorKind::usage, {"1 of 3", "same command"}, [&] { fit(line.problem(), options, {}); });
  });
}

}  // namespace
}  // namespace nibble
