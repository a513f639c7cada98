// SPDX-License-Identifier: Apache-2.0
#include "export/node_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "export/constant_eval.h"
#include "export/graph_edit.h"
#include "export/onnx_file.h"
#include "export/onnx_types.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::array<std::string_view, 9> kWindowed = {"Conv",        "ConvInteger", "QLinearConv", "ConvTranspose", "MaxPool",
                                                       "AveragePool", "LpPool",      "DeformConv",  "MaxUnpool"};
constexpr std::array<std::string_view, 3> kPositiveLists = {"strides", "dilations", "kernel_shape"};
constexpr std::array<std::string_view, 3> kPositiveNumbers = {"group", "offset_group", "blocksize"};

template <class List>
bool contains(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

/// Divisors are a number or a shape's numbers; more of them are left to the trial in a child process.
constexpr std::int64_t kMostElements = 4096;

class NodeCheck {
 public:
  NodeCheck(const onnx::GraphProto& graph, const std::filesystem::path& path, int depth)
      : graph_(graph), index_(graph), path_(path), depth_(depth) {}

  void run() const {
    for (const auto& node : graph_.node()) {
      if (is_standard(node)) {
        check_attributes(node);
        if (node.op_type() == "Div" || node.op_type() == "Mod") check_division(node);
      }
      for (const auto& attribute : node.attribute()) {
        if (attribute.has_g()) check_body(node, attribute.g());
        for (const auto& body : attribute.graphs()) check_body(node, body);
      }
    }
  }

 private:
  [[noreturn]] void refuse(const onnx::NodeProto& node, const std::string& why) const {
    const auto& name = node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name();
    throw Error(ErrorKind::input,
                fmt::format("ONNX: {}: node '{}' ({}): {}; the file is damaged", path_.string(), name, node.op_type(), why));
  }

  /// Each level makes ONNX Runtime's loading several times as long.
  void check_body(const onnx::NodeProto& node, const onnx::GraphProto& body) const {
    constexpr int kDeepest = 12;
    if (depth_ == kDeepest) refuse(node, fmt::format("bodies of If, Loop and Scan lie within each other more than {} deep", kDeepest));
    NodeCheck(body, path_, depth_ + 1).run();
  }

  void check_attributes(const onnx::NodeProto& node) const {
    const bool is_windowed = contains(kWindowed, node.op_type());
    for (const auto& attribute : node.attribute()) {
      if (contains(kPositiveNumbers, attribute.name()) && attribute.i() < 1)
        refuse(node, fmt::format("{} is {}, at least 1 is expected", attribute.name(), attribute.i()));
      if (!is_windowed || !contains(kPositiveLists, attribute.name())) continue;
      for (const auto number : attribute.ints())
        if (number < 1) refuse(node, fmt::format("{} holds {}, at least 1 is expected", attribute.name(), number));
    }
  }

  std::vector<double> integers(const std::string& name) const {
    const auto* tensor = index_.constant(name);
    if (tensor == nullptr || is_external(*tensor) || count_of(shape_of(*tensor, name)) > kMostElements) return {};
    const bool is_integer = tensor->data_type() == onnx_type::kInt64 || tensor->data_type() == onnx_type::kInt32;
    return is_integer ? elements_of(*tensor) : std::vector<double>{};
  }

  void check_division(const onnx::NodeProto& node) const {
    const auto divisors = integers(input_of(node, 1));
    if (std::find(divisors.begin(), divisors.end(), 0.0) != divisors.end()) refuse(node, "divides integers by 0");
    if (std::find(divisors.begin(), divisors.end(), -1.0) == divisors.end()) return;
    const auto dividends = integers(input_of(node, 0));
    const auto is_least = [](double value) {
      return value == static_cast<double>(std::numeric_limits<std::int64_t>::min()) ||
             value == static_cast<double>(std::numeric_limits<std::int32_t>::min());
    };
    if (std::any_of(dividends.begin(), dividends.end(), is_least)) refuse(node, "divides the least integer by -1, which has no result");
  }

  const onnx::GraphProto& graph_;
  const OnnxIndex index_;
  const std::filesystem::path& path_;
  const int depth_;  ///< 0: the file's own graph
};

}  // namespace

void check_nodes(const onnx::GraphProto& graph, const std::filesystem::path& path) { NodeCheck(graph, path, 0).run(); }

}  // namespace nibble
