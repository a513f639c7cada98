// SPDX-License-Identifier: Apache-2.0
#include "ort/random_run.h"

#include <gmock/gmock.h>

#include <limits>

#include "support/exported.h"

namespace nibble::testing {
namespace {

/// y = x * factor, x [1,2].
Session scaling(const TestFolder& folder, float factor, DType dtype = DType::f32) {
  Graph graph;
  const auto x = graph.add_input("x", {1, 2}, dtype);
  graph.outputs = {graph.add("scale", op::Mul{}, {x, graph.add_constant("factor", Tensor::scalar(factor).to(dtype))})};
  emit_model(graph, {}, folder / "m.onnx");
  return open_plain(folder / "m.onnx");
}

TEST(RandomInputs, AreTheSameForASeed) {
  const TestFolder folder;
  const auto session = scaling(folder, 4);
  EXPECT_TRUE(identical(random_inputs(session, 7).at(0), random_inputs(session, 7).at(0)));
  EXPECT_FALSE(identical(random_inputs(session, 7).at(0), random_inputs(session, 8).at(0)));
}

TEST(RandomInputs, OfSeedZero) {
  const TestFolder folder;
  const auto input = random_inputs(scaling(folder, 1), 0).at(0);
  // mt19937_64(0) starts 2947667278772165694, 18301848765998365067 (ISO C++ fixes the sequence); the upper 24 bits / 2^24.
  EXPECT_EQ(input.as<float>()[0], static_cast<float>(2947667278772165694ULL >> 40) / 16777216.0F);
  EXPECT_EQ(input.as<float>()[1], static_cast<float>(18301848765998365067ULL >> 40) / 16777216.0F);
}

TEST(RandomInputs, TooLargeToTryAreNamed) {
  const TestFolder folder;
  for (const auto dtype : {DType::f32, DType::u8}) {
    Graph graph;
    graph.outputs = {graph.add("max", op::MaxPool{.kernel = {1, 1}}, {graph.add_input("x", {1, 1 << 30, 1 << 30, 4}, dtype)})};
    emit_model(graph, {}, folder / "m.onnx");
    const Session session = open_plain(folder / "m.onnx");
    expect_error(ErrorKind::unsupported, "[1,1073741824,1073741824,4]", [&] { random_inputs(session, 0); });
  }
}

TEST(RandomRun, NonFiniteOutputIsAnError) {
  const TestFolder folder;
  require_finite_outputs(scaling(folder, 4), 0);
  const auto session = scaling(folder, std::numeric_limits<float>::infinity());
  expect_error(ErrorKind::numeric, "'scale_output': element 0", [&] { require_finite_outputs(session, 0); });
}

TEST(RandomInputs, ExtentsKnownAtRunTimeOnly) {
  const TestFolder folder;
  Graph graph;
  const auto x = graph.add_input("x", {-1, 3, -1, -1});
  graph.outputs = {graph.add("act", op::Relu{}, {x})};
  EmitOptions options;
  options.metadata = {{"imgsz", "[32, 32]"}};
  emit_model(graph, options, folder / "m.onnx");
  EXPECT_EQ(random_inputs(open_plain(folder / "m.onnx"), 0).at(0).shape(), (Shape{1, 3, 32, 32}));
  EXPECT_EQ(random_inputs(open_plain(folder / "m.onnx"), 0, ImageSize(64, 96)).at(0).shape(), (Shape{1, 3, 64, 96}));
  options.metadata = {{"imgsz", "[32, 64]"}};
  emit_model(graph, options, folder / "r.onnx");
  EXPECT_EQ(random_inputs(open_plain(folder / "r.onnx"), 0).at(0).shape(), (Shape{1, 3, 32, 64}));
}

}  // namespace
}  // namespace nibble::testing
