// SPDX-License-Identifier: Apache-2.0
#include "quant/rounding/rounding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <random>
#include <thread>

#include "quant/rounding/beam.h"
#include "quant/rounding/row_block.h"

namespace nibble {
namespace {

void serially(std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& body) { body(0, count); }

/// H = A A^T / n + 0.01 I with correlated columns, and U by plain Gauss and Cholesky in double.
struct Matrix {
  std::int64_t n;
  std::vector<double> a;
  double& at(std::int64_t i, std::int64_t j) { return a[i * n + j]; }
};

Matrix cholesky_lower(Matrix m) {
  Matrix l{m.n, std::vector<double>(m.a.size(), 0.0)};
  for (std::int64_t i = 0; i < m.n; ++i)
    for (std::int64_t j = 0; j <= i; ++j) {
      double sum = m.at(i, j);
      for (std::int64_t k = 0; k < j; ++k) sum -= l.at(i, k) * l.at(j, k);
      l.at(i, j) = i == j ? std::sqrt(sum) : sum / l.at(j, j);
    }
  return l;
}

Matrix inverse_of(Matrix m) {
  Matrix inverse{m.n, std::vector<double>(m.a.size(), 0.0)};
  for (std::int64_t i = 0; i < m.n; ++i) inverse.at(i, i) = 1;
  for (std::int64_t p = 0; p < m.n; ++p) {
    const double pivot = m.at(p, p);
    for (std::int64_t j = 0; j < m.n; ++j) m.at(p, j) /= pivot, inverse.at(p, j) /= pivot;
    for (std::int64_t i = 0; i < m.n; ++i) {
      if (i == p) continue;
      const double factor = m.at(i, p);
      for (std::int64_t j = 0; j < m.n; ++j) m.at(i, j) -= factor * m.at(p, j), inverse.at(i, j) -= factor * inverse.at(p, j);
    }
  }
  return inverse;
}

RoundingProblem random_problem(std::int64_t groups, std::int64_t rows, std::int64_t columns, int bits) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  RoundingProblem p;
  p.groups = groups;
  p.rows = rows;
  p.columns = columns;
  p.spec = QuantSpec{.bits = bits, .granularity = Granularity::channel};
  p.slots.assign(columns, 0);
  for (std::int64_t i = 0; i < groups * rows * columns; ++i) p.targets.push_back(normal(random));
  for (std::int64_t g = 0; g < groups; ++g) {
    Matrix h{columns, std::vector<double>(columns * columns, 0.0)};
    for (std::int64_t sample = 0; sample < 4 * columns; ++sample) {
      std::vector<double> x(columns);
      const double common = normal(random);
      for (auto& value : x) value = normal(random) + 2 * common;
      for (std::int64_t i = 0; i < columns; ++i)
        for (std::int64_t j = 0; j < columns; ++j)
          h.at(i, j) += x[i] * x[j] / (4.0 * static_cast<double>(columns)) + (i == j && sample == 0 ? 0.01 : 0.0);
    }
    for (const double value : h.a) p.hessian.push_back(static_cast<float>(value));
    Matrix lower = cholesky_lower(inverse_of(h));
    for (std::int64_t i = 0; i < columns; ++i)
      for (std::int64_t j = 0; j < columns; ++j) p.inverse_factor.push_back(static_cast<float>(lower.at(j, i)));
  }
  return p;
}

double true_error(const RoundingProblem& p, const RoundedWeights& w) {
  double total = 0;
  for (std::int64_t row = 0; row < p.groups * p.rows; ++row) {
    std::vector<double> e(p.columns);
    for (std::int64_t j = 0; j < p.columns; ++j) {
      const std::int64_t slot = row * p.slot_count + p.slots[j];
      e[j] = static_cast<double>(w.codes[row * p.columns + j] - w.zero_points[slot]) * w.scales[slot] - p.targets[row * p.columns + j];
    }
    const float* h = p.hessian.data() + row / p.rows * p.columns * p.columns;
    for (std::int64_t i = 0; i < p.columns; ++i)
      for (std::int64_t j = 0; j < p.columns; ++j) total += e[i] * h[i * p.columns + j] * e[j];
  }
  return total;
}

/// Least error over all codes at the given scale: 3 columns, 2 bits, 64 combinations.
double exhaustive_error(const RoundingProblem& p, std::int64_t row, float scale) {
  double best = 1e30;
  for (int code = 0; code < 64; ++code) {
    RoundingProblem one = p;
    one.rows = 1;
    one.targets.assign(p.targets.begin() + row * 3, p.targets.begin() + row * 3 + 3);
    RoundedWeights w;
    w.scales = {scale};
    w.zero_points = {0};
    for (int j = 0; j < 3; ++j) w.codes.push_back(static_cast<std::int8_t>((code >> (2 * j) & 3) - 2));
    best = std::min(best, true_error(one, w));
  }
  return best;
}

TEST(Rounding, NearestRoundsHalfToEvenAndSaturates) {
  RoundingProblem p;
  p.rows = 1;
  p.columns = 4;
  p.targets = {3.5F, 1.25F, 1.75F, -3.5F};  // largest 3.5 -> scale 0.5 at 4 bits
  p.hessian = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  p.slots = {0, 0, 0, 0};
  p.spec = QuantSpec{.bits = 4, .granularity = Granularity::channel};
  const RoundedWeights w = round_weights(p, Rounding::nearest, ScaleSearch::max, serially);
  EXPECT_EQ(w.scales, std::vector<float>{0.5F});
  EXPECT_EQ(w.codes, (std::vector<std::int8_t>{7, 2, 4, -7}));
  EXPECT_NEAR(w.error, true_error(p, w), 1e-9);
}

TEST(Rounding, ReportedErrorIsTheOutputError) {
  const RoundingProblem p = random_problem(2, 5, 12, 4);
  const RoundedWeights w = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially);
  EXPECT_NEAR(w.error, true_error(p, w), 1e-3 * w.error);
}

/// What refining ends at: the sweeps of row_refinement.h stop where no code changes. The rows have two scales, and begin at codes of zero,
/// from where every column has to move, or at the nearest codes, where the first column makes up for all others.
TEST(Rounding, RefinedCodesAreEachTheBestGivenTheOthers) {
  RoundingProblem p = random_problem(1, 6, 24, 4);
  for (std::int64_t j = 12; j < 24; ++j) p.slots[j] = 1;
  p.slot_count = 2;
  RoundedWeights w{
      .codes = std::vector<std::int8_t>(6 * 24), .scales = std::vector<float>(12), .zero_points = std::vector<std::int8_t>(12)};
  const auto better_codes = [&](const RowBlock& block) {
    block.store(w);
    const double least = true_error(p, w);
    int better = 0;
    for (auto& code : w.codes) {
      const auto kept = code;
      for (const int step : {-1, 1}) {
        if (kept + step < p.spec.min_code() || kept + step > p.spec.max_code()) continue;
        code = static_cast<std::int8_t>(kept + step);
        if (true_error(p, w) < least * (1 - 1e-6)) ++better;
      }
      code = kept;
    }
    return better;
  };
  for (const bool at_nearest : {false, true}) {
    RowBlock block(p, 0, 0);
    for (std::int64_t row = 0; row < p.rows; ++row)
      for (const std::int32_t slot : {0, 1}) block.set_grid(slot, row, {0.4F, 0});
    if (at_nearest) block.round_nearest();
    EXPECT_GT(better_codes(block), 10);
    for (int times = 0; times < 10; ++times) block.refine();
    EXPECT_EQ(better_codes(block), 0) << "nearest: " << at_nearest;
    for (std::size_t s = 0; s < w.scales.size(); ++s) EXPECT_NE(w.scales[s], 0.4F) << "scale " << s;
  }
}

TEST(Rounding, GptqBeatsNearestOnCorrelatedInputs) {
  const RoundingProblem p = random_problem(1, 40, 24, 4);
  const double nearest = round_weights(p, Rounding::nearest, ScaleSearch::output_mse, serially).error;
  const double gptq = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially).error;
  EXPECT_LT(gptq, 0.5 * nearest);
}

TEST(Rounding, ComesCloseToTheExhaustiveOptimum) {
  const RoundingProblem p = random_problem(1, 20, 3, 2);
  const RoundedWeights w = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially);
  double best = 0;
  for (std::int64_t row = 0; row < p.rows; ++row) best += exhaustive_error(p, row, w.scales[row]);
  EXPECT_LE(best, w.error * (1 + 1e-6));
  EXPECT_LT(w.error, 1.3 * best);
}

TEST(Rounding, CodesStayInRange) {
  for (const bool narrow : {false, true}) {
    for (int bits = 2; bits <= 8; ++bits) {
      RoundingProblem p = random_problem(1, 20, 10, bits);
      p.spec.narrow = narrow;
      const RoundedWeights w = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially);
      for (const int code : w.codes) {
        EXPECT_GE(code, p.spec.min_code());
        EXPECT_LE(code, p.spec.max_code());
      }
    }
  }
}

TEST(Rounding, SharedScaleIsOneScale) {
  RoundingProblem p = random_problem(2, 6, 9, 4);
  p.shared_scale = true;
  const RoundedWeights w = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially);
  for (const float scale : w.scales) EXPECT_EQ(scale, w.scales.front());
  EXPECT_NEAR(w.error, true_error(p, w), 1e-3 * w.error);
}

TEST(Rounding, BlockScalesLowerTheError) {
  RoundingProblem p = random_problem(1, 30, 16, 4);
  const double channel = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially).error;
  for (std::int64_t j = 8; j < 16; ++j) p.slots[j] = 1;
  p.slot_count = 2;
  const RoundedWeights blocks = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially);
  EXPECT_NEAR(blocks.error, true_error(p, blocks), 1e-3 * blocks.error);
  EXPECT_LT(blocks.error, channel);
}

/// Pieces of one item each, taken by `threads` threads as they come.
ParallelFor by_threads(int threads) {
  return [threads](std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& body) {
    std::atomic<std::int64_t> next = 0;
    const auto take = [&] {
      for (std::int64_t i = next++; i < count; i = next++) body(i, i + 1);
    };
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i) workers.emplace_back(take);
  };
}

/// By 1, 2 and 4 threads, and in an order that no thread takes. Errors are sums over rows, so they are compared as numbers too.
RoundedWeights expect_same_by_threads(const RoundingProblem& p) {
  const auto backwards = [](std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& body) {
    for (std::int64_t i = count; i-- > 0;) body(i, i + 1);
  };
  RoundedWeights whole = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially);
  for (const ParallelFor& parallel_for : {by_threads(1), by_threads(2), by_threads(4), ParallelFor(backwards)}) {
    const RoundedWeights pieces = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, parallel_for);
    EXPECT_EQ(pieces.codes, whole.codes);
    EXPECT_EQ(pieces.scales, whole.scales);
    EXPECT_EQ(pieces.zero_points, whole.zero_points);
    EXPECT_EQ(pieces.error, whole.error);
    EXPECT_EQ(pieces.signal, whole.signal);
  }
  return whole;
}

TEST(Rounding, ThreadsDoNotChangeTheResult) {
  RoundingProblem p = random_problem(3, 40, 12, 4);
  expect_same_by_threads(p);
  p = random_problem(2, 20, 6, 4);
  p.symmetric = false;
  expect_same_by_threads(p);
  p.shared_scale = true;
  expect_same_by_threads(p);
}

TEST(Rounding, AZeroPointServesWeightsOfOneSign) {
  RoundingProblem p = random_problem(16, 1, 9, 4);  // depthwise
  for (float& target : p.targets) target = std::abs(target);
  const double symmetric = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially).error;
  p.symmetric = false;
  const RoundedWeights w = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially);
  EXPECT_LT(w.error, 0.5 * symmetric);
  EXPECT_NEAR(w.error, true_error(p, w), 1e-3 * w.error);
  for (const int code : w.codes) {
    EXPECT_GE(code, p.spec.min_code());
    EXPECT_LE(code, p.spec.max_code());
  }
}

TEST(Rounding, ZeroPointsOfASharedScaleAndOfBlocks) {
  RoundingProblem p = random_problem(1, 12, 16, 4);
  for (float& target : p.targets) target += 1;
  p.symmetric = false;
  p.shared_scale = true;
  const RoundedWeights shared = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially);
  for (const auto zero_point : shared.zero_points) EXPECT_EQ(zero_point, shared.zero_points.front());
  EXPECT_NE(shared.zero_points.front(), 0);
  EXPECT_NEAR(shared.error, true_error(p, shared), 1e-3 * shared.error);
  p.shared_scale = false;
  for (std::int64_t j = 8; j < 16; ++j) p.slots[j] = 1;
  p.slot_count = 2;
  const RoundedWeights blocks = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially);
  EXPECT_NEAR(blocks.error, true_error(p, blocks), 1e-3 * blocks.error);
  EXPECT_LT(blocks.error, shared.error);
}

TEST(Rounding, MaxWithAZeroPointSpansTheWeights) {
  RoundingProblem p;
  p.rows = 1;
  p.columns = 2;
  p.targets = {-1, 6.5F};  // 7.5 over 15 steps
  p.hessian = {1, 0, 0, 1};
  p.slots = {0, 0};
  p.symmetric = false;
  p.spec = QuantSpec{.bits = 4, .granularity = Granularity::channel};
  const RoundedWeights w = round_weights(p, Rounding::nearest, ScaleSearch::max, serially);
  EXPECT_EQ(w.scales, std::vector<float>{0.5F});
  EXPECT_EQ(w.zero_points, std::vector<std::int8_t>{-6});
  EXPECT_EQ(w.codes, (std::vector<std::int8_t>{-8, 7}));
}

TEST(Rounding, ZeroWeightsGetAUsableScale) {
  RoundingProblem p = random_problem(1, 2, 4, 4);
  std::fill(p.targets.begin(), p.targets.end(), 0.0F);
  for (const bool symmetric : {true, false}) {
    p.symmetric = symmetric;
    const RoundedWeights w = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially);
    for (std::size_t i = 0; i < w.codes.size(); ++i) EXPECT_EQ(w.codes[i], w.zero_points[i / 4]);
    for (const float scale : w.scales) EXPECT_GT(scale, 0);
  }
}

/// F with correlated rows in its M and their order, as it comes (no damping).
std::vector<double> couple(RoundingProblem& p) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  const std::int64_t n = p.rows;
  Matrix f{n, std::vector<double>(n * n, 0.0)};
  for (std::int64_t sample = 0; sample < 3 * n; ++sample) {
    std::vector<double> d(n);
    const double common = normal(random);
    for (auto& value : d) value = normal(random) + 3 * common;
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < n; ++j) f.at(i, j) += d[i] * d[j];
  }
  // F = U C U^T with U upper: rows of the flipped lower factor.
  Matrix flipped{n, std::vector<double>(n * n, 0.0)};
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) flipped.at(i, j) = f.at(n - 1 - i, n - 1 - j);
  Matrix lower = cholesky_lower(flipped);
  p.row_feedback.assign(n * n, 0.0F);
  for (std::int64_t i = 0; i < n; ++i) {
    p.row_order.push_back(i);
    for (std::int64_t j = 0; j <= i; ++j)
      p.row_feedback[i * n + j] = static_cast<float>(lower.at(n - 1 - j, n - 1 - i) / lower.at(n - 1 - i, n - 1 - i));
  }
  return f.a;
}

/// tr(F D H D^T).
double coupled_error(const RoundingProblem& p, const RoundedWeights& w, const std::vector<double>& f) {
  double sum = 0;
  for (std::int64_t r = 0; r < p.rows; ++r)
    for (std::int64_t s = 0; s < p.rows; ++s)
      for (std::int64_t i = 0; i < p.columns; ++i)
        for (std::int64_t j = 0; j < p.columns; ++j)
          sum += f[r * p.rows + s] * error_of(p, w, r, i) * p.hessian[i * p.columns + j] * error_of(p, w, s, j);
  return sum;
}

TEST(CoupledRows, MakeUpForEachOther) {
  RoundingProblem p = random_problem(1, 24, 12, 4);
  const RoundedWeights alone = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially);
  const std::vector<double> f = couple(p);
  const RoundedWeights coupled = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially);
  EXPECT_LT(coupled_error(p, coupled, f), 0.6 * coupled_error(p, alone, f));
  EXPECT_GT(coupled.error, alone.error) << "each row for itself is worse off";
  EXPECT_NEAR(coupled.error, true_error(p, coupled), 1e-3 * coupled.error);
}

RoundingProblem along_trellis(RoundingProblem p, int bits) {
  p.spec = QuantSpec{.bits = 8, .granularity = Granularity::channel, .trellis = {.bits = bits}};
  return p;
}

TEST(Trellis, HasHalfTheErrorOfAUniformGrid) {
  const RoundingProblem uniform = random_problem(2, 12, 64, 4);
  const RoundingProblem trellis = along_trellis(uniform, 4);
  const RoundedWeights grid = round_weights(uniform, Rounding::gptq, ScaleSearch::output_mse, serially);
  const RoundedWeights found = round_weights(trellis, Rounding::gptq, ScaleSearch::output_mse, serially);
  EXPECT_LT(found.error, 0.7 * grid.error) << "normal weights; those of networks have more outliers, and more to gain";
  EXPECT_NEAR(found.error, true_error(trellis, found), 1e-3 * found.error);
  EXPECT_LT(found.error, round_weights(along_trellis(uniform, 3), Rounding::gptq, ScaleSearch::output_mse, serially).error);
}

TEST(Trellis, CodesAreOnItWhateverTheThreads) {
  for (const bool coupled : {false, true})
    for (const int bits : {3, 4, 5}) {
      RoundingProblem p = along_trellis(random_problem(1, 20, 40, 4), bits);
      if (coupled) couple(p);
      const RoundedWeights found = expect_same_by_threads(p);
      const TrellisCode code{bits, found.trellis_curve};
      EXPECT_EQ(trellis_codes(trellis_symbols(found.codes, p.columns, code, "w"), p.columns, code), found.codes);
      for (const std::int8_t zero : found.zero_points) EXPECT_EQ(zero, 0);
    }
}

TEST(Trellis, WeightsOfFewLargeOnesGetABentCurve) {
  RoundingProblem p = along_trellis(random_problem(1, 16, 64, 4), 4);
  const int even = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially).trellis_curve;
  for (float& target : p.targets) target *= target * target;
  EXPECT_GT(round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially).trellis_curve, even);
}

TEST(Trellis, ARowOfZerosHasAUsableScale) {
  RoundingProblem p = along_trellis(random_problem(1, 1, 20, 4), 4);
  std::fill(p.targets.begin(), p.targets.end(), 0.0F);
  const RoundedWeights found = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially);
  EXPECT_TRUE(std::isfinite(found.scales[0]) && found.scales[0] > 0);
}

TEST(CoupledRows, AreAloneWhereTheHeadSeesThemApart) {
  RoundingProblem p = random_problem(1, 5, 12, 4);
  const RoundedWeights alone = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially);
  for (std::int64_t i = 0; i < 5; ++i) {
    p.row_order.push_back(4 - i);
    for (std::int64_t j = 0; j < 5; ++j) p.row_feedback.push_back(i == j ? 1.0F : 0.0F);
  }
  const RoundedWeights coupled = round_weights(p, Rounding::gptq, ScaleSearch::output_mse, serially);
  EXPECT_EQ(coupled.codes, alone.codes);
  EXPECT_EQ(coupled.scales, alone.scales);
}

TEST(CoupledRows, HaveZeroPointsAndBlocksAndDoNotDependOnThreads) {
  RoundingProblem p = random_problem(1, 70, 16, 4);  // 4 rows at once
  p.symmetric = false;
  for (std::int64_t j = 8; j < 16; ++j) p.slots[j] = 1;
  p.slot_count = 2;
  couple(p);
  const RoundedWeights a = expect_same_by_threads(p);
  EXPECT_NE(std::count(a.zero_points.begin(), a.zero_points.end(), 0), static_cast<std::ptrdiff_t>(a.zero_points.size()));
  EXPECT_NEAR(a.error, true_error(p, a), 1e-3 * a.error);
}

/// sum of ((w_j - c_j s) / U_jj)^2 with the errors before carried on: e of the codes.
double cost_of(const RoundingProblem& p, std::vector<float> w, const std::vector<float>& codes, float scale) {
  double cost = 0;
  for (std::int64_t j = 0; j < p.columns; ++j) {
    const float* row = p.inverse_factor.data() + j * p.columns;
    const float error = (w[j] - codes[j] * scale) / row[j];
    cost += static_cast<double>(error) * error;
    for (std::int64_t k = j + 1; k < p.columns; ++k) w[k] -= row[k] * error;
  }
  return cost;
}

TEST(Beam, ComesCloserThanTheGreedyChoice) {
  const RoundingProblem p = random_problem(1, 100, 12, 4);
  BeamSearch beam(p.inverse_factor.data(), p.columns);
  const float scale = 0.4F;
  double greedy_total = 0, beam_total = 0;
  for (std::int64_t row = 0; row < p.rows; ++row) {
    const std::vector<float> targets(p.targets.begin() + row * p.columns, p.targets.begin() + (row + 1) * p.columns);
    const std::vector<float> found = beam.round(targets, std::vector<ColumnGrid>(12, {scale, -8, 7}));
    std::vector<float> work = targets, greedy(12);
    for (std::int64_t j = 0; j < p.columns; ++j) {
      greedy[j] = std::clamp(std::nearbyint(work[j] / scale), -8.0F, 7.0F);
      const float* factor = p.inverse_factor.data() + j * p.columns;
      for (std::int64_t k = j + 1; k < p.columns; ++k) work[k] -= factor[k] * (work[j] - greedy[j] * scale) / factor[j];
    }
    greedy_total += cost_of(p, targets, greedy, scale);
    beam_total += cost_of(p, targets, found, scale);
  }
  EXPECT_LT(beam_total, 0.9 * greedy_total);
}

TEST(Beam, IsExactWhereEveryBeginningFits) {
  RoundingProblem p = random_problem(1, 50, 4, 1);
  BeamSearch beam(p.inverse_factor.data(), p.columns);
  for (std::int64_t row = 0; row < p.rows; ++row) {
    const std::vector<float> targets(p.targets.begin() + row * 4, p.targets.begin() + row * 4 + 4);
    double least = 1e30;
    for (int bits = 0; bits < 16; ++bits) {
      std::vector<float> codes;
      for (int j = 0; j < 4; ++j) codes.push_back(static_cast<float>((bits >> j & 1) - 1));
      least = std::min(least, cost_of(p, targets, codes, 0.9F));
    }
    EXPECT_NEAR(cost_of(p, targets, beam.round(targets, std::vector<ColumnGrid>(4, {0.9F, -1, 0})), 0.9F), least, 1e-4 * least);
  }
}

}  // namespace
}  // namespace nibble
