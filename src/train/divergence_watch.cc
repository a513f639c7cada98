// SPDX-License-Identifier: Apache-2.0
#include "train/divergence_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "nibble/error.h"

namespace nibble {
namespace {

void require(bool good, const std::string& field, double value, const std::string& limit) {
  if (!good) throw Error(ErrorKind::usage, fmt::format("divergence watch: {}: {} makes no sense; give {}", field, value, limit));
}

}  // namespace

DivergenceWatch::DivergenceWatch(const DivergenceOptions& options) : options_(options) {
  require(options.explosion_factor > 1 && std::isfinite(options.explosion_factor), "explosion factor", options.explosion_factor,
          "a number above 1");
  require(options.explosion_steps >= 1, "explosion steps", static_cast<double>(options.explosion_steps), "at least 1");
  require(options.memory_steps >= 1, "memory steps", static_cast<double>(options.memory_steps), "at least 1");
  require(options.first_step >= 0, "first step", static_cast<double>(options.first_step), "0 or more");
  require(options.rollbacks >= 0, "rollbacks", static_cast<double>(options.rollbacks), "0 or more");
  require(options.rate_factor > 0 && options.rate_factor <= 1, "rate factor", options.rate_factor, "a number above 0, at most 1");
}

bool DivergenceWatch::is_exploded(double loss) const {
  return state_.steps >= options_.memory_steps && loss > options_.explosion_factor * state_.mean_loss;
}

std::optional<DivergenceEvent> DivergenceWatch::observe(std::int64_t step, double loss, double gradient_norm) {
  if (!std::isfinite(loss)) return DivergenceEvent{Divergence::loss_not_finite, step, fmt::format("step {}: the loss is {}", step, loss)};
  if (!std::isfinite(gradient_norm))
    return DivergenceEvent{Divergence::gradient_not_finite, step,
                           fmt::format("step {}: the length of the gradient is {} at a loss of {:.4g}", step, gradient_norm, loss)};
  if (step < options_.first_step) return std::nullopt;
  if (is_exploded(loss)) {  // does not enter the mean, so that the mean does not follow the explosion
    if (++state_.exploded < options_.explosion_steps) return std::nullopt;
    return DivergenceEvent{Divergence::loss_explosion, step,
                           fmt::format("step {}: loss {:.4g} is over {:g} times its recent mean {:.4g}, {} steps in a row", step, loss,
                                       options_.explosion_factor, state_.mean_loss, state_.exploded)};
  }
  state_.exploded = 0;
  ++state_.steps;
  const double share = 1.0 / static_cast<double>(std::min(state_.steps, options_.memory_steps));
  state_.mean_loss += share * (loss - state_.mean_loss);
  return std::nullopt;
}

double DivergenceWatch::rate_factor() const { return std::pow(options_.rate_factor, static_cast<double>(state_.rollbacks)); }

double DivergenceWatch::roll_back(const DivergenceEvent& event) {
  if (state_.rollbacks >= options_.rollbacks)
    throw Error(ErrorKind::numeric, fmt::format("training diverged: {} (after {} rollbacks); start again with a lower learning rate",
                                                event.text, state_.rollbacks));
  ++state_.rollbacks;
  state_.exploded = 0;
  return rate_factor();
}

}  // namespace nibble
