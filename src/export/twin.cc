// SPDX-License-Identifier: Apache-2.0
// Two files, the same weights: the proof that every dialect was printed from one set of integers.
#include <fmt/format.h>

#include <bit>
#include <map>

#include "export/constant_eval.h"
#include "export/emit.h"
#include "nibble/error.h"

namespace nibble {
namespace {

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

[[noreturn]] void differ(const File& a, const File& b, const std::string& node, const std::string& how) {
  throw Error(ErrorKind::internal, fmt::format("twin: node '{}': {} and {} {}; the files do not hold the same weights", node,
                                               a.path.string(), b.path.string(), how));
}

/// Bits of the f32 value: tells 0 from -0, as a bit-for-bit proof must.
std::uint32_t bits_of(double value) { return std::bit_cast<std::uint32_t>(static_cast<float>(value)); }

void require_equal_input(const File& a, const File& b, const std::string& name, int input, std::string_view what) {
  const auto x = evaluate_constant(a.index, a.convs.at(name)->input(input));
  const auto y = evaluate_constant(b.index, b.convs.at(name)->input(input));
  if (x.shape != y.shape) differ(a, b, name, fmt::format("have {}s of different shape", what));
  for (std::size_t i = 0; i < x.values.size(); ++i)
    if (bits_of(x.values[i]) != bits_of(y.values[i]))
      differ(a, b, name, fmt::format("differ in {} element {}: {} and {}", what, i, x.values[i], y.values[i]));
}

bool has_bias(const onnx::NodeProto& conv) { return conv.input_size() > 2 && !conv.input(2).empty(); }

void require_equal_convs(const File& a, const File& b, const std::string& name) {
  if (!b.convs.contains(name)) differ(a, b, name, "do not both have it");
  require_equal_input(a, b, name, 1, "weight");
  if (has_bias(*a.convs.at(name)) != has_bias(*b.convs.at(name))) differ(a, b, name, "do not both have a bias");
  if (has_bias(*a.convs.at(name))) require_equal_input(a, b, name, 2, "bias");
}

}  // namespace

void require_equal_weights(const std::filesystem::path& a_path, const std::filesystem::path& b_path) {
  const File a(a_path);
  const File b(b_path);
  if (a.convs.empty()) throw Error(ErrorKind::input, fmt::format("twin: {}: holds no Conv to compare", a_path.string()));
  for (const auto& [name, conv] : b.convs)
    if (!a.convs.contains(name)) differ(a, b, name, "do not both have it");
  for (const auto& [name, conv] : a.convs) require_equal_convs(a, b, name);
}

}  // namespace nibble
