// SPDX-License-Identifier: Apache-2.0
// Operators on constants of files that nobody checked: indices that are no numbers, and extents that no integer holds.
#include "export/constant_ops.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "export/onnx_types.h"
#include "support/onnx_build.h"
#include "support/scratch.h"

namespace nibble::testing {
namespace {

onnx::NodeProto named(const std::string& op) {
  onnx::NodeProto node;
  node.set_op_type(op);
  node.set_name("n");
  return node;
}

EvaluatedConstant list_of(std::int32_t type, const std::vector<double>& values) {
  return {type, {static_cast<std::int64_t>(values.size())}, values};
}

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kInt64End = 9223372036854775808.0;  // INT64_MAX, as a double holds it

TEST(ConstantOps, GatherTakesFromWithinItsList) {
  const auto list = list_of(onnx_type::kFloat, {3, 5, 7});
  EXPECT_EQ(apply_constant_op(named("Gather"), {list, list_of(onnx_type::kInt64, {2, 0})}).values, (std::vector<double>{7, 3}));
  for (const double at : {-1.0, 3.0, kNone, kInt64End})
    test::expect_error(ErrorKind::input, {"Gather 'n'", "outside of its list"}, [&] {
      apply_constant_op(named("Gather"), {list, list_of(onnx_type::kFloat, {at})});
    });
}

TEST(ConstantOps, SlicesEndWhereTheAxisDoes) {
  const auto list = list_of(onnx_type::kUint8, {3, 5, 7}), from = list_of(onnx_type::kInt64, {0});
  const auto cut = [&](double end, double axis) {
    return apply_constant_op(named("Slice"), {list, from, list_of(onnx_type::kInt64, {end}), list_of(onnx_type::kInt64, {axis})}).values;
  };
  EXPECT_EQ(cut(2, 0), (std::vector<double>{3, 5}));
  EXPECT_EQ(cut(kInt64End, 0), list.values);
  EXPECT_EQ(cut(HUGE_VAL, 0), list.values);
  test::expect_error(ErrorKind::unsupported, {"from behind"}, [&] { cut(kNone, 0); });
  for (const double axis : {kInt64End, -kInt64End, kNone}) test::expect_error(ErrorKind::input, {"axis"}, [&] { cut(2, axis); });
}

TEST(ConstantOps, ReshapesCountTheirElements) {
  const auto list = list_of(onnx_type::kFloat, {1, 2, 3, 4});
  const auto shape_of = [&](const std::vector<double>& extents) {
    return apply_constant_op(named("Reshape"), {list, list_of(onnx_type::kInt64, extents)}).shape;
  };
  EXPECT_EQ(shape_of({2, 2}), (Shape{2, 2}));
  for (const auto& extents : {std::vector{kInt64End, 1.0}, std::vector{4.0, kInt64End}, std::vector{3.0}})
    test::expect_error(ErrorKind::input, {"another number of elements"}, [&] { shape_of(extents); });
  test::expect_error(ErrorKind::unsupported, {"found out"}, [&] { shape_of({kNone, 4}); });
}

TEST(ConstantOps, BitsOfNegativeIndicesAreThoseOfTheirTwosComplement) {
  const auto both = apply_constant_op(named("BitwiseAnd"), {list_of(onnx_type::kInt32, {-1, -6}), list_of(onnx_type::kInt32, {15})});
  EXPECT_EQ(both.values, (std::vector<double>{15, 10}));
}

}  // namespace
}  // namespace nibble::testing
