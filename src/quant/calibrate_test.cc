// SPDX-License-Identifier: Apache-2.0
// The whole of calibrate() on a small network, through the shared module as the program uses it.
#include "quant/calibrate.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <stdexcept>

#include "base/temporary.h"
#include "exec/convert.h"
#include "exec/fake_quant.h"
#include "exec/kernels.h"
#include "nibble/error.h"
#include "quant/layer_quantizer.h"
#include "quant/test_networks.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using namespace test;

/// Conv, SiLU, depthwise Conv, SiLU, Conv, residual Add, Conv of the untouched last layer's name "head".
Graph small_network() {
  std::mt19937 random(5);
  Graph graph;
  const ValueId images = graph.add_input("images", {1, 3, 16, 16});
  ValueId x =
      graph.add("act1", op::Silu{}, {add_conv(graph, "first", images, {8, 3, 3, 3}, {.stride = {2, 2}, .padding = {1, 1}}, random)});
  const ValueId skip = x;
  x = graph.add("act2", op::Silu{}, {add_conv(graph, "depthwise", x, {8, 1, 3, 3}, {.padding = {1, 1}, .groups = 8}, random)});
  x = add_conv(graph, "pointwise", x, {8, 8, 1, 1}, {}, random);
  x = graph.add("sum", op::Add{}, {x, skip});
  graph.outputs = {add_conv(graph, "head", x, {4, 8, 1, 1}, {}, random)};
  verify(graph);
  return graph;
}

at::Tensor run(const Graph& graph, const Tensor& images) {
  std::map<ValueId, at::Tensor> values{{graph.inputs[0], to_torch(images)}};
  for (const Node& node : graph.nodes) {
    std::vector<at::Tensor> inputs;
    for (const ValueId id : node.inputs) inputs.push_back(graph.value(id).constant ? constant_of(graph.value(id)) : values.at(id));
    values[node.outputs[0]] = evaluate(node, inputs)[0];
  }
  return values.at(graph.outputs[0]);
}

/// Output SQNR in dB on images that were not used to calibrate.
double output_sqnr_db(const Graph& quantized) {
  const Tensor images = random_images(1000).load(900, 4);
  const at::Tensor expected = run(small_network(), images);
  const at::Tensor difference = expected - run(quantized, images);
  return 10 * std::log10(expected.var().item<double>() / difference.square().mean().item<double>());
}

CalibrationResult calibrated(const Recipe& recipe, std::int64_t images = 16) {
  Progress silent;
  return calibrate(small_network(), random_images(images), {.recipe = recipe, .head = {}, .threads = 1, .seed = 0}, silent);
}

TEST(Calibrate, EightBitsAreNearlyExact) { EXPECT_GT(output_sqnr_db(calibrated(recipe_of(8, 0)).graph), 35); }

/// Outputs of each convolution by name.
std::map<std::string, at::Tensor> outputs_of_convolutions(const Graph& graph, const Tensor& images) {
  std::map<ValueId, at::Tensor> values{{graph.inputs[0], to_torch(images)}};
  std::map<std::string, at::Tensor> outputs;
  for (const Node& node : graph.nodes) {
    std::vector<at::Tensor> inputs;
    for (const ValueId id : node.inputs) inputs.push_back(graph.value(id).constant ? constant_of(graph.value(id)) : values.at(id));
    values[node.outputs[0]] = evaluate(node, inputs)[0];
    if (std::holds_alternative<op::Conv>(node.op)) outputs[node.name] = values[node.outputs[0]];
  }
  return outputs;
}

/// The rows say of each layer's output what running both networks on the calibration images says: with the gain restored and without,
/// biases corrected and not, inputs quantised and not, and the errors of the layers before it. All positions are sampled here.
TEST(Calibrate, OutputSqnrIsThatOfTheExportedLayer) {
  for (const bool restore_gain : {true, false})
    for (const bool bias_correction : {true, false})
      for (const int activation_bits : {0, 8}) {
        Recipe recipe = recipe_of(3, activation_bits);
        recipe.weights.restore_gain = restore_gain;
        recipe.weights.damping = 0.5;  // far from what it says of the output
        recipe.bias_correction = bias_correction;
        recipe.calibration.batch = 16;
        const CalibrationResult result = calibrated(recipe, 16);
        const Tensor images = random_images(16).load(0, 16);
        const auto wanted = outputs_of_convolutions(small_network(), images), found = outputs_of_convolutions(result.graph, images);
        for (const LayerStat& layer : result.layers) {
          const at::Tensor y = wanted.at(layer.node).to(at::kDouble), error = y - found.at(layer.node).to(at::kDouble);
          const at::Tensor signal = (y - y.mean({0, 2, 3}, true)).square();
          EXPECT_NEAR(layer.output_sqnr_db, 10 * std::log10(signal.sum().item<double>() / error.square().sum().item<double>()), 0.02)
              << layer.node << ", gain " << restore_gain << ", bias " << bias_correction << ", activations " << activation_bits;
        }
      }
}

/// Damping that is 0 stays 0 when it is multiplied. Inputs that never vary leave nothing else on the diagonal.
TEST(Calibrate, DampingThatDoesNotSufficeIsRaisedFromAnywhere) {
  CalibrationImages images = random_images(16);
  images.load = [load = images.load](std::int64_t first, std::int64_t count) { return from_torch(to_torch(load(first, count)) * 0 + 0.5); };
  Progress silent;
  for (const double damping : {0.0, -1.0, 1e-300}) {
    Recipe recipe = recipe_of(4, 0);
    recipe.weights.damping = damping;
    const auto result = calibrate(small_network(), images, {.recipe = recipe, .head = {}, .threads = 1, .seed = 0}, silent);
    EXPECT_GT(result.layers.at(0).damping, 0) << damping << ": three equal channels have no inverse without it";
    for (const LayerStat& layer : result.layers) EXPECT_LE(layer.damping, 1) << damping;
  }
  Recipe recipe = recipe_of(4, 0);
  recipe.weights.damping = NAN;
  test::expect_error(ErrorKind::numeric, {"first"},
                     [&] { calibrate(small_network(), images, {.recipe = recipe, .head = {}, .threads = 1, .seed = 0}, silent); });
}

TEST(Calibrate, GptqBeatsNearest) {
  Recipe nearest = recipe_of(4, 0);
  nearest.weights.rounding = Rounding::nearest;
  nearest.weights.scale_search = ScaleSearch::max;
  nearest.bias_correction = false;
  EXPECT_GT(output_sqnr_db(calibrated(recipe_of(4, 0)).graph), output_sqnr_db(calibrated(nearest).graph) + 3);
}

TEST(Calibrate, BiasCorrectionKeepsTheMean) {
  Recipe recipe = recipe_of(3, 0);
  const Tensor images = random_images(1000).load(0, 64);
  const auto mean_error = [&](const Graph& graph) {
    return (run(graph, images) - run(small_network(), images)).mean({0, 2, 3}).abs().max().item<double>();
  };
  const double with = mean_error(calibrated(recipe).graph);
  recipe.bias_correction = false;
  EXPECT_LT(with, 0.5 * mean_error(calibrated(recipe).graph));
}

TEST(Calibrate, EveryConvolutionHasARowAndItsBits) {
  const CalibrationResult result = calibrated(recipe_of(4, 8));
  ASSERT_EQ(result.layers.size(), 4U);
  int quantizers = 0;
  for (const Node& node : result.graph.nodes) quantizers += std::holds_alternative<op::QuantizeDequantize>(node.op);
  EXPECT_EQ(quantizers, 4);
  for (const LayerStat& layer : result.layers) {
    EXPECT_EQ(layer.weight_bits, 4);
    EXPECT_EQ(layer.activation_bits, 8);
    EXPECT_GT(layer.sqnr_db, 5) << layer.node;
    EXPECT_EQ(layer.note, "") << layer.node;
  }
}

TEST(Calibrate, ActivationCodesAreSignedAndSymmetricWhereAsked) {
  Recipe recipe = recipe_of(4, 8);
  const auto zero_points = [&] {
    std::vector<int> found;
    for (const Node& node : calibrated(recipe).graph.nodes)
      if (const auto* quantizer = std::get_if<op::QuantizeDequantize>(&node.op)) {
        EXPECT_TRUE(quantizer->params.spec.is_signed);
        found.push_back(quantizer->params.zero_point.as<std::int8_t>()[0]);
      }
    return found;
  };
  EXPECT_NE(zero_points(), std::vector<int>(4, 0));
  recipe.activations.symmetric = true;
  EXPECT_EQ(zero_points(), std::vector<int>(4, 0));
}

TEST(Calibrate, WeightsHaveZeroPointsWhereNoIntegerKernelForbidsThem) {
  std::mt19937 random(5);
  Graph graph;
  ValueId x = add_conv(graph, "straight", graph.add_input("images", {1, 3, 16, 16}), {8, 3, 3, 3}, {.padding = {1, 1}}, random);
  x = graph.add("pool", op::MaxPool{.kernel = {2, 2}, .stride = {2, 2}}, {x});
  graph.outputs = {add_conv(graph, "last", x, {8, 8, 1, 1}, {}, random)};
  verify(graph);
  Progress silent;
  const auto has_zero_points = [&](const Recipe& recipe, std::size_t layer) {
    const auto result = calibrate(graph, random_images(4), {.recipe = recipe, .head = {}, .threads = 1, .seed = 0}, silent);
    EXPECT_EQ(result.layers[0].note.empty(), recipe.activations.bits == 0 || recipe.weights.bits == 8 || recipe.weights.symmetric);
    std::vector<const Node*> convs;
    for (const Node& node : result.graph.nodes)
      if (std::holds_alternative<op::Conv>(node.op)) convs.push_back(&node);
    const auto zero_points = result.graph.value(convs[layer]->inputs[1]).quant->zero_point.as<std::int8_t>();
    return std::any_of(zero_points.begin(), zero_points.end(), [](int zero) { return zero != 0; });
  };
  for (const std::size_t layer : {0, 1}) EXPECT_TRUE(has_zero_points(recipe_of(4, 0), layer)) << layer;
  EXPECT_FALSE(has_zero_points(recipe_of(4, 8), 0)) << "fused with the quantisers around it";
  EXPECT_TRUE(has_zero_points(recipe_of(4, 8), 1));
  EXPECT_FALSE(has_zero_points(recipe_of(8, 0), 1));
  Recipe symmetric = recipe_of(4, 8);
  symmetric.weights.symmetric = true;
  EXPECT_FALSE(has_zero_points(symmetric, 1));
}

TEST(Calibrate, RulesKeepLayersFloatAndSayWhy) {
  Recipe recipe = recipe_of(4, 8);
  recipe.rules = {{.match = "hea?", .keep_float = true, .weight_bits = {}, .activation_bits = {}},
                  {.match = "first", .keep_float = false, .weight_bits = 8, .activation_bits = {}}};
  const CalibrationResult result = calibrated(recipe);
  EXPECT_EQ(result.layers[0].weight_bits, 8);
  EXPECT_EQ(result.layers[3].method, "float");
  EXPECT_NE(result.layers[3].note.find("hea?"), std::string::npos);
  recipe.rules[0].match = "no_such_layer";
  EXPECT_THROW(calibrated(recipe), Error);
}

TEST(Calibrate, SameSeedSameBits) {
  Progress silent;
  const auto quantized = [&] {
    return calibrate(small_network(), random_images(6), {.recipe = recipe_of(4, 8), .head = {}, .threads = 1, .seed = 3}, silent).graph;
  };
  const Graph a = quantized(), b = quantized();
  ASSERT_EQ(a.values.size(), b.values.size());
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    if (!a.values[i].constant) continue;
    EXPECT_TRUE(identical(*a.values[i].constant, *b.values[i].constant)) << a.values[i].name;
  }
}

TEST(Calibrate, GradientsServeTheNextRecipeOnTheSameImages) {
  const SmallDetector detector = small_detector();
  const auto quantized = [&](KeptStatistics* kept, const Recipe& recipe, const std::string& source, int& loads) {
    CalibrationImages images = random_images(8);
    images.load = [&loads, load = images.load](std::int64_t first, std::int64_t count) { return ++loads, load(first, count); };
    CalibrateOptions options{.recipe = recipe, .head = detector.head, .threads = 1, .seed = 3};
    options.kept = kept;
    options.source = source;
    Progress silent;
    return calibrate(detector.graph, images, options, silent).graph;
  };
  KeptStatistics kept;
  int first = 0, second = 0, other = 0, alone = 0;
  quantized(&kept, recipe_of(4, 0), "eight", first);
  const Graph shared = quantized(&kept, recipe_of(4, 8), "eight", second);
  const Graph own = quantized(nullptr, recipe_of(4, 8), "", alone);
  quantized(&kept, recipe_of(4, 8), "others", other);
  EXPECT_LT(second, first);
  EXPECT_EQ(alone, first);
  EXPECT_EQ(other, first);
  for (std::size_t i = 0; i < own.values.size(); ++i)
    EXPECT_TRUE(!own.values[i].constant || identical(*own.values[i].constant, *shared.values[i].constant)) << own.values[i].name;
}

TEST(Calibrate, GranularitiesHaveTheirShapes) {
  for (const auto& [granularity, shape] : {std::pair{Granularity::tensor, Shape{}}, std::pair{Granularity::channel, Shape{8}},
                                           std::pair{Granularity::block, Shape{8, 2, 1, 1}}}) {
    Recipe recipe = recipe_of(4, 0);
    recipe.weights.granularity = granularity;
    recipe.weights.block = 6;
    const CalibrationResult result = calibrated(recipe);
    const auto found = std::find_if(result.graph.values.begin(), result.graph.values.end(),
                                    [](const Value& value) { return value.name == "pointwise.weight"; });
    ASSERT_NE(found, result.graph.values.end());
    EXPECT_EQ(found->quant->scale.shape(), shape);
    EXPECT_GT(output_sqnr_db(result.graph), 8);
  }
}

TEST(Calibrate, ATrellisHasLessErrorAndShortRowsHaveNone) {
  SmallDetector detector = small_detector();
  for (Value& value : detector.graph.values) {  // few weights stand out, as in trained networks
    if (value.name != "second.weight") continue;
    const auto given = value.constant->as<float>();
    std::vector<float> weights(given.begin(), given.end());
    for (float& weight : weights) weight *= 10 * weight * weight;
    value.constant = Tensor::of<float>(value.shape, std::move(weights));
  }
  Progress silent;
  const auto calibrated_with = [&](WeightCode code) {
    Recipe recipe = recipe_of(4, 0);
    recipe.weights.code = code;
    return calibrate(detector.graph, random_images(16), {.recipe = recipe, .head = detector.head, .threads = 1, .seed = 0}, silent);
  };
  const CalibrationResult uniform = calibrated_with(WeightCode::uniform), trellis = calibrated_with(WeightCode::trellis);
  int with_trellis = 0;
  for (std::size_t i = 0; i < trellis.layers.size(); ++i) {
    const LayerStat& layer = trellis.layers[i];
    const auto weight = std::find_if(trellis.graph.values.begin(), trellis.graph.values.end(),
                                     [&](const Value& value) { return value.name == layer.node + ".weight"; });
    ASSERT_NE(weight, trellis.graph.values.end());
    const bool is_long = count_of(weight->shape) / weight->shape[0] >= 32;
    EXPECT_EQ(weight->quant->spec.trellis.bits, is_long ? 4 : 0) << layer.node;
    EXPECT_EQ(weight->quant->spec.bits, is_long ? 8 : 4) << layer.node;
    EXPECT_EQ(layer.weight_bits, 4) << layer.node;
    EXPECT_EQ(layer.note.find("no trellis") == std::string::npos, is_long) << layer.node;
    if (!is_long) continue;
    ++with_trellis;
    EXPECT_GT(layer.output_sqnr_db, uniform.layers[i].output_sqnr_db + 1.5) << layer.node;
  }
  EXPECT_GT(with_trellis, 0);
}

TEST(Calibrate, ErrorsThatTheHeadDoesNotNoticeAreCheaper) {
  Recipe recipe = recipe_of(5, 0);
  const double as_the_head = head_divergence(calibrated_detector(recipe).graph);
  recipe.weights.couple_channels = false;
  recipe.weights.importance = 0;
  EXPECT_LT(as_the_head, 0.95 * head_divergence(calibrated_detector(recipe).graph));
}

TEST(Calibrate, LayersMakeUpForTheErrorsBeforeThem) {
  Recipe recipe = recipe_of(3, 8);
  const double propagated = head_divergence(calibrated_detector(recipe).graph);
  recipe.weights.error_propagation = false;
  EXPECT_LT(propagated, head_divergence(calibrated_detector(recipe).graph));
}

/// Inputs that hardly vary around a large mean: their centred moments are what cancellation leaves of much larger sums.
TEST(Calibrate, NearlyConstantInputsAreNoError) {
  std::mt19937 random(9);
  Graph graph;
  const ValueId wide = add_conv(graph, "wide", graph.add_input("images", {1, 3, 16, 16}), {64, 3, 1, 1}, {}, random);
  graph.outputs = {add_conv(graph, "head", graph.add("sum", op::Add{}, {wide, graph.add_constant("shift", Tensor::scalar(5.0F))}),
                            {4, 64, 1, 1}, {}, random)};
  CalibrationImages images = random_images(16);
  images.load = [load = images.load](std::int64_t first, std::int64_t count) {
    return from_torch(to_torch(load(first, count)) * 1e-5 + 0.75);
  };
  Progress silent;
  const CalibrationResult result = calibrate(graph, images, {.recipe = recipe_of(4, 0), .head = {}, .threads = 1, .seed = 0}, silent);
  EXPECT_GT(result.layers.at(1).sqnr_db, 10);
}

/// Inputs that never vary, summed so often that what is left of their centred moments is rounding of either sign.
PatchMoments moments_of_constants(const at::Tensor& x, const at::Tensor& weight) {
  PatchMoments moments({}, weight);
  for (int batch = 0; batch < 20000; ++batch) moments.add(x, x, {0});
  return moments;
}

TEST(Calibrate, ALayerWithoutUsableStatisticsIsRoundedWithLessAndSaysWhy) {
  const c10::InferenceMode no_gradients;
  std::mt19937 random(9);
  const at::Tensor weight = to_torch(random_tensor({4, 8, 1, 1}, random)), bias = to_torch(random_tensor({4}, random));
  const at::Tensor x = at::arange(1, 9).to(at::kFloat).mul(0.37F).add(1).reshape({1, 8, 1, 1});
  const Recipe recipe = recipe_of(4, 0);
  LayerPlan plan;
  plan.weight = QuantSpec{.bits = 4, .granularity = Granularity::channel};
  const Node node{"model.7.cv1.conv", op::Conv{}, {}, {}, ""};
  const QuantizedLayer layer = quantize_layer(node, weight, bias, plan, recipe, moments_of_constants(x, weight), at::Tensor());
  EXPECT_EQ(layer.stat.method, "diagonal");
  EXPECT_NE(layer.stat.note.find("not positive definite at damping 1: each input counts on its own"), std::string::npos) << layer.stat.note;
  EXPECT_GT(layer.stat.sqnr_db, 15);
  // The output's mean is kept all the same.
  const at::Tensor restored = dequantize(to_torch(layer.codes), layer.weight);
  const at::Tensor wanted = at::conv2d(x, weight, bias), found = at::conv2d(x, restored, to_torch(layer.bias));
  EXPECT_LT((wanted - found).abs().max().item<double>(), 1e-2);
}

TEST(Calibrate, NoImagesIsAnInputError) { EXPECT_THROW(calibrated(recipe_of(4, 0), 0), Error); }

TEST(Calibrate, MoreActivationsThanTheDiskHoldsAreRefusedBeforeAnyImageIsRead) {
  CalibrationImages images{std::int64_t{1} << 40, [](std::int64_t, std::int64_t) -> Tensor { throw std::logic_error("read an image"); }};
  Progress silent;
  test::expect_error(ErrorKind::environment, {folder_for_temporaries().string(), "1099511627776 images", "GB are free", "TMPDIR"},
                     [&] { calibrate(small_network(), images, {.recipe = recipe_of(4, 0), .head = {}}, silent); });
}

TEST(Calibrate, ImagesThatAreNotFiniteAreANumericError) {
  CalibrationImages images = random_images(2);
  images.load = [](std::int64_t, std::int64_t count) {
    return Tensor::of<float>({count, 3, 16, 16}, std::vector<float>(static_cast<std::size_t>(count * 768), NAN));
  };
  Progress silent;
  try {
    calibrate(small_network(), images, {.recipe = recipe_of(4, 0), .head = {}}, silent);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::numeric);
    EXPECT_NE(std::string(error.what()).find("first"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace nibble
