// SPDX-License-Identifier: Apache-2.0
// The fewest bits whose measured drop of mAP is small enough, found in few trials: each of them quantises the network and scores it.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "quant/bits/bit_budget.h"

namespace nibble {

/// What a choice of bits was measured to lose.
struct BitTrial {
  double average_bits = 0;
  double drop = 0;  ///< points of mAP 50-95 below the float network
};

constexpr int kMostTrials = 5;      ///< the first included
constexpr double kCloseBits = 0.1;  ///< a failing and a passing average so close end the search

/// `points`: choices by rising average. The first one was tried already and lost `first_drop`, more than `max_drop`; `drop_at` tries
/// another one. Between trials the drop is taken to go with the predicted damage, in proportion as long as none has passed, then along the
/// line between the closest two that did and did not; but steps up are 0.25 bits at least and grow threefold, and the bracket shrinks by a
/// quarter at least. Without a passing one the last trial is the last point. Returns the fewest bits that passed; nothing: not even the
/// last point did.
std::optional<std::size_t> search_bits(const std::vector<BitFrontPoint>& points, double first_drop, double max_drop,
                                       const std::function<double(std::size_t)>& drop_at);

}  // namespace nibble
