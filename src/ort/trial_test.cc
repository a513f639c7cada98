// SPDX-License-Identifier: Apache-2.0
// Files that end, hold up or fill a process which loads them.
#include "ort/trial.h"

#include <gmock/gmock.h>

#include <limits>

#include "base/files.h"
#include "base/known_files.h"
#include "base/limits.h"
#include "export/onnx_file.h"
#include "support/exported.h"
#include "support/onnx_build.h"

namespace nibble::testing {
namespace {

using ::testing::HasSubstr;

class TrialTest : public ::testing::Test {
 protected:
  TrialTest() {
    Limits limits;
    limits.load_seconds = 120;  // more than anything but a loop without end takes on a busy machine
    limits.load_memory_bytes = std::int64_t{512} << 20;
    set_limits(limits);
    model_.set_ir_version(8);
    auto& opset = *model_.add_opset_import();
    opset.set_version(13);
    graph_.set_name("g");
    declare(*graph_.add_input(), "x", onnx::TensorProto::FLOAT, {1, 3, 8, 8});
    auto& output = *graph_.add_output();
    output.set_name("y");
    output.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  }
  ~TrialTest() override { set_limits({}); }

  std::filesystem::path file() {
    write_onnx(model_, path_);
    return path_;
  }

  TestFolder folder_;
  std::filesystem::path path_ = folder_ / "m.onnx";
  onnx::ModelProto model_;
  onnx::GraphProto& graph_ = *model_.mutable_graph();
};

TEST_F(TrialTest, ADivisionByZeroInTheRuntimeIsOneLine) {
  auto& weight = add_tensor(graph_, "w", onnx::TensorProto::FLOAT);
  for (const std::int64_t extent : {1, 3, 3, 3}) weight.add_dims(extent);
  weight.set_raw_data(std::string(27 * sizeof(float), '\0'));
  set_attribute(append(graph_, "Conv", {"x", "w"}, "y"), "strides", std::vector<std::int64_t>{0, 0});
  expect_error(ErrorKind::input, "m.onnx: ONNX Runtime crashed while loading it", [&] { Session(file(), {}); });
  EXPECT_FALSE(is_known_use(path_, "file all"));
}

/// A branch that is never taken is not computed where optimisations are off; with them on its constants are folded.
TEST_F(TrialTest, WhatPassedWithoutOptimisationsIsTriedAgainWithThem) {
  append(graph_, "Sub", {"x", "x"}, "nothing");
  set_attribute(append(graph_, "ReduceSum", {"nothing"}, "sum"), "keepdims", 0);
  set_attribute(append(graph_, "Cast", {"sum"}, "never"), "to", onnx::TensorProto::BOOL);
  auto& branch = append(graph_, "If", {"never"}, "y");
  const auto add_body = [&](const char* name) -> onnx::GraphProto& {
    auto& attribute = *branch.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::GRAPH);
    auto& body = *attribute.mutable_g();
    body.set_name(name);
    auto& output = *body.add_output();
    output.set_name(std::string(name) + "_y");
    output.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
    return body;
  };
  auto& taken = add_body("then_branch");
  append(taken, "Div", {ints(taken, "least", {std::numeric_limits<std::int64_t>::min()}), ints(taken, "minus", {-1})}, "shape");
  append(taken, "Reshape", {"x", "shape"}, "then_branch_y");
  append(add_body("else_branch"), "Identity", {"x"}, "else_branch_y");
  SessionOptions plain;
  plain.optimize = false;
  EXPECT_NO_THROW(Session(file(), plain));
  expect_error(ErrorKind::input, "crashed while loading it", [&] { Session(path_, {}); });
}

TEST_F(TrialTest, AConstantThatCannotBeDividedIsOneLine) {
  const auto least = ints(graph_, "least", {std::numeric_limits<std::int64_t>::min()});
  append(graph_, "Div", {least, ints(graph_, "minus", {-1})}, "shape");
  append(graph_, "Reshape", {"x", "shape"}, "y");
  expect_error(ErrorKind::input, "crashed while loading it", [&] { Session(file(), {}); });
  // Without folding the division is done when the file is run.
  SessionOptions plain;
  plain.optimize = false;
  expect_error(ErrorKind::input, "crashed while running it", [&] { Session(path_, plain); });
}

TEST_F(TrialTest, ConstantsThatDoubleFortyTimesAreNotFolded) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer reserves more address space than any limit allows";
#endif
  auto& seed = add_tensor(graph_, "c0", onnx::TensorProto::FLOAT);
  seed.add_dims(1);
  seed.set_raw_data(std::string(sizeof(float), '\0'));
  for (int i = 0; i < 40; ++i)
    set_attribute(append(graph_, "Concat", {"c" + std::to_string(i), "c" + std::to_string(i)}, "c" + std::to_string(i + 1)), "axis", 0);
  set_attribute(append(graph_, "ReduceSum", {"c40"}, "sum"), "keepdims", 0);
  append(graph_, "Add", {"x", "sum"}, "y");
  expect_error(ErrorKind::input, "takes more than the 536.87 MB that a file may", [&] { Session(file(), {}); });
}

TEST_F(TrialTest, ALoopWithoutEndIsEnded) {
  Limits limits;
  limits.load_seconds = 2;
  set_limits(limits);
  ints(graph_, "times", {std::numeric_limits<std::int64_t>::max()});
  auto& go = add_tensor(graph_, "go", onnx::TensorProto::BOOL);
  go.set_raw_data(std::string(1, '\1'));
  graph_.mutable_initializer(0)->clear_dims();
  auto& loop = append(graph_, "Loop", {"times", "go", "x"}, "y");
  auto& attribute = *loop.add_attribute();
  attribute.set_name("body");
  attribute.set_type(onnx::AttributeProto::GRAPH);
  auto& body = *attribute.mutable_g();
  body.set_name("b");
  declare(*body.add_input(), "i", onnx::TensorProto::INT64, {});
  declare(*body.add_input(), "c", onnx::TensorProto::BOOL, {});
  declare(*body.add_input(), "v", onnx::TensorProto::FLOAT, {1, 3, 8, 8});
  append(body, "Identity", {"c"}, "c2");
  append(body, "Identity", {"v"}, "v2");
  declare(*body.add_output(), "c2", onnx::TensorProto::BOOL, {});
  declare(*body.add_output(), "v2", onnx::TensorProto::FLOAT, {1, 3, 8, 8});
  SessionOptions plain;
  plain.optimize = false;
  expect_error(ErrorKind::input, "running it did not end within 2 s", [&] { Session(file(), plain); });
}

TEST_F(TrialTest, AFileThatBehavesIsKnownAfterwards) {
  append(graph_, "Relu", {"x"}, "y");
  const Session session(file(), {});
  EXPECT_TRUE(is_known_use(path_, "file all"));
  EXPECT_FALSE(is_known_use(path_, "file off"));
  EXPECT_FALSE(is_known_file(path_)) << "what is made from it is not harmless for that";
  EXPECT_EQ(session.inputs().at(0).shape, (Shape{1, 3, 8, 8}));
}

TEST_F(TrialTest, WhatWasNotFetchedIsSaidToBeSo) {
  write_file(path_, std::string_view("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"));
  expect_error(ErrorKind::input, "this is a Git LFS pointer", [&] { Session(path_, {}); });
  expect_error(ErrorKind::input, "this is a Git LFS pointer", [&] { read_onnx(path_); });
}

TEST_F(TrialTest, ARefusalHasTheRuntimesWords) {
  append(graph_, "NoSuchOperator", {"x"}, "y");
  expect_error(ErrorKind::input, "NoSuchOperator", [&] { Session(file(), {}); });
}

TEST_F(TrialTest, AnInputThatCannotBeMadeUpIsNoFinding) {
  graph_.mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(2)->clear_value();
  auto& shape = add_tensor(graph_, "s", onnx::TensorProto::INT64);
  shape.add_dims(2);
  const std::vector<std::int64_t> extents = {1, 192};  // of 8 rows; the trial has 640
  shape.set_raw_data(extents.data(), extents.size() * sizeof(std::int64_t));
  append(graph_, "Reshape", {"x", "s"}, "y");
  const Session session(file(), {});
  const std::vector<float> values(192, 1);
  EXPECT_EQ(session.run({Tensor::of<float>({1, 3, 8, 8}, values)}).at(0).shape(), (Shape{1, 192}));
}

TEST_F(TrialTest, WhatThisProcessWroteNeedsNone) {
  Graph graph;
  const auto x = graph.add_input("x", {-1, 2}, DType::f32);
  graph.outputs = {graph.add("twice", op::Add{}, {x, x})};
  emit_model(graph, {}, path_);
  EXPECT_TRUE(is_known_file(path_));
}

}  // namespace
}  // namespace nibble::testing
