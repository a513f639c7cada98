// SPDX-License-Identifier: Apache-2.0
#include "quant/bits/bit_budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "nibble/error.h"

namespace nibble {
namespace {

double saved(const BitChoice& choice) { return choice.low_damage - choice.high_damage; }
std::int64_t extra_bits(const BitChoice& choice) { return choice.weights * (choice.high_bits - choice.low_bits); }

struct Totals {
  std::int64_t weights = 0, bits = 0;
  double damage = 0;
  void raise(const BitChoice& choice) {
    bits += extra_bits(choice);
    damage -= saved(choice);
  }
  double average() const { return weights == 0 ? 0 : static_cast<double>(bits) / static_cast<double>(weights); }
};

Totals all_low(const std::vector<BitChoice>& choices) {
  Totals totals;
  for (const BitChoice& choice : choices) {
    totals.weights += choice.weights;
    totals.bits += choice.weights * choice.low_bits;
    totals.damage += choice.low_damage;
  }
  return totals;
}

Totals totals_of(const std::vector<BitChoice>& choices, const RaisedLayers& raised) {
  Totals totals = all_low(choices);
  for (std::size_t i = 0; i < choices.size(); ++i)
    if (raised[i]) totals.raise(choices[i]);
  return totals;
}

}  // namespace

BitFront bit_front(const std::vector<BitChoice>& choices) {
  BitFront front;
  for (std::size_t i = 0; i < choices.size(); ++i)
    if (saved(choices[i]) > 0 && extra_bits(choices[i]) > 0) front.order.push_back(i);
  std::stable_sort(front.order.begin(), front.order.end(), [&](std::size_t a, std::size_t b) {
    return saved(choices[a]) * static_cast<double>(extra_bits(choices[b])) >
           saved(choices[b]) * static_cast<double>(extra_bits(choices[a]));
  });
  Totals totals = all_low(choices);
  front.points.push_back({0, totals.average(), totals.damage});
  for (const std::size_t i : front.order) {
    totals.raise(choices[i]);
    front.points.push_back({front.points.size(), totals.average(), totals.damage});
  }
  return front;
}

RaisedLayers choose_bits(const std::vector<BitChoice>& choices, const std::function<bool(const RaisedLayers&)>& fits) {
  RaisedLayers raised(choices.size(), false);
  for (const std::size_t i : bit_front(choices).order) {
    raised[i] = true;
    if (!fits(raised)) raised[i] = false;
  }
  return raised;
}

RaisedLayers choose_bits(const std::vector<BitChoice>& choices, double average_bits) {
  const Totals low = all_low(choices);
  const auto budget = static_cast<std::int64_t>(average_bits * static_cast<double>(low.weights));
  if (low.bits > budget)
    throw Error(ErrorKind::input, fmt::format("mixed bits: {:.2f} bits on average is the least these layers can have; {} were asked for",
                                              low.average(), average_bits));
  return choose_bits(choices, [&](const RaisedLayers& raised) { return totals_of(choices, raised).bits <= budget; });
}

BitFrontPoint point_of(const std::vector<BitChoice>& choices, const RaisedLayers& raised) {
  const Totals totals = totals_of(choices, raised);
  return {static_cast<std::size_t>(std::count(raised.begin(), raised.end(), true)), totals.average(), totals.damage};
}

std::vector<RaisedLayers> bit_steps(const std::vector<BitChoice>& choices, double step) {
  const std::vector<BitFrontPoint> front = bit_front(choices).points;
  const double first = front.front().average_bits, last = front.back().average_bits;
  std::vector<RaisedLayers> steps{RaisedLayers(choices.size(), false)};
  const auto add = [&](RaisedLayers raised) {
    if (raised != steps.back()) steps.push_back(std::move(raised));
  };
  for (int i = 1; first + i * step < last; ++i) add(choose_bits(choices, first + i * step));
  add(choose_bits(choices, [](const RaisedLayers&) { return true; }));
  return steps;
}

}  // namespace nibble
