// SPDX-License-Identifier: Apache-2.0
// Trellis-coded weights: symbols of few bits that choose among four times as many levels as they could number.
//
// A row of weights (one output channel, in the order of memory) is a row of symbols n of `bits` bits. The layer has 4 * 2^bits levels,
// int8 numbers in rising order. A symbol chooses one of every fourth level; with which of the first four it begins, its phase, follows
// from the three symbols before it in the row (0 before the first):
//   phase = (2 a ^ b ^ 2 c) & 3,   code = levels[4 n + phase],   a, b, c: the symbols one, two and three places before.
// So a coder that looks for the best row, not for the best symbol, may reach a level near every weight (trellis-coded quantisation:
// Marcellin and Fischer 1990), and a decoder needs no memory: all weights are decoded at once (Tseng et al. 2024, QTIP, "bitshift
// trellis"). Weights are code * scale, as of 8-bit codes with zero point 0.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/tensor.h"

namespace nibble {

inline constexpr int kTrellisPhases = 4;
inline constexpr int kTrellisMemory = 3;  ///< symbols before a weight's own that choose its phase

inline constexpr int kFewestTrellisBits = 3, kMostTrellisBits = 5;
constexpr bool is_symbol_width(int bits) { return bits >= kFewestTrellisBits && bits <= kMostTrellisBits; }

/// How a layer's codes are stored. `bits` 0: as they are, without a trellis.
struct TrellisCode {
  int bits = 0;       ///< of a symbol: kFewestTrellisBits to kMostTrellisBits
  int curve = 0;      ///< index into kTrellisCurves
  int largest = 127;  ///< level: 127, or 63 where the range of codes is reduced (graph/quant_params.h)
  explicit operator bool() const { return bits > 0; }
  bool operator==(const TrellisCode&) const = default;
};

/// Bends of the levels: level f of F is sign(x) (e^(bend |x|) - 1) / (e^bend - 1) * largest, x = (2 f + 1) / F - 1, rounded half to even.
/// The larger the bend, the closer levels lie around 0, which suits rows of which few weights are large.
inline constexpr double kTrellisCurves[] = {1.0, 1.5, 2.0, 2.5, 3.0, 3.5};
/// How many of them, from the first on, serve the symbols and levels of `code`: levels of a phase have to differ as int8 numbers.
int trellis_curves(const TrellisCode& code);

/// The code's levels, -largest..largest, rising; of two phases they may be equal.
std::vector<std::int8_t> trellis_levels(const TrellisCode& code);

/// The phase after three symbols, the latest first.
constexpr int trellis_phase(int one_before, int two_before, int three_before) {
  return (2 * one_before ^ two_before ^ 2 * three_before) & (kTrellisPhases - 1);
}

/// How a row of symbols becomes a row of indices into trellis_levels_by_phase(): the correlation with these numbers, for the symbols three,
/// two and one place before and a symbol itself, modulo the number of levels. (2 a + b + 2 c) mod 4 is the phase.
std::vector<std::uint8_t> trellis_taps(const TrellisCode& code);
/// The levels in the order phase 0, phase 1 ..: entry 2^bits * phase + symbol.
std::vector<std::int8_t> trellis_levels_by_phase(const TrellisCode& code);

/// The symbols of int8 `codes` that lie in rows of `columns`. Error(internal) naming `where` and the first code that no symbol gives.
std::vector<std::uint8_t> trellis_symbols(std::span<const std::int8_t> codes, std::int64_t columns, const TrellisCode& code,
                                          const std::string& where);
/// The way back.
std::vector<std::int8_t> trellis_codes(std::span<const std::uint8_t> symbols, std::int64_t columns, const TrellisCode& code);

}  // namespace nibble
