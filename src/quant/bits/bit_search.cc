// SPDX-License-Identifier: Apache-2.0
#include "quant/bits/bit_search.h"

#include <algorithm>

namespace nibble {
namespace {

/// What is known of the points: up to `fails` they lose too much, from `passes` on little enough.
struct Bracket {
  std::size_t fails = 0;
  double fails_drop = 0;
  std::optional<std::size_t> passes;
  double passes_drop = 0;
};

bool is_open(const std::vector<BitFrontPoint>& points, const Bracket& bracket) {
  if (!bracket.passes) return bracket.fails + 1 < points.size();
  return *bracket.passes - bracket.fails > 1 && points[*bracket.passes].average_bits - points[bracket.fails].average_bits > kCloseBits;
}

/// The damage at which the drop is expected to be `max_drop`; no damage, no drop.
double expected_damage(const std::vector<BitFrontPoint>& points, const Bracket& bracket, double max_drop) {
  const double high = points[bracket.fails].damage;
  const double low = bracket.passes ? points[*bracket.passes].damage : 0;
  return low + (high - low) * (max_drop - bracket.passes_drop) / (bracket.fails_drop - bracket.passes_drop);
}

/// Averages between which the next trial is. Scores of few images are noisy, and damages of single layers are no exact measure of the
/// network's: steps up grow threefold, and a bracket shrinks by a quarter at least.
struct Window {
  double low = 0, high = 0;
};
Window window_of(const std::vector<BitFrontPoint>& points, const Bracket& bracket) {
  constexpr double kFirstStep = 0.25;
  const double fails = points[bracket.fails].average_bits;
  if (!bracket.passes) return {fails + std::max(kFirstStep, 2 * (fails - points.front().average_bits)), points.back().average_bits};
  const double margin = (points[*bracket.passes].average_bits - fails) / 4;
  return {fails + margin, points[*bracket.passes].average_bits - margin};
}

/// The first point inside the window whose damage is small enough, else the last one inside; always strictly inside of the bracket.
std::size_t next_point(const std::vector<BitFrontPoint>& points, const Bracket& bracket, double max_drop) {
  const double damage = expected_damage(points, bracket, max_drop);
  const Window window = window_of(points, bracket);
  const std::size_t last = bracket.passes ? *bracket.passes - 1 : points.size() - 1;
  std::size_t at = bracket.fails + 1;
  while (at < last && points[at].average_bits < window.low) ++at;
  while (at < last && points[at].damage > damage && points[at + 1].average_bits <= window.high) ++at;
  return at;
}

}  // namespace

std::optional<std::size_t> search_bits(const std::vector<BitFrontPoint>& points, double first_drop, double max_drop,
                                       const std::function<double(std::size_t)>& drop_at) {
  Bracket bracket{0, first_drop, {}, 0};
  for (int trial = 2; trial <= kMostTrials && is_open(points, bracket); ++trial) {
    const bool is_last_chance = trial == kMostTrials && !bracket.passes;
    const std::size_t at = is_last_chance ? points.size() - 1 : next_point(points, bracket, max_drop);
    const double drop = drop_at(at);
    if (drop <= max_drop) {
      bracket.passes = at;
      bracket.passes_drop = drop;
    } else {
      bracket.fails = at;
      bracket.fails_drop = drop;
    }
  }
  return bracket.passes;
}

}  // namespace nibble
