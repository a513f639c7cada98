// SPDX-License-Identifier: Apache-2.0
// Notices when training goes wrong and says how to go on: back to the last good weights at a lower learning rate, a few times at most.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace nibble {

enum class Divergence { loss_not_finite, gradient_not_finite, loss_explosion };

struct DivergenceEvent {
  Divergence kind = Divergence::loss_not_finite;
  std::int64_t step = 0;
  std::string text;  ///< "step 120: loss 431 is over 5 times its recent mean 31.2, 8 steps in a row"
};

struct DivergenceOptions {
  double explosion_factor = 5;       ///< a step has exploded where its loss is over this many times the recent mean; above 1
  std::int64_t explosion_steps = 8;  ///< so many exploded steps in a row are an event, since one hard batch is none; at least 1
  std::int64_t memory_steps = 100;   ///< length of the moving mean; explosions are looked for once it is full; at least 1
  std::int64_t first_step = 0;  ///< losses are compared from this step on; before, they may rise because the task gets harder; 0 or more
  std::int64_t rollbacks = 3;   ///< at most so many rollbacks in the whole run, then an event ends it; 0 or more
  double rate_factor = 0.5;     ///< the learning rate is multiplied by this at each rollback; above 0, at most 1
};

/// The watch over one run. Losses are expected to be 0 or more.
class DivergenceWatch {
 public:
  /// Error(usage) naming the field for options out of range.
  explicit DivergenceWatch(const DivergenceOptions& options);

  /// Looks at the loss and the gradient norm of `step`, before its update is applied. Where it returns an event, the caller must not apply
  /// the update but roll back.
  std::optional<DivergenceEvent> observe(std::int64_t step, double loss, double gradient_norm);

  /// Counts a rollback, forgets the exploded steps and returns the factor of the learning rate from here on
  /// (rate_factor ^ rollbacks so far). Error(numeric) with the event's text when there are none left.
  double roll_back(const DivergenceEvent& event);
  double rate_factor() const;

  /// All that observe and roll_back remember, to be kept in a snapshot.
  struct State {
    double mean_loss = 0;
    std::int64_t steps = 0;      ///< how many losses have entered the mean
    std::int64_t exploded = 0;   ///< exploded steps in a row up to now
    std::int64_t rollbacks = 0;  ///< so far
  };
  const State& state() const { return state_; }
  void restore(const State& state) { state_ = state; }

 private:
  bool is_exploded(double loss) const;

  DivergenceOptions options_;
  State state_;
};

}  // namespace nibble
