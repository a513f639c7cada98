// SPDX-License-Identifier: Apache-2.0
#include "ort/parity.h"

#include <gmock/gmock.h>

#include <limits>

#include "support/exported.h"

namespace nibble::testing {
namespace {

Tensor row(std::vector<float> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return Tensor::of<float>({1, size}, std::move(values));
}

/// y = x * factor, x [1,2].
Session scaling(const TestFolder& folder, float factor, DType dtype = DType::f32) {
  Graph graph;
  const auto x = graph.add_input("x", {1, 2}, dtype);
  graph.outputs = {graph.add("scale", op::Mul{}, {x, graph.add_constant("factor", Tensor::scalar(factor).to(dtype))})};
  emit_model(graph, {}, folder / "m.onnx");
  return open_plain(folder / "m.onnx");
}

TEST(CompareTensors, WorkedExample) {
  const auto difference = compare_tensors("y", row({1, -4}), row({1.5F, -4}));
  EXPECT_EQ(difference.name, "y");
  EXPECT_EQ(difference.max_abs, 0.5);
  EXPECT_EQ(difference.max_relative, 0.125);
  EXPECT_EQ(difference.mean_abs, 0.25);
  EXPECT_EQ(difference.worst_index, 0);
  EXPECT_EQ(compare_tensors("y", row({0, 0}), row({0, 0})).max_relative, 0);
}

TEST(CompareTensors, RefusesWhatHasNoDistance) {
  expect_error(ErrorKind::input, "'y'", [] { compare_tensors("y", row({1}), row({1, 2})); });
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  expect_error(ErrorKind::numeric, "element 1", [&] { compare_tensors("y", row({1, nan}), row({1, 2})); });
  expect_error(ErrorKind::numeric, "element 0", [&] { compare_tensors("y", row({1, 2}), row({infinity, 2})); });
}

TEST(CompareSessions, ByOutput) {
  const TestFolder folder;
  const auto a = scaling(folder, 2), b = scaling(folder, 2.5F);
  const auto differences = compare_sessions(a, b, {row({1, -2})});
  ASSERT_EQ(differences.size(), 1U);
  EXPECT_EQ(differences[0].name, "scale_output");
  EXPECT_EQ(differences[0].max_abs, 1);
  EXPECT_EQ(differences[0].worst_index, 1);
  EXPECT_EQ(compare_outputs(a, {row({1, -2})}, {row({2, -4})})[0].max_abs, 0);
  expect_error(ErrorKind::input, "1 outputs against 0", [&] { compare_outputs(a, {row({1, -2})}, {}); });
}

TEST(Smoke, ReportsRangesAndRepeats) {
  const TestFolder folder;
  const auto session = scaling(folder, 4);
  const auto result = smoke(session, 7);
  ASSERT_EQ(result.outputs.size(), 1U);
  EXPECT_EQ(result.outputs[0].shape, (Shape{1, 2}));
  EXPECT_GE(result.outputs[0].min, 0);
  EXPECT_LT(result.outputs[0].max, 4);
  EXPECT_LT(result.outputs[0].min, result.outputs[0].max);
  EXPECT_EQ(smoke(session, 7).outputs[0].max, result.outputs[0].max);
  EXPECT_NE(smoke(session, 8).outputs[0].max, result.outputs[0].max);
}

TEST(Smoke, FirstNumbersOfSeedZero) {
  const TestFolder folder;
  const auto input = random_inputs(scaling(folder, 1), 0).at(0);
  // mt19937_64(0) starts 2947667278772165694, 18301848765998365067 (ISO C++ fixes the sequence); the upper 24 bits / 2^24.
  EXPECT_EQ(input.as<float>()[0], static_cast<float>(2947667278772165694ULL >> 40) / 16777216.0F);
  EXPECT_EQ(input.as<float>()[1], static_cast<float>(18301848765998365067ULL >> 40) / 16777216.0F);
}

TEST(Smoke, InputsTooLargeToTryAreNamed) {
  const TestFolder folder;
  Graph graph;
  graph.outputs = {graph.add("relu", op::Relu{}, {graph.add_input("x", {1 << 30, 1 << 30, 4})})};
  emit_model(graph, {}, folder / "m.onnx");
  const Session session = open_plain(folder / "m.onnx");
  expect_error(ErrorKind::unsupported, "[1073741824,1073741824,4]", [&] { random_inputs(session, 0); });
}

TEST(Smoke, NonFiniteOutputIsAnError) {
  const TestFolder folder;
  const auto session = scaling(folder, std::numeric_limits<float>::infinity());
  expect_error(ErrorKind::numeric, "'scale_output': element 0", [&] { smoke(session, 0); });
}

TEST(Smoke, ExtentsKnownAtRunTimeOnly) {
  const TestFolder folder;
  Graph graph;
  const auto x = graph.add_input("x", {-1, 3, -1, -1});
  graph.outputs = {graph.add("act", op::Relu{}, {x})};
  EmitOptions options;
  options.metadata = {{"imgsz", "[32, 32]"}};
  emit_model(graph, options, folder / "m.onnx");
  EXPECT_EQ(smoke(open_plain(folder / "m.onnx"), 0).inputs.at(0), (Shape{1, 3, 32, 32}));
  EXPECT_EQ(smoke(open_plain(folder / "m.onnx"), 0, ImageSize(64, 96)).inputs.at(0), (Shape{1, 3, 64, 96}));
  options.metadata = {{"imgsz", "[32, 64]"}};
  emit_model(graph, options, folder / "r.onnx");
  EXPECT_EQ(smoke(open_plain(folder / "r.onnx"), 0).inputs.at(0), (Shape{1, 3, 32, 64}));
}

}  // namespace
}  // namespace nibble::testing
