// SPDX-License-Identifier: Apache-2.0
// What is said of a node's result without running it (export/value_facts.h) is what ONNX Runtime computes: type, shape and small integers,
// for nodes of each operator that the rules know, drawn at random. A draw that the runtime refuses is no node and counts for nothing.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "export/onnx_types.h"
#include "export/value_facts.h"
#include "nibble/error.h"
#include "ort/session.h"
#include "support/onnx_build.h"

namespace nibble::parity {
namespace {

using Ints = std::vector<std::int64_t>;
using testing::append;
using testing::set_attribute;

constexpr int kDraws = 40;

/// A graph of one node named "y", whose inputs are constants.
class Draw {
 public:
  explicit Draw(std::uint32_t seed) : engine_(seed) {}

  std::int64_t between(std::int64_t low, std::int64_t high) { return std::uniform_int_distribution(low, high)(engine_); }
  bool coin() { return between(0, 1) == 1; }
  Ints extents(std::size_t rank, std::int64_t most = 5) {
    Ints result(rank);
    for (auto& extent : result) extent = between(1, most);
    return result;
  }
  Ints each(std::size_t count, std::int64_t low, std::int64_t high) {
    Ints result(count);
    for (auto& value : result) value = between(low, high);
    return result;
  }
  /// The same shape with some extents 1, and perhaps without its first ones: it broadcasts to the shape.
  Ints broadcast_to(Ints shape) {
    for (auto& extent : shape)
      if (between(0, 2) == 0) extent = 1;
    if (!shape.empty() && between(0, 3) == 0) shape.erase(shape.begin());
    return shape;
  }

  std::string floats(const Ints& shape) {
    std::vector<float> values(static_cast<std::size_t>(count_of(shape)));
    for (auto& value : values) value = static_cast<float>(between(1, 16)) / 8;
    return constant(onnx_type::kFloat, shape, values);
  }
  /// Elements of one of the integer types or of bool.
  template <class T>
  std::string codes(std::int32_t type, const Ints& shape, std::int64_t low, std::int64_t high) {
    std::vector<T> values(static_cast<std::size_t>(count_of(shape)));
    for (auto& value : values) value = static_cast<T>(between(low, high));
    return constant(type, shape, values);
  }
  std::string numbers(const Ints& values) { return constant(onnx_type::kInt64, {static_cast<std::int64_t>(values.size())}, values); }
  template <class T>
  std::string constant(std::int32_t type, const Ints& shape, const std::vector<T>& values) {
    const auto name = fmt::format("c{}", graph_.initializer_size());
    auto& tensor = testing::add_tensor(graph_, name, type);
    for (const auto extent : shape) tensor.add_dims(extent);
    tensor.set_raw_data(values.data(), values.size() * sizeof(T));
    return name;
  }

  onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs) { return append(graph_, op, inputs, "y"); }

  const onnx::GraphProto& graph() const { return graph_; }

 private:
  std::mt19937 engine_;
  onnx::GraphProto graph_;
};

void set_text(onnx::NodeProto& node, const std::string& name, const std::string& value) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::STRING);
  attribute.set_s(value);
}

/// The node's result in ONNX Runtime, optimisations off; nothing where it refuses the node.
std::optional<Tensor> computed(onnx::GraphProto graph, std::int32_t type, int opset) {
  graph.set_name("one node");
  auto& output = *graph.add_output();
  output.set_name("y");
  output.mutable_type()->mutable_tensor_type()->set_elem_type(type);
  for (int i = 1; i < graph.node(0).output_size(); ++i) {
    auto& more = *graph.add_output();
    more = output;
    more.set_name(graph.node(0).output(i));
  }
  onnx::ModelProto model;
  model.set_ir_version(10);
  model.add_opset_import()->set_version(opset);
  *model.mutable_graph() = std::move(graph);
  SessionOptions options;
  options.threads = 1;
  options.optimize = false;
  try {
    return Session(model.SerializeAsString(), "one-node.onnx", options).run({})[0];
  } catch (const Error&) {
    return std::nullopt;
  }
}

struct Claims {
  int computed = 0, types = 0, shapes = 0, ints = 0;
};

using Drawing = std::function<void(Draw&)>;

/// Draws nodes, and compares what is claimed of each with what ONNX Runtime computes.
Claims check(const std::string& what, const Drawing& drawing, std::int32_t type = onnx_type::kFloat, int opset = 21) {
  Claims claims;
  for (int i = 0; i < kDraws; ++i) {
    Draw draw(static_cast<std::uint32_t>(1 + i));
    drawing(draw);
    const ValueFacts facts(draw.graph());
    const auto& node = draw.graph().node(0);
    std::vector<ValueFact> inputs;
    for (const auto& name : node.input()) inputs.push_back(facts.of(name));
    const auto fact = infer_fact(node, inputs);
    const auto actual = computed(draw.graph(), type, opset);
    if (!actual) continue;
    ++claims.computed;
    const auto where = fmt::format("{}, draw {}\n{}", what, i, node.ShortDebugString());
    if (fact.type != 0) {
      ++claims.types;
      EXPECT_EQ(fact.type, onnx_type::number_of(actual->dtype())) << where;
    }
    if (fact.shape) {
      ++claims.shapes;
      EXPECT_EQ(*fact.shape, actual->shape()) << where;
    }
    if (fact.ints) {
      ++claims.ints;
      Ints values;
      if (actual->dtype() == DType::i32)
        values.assign(actual->as<std::int32_t>().begin(), actual->as<std::int32_t>().end());
      else
        values.assign(actual->as<std::int64_t>().begin(), actual->as<std::int64_t>().end());
      EXPECT_EQ(*fact.ints, values) << where;
    }
  }
  return claims;
}

/// At least a quarter of the draws are nodes, and of each of them type and shape are claimed.
void expect_all_claimed(const std::string& what, const Drawing& drawing, std::int32_t type = onnx_type::kFloat, int opset = 21) {
  const auto claims = check(what, drawing, type, opset);
  EXPECT_GE(claims.computed, kDraws / 4) << what;
  EXPECT_EQ(claims.types, claims.computed) << what;
  EXPECT_EQ(claims.shapes, claims.computed) << what;
}

/// The same where the rules leave some shapes open: how many they claim of all draws at least.
void expect_some_claimed(const std::string& what, const Drawing& drawing, int shapes, std::int32_t type = onnx_type::kFloat) {
  const auto claims = check(what, drawing, type);
  EXPECT_EQ(claims.types, claims.computed) << what;
  EXPECT_GE(claims.shapes, shapes) << what << ", of " << claims.computed;
}

TEST(ValueRules, ElementwiseOperatorsKeepShapeAndType) {
  for (const std::string op :
       {"Identity",   "Relu", "Sigmoid", "Tanh",       "Exp",       "Log",         "Sqrt",      "Neg",      "Abs",      "Erf",
        "Floor",      "Ceil", "Round",   "Elu",        "LeakyRelu", "HardSigmoid", "HardSwish", "Softplus", "Softsign", "Softmax",
        "LogSoftmax", "Clip", "Mish",    "Reciprocal", "Sin",       "Cos",         "Gelu",      "Dropout"})
    expect_all_claimed(op, [&](Draw& draw) { draw.node(op, {draw.floats(draw.extents(static_cast<std::size_t>(draw.between(1, 4))))}); });
  expect_all_claimed(
      "Not", [](Draw& draw) { draw.node("Not", {draw.codes<std::uint8_t>(onnx_type::kBool, draw.extents(3), 0, 1)}); }, onnx_type::kBool);
  expect_all_claimed("BatchNormalization", [](Draw& draw) {
    const auto shape = draw.extents(4);
    const Ints channels{shape[1]};
    draw.node("BatchNormalization",
              {draw.floats(shape), draw.floats(channels), draw.floats(channels), draw.floats(channels), draw.floats(channels)});
  });
  expect_all_claimed("InstanceNormalization", [](Draw& draw) {
    const auto shape = draw.extents(4);
    draw.node("InstanceNormalization", {draw.floats(shape), draw.floats({shape[1]}), draw.floats({shape[1]})});
  });
}

TEST(ValueRules, OperatorsOfSeveralInputsBroadcast) {
  for (const std::string op : {"Add", "Sub", "Mul", "Div", "Pow", "Min", "Max"})
    expect_all_claimed(op, [&](Draw& draw) {
      const auto shape = draw.extents(static_cast<std::size_t>(draw.between(0, 4)));
      draw.node(op, {draw.floats(draw.broadcast_to(shape)), draw.floats(draw.broadcast_to(shape))});
    });
  expect_all_claimed("Max of three", [](Draw& draw) {
    const auto shape = draw.extents(3);
    draw.node("Max", {draw.floats(draw.broadcast_to(shape)), draw.floats(draw.broadcast_to(shape)), draw.floats(draw.broadcast_to(shape))});
  });
  for (const std::string op : {"BitwiseAnd", "BitwiseOr", "BitShift", "Mod"})
    expect_all_claimed(
        op,
        [&](Draw& draw) {
          const auto shape = draw.extents(3);
          auto& node = draw.node(op, {draw.codes<std::uint8_t>(onnx_type::kUint8, draw.broadcast_to(shape), 1, 7),
                                      draw.codes<std::uint8_t>(onnx_type::kUint8, draw.broadcast_to(shape), 1, 7)});
          if (op == "BitShift") set_text(node, "direction", draw.coin() ? "LEFT" : "RIGHT");
        },
        onnx_type::kUint8);
}

/// Strides, dilations and padding of a window of `kernel`; sometimes one of the modes that leave the shape to the runtime.
void draw_window(Draw& draw, onnx::NodeProto& node, std::size_t spatial) {
  if (draw.coin()) set_attribute(node, "strides", draw.each(spatial, 1, 3));
  if (draw.coin()) set_attribute(node, "dilations", draw.each(spatial, 1, 2));
  switch (draw.between(0, 5)) {
    case 0: set_text(node, "auto_pad", draw.coin() ? "SAME_UPPER" : "SAME_LOWER"); break;
    case 1: set_text(node, "auto_pad", "VALID"); break;
    case 2: break;
    default: set_attribute(node, "pads", draw.each(2 * spatial, 0, 1));
  }
}

TEST(ValueRules, WindowsMoveAsInConvolutionsAndPools) {
  expect_some_claimed(
      "Conv",
      [](Draw& draw) {
        const auto spatial = static_cast<std::size_t>(draw.between(1, 2));
        const std::int64_t groups = draw.between(1, 2), channels = groups * draw.between(1, 2), filters = groups * draw.between(1, 3);
        Ints x{draw.between(1, 2), channels}, weight{filters, channels / groups};
        for (std::size_t i = 0; i < spatial; ++i) x.push_back(draw.between(7, 12)), weight.push_back(draw.between(1, 4));
        auto& node = draw.node("Conv", {draw.floats(x), draw.floats(weight)});
        if (groups > 1) set_attribute(node, "group", groups);
        draw_window(draw, node, spatial);
      },
      kDraws / 3);
  for (const std::string op : {"MaxPool", "AveragePool"})
    expect_some_claimed(
        op,
        [&](Draw& draw) {
          const auto spatial = static_cast<std::size_t>(draw.between(1, 2));
          auto shape = draw.extents(2 + spatial);
          for (std::size_t i = 2; i < shape.size(); ++i) shape[i] += 6;
          auto& node = draw.node(op, {draw.floats(shape)});
          set_attribute(node, "kernel_shape", draw.each(spatial, 2, 4));
          draw_window(draw, node, spatial);
          if (draw.between(0, 3) == 0) set_attribute(node, "ceil_mode", 1);
        },
        kDraws / 4);
}

TEST(ValueRules, ShapesAreMadeOfOtherShapes) {
  expect_all_claimed("Concat", [](Draw& draw) {
    const auto shape = draw.extents(3);
    const auto axis = draw.between(-3, 2);
    std::vector<std::string> parts;
    for (auto count = draw.between(1, 3); count > 0; --count) {
      auto part = shape;
      part[static_cast<std::size_t>(axis < 0 ? axis + 3 : axis)] = draw.between(0, 4);
      parts.push_back(draw.floats(part));
    }
    set_attribute(draw.node("Concat", parts), "axis", axis);
  });
  expect_some_claimed(
      "MatMul",
      [](Draw& draw) {
        const auto batch = draw.extents(static_cast<std::size_t>(draw.between(0, 2)));
        const auto inner = draw.between(1, 5);
        Ints a = draw.broadcast_to(batch), b = draw.broadcast_to(batch);
        if (draw.between(0, 3) > 0)
          a.push_back(draw.between(1, 5));
        else
          a.clear();
        a.push_back(inner);
        b.insert(b.end(), {inner, draw.between(1, 5)});
        draw.node("MatMul", {draw.floats(a), draw.floats(b)});
      },
      kDraws / 2);
  expect_all_claimed("Transpose", [](Draw& draw) {
    const auto rank = static_cast<std::size_t>(draw.between(1, 4));
    auto& node = draw.node("Transpose", {draw.floats(draw.extents(rank))});
    if (draw.coin()) return;
    Ints order(rank);
    for (std::size_t i = 0; i < rank; ++i) {
      const auto at = static_cast<std::size_t>(draw.between(0, static_cast<std::int64_t>(i)));
      order[i] = order[at];
      order[at] = static_cast<std::int64_t>(i);
    }
    set_attribute(node, "perm", order);
  });
  expect_all_claimed("Reshape", [](Draw& draw) {
    const Ints shape{draw.between(0, 3), 4, 6};
    const std::vector<Ints> ways{{-1},    {0, -1}, {0, 0, -1}, {4, -1},    {0, 2, 2, -1},
                                 {0, 24}, {-1, 6}, {0, 4, 6},  {6, 0, -1}, {shape[0], 8, 3}};
    auto& node = draw.node("Reshape", {draw.floats(shape), draw.numbers(ways[static_cast<std::size_t>(draw.between(0, 9))])});
    if (draw.between(0, 3) == 0) set_attribute(node, "allowzero", 1);
  });
  expect_some_claimed(
      "Slice",
      [](Draw& draw) {
        const auto shape = draw.extents(3, 9);
        const auto count = static_cast<std::size_t>(draw.between(1, 3));
        std::vector<std::string> inputs{draw.floats(shape), draw.numbers(draw.each(count, -12, 12)),
                                        draw.numbers(draw.each(count, -12, 12))};
        if (draw.coin()) {
          const Ints order = draw.coin() ? Ints{2, 0, 1} : Ints{-1, -3, -2};
          inputs.push_back(draw.numbers({order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count)}));
          if (draw.coin()) inputs.push_back(draw.numbers(draw.each(count, draw.between(0, 3) == 0 ? -3 : 1, 3)));
        }
        draw.node("Slice", inputs);
      },
      kDraws / 2);
  expect_all_claimed("Gather", [](Draw& draw) {
    const auto axis = draw.between(-3, 2);
    const auto x = draw.floats(draw.extents(3, 6));
    const auto indices = draw.codes<std::int64_t>(onnx_type::kInt64, draw.extents(static_cast<std::size_t>(draw.between(0, 2)), 3), -1, 0);
    set_attribute(draw.node("Gather", {x, indices}), "axis", axis);
  });
  expect_all_claimed("Unsqueeze", [](Draw& draw) {
    const std::vector<Ints> axes{{0}, {-1}, {1, 3}, {3, 1}, {-1, 0}, {2}};
    draw.node("Unsqueeze", {draw.floats(draw.extents(2)), draw.numbers(axes[static_cast<std::size_t>(draw.between(0, 5))])});
  });
  expect_some_claimed(
      "Squeeze",
      [](Draw& draw) {
        const auto x = draw.floats({1, draw.between(1, 3), 1, 2});
        const std::vector<Ints> axes{{0}, {2}, {-2}, {0, 2}, {-4, -2}, {}};
        const auto way = static_cast<std::size_t>(draw.between(0, 6));
        draw.node("Squeeze", way == 6 ? std::vector{x} : std::vector{x, draw.numbers(axes[way])});
      },
      kDraws / 2);
}

TEST(ValueRules, ResizedAsTheRuntimeRounds) {
  expect_some_claimed(
      "Resize",
      [](Draw& draw) {
        const auto shape = draw.extents(4, 7);
        const auto x = draw.floats(shape);
        const bool by_sizes = draw.coin(), has_axes = draw.between(0, 3) == 0;
        const std::size_t rank = has_axes ? 2 : 4;
        Ints sizes{shape[0], shape[1], draw.between(1, 12), draw.between(1, 12)};
        std::vector<float> scales{1, 1, static_cast<float>(draw.between(4, 30)) / 10, static_cast<float>(draw.between(4, 30)) / 10};
        if (has_axes) sizes.erase(sizes.begin(), sizes.begin() + 2), scales.erase(scales.begin(), scales.begin() + 2);
        const bool crops = draw.between(0, 4) == 0;
        std::vector<float> region(2 * rank, 1);
        for (std::size_t i = 0; i < rank; ++i) region[i] = 0;
        region.back() = 0.5F;
        const auto roi = crops ? draw.constant(onnx_type::kFloat, {static_cast<std::int64_t>(2 * rank)}, region) : "";
        std::vector<std::string> inputs{x, roi};
        if (by_sizes)
          inputs.insert(inputs.end(), {"", draw.numbers(sizes)});
        else
          inputs.push_back(draw.constant(onnx_type::kFloat, {static_cast<std::int64_t>(rank)}, scales));
        auto& node = draw.node("Resize", inputs);
        set_text(node, "mode", draw.coin() ? "nearest" : "linear");
        if (crops) set_text(node, "coordinate_transformation_mode", "tf_crop_and_resize");
        if (has_axes) set_attribute(node, "axes", Ints{2, 3});
        if (by_sizes && draw.between(0, 3) == 0) set_text(node, "keep_aspect_ratio_policy", "not_larger");
      },
      kDraws / 3);
}

TEST(ValueRules, TypesAreThoseOfTheOperator) {
  for (const std::int32_t to :
       {onnx_type::kFloat, onnx_type::kFloat16, onnx_type::kInt32, onnx_type::kInt64, onnx_type::kUint8, onnx_type::kDouble})
    expect_all_claimed(
        fmt::format("Cast to {}", onnx_type::name_of(to)),
        [&](Draw& draw) { set_attribute(draw.node("Cast", {draw.floats(draw.extents(2))}), "to", std::int64_t{to}); }, to);
  for (const bool zero_point : {false, true})
    for (const std::int32_t to : {onnx_type::kInt8, onnx_type::kUint8}) {
      if (!zero_point && to == onnx_type::kInt8) continue;
      expect_all_claimed(
          fmt::format("QuantizeLinear to {}", onnx_type::name_of(to)),
          [&](Draw& draw) {
            std::vector<std::string> inputs{draw.floats(draw.extents(3)), draw.floats({})};
            if (zero_point) inputs.push_back(draw.codes<std::uint8_t>(to, {}, 0, 3));
            draw.node("QuantizeLinear", inputs);
          },
          to);
    }
  expect_all_claimed(
      "QuantizeLinear with output_dtype",
      [](Draw& draw) {
        set_attribute(draw.node("QuantizeLinear", {draw.floats(draw.extents(3)), draw.floats({})}), "output_dtype",
                      std::int64_t{onnx_type::kInt8});
      },
      onnx_type::kInt8);
  expect_all_claimed("DequantizeLinear", [](Draw& draw) {
    draw.node("DequantizeLinear", {draw.codes<std::int8_t>(onnx_type::kInt8, draw.extents(3), -8, 7), draw.floats({})});
  });
  for (const std::string op : {"Flatten", "Split", "Expand", "Pad"}) {
    const auto claims = check(op, [&](Draw& draw) {
      const auto x = draw.floats({2, 2 * draw.between(1, 3), 3});
      if (op == "Expand") draw.node(op, {x, draw.numbers({2, 1, 1, 3})});
      if (op == "Pad") draw.node(op, {x, draw.numbers(draw.each(6, 0, 2))});
      if (op == "Flatten") set_attribute(draw.node(op, {x}), "axis", draw.between(0, 3));
      if (op == "Split") {
        auto& node = draw.node(op, {x});
        node.add_output("z");
        set_attribute(node, "axis", std::int64_t{1});
        set_attribute(node, "num_outputs", std::int64_t{2});
      }
    });
    EXPECT_GE(claims.types, kDraws / 2) << op << ": of its shape nothing is claimed";
  }
}

/// The arithmetic that exporters put between Shape and Reshape: the numbers themselves.
TEST(ValueRules, SmallIntegersAreComputed) {
  const auto expect_ints = [](const std::string& what, const Drawing& drawing, int least = kDraws / 4,
                              std::int32_t type = onnx_type::kInt64) {
    const auto claims = check(what, drawing, type);
    EXPECT_GE(claims.ints, least) << what << ", of " << claims.computed;
  };
  expect_ints("Shape", [](Draw& draw) {
    auto& node = draw.node("Shape", {draw.floats(draw.extents(static_cast<std::size_t>(draw.between(0, 4))))});
    if (draw.between(0, 3) == 0) set_attribute(node, draw.coin() ? "start" : "end", draw.between(-2, 2));
  });
  const auto vector = [](Draw& draw, std::int64_t low = -9) {
    return draw.numbers(draw.each(static_cast<std::size_t>(draw.coin() ? 3 : 1), low, 9));
  };
  for (const std::string op : {"Add", "Sub", "Mul", "Div"})
    expect_ints(
        op,
        [&](Draw& draw) {
          const std::int64_t low = op == "Div" && draw.coin() ? 1 : -9;
          draw.node(op, {vector(draw, low), vector(draw, low)});
        },
        6);
  for (const std::string op : {"Identity", "Unsqueeze", "Squeeze", "Reshape"})
    expect_ints(op, [&](Draw& draw) {
      std::vector<std::string> inputs{draw.numbers({draw.between(-9, 9)})};
      if (op != "Identity") inputs.push_back(draw.numbers({op == "Reshape" ? std::int64_t{1} : std::int64_t{0}}));
      draw.node(op, inputs);
    });
  expect_ints("Cast", [](Draw& draw) {
    set_attribute(draw.node("Cast", {draw.codes<std::int32_t>(onnx_type::kInt32, {3}, -9, 9)}), "to", std::int64_t{onnx_type::kInt64});
  });
  expect_ints("Concat", [](Draw& draw) {
    set_attribute(draw.node("Concat", {draw.numbers(draw.each(2, -9, 9)), draw.numbers(draw.each(1, -9, 9))}), "axis", std::int64_t{0});
  });
  expect_ints("Gather", [](Draw& draw) {
    draw.node("Gather", {draw.numbers(draw.each(4, -9, 9)), draw.codes<std::int64_t>(onnx_type::kInt64, {2}, -4, 3)});
  });
  expect_ints("Slice", [](Draw& draw) {
    std::vector<std::string> inputs{draw.numbers(draw.each(6, -9, 9)), draw.numbers({draw.between(-8, 8)}),
                                    draw.numbers({draw.between(-8, 8)})};
    if (draw.coin()) inputs.push_back(draw.numbers({draw.between(-1, 0)}));
    if (inputs.size() == 4 && draw.coin()) inputs.push_back(draw.numbers({draw.between(1, 2)}));
    draw.node("Slice", inputs);
  });
}

}  // namespace
}  // namespace nibble::parity
