// SPDX-License-Identifier: Apache-2.0
// Finds the fewest bits whose measured drop of mAP is small enough. Each trial quantises the network and scores it, so trials are few.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "quant/bits/bit_budget.h"

namespace nibble {

/// How much a choice of bits was measured to lose.
struct BitTrial {
  double average_bits = 0;  ///< bits per weight
  double drop = 0;          ///< points of the task's main number (0..100) below the float network
};

constexpr int kMostTrials = 5;      ///< at most so many trials, that of the first point included
constexpr double kCloseBits = 0.1;  ///< the search ends when a failing and a passing average are no further apart than this

/// `points` are choices in the order of rising average. The first one was tried already and lost `first_drop`, more than `max_drop`;
/// `drop_at(i)` tries points[i] and returns its drop. Which point is tried next follows from the predicted damages: as long as none has
/// passed, the drop is taken to be proportional to the damage; afterwards it is interpolated between the closest point that passed and the
/// closest one that did not. Scores are noisy, so steps upwards are at least 0.25 bits and grow threefold, and each trial shrinks the
/// interval between failing and passing by at least a quarter. Where none has passed yet, the last trial is the last point. Returns the
/// index of the point with the fewest bits that passed, or nothing where not even the last point did.
std::optional<std::size_t> search_bits(const std::vector<BitFrontPoint>& points, double first_drop, double max_drop,
                                       const std::function<double(std::size_t)>& drop_at);

}  // namespace nibble
