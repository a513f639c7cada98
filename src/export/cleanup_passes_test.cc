// SPDX-License-Identifier: Apache-2.0
// Each pass on the smallest graphs: where it applies, and where it must not. Models that run are compared in ONNX Runtime before and
// after, bit for bit.
#include "export/cleanup_passes.h"

#include <gmock/gmock.h>

#include <limits>

#include "export/cleanup.h"
#include "support/exported.h"
#include "support/onnx_build.h"

namespace nibble::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> ops_of(const onnx::GraphProto& graph) {
  std::vector<std::string> ops;
  for (const auto& node : graph.node()) ops.push_back(node.op_type());
  return ops;
}

/// x f32 [1,2,3,4] -> ... -> y, opset 17. `add` appends nodes that read "x" and leave "last".
onnx::ModelProto model_of(const std::function<void(onnx::GraphProto&)>& add) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  auto& graph = *model.mutable_graph();
  graph.set_name("g");
  declare(*graph.add_input(), "x", 1, {1, 2, 3, 4});
  append(graph, "Abs", {"x"}, "a");
  add(graph);
  append(graph, "Relu", {"last"}, "y");
  graph.add_output()->set_name("y");
  graph.mutable_output(0)->mutable_type()->mutable_tensor_type()->set_elem_type(1);
  return model;
}

/// Cleans the model and proves that it still computes the same; the operators that are left between Abs and Relu.
std::vector<std::string> cleaned_ops(const std::function<void(onnx::GraphProto&)>& add) {
  const TestFolder folder;
  write_onnx(model_of(add), folder / "raw.onnx");
  clean_model(folder / "raw.onnx", folder / "opt.onnx");
  std::vector<float> values;
  for (int i = 0; i < 24; ++i) values.push_back(static_cast<float>(i) - 11.5F);
  const auto x = Tensor::of<float>({1, 2, 3, 4}, std::move(values));
  EXPECT_TRUE(identical(open_plain(folder / "raw.onnx").run({x}).at(0), open_plain(folder / "opt.onnx").run({x}).at(0)));
  const auto ops = ops_of(read_onnx(folder / "opt.onnx").graph());
  EXPECT_GE(ops.size(), 2U);
  return {ops.begin() + 1, ops.end() - 1};
}

using Graph = onnx::GraphProto;
constexpr std::int64_t kToTheEnd = std::numeric_limits<std::int64_t>::max();

TEST(CleanupPass, NodesThatHandTheirInputThroughGo) {
  const std::vector<std::pair<const char*, std::function<void(Graph&)>>> cases = {
      {"Identity", [](Graph& g) { append(g, "Identity", {"a"}, "last"); }},
      {"Dropout", [](Graph& g) { append(g, "Dropout", {"a"}, "last"); }},
      {"Cast", [](Graph& g) { set_attribute(append(g, "Cast", {"a"}, "last"), "to", 1); }},
      {"Reshape to the same",
       [](Graph& g) {
         append(g, "Reshape", {"a", ints(g, "s", {1, 2, -1, 4})}, "last");
       }},
      {"Reshape of zeros",
       [](Graph& g) {
         append(g, "Reshape", {"a", ints(g, "s", {0, 0, 0, 0})}, "last");
       }},
      {"Transpose",
       [](Graph& g) {
         set_attribute(append(g, "Transpose", {"a"}, "last"), "perm", std::vector<std::int64_t>{0, 1, 2, 3});
       }},
      {"Slice to the extent",
       [](Graph& g) {
         append(g, "Slice", {"a", ints(g, "b", {0}), ints(g, "e", {3}), ints(g, "ax", {2})}, "last");
       }},
      {"Slice to the end",
       [](Graph& g) {
         append(g, "Slice", {"a", ints(g, "b", {0, 0}), ints(g, "e", {kToTheEnd, 9}), ints(g, "ax", {-1, 1}), ints(g, "st", {1, 1})},
                "last");
       }},
      {"Pad",
       [](Graph& g) {
         append(g, "Pad", {"a", ints(g, "p", {0, 0, 0, 0, 0, 0, 0, 0})}, "last");
       }},
      {"Concat", [](Graph& g) { set_attribute(append(g, "Concat", {"a"}, "last"), "axis", 1); }},
      {"Sum", [](Graph& g) { append(g, "Sum", {"a"}, "last"); }},
      {"Mul 1",
       [](Graph& g) {
         append(g, "Mul", {"a", number(g, "one", 1)}, "last");
       }},
      {"Div 1",
       [](Graph& g) {
         append(g, "Div", {"a", number(g, "one", 1)}, "last");
       }},
  };
  for (const auto& [name, add] : cases) EXPECT_THAT(cleaned_ops(add), IsEmpty()) << name;
}

TEST(CleanupPass, NodesThatChangeSomethingStay) {
  const std::vector<std::pair<const char*, std::function<void(Graph&)>>> cases = {
      {"Clip of floats without bounds, which makes infinities finite", [](Graph& g) { append(g, "Clip", {"a"}, "last"); }},
      {"Cast",
       [](Graph& g) {
         set_attribute(append(g, "Cast", {"a"}, "h"), "to", 10);
         set_attribute(append(g, "Cast", {"h"}, "last"), "to", 1);
       }},
      {"Reshape",
       [](Graph& g) {
         append(g, "Reshape", {"a", ints(g, "s", {2, 1, 3, 4})}, "last");
       }},
      {"Transpose",
       [](Graph& g) {
         set_attribute(append(g, "Transpose", {"a"}, "last"), "perm", std::vector<std::int64_t>{0, 1, 3, 2});
       }},
      {"Slice start",
       [](Graph& g) {
         append(g, "Slice", {"a", ints(g, "b", {1}), ints(g, "e", {9}), ints(g, "ax", {2})}, "last");
       }},
      {"Slice end",
       [](Graph& g) {
         append(g, "Slice", {"a", ints(g, "b", {0}), ints(g, "e", {-1}), ints(g, "ax", {2})}, "last");
       }},
      {"Slice step",
       [](Graph& g) {
         append(g, "Slice", {"a", ints(g, "b", {0}), ints(g, "e", {9}), ints(g, "ax", {2}), ints(g, "st", {2})}, "last");
       }},
      {"Pad",
       [](Graph& g) {
         append(g, "Pad", {"a", ints(g, "p", {0, 0, 0, 0, 0, 0, 0, 1})}, "last");
       }},
      {"Mul 2",
       [](Graph& g) {
         append(g, "Mul", {"a", number(g, "two", 2)}, "last");
       }},
      {"Add 0",
       [](Graph& g) {
         append(g, "Add", {"a", number(g, "zero", 0)}, "last");
       }},
      {"Mul that widens",
       [](Graph& g) {
         auto& one = *g.add_initializer();
         one.set_name("one");
         one.set_data_type(1);
         for (int i = 0; i < 5; ++i) one.add_dims(1);
         one.add_float_data(1);
         append(g, "Mul", {"a", "one"}, "last");
       }},
  };
  for (const auto& [name, add] : cases) EXPECT_FALSE(cleaned_ops(add).empty()) << name;
}

/// a -> QuantizeLinear -> Clip(low, high) -> DequantizeLinear.
std::vector<std::string> cleaned_clip(std::int8_t low, std::int8_t high) {
  return cleaned_ops([&](Graph& g) {
    append(g, "QuantizeLinear", {"a", number(g, "scale", 0.125F), code(g, "zero", 0)}, "q");
    append(g, "Clip", {"q", code(g, "low", low), code(g, "high", high)}, "c");
    append(g, "DequantizeLinear", {"c", "scale", "zero"}, "last");
  });
}

TEST(CleanupPass, OnlyAClipToTheWholeRangeGoes) {
  EXPECT_THAT(cleaned_clip(-128, 127), ElementsAre("QuantizeLinear", "DequantizeLinear"));
  EXPECT_THAT(cleaned_clip(-127, 127), ElementsAre("QuantizeLinear", "Clip", "DequantizeLinear"));
  EXPECT_THAT(cleaned_clip(-8, 7), ElementsAre("QuantizeLinear", "Clip", "DequantizeLinear"));
}

TEST(CleanupPass, QuantisersThatComputeTheSameAreNotMerged) {
  const auto ops = cleaned_ops([](Graph& g) {
    number(g, "scale", 0.125F);
    code(g, "zero", 0);
    for (const std::string n : {"1", "2"}) {
      append(g, "Neg", {"a"}, "n" + n);
      append(g, "QuantizeLinear", {"n" + n, "scale", "zero"}, "q" + n);
      append(g, "DequantizeLinear", {"q" + n, "scale", "zero"}, "d" + n);
    }
    append(g, "Add", {"d1", "d2"}, "last");
  });
  EXPECT_THAT(ops, ElementsAre("Neg", "QuantizeLinear", "DequantizeLinear", "QuantizeLinear", "DequantizeLinear", "Add"));
}

TEST(CleanupPass, ShapesKnownBeforehandAreFolded) {
  const auto ops = cleaned_ops([](Graph& g) {
    append(g, "Shape", {"a"}, "shape");
    append(g, "Gather", {"shape", ints(g, "two", {2})}, "h");
    append(g, "Slice", {"shape", ints(g, "b", {0}), ints(g, "e", {1}), ints(g, "ax", {0})}, "batch");
    append(g, "Mul", {"h", "two"}, "h2");
    append(g, "Div", {"h2", "two"}, "h1");
    set_attribute(append(g, "Concat", {"batch", "h1", ints(g, "rest", {-1})}, "wanted"), "axis", 0);
    append(g, "Reshape", {"a", "wanted"}, "last");
  });
  EXPECT_THAT(ops, ElementsAre("Reshape"));
}

TEST(CleanupPass, ShapesKnownAtRunTimeOnlyStay) {
  auto model = model_of([](Graph& g) {
    append(g, "Shape", {"a"}, "wanted");
    append(g, "Reshape", {"a", "wanted"}, "last");
  });
  auto& graph = *model.mutable_graph();
  graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_param("batch");
  EXPECT_EQ(fold_shape_arithmetic(graph), 0);
  EXPECT_EQ(remove_noop_reshapes(graph), 0);
}

TEST(CleanupPass, PairsAreJoined) {
  const auto transposes = cleaned_ops([](Graph& g) {
    set_attribute(append(g, "Transpose", {"a"}, "t"), "perm", std::vector<std::int64_t>{0, 2, 3, 1});
    set_attribute(append(g, "Transpose", {"t"}, "last"), "perm", std::vector<std::int64_t>{0, 3, 1, 2});
  });
  EXPECT_THAT(transposes, IsEmpty());  // each the other's inverse
  const auto turned = cleaned_ops([](Graph& g) {
    set_attribute(append(g, "Transpose", {"a"}, "t"), "perm", std::vector<std::int64_t>{0, 2, 3, 1});
    set_attribute(append(g, "Transpose", {"t"}, "last"), "perm", std::vector<std::int64_t>{0, 2, 3, 1});
  });
  EXPECT_THAT(turned, ElementsAre("Transpose"));
  const auto reshapes = cleaned_ops([](Graph& g) {
    append(g, "Reshape", {"a", ints(g, "s", {24})}, "r");
    append(g, "Reshape", {"r", ints(g, "t", {2, 3, 4})}, "last");
  });
  EXPECT_THAT(reshapes, ElementsAre("Reshape"));
  const auto copying = cleaned_ops([](Graph& g) {
    append(g, "Reshape", {"a", ints(g, "s", {6, 4})}, "r");
    append(g, "Reshape", {"r", ints(g, "t", {0, 2, 2})}, "last");  // 0 means 6, of the first result
  });
  EXPECT_THAT(copying, ElementsAre("Reshape", "Reshape"));
}

TEST(CleanupPass, EqualNodesAreMergedWithTheirReaders) {
  const auto ops = cleaned_ops([](Graph& g) {
    for (const std::string n : {"1", "2"}) {
      append(g, "Neg", {"a"}, "n" + n);
      append(g, "Exp", {"n" + n}, "e" + n);
    }
    append(g, "Sub", {"e1", "e2"}, "last");
  });
  EXPECT_THAT(ops, ElementsAre("Neg", "Exp", "Sub"));
}

TEST(CleanupPass, NodesOnCodesAreNotMerged) {
  const auto ops = cleaned_ops([](Graph& g) {
    number(g, "scale", 0.125F);
    code(g, "zero", 0);
    append(g, "QuantizeLinear", {"a", "scale", "zero"}, "q");
    append(g, "DequantizeLinear", {"q", "scale", "zero"}, "d");
    for (const std::string n : {"1", "2"}) {
      append(g, "Sigmoid", {"d"}, "s" + n);
      append(g, "QuantizeLinear", {"s" + n, "scale", "zero"}, "q" + n);
      append(g, "DequantizeLinear", {"q" + n, "scale", "zero"}, "d" + n);
    }
    append(g, "Add", {"d1", "d2"}, "last");
  });
  EXPECT_EQ(std::count(ops.begin(), ops.end(), "Sigmoid"), 2) << "each is fused with its quantiser";
}

TEST(CleanupPass, ShortNamesLeaveNodesWeightsInputsAndOutputs) {
  onnx::GraphProto graph;
  graph.add_input()->set_name("images");
  graph.add_output()->set_name("output0");
  number(graph, "a.long.scale", 2);
  auto& weight = *graph.add_initializer();
  weight.set_name("v1");  // taken: no other may be called so
  weight.add_dims(1);
  append(graph, "Mul", {"images", "a.long.scale"}, "a.long.value").set_name("a.node");
  append(graph, "Mul", {"a.long.value", "v1"}, "output0");
  graph.add_value_info()->set_name("a.long.value");
  EXPECT_EQ(shorten_names(graph), 2);
  EXPECT_EQ(graph.node(0).name(), "a.node");
  EXPECT_THAT(graph.node(0).input(), ElementsAre("images", "v0"));
  EXPECT_THAT(graph.node(0).output(), ElementsAre("v2"));
  EXPECT_THAT(graph.node(1).input(), ElementsAre("v2", "v1"));
  EXPECT_THAT(graph.node(1).output(), ElementsAre("output0"));
  EXPECT_EQ(graph.initializer(0).name(), "v0");
  EXPECT_EQ(graph.value_info_size(), 0) << "of a name that is gone";
}

TEST(CleanupPass, RandomNodesAreNotMerged) {
  onnx::GraphProto graph;
  for (const std::string n : {"1", "2"}) append(graph, "RandomUniformLike", {"x"}, "r" + n);
  append(graph, "Add", {"r1", "r2"}, "y");
  EXPECT_EQ(merge_equal_nodes(graph), 0);
}

TEST(CleanupPass, WhatABodyMentionsKeepsItsName) {
  onnx::GraphProto graph;
  graph.add_input()->set_name("x");
  number(graph, "c1", 1);
  number(graph, "c2", 1);
  append(graph, "Identity", {"x"}, "seen inside");
  append(graph, "Identity", {"x"}, "not seen");
  auto& branch = append(graph, "If", {"c1"}, "y");
  auto& body = *branch.add_attribute()->mutable_g();
  branch.mutable_attribute(0)->set_name("then_branch");
  append(body, "Add", {"seen inside", "c2"}, "inner");
  body.add_output()->set_name("inner");
  append(graph, "Add", {"y", "not seen"}, "z");
  graph.add_output()->set_name("z");
  EXPECT_EQ(remove_identities(graph), 1);
  EXPECT_EQ(merge_duplicate_initialisers(graph), 0);
  EXPECT_EQ(drop_dead_nodes(graph), 0);
  EXPECT_EQ(drop_unused_initialisers(graph), 0);
  EXPECT_EQ(graph.node(graph.node_size() - 1).input(1), "x");
}

TEST(CleanupPass, ConstantsThatFitExactlyAreStoredNarrow) {
  struct Case {
    const char* what;
    std::function<float(int)> value;
    std::int32_t type;  ///< 0: stays as it is
  };
  const std::vector<Case> cases = {{"strides", [](int i) { return i < 100 ? 8.0F : 32.0F; }, 2},
                                   {"signed", [](int i) { return static_cast<float>(i % 256 - 128); }, 3},
                                   {"cell centres", [](int i) { return static_cast<float>(i) + 0.5F; }, 10},
                                   {"minus zero", [](int i) { return i == 7 ? -0.0F : 1.0F; }, 10},
                                   {"thirds", [](int i) { return static_cast<float>(i) / 3; }, 0},
                                   {"too large", [](int) { return 1e6F; }, 0}};
  for (const auto& row : cases) {
    onnx::GraphProto graph;
    auto& tensor = add_tensor(graph, "c", 1);
    tensor.add_dims(256);
    for (int i = 0; i < 256; ++i) tensor.add_float_data(row.value(i));
    append(graph, "Add", {"x", "c"}, "y");
    EXPECT_EQ(narrow_constants(graph), row.type == 0 ? 0 : 1) << row.what;
    EXPECT_EQ(graph.initializer(0).data_type(), row.type == 0 ? 1 : row.type) << row.what;
    if (row.type == 0) continue;
    EXPECT_THAT(ops_of(graph), ElementsAre("Cast", "Add")) << row.what;
    EXPECT_EQ(graph.node(0).output(0), "c");
  }
}

TEST(CleanupPass, ParametersOfLayersAndQuantisersKeepTheirType) {
  onnx::GraphProto graph;
  for (const auto* name : {"weight", "bias", "scale"}) add_tensor(graph, name, 1).set_raw_data(std::string(4096, '\0'));
  for (auto& tensor : *graph.mutable_initializer()) tensor.add_dims(1024);
  append(graph, "Conv", {"x", "weight", "bias"}, "y");
  append(graph, "DequantizeLinear", {"q", "scale"}, "z");
  EXPECT_EQ(narrow_constants(graph), 0);
}

TEST(CleanupPass, NarrowConstantsComputeTheSame) {
  const TestFolder folder;
  write_onnx(model_of([](Graph& g) {
               auto& tensor = add_tensor(g, "c", 1);
               for (const auto extent : {512, 1, 1, 1}) tensor.add_dims(extent);
               for (int i = 0; i < 512; ++i) tensor.add_float_data(static_cast<float>(i) + 0.5F);
               append(g, "Mul", {"a", "c"}, "last");
             }),
             folder / "raw.onnx");
  const auto result = clean_model(folder / "raw.onnx", folder / "opt.onnx", {false, false, true});
  EXPECT_EQ(result.counts.back().applied, 1);
  const auto x = Tensor::of<float>({1, 2, 3, 4}, std::vector<float>(24, 0.3F));
  EXPECT_TRUE(identical(open_plain(folder / "raw.onnx").run({x}).at(0), open_plain(folder / "opt.onnx").run({x}).at(0)));
}

TEST(CleanupPass, DefaultsOfInputsAreNoConstantsUntilOwned) {
  onnx::GraphProto graph;
  declare(*graph.add_input(), "x", 1, {2});
  declare(*graph.add_input(), "one", 1, {});
  number(graph, "one", 1);
  append(graph, "Mul", {"x", "one"}, "m");
  append(graph, "Relu", {"m"}, "y");
  graph.add_output()->set_name("y");
  EXPECT_EQ(remove_noop_arithmetic(graph), 0);
  EXPECT_EQ(own_initialisers(graph), 1);
  EXPECT_EQ(graph.input_size(), 1);
  EXPECT_EQ(remove_noop_arithmetic(graph), 1);
}

TEST(CleanupPass, IdentityThatNamesAnInputOrASecondOutputStays) {
  onnx::GraphProto graph;
  graph.add_input()->set_name("x");
  append(graph, "Identity", {"x"}, "y");
  append(graph, "Relu", {"x"}, "r");
  append(graph, "Identity", {"r"}, "s");
  for (const auto* name : {"y", "r", "s"}) graph.add_output()->set_name(name);
  EXPECT_EQ(remove_identities(graph), 0);
  EXPECT_EQ(graph.node(0).output(0), "y");
  EXPECT_EQ(graph.node(2).output(0), "s");
}

TEST(CleanupPass, DropsDeadNodesAndUnusedInitialisers) {
  onnx::GraphProto graph;
  graph.add_input()->set_name("x");
  number(graph, "used", 1);
  number(graph, "unused", 2);
  number(graph, "of the dead", 3);
  append(graph, "Add", {"x"}, "y").add_input("used");
  append(graph, "Add", {"y"}, "dead").add_input("of the dead");
  append(graph, "Relu", {"dead"}, "dead too");
  graph.add_output()->set_name("y");
  graph.add_value_info()->set_name("dead");
  EXPECT_EQ(drop_dead_nodes(graph), 2);
  EXPECT_EQ(drop_unused_initialisers(graph), 2);
  ASSERT_EQ(graph.initializer_size(), 1);
  EXPECT_EQ(graph.initializer(0).name(), "used");
  EXPECT_EQ(graph.value_info_size(), 0);
}

TEST(CleanupPass, MergesEqualInitialisersOnly) {
  onnx::GraphProto graph;
  number(graph, "a", 1);
  number(graph, "b", 1);
  number(graph, "c", 2);
  number(graph, "fed", 1);
  number(graph, "vector", 1);
  graph.mutable_initializer(4)->add_dims(1);
  graph.add_input()->set_name("fed");
  auto& node = append(graph, "Sum", {"a"}, "y");
  for (const auto* name : {"b", "c", "fed", "vector"}) node.add_input(name);
  graph.add_output()->set_name("y");
  EXPECT_EQ(merge_duplicate_initialisers(graph), 1);
  EXPECT_THAT(node.input(), ::testing::ElementsAre("a", "a", "c", "fed", "vector"));
}

TEST(CleanupPass, MovesNumbersAndKeepsStrings) {
  onnx::GraphProto graph;
  const auto constant = [&](const std::string& name, const std::string& output) -> onnx::AttributeProto& {
    auto& attribute = *append(graph, "Constant", {}, output).add_attribute();
    attribute.set_name(name);
    return attribute;
  };
  constant("value_int", "i").set_i(7);
  constant("value_floats", "f").add_floats(2.5F);
  constant("value_string", "s").set_s("text");
  constant("value_int", "out").set_i(1);
  graph.add_output()->set_name("out");
  EXPECT_EQ(move_constants(graph), 2);
  ASSERT_EQ(graph.initializer_size(), 2);
  EXPECT_EQ(graph.initializer(0).int64_data(0), 7);
  EXPECT_EQ(graph.initializer(1).dims(0), 1);
  EXPECT_EQ(graph.node_size(), 2);
}

}  // namespace
}  // namespace nibble::testing
