// SPDX-License-Identifier: Apache-2.0
// What a training is told and what it tells, free of LibTorch.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "train/divergence_watch.h"

namespace nibble {

struct AdamOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

struct AverageOptions {
  double decay = 0.9999;     ///< in the long run; 0 to below 1
  double ramp_steps = 2000;  ///< how fast the decay gets there: a run shorter than this still moves; positive
};

struct FitOptions {
  std::int64_t epochs = 1;
  std::int64_t max_steps = 0;  ///< ends within an epoch when it comes to so many; 0: whole epochs
  std::int64_t warmup_steps = 0;
  double final_fraction = 0.01;  ///< of the rates, at the end of the cosine
  double max_gradient_norm = 10;
  AdamOptions adam;
  AverageOptions average;
  DivergenceOptions divergence;
  std::int64_t score_every_epochs = 1;
  double score_margin = 0;                ///< a later state is kept unless it scores that much below the highest: the noise of scores
  std::int64_t patience = 0;              ///< scorings without a new highest until training stops; 0: never
  std::int64_t snapshot_every_steps = 0;  ///< besides the end of each epoch; 0: only there
  std::filesystem::path snapshot;         ///< empty: none are written
  std::string run;                        ///< key of the run, as in train/snapshot.h
  bool resume = false;                    ///< go on from `snapshot`, which must be there
};

struct StepReport {
  std::int64_t step = 0, epoch = 0;
  double loss = 0;
  std::vector<std::pair<std::string, double>> parts;
  double gradient_norm = 0;
  std::vector<std::pair<std::string, double>> rates;  ///< of the groups
};
struct ScoreReport {
  std::int64_t step = 0, epoch = 0;  ///< the last of the training so far
  double score = 0;
  bool is_best = false;
};

/// Hears what happens; each function may be empty.
struct FitObserver {
  std::function<void(std::int64_t first_step, std::int64_t steps)> begin;
  std::function<void(const StepReport&)> step;
  std::function<void(const ScoreReport&)> score;
  std::function<void(const DivergenceEvent&, double rate_factor, std::int64_t back_to_step)> divergence;
};

struct FitResult {
  std::int64_t steps = 0;  ///< trained, over all resumptions
  std::optional<double> initial_score, best_score;
  std::int64_t best_epoch = -1;  ///< -1: the start was best
  bool stopped_early = false;
  std::int64_t rollbacks = 0;
};

}  // namespace nibble
