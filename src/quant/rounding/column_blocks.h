// SPDX-License-Identifier: Apache-2.0
// What the errors of a block of columns do to the columns behind it, all at once (the "lazy batch updates" of GPTQ, Frantar et al. 2022,
// section 3.3): those are read and written once a block instead of once a column, and rounding spends its time computing instead of waiting
// for memory.
#pragma once
#include <array>
#include <cstdint>

namespace nibble {

inline constexpr std::int64_t kLanes = 16;  ///< rows, attempts at a row or candidates for its codes that are rounded together
inline constexpr std::int64_t kColumnsPerBlock = 16;

/// One number for each of them. It lies so that vector instructions take it whole.
struct alignas(64) Lane : std::array<float, kLanes> {};

/// The columns [first, last) of `columns`.
struct ColumnBlock {
  std::int64_t first = 0, last = 0;
};

/// For each column k behind the block, work[k] -= factor[j,k] * errors[j - first] for one column j of the block after the other: the
/// same bits as if each column had been subtracted on its own. `factor` [columns,columns], row by row; `work` [columns]; `errors` one for
/// each column of the block, which has at most kColumnsPerBlock.
void subtract_errors(const float* factor, std::int64_t columns, const ColumnBlock& block, const Lane* errors, Lane* work);

}  // namespace nibble
