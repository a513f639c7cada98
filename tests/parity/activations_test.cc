// SPDX-License-Identifier: Apache-2.0
// Checkpoints with other activations than SiLU, against what Ultralytics answers with them in FP32 (tests/golden/activations, made by
// tests/oracle/activations.py): exported and run in ONNX Runtime.
#include <gtest/gtest.h>

#include "graph/rewrites.h"
#include "outputs.h"
#include "support/npy.h"
#include "yolo/detector.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = fs::path(NIBBLE_SOURCE_DIR) / "tests" / "golden";

class Activations : public testing::TestWithParam<std::string> {
 protected:
  static Detector detector() {
    return build_baseline(read_checkpoint(kGolden / "activations" / (GetParam() + ".pt")), {.head = Head::one2many, .image_size = 64});
  }
  static Tensor input() { return test::read_npy(kGolden / "families" / "input.npy"); }
  static Tensor golden() { return test::read_npy(kGolden / "activations" / (GetParam() + "_one2many.npy")); }
};

TEST_P(Activations, AnswerAsUltralyticsDoes) { parity::expect_equal_decoded(parity::run_exported(detector().graph, input()), golden()); }

/// To 3 % of the range that scores have, as FP16 allows.
TEST_P(Activations, HalfPrecisionAnswersNearly) {
  const Tensor half = parity::run_exported(to_half(detector().graph).graph, input()), whole = golden();
  const auto a = half.as<float>(), b = whole.as<float>();
  ASSERT_EQ(a.size(), b.size());
  for (auto i = static_cast<std::size_t>(4 * whole.shape()[2]); i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 0.03) << "element " << i;
}

INSTANTIATE_TEST_SUITE_P(Kinds, Activations, testing::Values("leaky_relu", "relu6", "hardswish", "mish", "prelu"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace nibble
