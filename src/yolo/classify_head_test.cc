// SPDX-License-Identifier: Apache-2.0
// The linear layer of a classifier's head, alone or in a Sequential; the numbers of whole models are compared in tests/parity.
#include <gmock/gmock.h>

#include "ckpt/archive_builder.h"
#include "support/scratch.h"
#include "yolo/block_parts.h"
#include "yolo/head.h"

namespace nibble {
namespace {

using namespace test;  // the opcodes of archive_builder.h
using testing::ElementsAre;

class ClassifyHead : public testing::Test {
 protected:
  /// 3 features to 2 classes.
  Code linear(std::int64_t inputs = 3, std::int64_t outputs = 2) {
    std::vector<float> weight;
    for (std::int64_t i = 0; i < inputs * outputs; ++i) weight.push_back(static_cast<float>(i) - 2.5F);
    const std::vector<float> bias(static_cast<std::size_t>(outputs), 0.25F);
    return torch("linear", "Linear", {{"in_features", integer(inputs)}, {"out_features", integer(outputs)}},
                 {{"weight", parameter(archive_.tensor<float>({outputs, inputs}, weight))},
                  {"bias", parameter(archive_.tensor<float>({outputs}, bias))}});
  }
  static Code torch(const std::string& file, const std::string& name, const NamedCodes& attributes = {}, const NamedCodes& tensors = {}) {
    return module("torch.nn.modules." + file, name, attributes, tensors);
  }
  static Code sequential(const Codes& members) {
    NamedCodes children;
    for (const auto& member : members) children.emplace_back(std::to_string(children.size()), member);
    return module("torch.nn.modules.container", "Sequential", {}, {}, {}, children);
  }
  Module head_with(const Code& linear) {
    const Code head =
        module("ultralytics.nn.modules.head", "Classify", {}, {}, {}, {{"conv", torch("linear", "Identity")}, {"linear", linear}});
    checkpoint_ = read_checkpoint(archive_.bytes(head), "tiny.pt");
    return Module(checkpoint_, "model.9", checkpoint_.root());
  }
  /// Names of the nodes that are built of it on a map of 3 channels, without those of the head itself.
  std::vector<std::string> nodes_of(const Code& linear) {
    const Module head = head_with(linear);
    Graph graph;
    const auto map = graph.add_input("map", {1, 3, 2, 2}, DType::f32);
    const auto output = add_classify_head(graph, head, {map}, {.head = Head::one2many});
    EXPECT_EQ(shape_of(graph, output), (Shape{1, read_head_layout(head).classes}));
    std::vector<std::string> names;
    for (const auto& node : graph.nodes)
      if (node.name.starts_with("model.9.linear")) names.push_back(node.name);
    return names;
  }

  Archive archive_;
  Checkpoint checkpoint_ = read_checkpoint(Archive().bytes(none()), "empty.pt");
};

TEST_F(ClassifyHead, TakesALinearAloneOrInASequential) {
  EXPECT_THAT(nodes_of(linear()), ElementsAre("model.9.linear"));
  EXPECT_THAT(nodes_of(sequential({linear()})), ElementsAre("model.9.linear.0"));
  EXPECT_THAT(nodes_of(sequential({torch("dropout", "Dropout"), linear()})), ElementsAre("model.9.linear.1"));
  EXPECT_THAT(nodes_of(sequential({linear(3, 5), torch("activation", "ReLU"), torch("dropout", "Dropout"), linear(5, 2)})),
              ElementsAre("model.9.linear.0", "model.9.linear.1", "model.9.linear.3"));
}

TEST_F(ClassifyHead, NamesWhatItCannotRead) {
  const auto refused = [&](const Code& linear, const std::string& why, ErrorKind kind = ErrorKind::unsupported) {
    expect_error(kind, {"checkpoint: tiny.pt: model.9.linear", why}, [&] { nodes_of(linear); });
  };
  refused(torch("linear", "Identity"), ".Identity): expected a Linear here, or a Sequential with one");
  refused(sequential({}), ".Sequential): expected a Linear here, or a Sequential with one");
  refused(sequential({torch("dropout", "Dropout"), torch("activation", "ReLU")}), "; it holds Dropout, ReLU");
  refused(sequential({torch("normalization", "LayerNorm"), linear()}), ".LayerNorm): nibble does not know this class");
  refused(sequential({linear(4)}), ".Linear): it reads 4 features, 3 are there", ErrorKind::input);
}

TEST_F(ClassifyHead, ALinearOnAWholeMapIsRefused) {
  checkpoint_ = read_checkpoint(archive_.bytes(linear()), "tiny.pt");
  Graph graph;
  const auto map = graph.add_input("map", {1, 3, 2, 2}, DType::f32);
  expect_error(ErrorKind::unsupported, {"model.4 (torch.nn.modules.linear.Linear)", "in the head of a classifier"},
               [&] { add_module(graph, Module(checkpoint_, "model.4", checkpoint_.root()), {map}); });
}

}  // namespace
}  // namespace nibble
