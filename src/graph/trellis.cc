// SPDX-License-Identifier: Apache-2.0
#include "graph/trellis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "nibble/error.h"

namespace nibble {
namespace {

/// The symbols before the next one in a row.
class Phase {
 public:
  int value() const { return trellis_phase(before_[0], before_[1], before_[2]); }
  void follow(int symbol) { before_ = {symbol, before_[0], before_[1]}; }

 private:
  std::array<int, kTrellisMemory> before_{};
};

}  // namespace

/// Levels lie closest around 0, where four of them span 4 * 2 / F times the curve's slope there.
int trellis_curves(const TrellisCode& code) {
  return static_cast<int>(
      std::ranges::count_if(kTrellisCurves, [&](double bend) { return 2.0 * code.largest * bend / std::expm1(bend) >= 1 << code.bits; }));
}

std::vector<std::int8_t> trellis_levels(const TrellisCode& code) {
  const double bend = kTrellisCurves[code.curve];
  const int count = kTrellisPhases << code.bits;
  std::vector<std::int8_t> levels;
  for (int f = 0; f < count; ++f) {
    const double x = (2.0 * f + 1) / count - 1, size = std::expm1(bend * std::abs(x)) / std::expm1(bend) * code.largest;
    levels.push_back(static_cast<std::int8_t>(std::nearbyint(x < 0 ? -size : size)));
  }
  return levels;
}

std::vector<std::uint8_t> trellis_taps(const TrellisCode& code) {
  const auto phase = static_cast<std::uint8_t>(1 << code.bits);
  return {static_cast<std::uint8_t>(2 * phase), phase, static_cast<std::uint8_t>(2 * phase), 1};
}

std::vector<std::int8_t> trellis_levels_by_phase(const TrellisCode& code) {
  const auto levels = trellis_levels(code);
  std::vector<std::int8_t> result;
  for (int phase = 0; phase < kTrellisPhases; ++phase)
    for (std::size_t at = static_cast<std::size_t>(phase); at < levels.size(); at += kTrellisPhases) result.push_back(levels[at]);
  return result;
}

std::vector<std::uint8_t> trellis_symbols(std::span<const std::int8_t> codes, std::int64_t columns, const TrellisCode& code,
                                          const std::string& where) {
  const auto levels = trellis_levels(code);
  std::vector<std::uint8_t> symbols;
  symbols.reserve(codes.size());
  Phase phase;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (i % static_cast<std::size_t>(columns) == 0) phase = {};
    int symbol = 0;
    const int last = (1 << code.bits) - 1;
    while (symbol < last && levels[kTrellisPhases * symbol + phase.value()] < codes[i]) ++symbol;
    if (levels[kTrellisPhases * symbol + phase.value()] != codes[i])
      throw Error(ErrorKind::internal, fmt::format("{}: code {} at {} is no level of its place in the trellis", where, codes[i], i));
    symbols.push_back(static_cast<std::uint8_t>(symbol));
    phase.follow(symbol);
  }
  return symbols;
}

std::vector<std::int8_t> trellis_codes(std::span<const std::uint8_t> symbols, std::int64_t columns, const TrellisCode& code) {
  const auto levels = trellis_levels(code);
  std::vector<std::int8_t> codes;
  codes.reserve(symbols.size());
  Phase phase;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (i % static_cast<std::size_t>(columns) == 0) phase = {};
    codes.push_back(levels[kTrellisPhases * symbols[i] + phase.value()]);
    phase.follow(symbols[i]);
  }
  return codes;
}

}  // namespace nibble
