// SPDX-License-Identifier: Apache-2.0
// Everything that an update of train/fit.h changes, and how it is written into a snapshot and read back.
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
  std::int64_t step = 0;          ///< how many steps are finished
  std::int64_t ended_epochs = 0;  ///< how many epochs have ended and were scored where they are to be

  // Scores.
  std::optional<double> initial_score;
  std::optional<double> best_score;        ///< of the state that is kept
  std::optional<double> highest_score;     ///< of any state so far; above best_score by less than FitOptions::score_margin
  std::int64_t best_epoch = -1;            ///< the epoch after which the kept state was reached; -1: the start
  std::int64_t scorings_without_best = 0;  ///< in a row, without a new highest score
  bool stopped_early = false;

  const std::vector<at::Tensor>& parameters() const { return adam.parameters(); }

  /// Keeps copies of the averages as the best state so far.
  void keep_best();
  /// Writes the best state into the parameters.
  void use_best();

  /// Keeps the state that a divergence goes back to: parameters, moments, averages, and how many updates they have seen.
  void keep_good();
  /// Goes back to that state and returns the step it was kept at. `step` is not changed: training goes on with the next batch, not with the
  /// one that failed.
  std::int64_t restore_good();

  void save(const std::filesystem::path& path, const std::string& run) const;
  /// Reads what save() wrote. Error(input) naming the snapshot where it does not fit the problem.
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
