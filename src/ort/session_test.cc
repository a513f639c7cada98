// SPDX-License-Identifier: Apache-2.0
#include "ort/session.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "ort/library.h"
#include "ort/profile.h"
#include "ort/session_options.h"
#include "support/exported.h"

namespace nibble::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// y = 2 x, x [B,2].
Graph doubling(DType dtype = DType::f32) {
  Graph graph;
  const auto x = graph.add_input("x", {-1, 2}, dtype);
  graph.outputs = {graph.add("twice", op::Add{}, {x, x})};
  return graph;
}

class SessionTest : public ::testing::Test {
 protected:
  Session open(const Graph& graph, const SessionOptions& options = {}) {
    EmitOptions emit;
    emit.metadata = {{"imgsz", "[2, 2]"}};
    emit_model(graph, emit, folder_ / "m.onnx");
    return Session(folder_ / "m.onnx", options);
  }
  TestFolder folder_;
};

TEST_F(SessionTest, DescribesAndRuns) {
  const auto session = open(doubling());
  ASSERT_EQ(session.inputs().size(), 1U);
  EXPECT_EQ(session.inputs()[0].name, "x");
  EXPECT_EQ(session.inputs()[0].dtype, DType::f32);
  EXPECT_EQ(session.inputs()[0].shape, (Shape{-1, 2}));
  EXPECT_EQ(session.outputs()[0].shape, (Shape{-1, 2}));
  EXPECT_EQ(session.metadata().at("imgsz"), "[2, 2]");
  EXPECT_THAT(session.providers(), ElementsAre("CPUExecutionProvider"));
  const auto y = session.run({Tensor::of<float>({1, 2}, {1, 2})});
  EXPECT_THAT(values_of<float>(y.at(0)), ElementsAre(2, 4));
}

TEST_F(SessionTest, ConvertsFloatsToHalfWhereTheModelWantsIt) {
  const auto session = open(doubling(DType::f16));
  const auto y = session.run({Tensor::of<float>({1, 2}, {1.5F, -2})}).at(0);
  EXPECT_EQ(y.dtype(), DType::f16);
  EXPECT_THAT(values_of<float>(y.to(DType::f32)), ElementsAre(3, -4));
}

TEST_F(SessionTest, RefusesInputsThatDoNotFit) {
  const auto session = open(doubling());
  expect_error(ErrorKind::input, "[1,3], the model wants [-1,2]", [&] { session.run({Tensor::of<float>({1, 3}, {1, 2, 3})}); });
  expect_error(ErrorKind::input, "is int64, the model wants float32", [&] { session.run({Tensor::of<std::int64_t>({1, 2}, {1, 2})}); });
  expect_error(ErrorKind::input, "got 0 inputs", [&] { session.run({}); });
}

TEST_F(SessionTest, RefusesFilesWithTheirNames) {
  expect_error(ErrorKind::input, "absent.onnx", [&] { Session(folder_ / "absent.onnx", {}); });
  write_file(folder_ / "bad.onnx", std::string_view("not a model"));
  expect_error(ErrorKind::input, "bad.onnx", [&] { Session(folder_ / "bad.onnx", {}); });
  emit_model(doubling(), {}, folder_ / "op.onnx");
  auto model = read_onnx(folder_ / "op.onnx");
  model.mutable_graph()->mutable_node(0)->set_op_type("NoSuchOperator");
  write_onnx(model, folder_ / "op.onnx");
  expect_error(ErrorKind::input, "NoSuchOperator", [&] { Session(folder_ / "op.onnx", {}); });
}

TEST_F(SessionTest, AModelInMemoryIsTheSameModel) {
  emit_model(doubling(), {}, folder_ / "m.onnx");
  const auto bytes = read_file(folder_ / "m.onnx");
  const Session session(bytes, folder_ / "m.onnx", {});
  EXPECT_THAT(values_of<float>(session.run({Tensor::of<float>({1, 2}, {1, 2})}).at(0)), ElementsAre(2, 4));
  expect_error(ErrorKind::input, "edited.onnx", [&] { Session(std::string_view("not a model"), folder_ / "edited.onnx", {}); });
}

TEST_F(SessionTest, RefusesNegativeThreads) {
  SessionOptions options;
  options.threads = -1;
  expect_error(ErrorKind::usage, "-1 threads", [&] { open(doubling(), options); });
}

TEST_F(SessionTest, TakesSessionOptions) {
  emit_model(quant_conv_graph(four_bit_per_channel()), in_dialect(Dialect::int4), folder_ / "int4.onnx");
  const auto dequantises = [&](const std::map<std::string, std::string>& config) {
    SessionOptions options;
    options.threads = 1;
    options.config = config;
    const auto profile = profile_model(folder_ / "int4.onnx", options, {Tensor::of<float>({1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8})}, 1);
    const auto ops = profile.ops();
    return std::any_of(ops.begin(), ops.end(), [](const auto& op) { return op.op == "DequantizeLinear"; });
  };
  EXPECT_TRUE(dequantises({})) << "the runtime leaves it alone";
  EXPECT_FALSE(dequantises({{"session.disable_quant_qdq", "1"}})) << "folded when the file is loaded";
  SessionOptions options;
  options.config = {{std::string(5000, 'k'), "1"}};
  expect_error(ErrorKind::usage, "refused by ONNX Runtime", [&] { open(doubling(), options); });
}

TEST_F(SessionTest, MovesAndOutlivesItsFile) {
  auto session = open(doubling());
  const Session moved = std::move(session);
  std::filesystem::remove(folder_ / "m.onnx");
  EXPECT_THAT(values_of<float>(moved.run({Tensor::of<float>({1, 2}, {1, 2})}).at(0)), ElementsAre(2, 4));
}

TEST_F(SessionTest, MissingCudaIsAnErrorNotAFallback) {
  const auto providers = onnx_runtime_info().providers;
  if (std::find(providers.begin(), providers.end(), "CUDAExecutionProvider") != providers.end())
    GTEST_SKIP() << "this runtime has the CUDA provider: its absence cannot be tested";
  SessionOptions options;
  options.provider = Provider::cuda;
  for (const bool fallback : {false, true}) {
    options.allow_cpu_fallback = fallback;
    expect_error(ErrorKind::environment, "onnxruntime-gpu", [&] { open(doubling(), options); });
  }
}

TEST(ProviderNames, RoundTrip) {
  EXPECT_EQ(parse_provider("cuda"), Provider::cuda);
  EXPECT_EQ(name_of(parse_provider("cpu")), "cpu");
  expect_error(ErrorKind::usage, "use cpu or cuda", [] { parse_provider("tpu"); });
}

TEST(OrtLibrary, InfoNamesTheLoadedFile) {
  const auto info = onnx_runtime_info();
  EXPECT_THAT(info.version, ::testing::StartsWith("1."));
  EXPECT_TRUE(std::filesystem::exists(info.library)) << info.library;
  EXPECT_THAT(info.providers, ::testing::Contains("CPUExecutionProvider"));
  EXPECT_STREQ(std::getenv("ORT_DISABLE_TELEMETRY"), "1");
}

TEST(OrtLibrary, ANamedFileIsTheOnlyCandidate) {
  EXPECT_THAT(ort_candidates("/a/lib.so", "/bin"), ElementsAre("/a/lib.so"));
  const auto places = ort_candidates("", "/opt/nibble");
  ASSERT_GE(places.size(), 3U);
  for (const auto& place : places) EXPECT_FALSE(place.string().starts_with(NIBBLE_SOURCE_DIR "/")) << place;
  EXPECT_EQ(places[0], "/opt/nibble/libonnxruntime.so.1");
  EXPECT_EQ(places.back(), "libonnxruntime.so");
}

TEST(OrtLibrary, ErrorListsEveryPlaceAndTheReason) {
  expect_error(ErrorKind::environment, "/nowhere/b.so", [] { load_ort({"/nowhere/a.so", "/nowhere/b.so"}); });
  expect_error(ErrorKind::environment, "/nowhere/a.so", [] { load_ort({"/nowhere/a.so", "/nowhere/b.so"}); });
  expect_error(ErrorKind::environment, "no OrtGetApiBase", [] { load_ort({"libz.so.1"}); });
}

TEST(OrtLibrary, ALaterPlaceServesWhenAnEarlierDoesNot) {
  const auto library = load_ort({"/nowhere/a.so", onnx_runtime_info().library});
  EXPECT_NE(library.api, nullptr);
}

TEST_F(SessionTest, PlacementIsReadFromTheRuntimesOwnLog) {
  emit_model(doubling(), {}, folder_ / "m.onnx");
  auto options = make_session_options({});
  LogLines lines;
  capture_log(options, lines);
  const Ort::Session session(ort_environment(), (folder_ / "m.onnx").c_str(), options);
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("placed on [CPUExecutionProvider]")));
}

TEST(Placement, NodesUnderTheProvidersHeadingOnly) {
  const LogLines lines{"Node placements", " Node(s) placed on [CPUExecutionProvider]. Number of nodes: 2",  "  Mod (a)",
                       "  Clip (b)",      " Node(s) placed on [CUDAExecutionProvider]. Number of nodes: 1", "  Conv (c)",
                       "other (line)"};
  EXPECT_THAT(nodes_placed_on("CPUExecutionProvider", lines), ElementsAre("Mod (a)", "Clip (b)"));
  EXPECT_THAT(nodes_placed_on("NoSuchProvider", lines), ElementsAre());
}

}  // namespace
}  // namespace nibble::testing
