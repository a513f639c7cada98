// SPDX-License-Identifier: Apache-2.0
#include "export/cuda_kernels.h"

#include <gmock/gmock.h>

#include "support/exported.h"
#include "support/onnx_build.h"

namespace nibble::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A Resize of the input and a Cast of a constant, as files of this opset have them.
onnx::ModelProto file_of(std::int64_t opset) {
  onnx::ModelProto model;
  auto& import = *model.add_opset_import();
  import.set_domain("");
  import.set_version(opset);
  auto& graph = *model.mutable_graph();
  add_tensor(graph, "scales", 1).set_raw_data(std::string(16, '\0'));
  append(graph, "Resize", {"x", "", "scales"}, "larger").set_name("neck.up");
  append(graph, "Cast", {"scales"}, "anchors");
  append(graph, "ReduceMax", {"larger"}, "y");
  return model;
}

std::vector<std::string> missing(std::int64_t opset, const std::string& version) {
  std::vector<std::string> found;
  for (const auto& row : missing_cuda_kernels(file_of(opset), parse_runtime_version(version)))
    for (const auto& node : row.nodes) found.push_back(row.op + " " + node);
  return found;
}

TEST(CudaKernels, DependOnOpsetAndVersion) {
  EXPECT_THAT(missing(18, "1.20"), IsEmpty());
  EXPECT_THAT(missing(21, "1.24"), ElementsAre("Resize neck.up", "ReduceMax y")) << "a Cast of a constant is folded";
  EXPECT_THAT(missing(21, "1.25.0"), ElementsAre("ReduceMax y"));
  EXPECT_THAT(missing(21, "1.27"), IsEmpty());
}

TEST(CudaKernels, DependOnTypes) {
  auto model = file_of(18);
  auto& graph = *model.mutable_graph();
  add_tensor(graph, "bias", 6).set_raw_data(std::string(4, '\0'));
  add_tensor(graph, "codes", 3).set_raw_data(std::string(4, '\0'));
  append(graph, "DequantizeLinear", {"bias", "scales"}, "b");
  auto& blocked = append(graph, "DequantizeLinear", {"codes", "scales"}, "w");
  set_attribute(blocked, "block_size", 16);
  const auto rows = missing_cuda_kernels(model, kLastRead);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_THAT(rows[0].nodes, ElementsAre("b"));
  EXPECT_FALSE(rows[0].throws);
  EXPECT_THAT(rows[1].nodes, ElementsAre("w"));
  EXPECT_TRUE(rows[1].throws);
}

TEST(CudaKernels, VersionsAreRead) {
  EXPECT_EQ(parse_runtime_version("1.24.1"), (RuntimeVersion{1, 24, 1}));
  EXPECT_GT(parse_runtime_version("1.24"), parse_runtime_version("1.24.1"));
  for (const auto* text : {"", "1", "1.", "x", "1.24.", "1.24.1.0", "1.24a", "-1.20", "1.x", "v1.24", "1.24 "})
    expect_error(ErrorKind::usage, "is not a version", [&] { parse_runtime_version(text); });
  expect_error(ErrorKind::usage, "the table holds 1.20.0 to 1.31.1", [] { parse_runtime_version("1.19.2"); });
  EXPECT_EQ(parse_runtime_version("1.31"), kLastRead);
  EXPECT_GT(parse_runtime_version("1.31.2"), kLastRead);
}

}  // namespace
}  // namespace nibble::testing
