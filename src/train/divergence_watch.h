// SPDX-License-Identifier: Apache-2.0
// Notices when training goes wrong, names it, and says how to go on: back to the last good weights at a lower learning rate,
// a few times at most.
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
  double explosion_factor = 5;       ///< loss over this many recent means is one exploded step; above 1
  std::int64_t explosion_steps = 8;  ///< in a row, before it is an event: a single hard batch is none; at least 1
  std::int64_t memory_steps = 100;   ///< length of the moving mean; explosions are only looked for after as many steps; at least 1
  std::int64_t first_step = 0;       ///< sizes of losses count from it on: before, they may rise because the task does; 0 or more
  std::int64_t rollbacks = 3;        ///< at most, in the whole run; 0: an event ends it
  double rate_factor = 0.5;          ///< the learning rate is multiplied by this at each rollback; 0 to 1, not 0
};

/// One per run. Losses are expected to be 0 or more.
class DivergenceWatch {
 public:
  /// Error(usage) naming the field for options out of range.
  explicit DivergenceWatch(const DivergenceOptions& options);

  /// To be called before the update of `step` is applied. After an event the caller must not apply it.
  std::optional<DivergenceEvent> observe(std::int64_t step, double loss, double gradient_norm);

  /// Counts a rollback, forgets the exploded steps and returns the factor of the learning rate from here on
  /// (rate_factor ^ rollbacks so far). Error(numeric) with the event's text when there are none left.
  double roll_back(const DivergenceEvent& event);
  double rate_factor() const;

  /// All that observe and roll_back remember, to be kept in a snapshot.
  struct State {
    double mean_loss = 0;
    std::int64_t steps = 0;  ///< that entered the mean
    std::int64_t exploded = 0;
    std::int64_t rollbacks = 0;
  };
  const State& state() const { return state_; }
  void restore(const State& state) { state_ = state; }

 private:
  bool is_exploded(double loss) const;

  DivergenceOptions options_;
  State state_;
};

}  // namespace nibble
