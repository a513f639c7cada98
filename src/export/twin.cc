// SPDX-License-Identifier: Apache-2.0
#include "export/twin.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <map>
#include <optional>

#include "export/constant_eval.h"
#include "export/unpack_chain.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr int kMaxDepth = 16;

/// How far the code of a rounded bias may lie from bias / step, both as the files have them. The step s is
/// float32(weight scale * input scale); that product is rounded before anything is divided by it, so its error moves no bias. A
/// bias b, a float32 number, is written as the code c = half_to_even(q) with q = double(b / s) = b / s (1 + d), |d| <= 2^-53, so
///   |b / s - c| <= |q - c| + |b / s - q| <= 1/2 + |q| 2^-53.
/// What a runtime makes of c is a second rounding, which comes on top and is no fault of the code: float32(float32(c) * s) is within
/// 2 * 2^-24 of c * s, relative, and that alone is a whole step from |c| = 2^23 on. So codes are held against b / s, and never
/// numbers that were dequantised: a code that is one off is found at any size.
bool is_nearest_code(double bias, double step, double code) {
  const double quotient = bias / step;
  return std::isfinite(quotient) && std::abs(quotient - code) <= 0.5 + std::abs(quotient) * 0x1p-53;
}

using Convs = std::map<std::string, const onnx::NodeProto*>;

struct File {
  std::filesystem::path path;
  onnx::ModelProto model;
  OnnxIndex index;
  Convs convs;

  File(const File&) = delete;  // index and convs point into model
  explicit File(const std::filesystem::path& from) : path(from), model(read_onnx(from)), index(model.graph()) {
    for (const auto& node : model.graph().node())
      if (node.op_type() == "Conv" && node.input_size() >= 2 && !convs.emplace(node.name(), &node).second)
        throw Error(ErrorKind::input, fmt::format("twin: {}: two Conv nodes are named '{}'", path.string(), node.name()));
  }
};

/// Bits of the f32 value: tells 0 from -0, as a bit-for-bit proof must.
std::uint32_t bits_of(double value) { return std::bit_cast<std::uint32_t>(static_cast<float>(value)); }

bool has_bias(const onnx::NodeProto& conv) { return conv.input_size() > 2 && !conv.input(2).empty(); }

/// The integers a Conv's weight is made of, after any Clip and less their zero points; nothing for a float weight.
std::optional<EvaluatedConstant> codes_of(const File& file, const std::string& name) {
  if (const auto chain = find_unpack_chain(file.index, name)) return evaluate_steps(file.index, name, *chain);
  const auto* node = file.index.producer(name);
  for (int depth = 0; node && depth < kMaxDepth; ++depth) {
    if (node->op_type() == "DequantizeLinear" && node->input_size() > 0) return evaluate_steps(file.index, *node);
    if ((node->op_type() != "Cast" && node->op_type() != "Identity") || node->input_size() == 0) return std::nullopt;
    node = file.index.producer(node->input(0));
  }
  return std::nullopt;
}

/// Codes less their zero point as they are stored; 32 bits of them do not fit float32, in which evaluate_steps() has them.
EvaluatedConstant exact_codes(const OnnxIndex& index, const onnx::NodeProto& dequantize) {
  auto codes = evaluate_constant(index, dequantize.input(0));
  if (dequantize.input_size() < 3 || dequantize.input(2).empty()) return codes;
  const auto zeros = evaluate_constant(index, dequantize.input(2)).values;
  if (zeros.size() != 1 && zeros.size() != codes.values.size())
    throw Error(ErrorKind::input, fmt::format("twin: {}: its zero point does not fit its codes", dequantize.name()));
  for (std::size_t i = 0; i < codes.values.size(); ++i) codes.values[i] -= zeros[zeros.size() == 1 ? 0 : i];
  return codes;
}

class Comparison {
 public:
  Comparison(const File& a, const File& b, Biases biases) : a_(a), b_(b), biases_(biases) {}

  TwinComparison run() {
    for (const auto& [name, conv] : b_.convs)
      if (!a_.convs.contains(name)) differ_in_both(name, "do not both have it");
    for (const auto& [name, conv] : a_.convs) {
      if (!b_.convs.contains(name)) {
        differ_in_both(name, "do not both have it");
        continue;
      }
      ++result_.layers;
      compare_codes(name);
      compare_values(name, 1, "weight");
      if (has_bias(*a_.convs.at(name)) != has_bias(*b_.convs.at(name))) {
        note(result_.weights_differ, name, "do not both have a bias");
      } else if (has_bias(*a_.convs.at(name))) {
        compare_bias(name);
      }
    }
    return result_;
  }

 private:
  /// The first difference is the one that is told.
  void note(std::string& text, const std::string& node, const std::string& how) {
    if (text.empty()) text = fmt::format("node '{}': {} and {} {}", node, a_.path.string(), b_.path.string(), how);
  }
  void differ_in_both(const std::string& node, const std::string& how) {
    note(result_.codes_differ, node, how);
    note(result_.weights_differ, node, how);
  }

  void compare_codes(const std::string& name) {
    const auto x = codes_of(a_, a_.convs.at(name)->input(1)), y = codes_of(b_, b_.convs.at(name)->input(1));
    if (x.has_value() != y.has_value()) return note(result_.codes_differ, name, "do not both quantise it");
    if (!x) return;
    if (x->shape != y->shape) return note(result_.codes_differ, name, "have codes of different shape");
    result_.codes += static_cast<std::int64_t>(x->values.size());
    for (std::size_t i = 0; i < x->values.size(); ++i)
      if (x->values[i] != y->values[i])
        return note(result_.codes_differ, name, fmt::format("differ in code {}: {} and {}", i, x->values[i], y->values[i]));
  }

  void compare_bias(const std::string& name) {
    const auto* quantised = b_.index.producer(b_.convs.at(name)->input(2));
    if (biases_ == Biases::equal || !quantised || quantised->op_type() != "DequantizeLinear" || quantised->input_size() < 2)
      return compare_values(name, 2, "bias");
    const auto reals = evaluate_constant(a_.index, a_.convs.at(name)->input(2));
    const auto codes = exact_codes(b_.index, *quantised);
    const auto steps = evaluate_constant(b_.index, quantised->input(1)).values;
    if (reals.shape != codes.shape || (steps.size() != 1 && steps.size() != codes.values.size()))
      return note(result_.weights_differ, name, "have biases of different shape");
    for (std::size_t i = 0; i < reals.values.size(); ++i) {
      const double step = steps[steps.size() == 1 ? 0 : i];
      if (!is_nearest_code(reals.values[i], step, codes.values[i]))
        return note(result_.weights_differ, name,
                    fmt::format("differ in bias element {}: {} and {} steps of {}, more than half a step", i, reals.values[i],
                                codes.values[i], step));
    }
  }

  void compare_values(const std::string& name, int input, std::string_view what) {
    const auto x = evaluate_constant(a_.index, a_.convs.at(name)->input(input));
    const auto y = evaluate_constant(b_.index, b_.convs.at(name)->input(input));
    if (x.shape != y.shape) return note(result_.weights_differ, name, fmt::format("have {}s of different shape", what));
    result_.weights += static_cast<std::int64_t>(x.values.size());
    for (std::size_t i = 0; i < x.values.size(); ++i)
      if (bits_of(x.values[i]) != bits_of(y.values[i]))
        return note(result_.weights_differ, name, fmt::format("differ in {} element {}: {} and {}", what, i, x.values[i], y.values[i]));
  }

  const File &a_, &b_;
  Biases biases_;
  TwinComparison result_;
};

}  // namespace

TwinComparison compare_twins(const std::filesystem::path& a_path, const std::filesystem::path& b_path, Biases biases) {
  const File a(a_path);
  const File b(b_path);
  if (a.convs.empty()) throw Error(ErrorKind::input, fmt::format("twin: {}: holds no Conv to compare", a_path.string()));
  return Comparison(a, b, biases).run();
}

void require_equal_weights(const std::filesystem::path& a, const std::filesystem::path& b, Biases biases) {
  const auto result = compare_twins(a, b, biases);
  const auto& difference = result.weights_differ.empty() ? result.codes_differ : result.weights_differ;
  if (!difference.empty()) throw Error(ErrorKind::internal, fmt::format("twin: {}; the files do not hold the same weights", difference));
}

}  // namespace nibble
