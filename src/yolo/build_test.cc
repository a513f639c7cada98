// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/log.h"
#include "graph/rewrites.h"
#include "support/scratch.h"
#include "yolo/detector.h"
#include "yolo/test_tiny_model.h"

namespace nibble {
namespace {

using test::evaluate;
using test::expect_error;
using test::integer;
using test::kTinyAnchors;
using test::kTinySize;
using test::largest_difference;
using test::list;
using test::NamedCodes;
using test::random_tensor;
using test::text;
using test::tiny_checkpoint;
using test::TinyOptions;

BuildOptions tiny(Head head) { return {.head = head, .image_size = kTinySize, .batch = 1, .max_detections = 300}; }

const test::Code kLine = list({integer(-1), integer(1), text("Conv"), list({})});

Tensor images() { return random_tensor({1, 3, kTinySize, kTinySize}, 99); }

template <class Kind>
std::ptrdiff_t count_nodes(const Graph& graph) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) { return std::holds_alternative<Kind>(node.op); });
}

const Node& node_of(const Graph& graph, const std::string& name) {
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) { return node.name == name; });
  if (found == graph.nodes.end()) throw std::logic_error(fmt::format("no node '{}'", name));
  return *found;
}

class BuildHeadTest : public testing::TestWithParam<Head> {};

TEST_P(BuildHeadTest, TheBaselineIsTheSameFunctionWithoutBatchNormAndBranches) {
  const auto checkpoint = tiny_checkpoint();
  const auto built = build_detector(checkpoint, tiny(GetParam()));
  const auto baseline = build_baseline(checkpoint, tiny(GetParam()));
  verify(built.graph);
  verify(baseline.graph);
  EXPECT_GT(count_nodes<op::BatchNorm>(built.graph), 0);
  EXPECT_EQ(count_nodes<op::BatchNorm>(baseline.graph), 0);
  EXPECT_EQ(count_nodes<op::Conv>(built.graph) - count_nodes<op::Conv>(baseline.graph), 1) << "RepVGGDW has two";
  EXPECT_EQ(baseline.graph.value(baseline.graph.inputs[0]).name, "images");
  EXPECT_EQ(baseline.graph.value(baseline.graph.outputs[0]).name, "output0");
  const auto expected = evaluate(built.graph, {images()})[0];
  const auto found = evaluate(baseline.graph, {images()})[0];
  EXPECT_LT(largest_difference(expected, found), 1e-4);
}

TEST_P(BuildHeadTest, ABatchKnownAtRunTimeOnlyGivesEachImageItsOwnResult) {
  auto options = tiny(GetParam());
  const auto checkpoint = tiny_checkpoint();
  const auto one = build_baseline(checkpoint, options).graph;
  options.batch = -1;
  const auto free = build_baseline(checkpoint, options).graph;
  EXPECT_EQ(free.value(free.outputs[0]).shape[0], -1);
  const Tensor pair = random_tensor({2, 3, kTinySize, kTinySize}, 5);
  const auto both = evaluate(free, {pair})[0];
  const auto half = pair.as<float>().size() / 2;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto part = pair.as<float>().subspan(i * half, half);
    const auto alone = evaluate(one, {Tensor::of<float>({1, 3, kTinySize, kTinySize}, {part.begin(), part.end()})})[0];
    const auto size = alone.as<float>().size();
    const auto found = both.as<float>().subspan(i * size, size);
    EXPECT_LT(largest_difference(alone, Tensor::of<float>(alone.shape(), {found.begin(), found.end()})), 1e-5);
  }
}

TEST_P(BuildHeadTest, OnlyTheChosenBranchIsNeeded) {
  const bool one2one = GetParam() == Head::one2one || GetParam() == Head::raw_one2one;
  TinyOptions options;
  (one2one ? options.with_one2many : options.with_one2one) = false;
  EXPECT_NO_THROW(build_baseline(tiny_checkpoint(options), tiny(GetParam())));
  std::swap(options.with_one2many, options.with_one2one);
  expect_error(ErrorKind::unsupported,
               {"tiny.pt", "model.8", "v10Detect", std::string("no '") + (one2one ? "one2one_" : "") + "cv2'",
                one2one ? "--head can be one2many, raw" : "--head can be one2one, raw_one2one"},
               [&] { build_baseline(tiny_checkpoint(options), tiny(GetParam())); });
}

TEST_P(BuildHeadTest, NothingBehindTheHeadConvolutionsMayBeQuantised) {
  const auto graph = build_baseline(tiny_checkpoint(), tiny(GetParam())).graph;
  for (const auto& node : graph.nodes) {
    const bool is_head = node.name.starts_with("model.8.");
    const bool is_branch = node.name.find("cv2.") != std::string::npos || node.name.find("cv3.") != std::string::npos;
    EXPECT_EQ(!node.float_reason.empty(), is_head && !is_branch) << node.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Heads, BuildHeadTest, testing::Values(Head::one2one, Head::one2many, Head::raw, Head::raw_one2one),
                         [](const auto& test) { return std::string(name_of(test.param)); });

TEST(BuildTest, AFusedCheckpointIsReadToo) {
  TinyOptions options;
  options.fused = true;
  const auto graph = build_detector(tiny_checkpoint(options), tiny(Head::one2many)).graph;
  EXPECT_EQ(count_nodes<op::BatchNorm>(graph), 0);
  EXPECT_EQ(node_of(graph, "model.0.conv").inputs.size(), 3U);
  EXPECT_EQ(summarize_model(tiny_checkpoint(options)).layers.size(), 9U);
}

TEST(BuildTest, NodesAreNamedByModulePaths) {
  const auto graph = build_baseline(tiny_checkpoint(), tiny(Head::one2many)).graph;
  EXPECT_EQ(graph.value(node_of(graph, "model.2.m.1.cv1.conv").inputs[1]).name, "model.2.m.1.cv1.conv.weight");
  EXPECT_EQ(std::get<op::Conv>(node_of(graph, "model.6.m.0.cv1.2.conv.conv").op).padding, (op::Pair{3, 3}));
  EXPECT_EQ(node_of(graph, "model.8.dfl.conv").float_reason, "DFL: box decode");
}

TEST(BuildTest, EmaComesBeforeModel) {
  TinyOptions options;
  options.key = "ema";
  const auto checkpoint = tiny_checkpoint(options);
  EXPECT_NO_THROW(build_detector(checkpoint, tiny(Head::raw)));
  EXPECT_EQ(summarize_model(checkpoint).taken_from, "ema");
  EXPECT_EQ(summarize_model(tiny_checkpoint()).taken_from, "model");
}

TEST(BuildTest, TheAuthorsForkIsTheSameModel) {
  TinyOptions options;
  options.model_class = "YOLOv10DetectionModel";
  const auto fork = build_baseline(tiny_checkpoint(options), tiny(Head::one2one)).graph;
  EXPECT_EQ(dump(fork), dump(build_baseline(tiny_checkpoint(), tiny(Head::one2one)).graph));
}

TEST(BuildTest, ClassCountAndNamesComeFromTheFile) {
  TinyOptions options;
  options.classes = 5;
  const auto detector = build_baseline(tiny_checkpoint(options), tiny(Head::one2many));
  EXPECT_EQ(detector.graph.value(detector.graph.outputs[0]).shape, (Shape{1, 9, kTinyAnchors}));
  EXPECT_EQ(detector.info.class_names.size(), 5U);
  EXPECT_EQ(detector.info.class_names.at(4), "class 4");
  EXPECT_EQ(detector.info.strides, (std::vector<std::int64_t>{2, 4}));
  EXPECT_EQ(detector.info.scale, "n");
  EXPECT_EQ(detector.info.source_file, "tiny.pt");
  EXPECT_EQ(detector.info.source_sha256.size(), 64U);
}

TEST(BuildTest, ClassesWithoutNamesAreNumbered) {
  TinyOptions options;
  options.model_changes = {{"names", test::none()}};
  EXPECT_EQ(build_detector(tiny_checkpoint(options), tiny(Head::raw)).info.class_names.at(2), "2");
}

TEST(BuildTest, WeightsThatAreNoNumbersAreRefused) {
  TinyOptions options;
  options.weight = std::nanf("");
  expect_error(ErrorKind::numeric, {"tiny.pt", "model.0.conv", "'weight'", "NaN or infinite, the first at index 0"},
               [&] { build_baseline(tiny_checkpoint(options), tiny(Head::raw)); });
}

TEST(BuildTest, AModelWithinDataParallelIsTheSame) {
  for (const auto& [wrapper, child] :
       {std::pair{"torch.nn.parallel.data_parallel.DataParallel", "module"},
        std::pair{"torch.nn.parallel.distributed.DistributedDataParallel", "module"},
        std::pair{"torch._dynamo.eval_frame.OptimizedModule", "_orig_mod"}, std::pair{"ultralytics.models.yolo.model.YOLO", "model"}}) {
    TinyOptions options;
    options.wrapper = wrapper;
    options.wrapped_as = child;
    EXPECT_EQ(dump(build_baseline(tiny_checkpoint(options), tiny(Head::raw)).graph),
              dump(build_baseline(tiny_checkpoint(), tiny(Head::raw)).graph))
        << wrapper;
  }
}

/// Trainings on several GPUs convert BatchNorm2d; at inference both compute the same.
TEST(BuildTest, ASyncBatchNormIsABatchNorm) {
  TinyOptions options;
  options.norm = "SyncBatchNorm";
  EXPECT_EQ(dump(build_detector(tiny_checkpoint(options), tiny(Head::raw)).graph),
            dump(build_detector(tiny_checkpoint(), tiny(Head::raw)).graph));
  options.norm = "InstanceNorm2d";
  expect_error(ErrorKind::unsupported, {"model.0.bn", "InstanceNorm2d", "nibble does not know this class"},
               [&] { build_detector(tiny_checkpoint(options), tiny(Head::raw)); });
}

/// Since PyTorch 2.1 a compiled module is pickled as the call that makes it, with the module and a context.
TEST(BuildTest, ACompiledModelIsTheSame) {
  TinyOptions options;
  options.compiled = true;
  EXPECT_EQ(dump(build_baseline(tiny_checkpoint(options), tiny(Head::raw)).graph),
            dump(build_baseline(tiny_checkpoint(), tiny(Head::raw)).graph));
  test::Archive archive;
  const auto empty = test::call("torch._dynamo.eval_frame", "OptimizedModule", {});
  expect_error(ErrorKind::input, {"tiny.pt", "it holds a torch._dynamo.eval_frame.OptimizedModule around nothing"}, [&] {
    summarize_model(read_checkpoint(archive.bytes(test::named_dict({{"model", empty}})), "tiny.pt"));
  });
}

TEST(BuildTest, AModelThatIsTheWholeFileIsRead) {
  TinyOptions options;
  options.key = "";
  EXPECT_EQ(summarize_model(tiny_checkpoint(options)).taken_from, "the file itself");
}

TEST(BuildTest, AStateDictIsSaidToBeOne) {
  test::Archive archive;
  const auto weights = test::named_ordered_dict({{"model.0.conv.weight", archive.tensor<float>({1}, {1})}});
  for (const auto& root :
       {weights, test::named_dict({{"model", weights}}), test::named_dict({{"state_dict", weights}, {"epoch", test::integer(3)}}),
        test::named_dict({{"ema", test::none()}, {"model", weights}})})
    expect_error(ErrorKind::input, {"tiny.pt", "is a state dict of 1 tensors", "save that whole"},
                 [&] { build_baseline(read_checkpoint(archive.bytes(root), "tiny.pt"), tiny(Head::raw)); });
}

TEST(BuildTest, AStateDictBesideAModelIsPassedOver) {
  test::Archive archive;
  const auto weights = test::named_ordered_dict({{"model.0.conv.weight", archive.tensor<float>({1}, {1})}});
  const auto both = test::named_dict({{"ema", weights}, {"model", test::module("ultralytics.nn.tasks", "DetectionModel", {})}});
  expect_error(ErrorKind::input, {"DetectionModel"}, [&] { summarize_model(read_checkpoint(archive.bytes(both), "tiny.pt")); });
}

TEST(BuildTest, ClassKeysMayBeTextOrNumPyIntegers) {
  const auto key = [](char id) {
    return test::call("numpy.core.multiarray", "scalar",
                      {test::call("numpy", "dtype", {text("i8"), test::boolean(false), test::boolean(true)}),
                       test::call("_codecs", "encode", {text(std::string(1, id) + std::string(7, '\0')), text("latin1")})});
  };
  TinyOptions options;
  options.model_changes = {{"names", test::dict({{key(0), text("a")}, {text("1"), text("b")}, {integer(2), text("c")}})}};
  const auto names = build_detector(tiny_checkpoint(options), tiny(Head::raw)).info.class_names;
  EXPECT_EQ(names, (std::map<std::int64_t, std::string>{{0, "a"}, {1, "b"}, {2, "c"}}));
  options.model_changes = {{"names", test::dict({{text("one"), text("a")}})}};
  expect_error(ErrorKind::input, {"'names' has the key str 'one'"}, [&] { build_detector(tiny_checkpoint(options), tiny(Head::raw)); });
}

TEST(BuildTest, NamesAreOneTextForEachClass) {
  const auto named = [](const test::Code& names) {
    TinyOptions options;
    options.model_changes = {{"names", names}};
    return build_detector(tiny_checkpoint(options), tiny(Head::raw)).info.class_names;
  };
  using Names = std::map<std::int64_t, std::string>;
  EXPECT_EQ(named(list({text("a"), text("b"), text("c")})), (Names{{0, "a"}, {1, "b"}, {2, "c"}}));
  EXPECT_EQ(named(test::tuple({integer(7), test::none(), test::boolean(true)})), (Names{{0, "7"}, {1, "None"}, {2, "True"}}))
      << "as Python's str prints them";
  expect_error(ErrorKind::input, {"'names' is str 'a,b,c'", "set model.names"}, [&] { named(text("a,b,c")); });
  expect_error(ErrorKind::input, {"'names' is", "expected a dict or list"}, [&] {
    named(test::set_of({text("a"), text("b"), text("c")}));
  });
  expect_error(ErrorKind::input, {"'names' names class 1 twice"}, [&] {
    named(test::dict({{integer(1), text("a")}, {text("1"), text("b")}, {integer(2), text("c")}}));
  });
  expect_error(ErrorKind::input, {"'names' has", "for class 1, expected text", "set model.names"}, [&] {
    named(list({text("a"), list({text("b")}), text("c")}));
  });
}

/// A network that was changed by hand is what its modules are: the yaml is only where it came from.
TEST(BuildTest, ModulesCountWhereTheYamlIsStale) {
  std::string heard;
  set_log_listener([&](LogLevel level, const std::string& message) {
    if (level == LogLevel::warning) heard += message;
  });
  const auto warned = [&](const NamedCodes& changes) {
    TinyOptions options;
    options.yaml_changes = changes;
    heard.clear();
    EXPECT_EQ(dump(build_detector(tiny_checkpoint(options), tiny(Head::raw)).graph),
              dump(build_detector(tiny_checkpoint(), tiny(Head::raw)).graph));
    return heard;
  };
  EXPECT_EQ(warned({{"nc", text("3")}}), "");
  EXPECT_EQ(warned({{"nc", test::none()}}), "");
  EXPECT_THAT(warned({{"nc", text("4")}}),
              testing::HasSubstr("model.8 (ultralytics.nn.modules.head.v10Detect): it has 3 classes, the yaml 4;"));
  EXPECT_THAT(warned({{"nc", text("many")}}), testing::HasSubstr("it has 3 classes, the yaml many; the module counts"));
  EXPECT_THAT(
      warned({{"backbone", list({kLine, kLine, kLine, kLine})}}),
      testing::HasSubstr("checkpoint: tiny.pt: model.1 (ultralytics.nn.modules.block.SCDown): the yaml has [-1, 1, Conv, []] here;"));
  set_log_listener(nullptr);
}

TEST(BuildTest, ANormWithoutWeightsScalesByOne) {
  TinyOptions options;
  options.norm_attributes = {{"affine", test::boolean(false)}};
  const auto graph = build_detector(tiny_checkpoint(options), tiny(Head::raw)).graph;
  const auto& norm = node_of(graph, "model.0.bn");
  const auto numbers = [&](std::size_t input) {
    const auto values = graph.value(norm.inputs[input]).constant->as<float>();
    return std::vector<float>(values.begin(), values.end());
  };
  EXPECT_EQ(numbers(1), (std::vector<float>{1, 1, 1, 1}));
  EXPECT_EQ(numbers(2), (std::vector<float>{0, 0, 0, 0}));
  options.norm_attributes = {{"track_running_stats", test::boolean(false)}};
  expect_error(ErrorKind::unsupported, {"model.0.bn", "no statistics", "train the model with statistics"},
               [&] { build_detector(tiny_checkpoint(options), tiny(Head::raw)); });
}

TEST(BuildTest, ADropoutIsNothing) {
  TinyOptions options;
  options.activation = "Dropout";
  const auto graph = build_detector(tiny_checkpoint(options), tiny(Head::raw)).graph;
  EXPECT_EQ(graph.value(node_of(graph, "model.1.cv1.conv").inputs[0]).name, graph.value(node_of(graph, "model.0.bn").outputs[0]).name);
}

TEST(BuildTest, StridesMayBeAListOfNumbers) {
  TinyOptions options;
  const auto strides = [&](const test::Code& code) {
    options.head_changes = {{"stride", code}};
    return build_detector(tiny_checkpoint(options), tiny(Head::raw)).info.strides;
  };
  EXPECT_EQ(strides(test::integers({2, 4})), (std::vector<std::int64_t>{2, 4}));
  EXPECT_EQ(strides(list({test::number(2), test::number(4)})), (std::vector<std::int64_t>{2, 4}));
  expect_error(ErrorKind::input, {"model.8", "it has 1 strides for 2 feature maps"}, [&] { strides(integer(2)); });
  expect_error(ErrorKind::input, {"model.8", "'stride' holds str '4', expected pixels"}, [&] { strides(list({integer(2), text("4")})); });
  expect_error(ErrorKind::input, {"stride 0 is not a whole number"}, [&] { strides(list({integer(0), integer(4)})); });
}

TEST(BuildTest, HeadNames) {
  for (const auto head : {Head::one2one, Head::one2many, Head::raw, Head::raw_one2one}) EXPECT_EQ(parse_head(name_of(head)), head);
  expect_error(ErrorKind::usage, {"'nms'", "one2one, one2many, raw, raw_one2one"}, [] { parse_head("nms"); });
}

struct Refusal {
  std::string name;
  TinyOptions options;
  ErrorKind kind;
  std::vector<std::string> parts;
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class BuildRefusalTest : public testing::TestWithParam<Refusal> {};

TEST_P(BuildRefusalTest, NamesFilePathAndReason) {
  const auto checkpoint = tiny_checkpoint(GetParam().options);
  auto parts = GetParam().parts;
  parts.emplace_back("tiny.pt");
  expect_error(GetParam().kind, parts, [&] { build_detector(checkpoint, tiny(Head::one2many)); });
}

Refusal refusal(std::string name, ErrorKind kind, std::vector<std::string> parts, const std::function<void(TinyOptions&)>& change) {
  Refusal result{std::move(name), {}, kind, std::move(parts)};
  change(result.options);
  return result;
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, BuildRefusalTest,
    testing::Values(
        refusal("unknown_class", ErrorKind::unsupported, {"model.0", "ultralytics.nn.modules.conv.CBAM"},
                [](TinyOptions& o) { o.first_class = "CBAM"; }),
        refusal("channels", ErrorKind::unsupported,
                {"model.0.conv", "reads images of 1 channel; nibble reads models of RGB images", "train it"},
                [](TinyOptions& o) { o.claimed_channels = 1; }),
        refusal("activation", ErrorKind::unsupported, {"model.0.act", "GELU", "it writes SiLU, ReLU, ReLU6, LeakyReLU", "train the model"},
                [](TinyOptions& o) { o.activation = "GELU"; }),
        refusal("slope", ErrorKind::unsupported, {"model.0.act", "'negative_slope' is -0.5"},
                [](TinyOptions& o) {
                  o.activation = "LeakyReLU";
                  o.activation_attributes = {{"negative_slope", test::number(-0.5)}};
                }),
        refusal("relu6", ErrorKind::input, {"model.0.act", "'max_val' is 5, a ReLU6 has 6"},
                [](TinyOptions& o) {
                  o.activation = "ReLU6";
                  o.activation_attributes = {{"min_val", test::number(0)}, {"max_val", test::number(5)}};
                }),
        refusal("slopes", ErrorKind::input, {"model.0.act", "it has 3 slopes for 4 channels"},
                [](TinyOptions& o) {
                  o.activation = "PReLU";
                  o.activation_attributes = {{"num_parameters", integer(3)}};
                  o.activation_weight = {0.1F, 0.2F, 0.3F};
                }),
        refusal("other_task", ErrorKind::unsupported, {"ultralytics.nn.tasks.DepthModel", "OBBModel", "train one of these"},
                [](TinyOptions& o) { o.model_class = "DepthModel"; }),
        refusal("head_of_another_task", ErrorKind::input, {"model.", "a SegmentationModel ends in a head for the task detect"},
                [](TinyOptions& o) { o.model_class = "SegmentationModel"; }),
        refusal("no_model", ErrorKind::input, {"neither 'ema' nor 'model'"}, [](TinyOptions& o) { o.key = "optimizer"; }),
        refusal("no_yaml", ErrorKind::input, {"no 'yaml'"},
                [](TinyOptions& o) {
                  o.model_changes = {{"yaml", test::none()}};
                }),
        refusal("yaml_layer_count", ErrorKind::input, {"it has 9 layers, its yaml 5"},
                [](TinyOptions& o) {
                  o.yaml_changes = {{"backbone", list({})}};
                }),
        refusal("yaml_from", ErrorKind::input, {"model.0", "it reads from -1, the yaml has [-2, 1, Conv, []]"},
                [](TinyOptions& o) {
                  o.yaml_changes = {{"backbone", list({list({integer(-2), integer(1), text("Conv"), list({})}), kLine, kLine, kLine})}};
                }),
        refusal("yaml_line", ErrorKind::input, {"the line 7, expected [from"},
                [](TinyOptions& o) {
                  o.yaml_changes = {{"head", list({integer(7)})}};
                }),
        refusal("names_count", ErrorKind::input, {"it has 3 classes, but 1 names", "set model.names"},
                [](TinyOptions& o) {
                  o.model_changes = {{"names", list({text("cat")})}};
                })),
    [](const auto& test) { return test.param.name; });

struct ActivationCase {
  std::string name;
  NamedCodes attributes;
  std::function<double(double)> compute;
  std::vector<float> weight = {};
};
void PrintTo(const ActivationCase& c, std::ostream* out) { *out << c.name; }

class ActivationTest : public testing::TestWithParam<ActivationCase> {};

/// Convolution and activation of layer 0 alone, against the formula of PyTorch's documentation.
TEST_P(ActivationTest, IsWhatPyTorchComputes) {
  TinyOptions options;
  options.activation = GetParam().name;
  options.activation_attributes = GetParam().attributes;
  options.activation_weight = GetParam().weight;
  auto graph = build_baseline(tiny_checkpoint(options), tiny(Head::raw)).graph;
  verify(graph);
  const auto& act = node_of(graph, "model.0.act");
  const auto& conv = node_of(graph, "model.0.conv");
  graph.outputs = {conv.outputs[0], act.outputs[0]};
  std::vector<float> pixels;
  const Tensor pictures = images();
  for (const float value : pictures.as<float>()) pixels.push_back(40 * value);
  const auto found = evaluate(graph, {Tensor::of<float>({1, 3, kTinySize, kTinySize}, pixels)});
  double lowest = 0, highest = 0;
  for (std::size_t i = 0; i < found[0].as<float>().size(); ++i) {
    const auto x = static_cast<double>(found[0].as<float>()[i]);
    lowest = std::min(lowest, x), highest = std::max(highest, x);
    EXPECT_NEAR(static_cast<double>(found[1].as<float>()[i]), GetParam().compute(x), 2e-6 * (1 + std::abs(x))) << x;
  }
  EXPECT_LT(lowest, -7);
  EXPECT_GT(highest, 7);
}

double hard_gate(double x) { return std::clamp(x / 6 + 0.5, 0.0, 1.0); }

INSTANTIATE_TEST_SUITE_P(
    Classes, ActivationTest,
    testing::Values(ActivationCase{"SiLU", {}, [](double x) { return x / (1 + std::exp(-x)); }},
                    ActivationCase{"ReLU", {}, [](double x) { return std::max(x, 0.0); }},
                    ActivationCase{"ReLU6", {{"max_val", test::number(6)}}, [](double x) { return std::clamp(x, 0.0, 6.0); }},
                    ActivationCase{"LeakyReLU", {{"negative_slope", test::number(0.1)}}, [](double x) { return x < 0 ? 0.1 * x : x; }},
                    ActivationCase{"Hardswish", {}, [](double x) { return x * hard_gate(x); }},
                    ActivationCase{"Hardsigmoid", {}, hard_gate}, ActivationCase{"Tanh", {}, [](double x) { return std::tanh(x); }},
                    ActivationCase{"Mish", {}, [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }},
                    ActivationCase{"PReLU", {{"num_parameters", integer(1)}}, [](double x) { return x < 0 ? -0.75 * x : x; }, {-0.75F}},
                    ActivationCase{"Sigmoid", {}, [](double x) { return 1 / (1 + std::exp(-x)); }}),
    [](const auto& test) { return test.param.name; });

TEST(BuildTest, ImageSizesMustFitTheStrides) {
  auto options = tiny(Head::raw);
  options.image_size = 10;
  expect_error(ErrorKind::usage, {"10: not a multiple of 4; take 12"}, [&] { build_detector(tiny_checkpoint(), options); });
  options.image_size = 12;
  EXPECT_NO_THROW(build_detector(tiny_checkpoint(), options));
  options.image_size = {10, 16};
  expect_error(ErrorKind::usage, {"10,16: height and width must be multiples of 4; take 12,16"},
               [&] { build_detector(tiny_checkpoint(), options); });
  options.image_size = {12, 16};
  EXPECT_EQ(build_detector(tiny_checkpoint(), options).graph.value(0).shape, (Shape{1, 3, 12, 16}));
}

}  // namespace
}  // namespace nibble
