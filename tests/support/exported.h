// SPDX-License-Identifier: Apache-2.0
// For tests of export and ort: small graphs, emitted, run in ONNX Runtime with optimisations off.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/files.h"
#include "export/emit.h"
#include "export/onnx_file.h"
#include "nibble/error.h"
#include "ort/session.h"

namespace nibble::testing {

/// A folder of the running test, removed with this object.
class TestFolder {
 public:
  TestFolder() {
    std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::replace(name.begin(), name.end(), '/', '_');
    path_ = std::filesystem::temp_directory_path() / ("nibble_" + name + "_" + std::to_string(getpid()));
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline Session open_plain(const std::filesystem::path& path) {
  SessionOptions options;
  options.threads = 1;
  options.optimize = false;
  return Session(path, options);
}

inline EmitOptions in_dialect(Dialect dialect) {
  EmitOptions options;
  options.dialect = dialect;
  return options;
}

/// Emits, loads, runs.
inline std::vector<Tensor> run_graph(const Graph& graph, const std::vector<Tensor>& inputs, const EmitOptions& options = {}) {
  const TestFolder folder;
  emit_model(graph, options, folder / "model.onnx");
  return open_plain(folder / "model.onnx").run(inputs);
}

template <class T>
std::vector<T> values_of(const Tensor& tensor) {
  const auto values = tensor.as<T>();
  return {values.begin(), values.end()};
}

/// An Error of `kind` whose message contains `text`.
inline void expect_error(ErrorKind kind, const std::string& text, const std::function<void()>& run) {
  try {
    run();
    ADD_FAILURE() << "expected an error about '" << text << "'";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

/// The data folder beside the checkout; tests that need it skip without it.
inline std::filesystem::path shared_folder() {
  const char* named = std::getenv("NIBBLE_SHARED");
  return named ? std::filesystem::path(named) : std::filesystem::path(NIBBLE_SOURCE_DIR) / "../shared";
}

/// weight [O,I,k,k] of codes with per-channel, per-tensor or blocked scales.
struct QuantConv {
  QuantSpec spec;
  Shape weight;
  std::vector<std::int8_t> codes;
  std::vector<float> scales;
  DType dtype = DType::f32;
  bool quantize_input = false;
};

inline QuantConv four_bit_per_channel() {
  return {{4, true, false, Granularity::channel, 0}, {3, 2, 1, 1}, {-8, 7, 1, -1, 0, 3}, {0.5F, 0.125F, 3}};
}
inline QuantConv four_bit_per_tensor_with_input() {
  return {{4, true, true, Granularity::tensor, 0}, {3, 2, 1, 1}, {-7, 7, 1, -1, 0, 3}, {0.5F}, DType::f32, true};
}
inline QuantConv four_bit_blocked() { return {{4, true, false, Granularity::block, 2}, {1, 4, 1, 1}, {1, 2, 3, -8}, {0.5F, 10}}; }

/// x [1,I,2,2] -> [QuantizeDequantize(8 bit, scale 0.5)] -> Conv named "model.0.conv", bias 0.25 -> y.
inline Graph quant_conv_graph(const QuantConv& conv) {
  Graph graph;
  auto x = graph.add_input("x", {1, conv.weight[1], 2, 2}, conv.dtype);
  if (conv.quantize_input)
    x = graph.add("model.0.conv.input", op::QuantizeDequantize{{QuantSpec{}, Tensor::scalar(0.5F), Tensor::scalar(std::int8_t{0})}}, {x});
  Shape scale_shape;
  if (conv.spec.granularity == Granularity::channel) scale_shape = {conv.weight[0]};
  if (conv.spec.granularity == Granularity::block)
    scale_shape = {conv.weight[0], conv.weight[1] / conv.spec.block, conv.weight[2], conv.weight[3]};
  const auto w = graph.add_constant("model.0.conv.weight", Tensor::of<std::int8_t>(conv.weight, conv.codes));
  graph.value(w).dtype = conv.dtype;
  graph.value(w).quant = QuantParams{conv.spec, Tensor::of<float>(scale_shape, conv.scales),
                                     Tensor::of<std::int8_t>(scale_shape, std::vector<std::int8_t>(conv.scales.size(), 0))};
  const auto b = graph.add_constant(
      "model.0.conv.bias",
      Tensor::of<float>({conv.weight[0]}, std::vector<float>(static_cast<std::size_t>(conv.weight[0]), 0.25F)).to(conv.dtype));
  graph.outputs = {graph.add("model.0.conv", op::Conv{}, {x, w, b})};
  return graph;
}

}  // namespace nibble::testing
