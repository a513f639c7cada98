// SPDX-License-Identifier: Apache-2.0
// Everything an update of train/fit.h changes, and its way into a snapshot and back.
#pragma once
#include <optional>
#include <vector>

#include "train/adam.h"
#include "train/divergence_watch.h"
#include "train/fit.h"
#include "train/snapshot.h"
#include "train/weight_average.h"

namespace nibble {

class FitState {
 public:
  FitState(const FitProblem& problem, const FitOptions& options);

  // Training.
  Adam adam;
  WeightAverage average;
  DivergenceWatch watch;
  std::int64_t step = 0;          ///< finished
  std::int64_t ended_epochs = 0;  ///< scored and written down

  // Scores.
  std::optional<double> initial_score;
  std::optional<double> best_score;     ///< of the state that is kept
  std::optional<double> highest_score;  ///< of any state; above best_score by less than FitOptions::score_margin
  std::int64_t best_epoch = -1;
  std::int64_t scorings_without_best = 0;
  bool stopped_early = false;

  const std::vector<at::Tensor>& parameters() const { return adam.parameters(); }

  /// Copies of the averages as the best so far.
  void keep_best();
  /// Writes the best into the parameters.
  void use_best();

  /// The point a divergence goes back to: parameters, moments, averages, and how many updates they have seen.
  void keep_good();
  /// Returns the step the point is of. Training goes on with the next batch, not with the one that failed.
  std::int64_t restore_good();

  void save(const std::filesystem::path& path, const std::string& run) const;
  /// Error(input) naming the snapshot where it does not fit the problem.
  void load(const std::filesystem::path& path, const std::string& run);

 private:
  struct Point {
    std::vector<at::Tensor> tensors;
    std::int64_t step = 0, adam_updates = 0, average_updates = 0;
  };
  std::vector<at::Tensor> changing() const;
  void read_tensors(const Snapshot& snapshot, const std::string& prefix, const std::vector<at::Tensor>& into) const;

  std::vector<at::Tensor> best_;
  Point good_;
};

}  // namespace nibble
