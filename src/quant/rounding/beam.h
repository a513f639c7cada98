// SPDX-License-Identifier: Apache-2.0
// GPTQ with more than one candidate: the closest-vector problem of one row, searched breadth-first.
//
// With U the upper Cholesky factor of H^-1, the error of a row is the sum over columns of ((w_j - c_j s_j) / U_jj)^2, w being what
// the columns before have left (rounding.h). GPTQ takes the nearest code of each column and is done; here the kBeamWidth best
// beginnings are kept and each goes on with its two nearest codes (the M-algorithm of sequential decoding, Anderson and Mohan 1984).
#pragma once
#include <array>
#include <cstdint>
#include <vector>

namespace nibble {

inline constexpr int kBeamWidth = 16;

/// The scale of a column and the lowest and highest code it may have, zero point subtracted. There must be at least two codes.
struct ColumnGrid {
  float scale = 1, low = 0, high = 0;
};

class BeamSearch {
 public:
  /// `inverse_factor` is U, [columns, columns] row by row; it is not copied and must outlive this object.
  BeamSearch(const float* inverse_factor, std::int64_t columns);

  /// Returns the codes of a row, zero points subtracted. `targets` and `grids` have one entry for each column.
  const std::vector<float>& round(const std::vector<float>& targets, const std::vector<ColumnGrid>& grids);

  /// The sum of the squared compensated errors of the row that was rounded last.
  double error() const { return costs_.front(); }

 private:
  using Lane = std::array<float, kBeamWidth>;  ///< one number per candidate
  struct Step {
    std::array<float, kBeamWidth> codes;
    std::array<int, kBeamWidth> parents;
  };

  Lane choose(std::int64_t column, const ColumnGrid& grid);
  void compensate(std::int64_t column, const Lane& errors);
  void trace_back();

  const float* inverse_factor_;
  std::int64_t columns_;
  std::vector<Lane> work_;  ///< [columns]: targets minus the errors that earlier columns have left to this one
  std::vector<Step> steps_;
  std::array<double, kBeamWidth> costs_{};
  int candidates_ = 0;
  std::vector<float> codes_;
};

}  // namespace nibble
