// SPDX-License-Identifier: Apache-2.0
// GPTQ with more than one candidate: the closest-vector problem of one row, searched breadth-first.
//
// With U the upper Cholesky factor of H^-1, the error of a row is the sum over columns of ((w_j - c_j s_j) / U_jj)^2, w being what
// the columns before have left (rounding.h). GPTQ takes the nearest code of each column and is done; here the kBeamWidth best
// beginnings are kept and each goes on with its two nearest codes (the M-algorithm of sequential decoding, Anderson and Mohan 1984).
// Along a trellis (graph/trellis.h) which codes a column may have follows from the codes before it: each beginning has its own.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "graph/trellis.h"
#include "quant/rounding/column_blocks.h"

namespace nibble {

inline constexpr int kBeamWidth = kLanes;
inline constexpr int kChoices = 2 * kBeamWidth;  ///< how candidates may go on: 2 b and 2 b + 1 are of candidate b
inline constexpr int kScalesAtOnce = 4;          ///< each with a beam of kBeamWidth / kScalesAtOnce

/// Of each candidate the place of the one before it that it goes on from.
struct alignas(64) Parents : std::array<int, kBeamWidth> {};

/// The scale of a column and the lowest and highest code it may have, zero point subtracted. There must be at least two codes.
struct ColumnGrid {
  float scale = 1, low = 0, high = 0;
};

/// The levels of a trellis by phase, and what lies in the middle between two of them.
class PhaseLevels {
 public:
  static constexpr int kMost = 1 << kMostTrellisBits;  ///< levels of a phase
  explicit PhaseLevels(const TrellisCode& code);

  struct Phase {
    std::array<float, kMost> levels;
    std::array<float, kMost> middles;  ///< between level i and i + 1; infinite behind the last one
  };
  const Phase& phase(int index) const { return phases_[static_cast<std::size_t>(index)]; }
  int count() const { return count_; }

 private:
  std::array<Phase, kTrellisPhases> phases_;
  int count_;
};

class BeamSearch {
 public:
  /// `inverse_factor` is U, [columns, columns] row by row; it is not copied and must outlive this object.
  BeamSearch(const float* inverse_factor, std::int64_t columns);

  /// Returns the codes of a row, zero points subtracted. `targets` and `grids` have one entry for each column.
  const std::vector<float>& round(const std::vector<float>& targets, const std::vector<ColumnGrid>& grids);
  /// The same along a trellis, with one scale for the row.
  const std::vector<float>& round(const std::vector<float>& targets, const PhaseLevels& levels, float scale);
  /// What error() would be at each of several scales, estimated at once by narrower beams.
  std::array<double, kScalesAtOnce> errors_at(const std::vector<float>& targets, const PhaseLevels& levels,
                                              const std::array<float, kScalesAtOnce>& scales);

  /// The sum of the squared compensated errors of the row that was rounded last.
  double error() const { return costs_.front(); }

 private:
  struct Choices {
    std::array<float, kChoices> codes;
    std::array<std::uint8_t, kChoices> symbols;  ///< along a trellis
    std::array<float, kChoices> values;          ///< codes times the candidate's scale
  };
  /// The symbols that a candidate ends with, the latest first.
  using Past = std::array<std::uint8_t, kTrellisMemory>;
  struct Step {
    std::array<float, kBeamWidth> codes;
    Parents parents;
  };

  void begin(const std::vector<float>& targets, int width);
  void follow_trellis(const PhaseLevels& levels);
  void propose(std::int64_t column, const ColumnGrid& grid);
  void propose(std::int64_t column, const PhaseLevels& levels);
  Lane keep_best(std::int64_t column);
  void remember_symbols();
  void compensate(std::int64_t column, const Lane& errors);
  void trace_back();

  const float* inverse_factor_;
  std::int64_t columns_;
  std::vector<Lane> work_;                       ///< [columns]: targets minus the errors that earlier columns have left to this one
  std::array<Lane, kColumnsPerBlock> errors_{};  ///< of the block's columns so far, as each candidate has them behind it
  Parents origins_{};                            ///< from whom at the beginning of the block each candidate descends
  std::vector<Step> steps_;
  Choices choices_;
  std::array<Past, kBeamWidth> pasts_{};
  std::array<int, kBeamWidth> chosen_{};    ///< of the choices, by candidate
  Lane scales_{};                           ///< along a trellis, of each candidate's beam
  std::array<double, kBeamWidth> costs_{};  ///< infinite where there is no candidate yet
  int width_ = kBeamWidth;                  ///< of a beam; several lie side by side
  std::vector<float> codes_;
};

}  // namespace nibble
