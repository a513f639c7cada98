// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "graph/graph.h"
#include "graph/text.h"
#include "nibble/error.h"

namespace nibble {

namespace {

[[noreturn]] void fail(const std::string& where, const std::string& why) {
  throw Error(ErrorKind::internal, fmt::format("graph: {}: {}", where, why));
}

std::string quoted(const Node& node) { return fmt::format("node '{}' ({})", node.name, name_of(node.op)); }
std::string quoted(const Value& value) { return fmt::format("value '{}'", value.name); }

void require_unique_names(const Graph& graph) {
  std::unordered_set<std::string> names;
  for (const auto& value : graph.values) {
    if (value.name.empty()) fail("value without a name", "every value needs one");
    if (!names.insert(value.name).second) fail(quoted(value), "the name is taken by another value");
  }
  names.clear();
  for (const auto& node : graph.nodes) {
    if (node.name.empty()) fail("node without a name", std::string(name_of(node.op)));
    if (!names.insert(node.name).second) fail(quoted(node), "the name is taken by another node");
  }
}

void require_in_range(const Graph& graph, const std::vector<ValueId>& ids, const std::string& where) {
  for (const auto id : ids)
    if (id < 0 || static_cast<std::size_t>(id) >= graph.values.size())
      fail(where, fmt::format("value {} does not exist, there are {}", id, graph.values.size()));
}

Shape expected_scale_shape(const QuantSpec& spec, const Shape& weight, const std::string& where) {
  try {
    return scale_shape(spec, weight);
  } catch (const Error& error) {
    fail(where, error.what());
  }
}

void require_usable(const QuantParams& params, const Shape& expected_shape, const std::string& where) {
  const auto& spec = params.spec;
  if ((spec.bits < 2 || spec.bits > 8) && !(spec.bits == 32 && spec.is_signed))
    fail(where, fmt::format("{} bits; 2 to 8 are possible, or 32 signed ones", spec.bits));
  if (spec.narrow && !spec.is_signed) fail(where, "a narrow range is for signed codes");
  if (spec.reduce_range && (!spec.is_signed || spec.bits != 8)) fail(where, "a reduced range is for signed codes of 8 bits");
  if (params.scale.dtype() != DType::f32 || params.scale.shape() != expected_shape)
    fail(where, fmt::format("the scale is {} {}, expected float32 {}", name_of(params.scale.dtype()), text_of(params.scale.shape()),
                            text_of(expected_shape)));
  for (const auto scale : params.scale.as<float>())
    if (!std::isfinite(scale) || scale <= 0)
      throw Error(ErrorKind::numeric, fmt::format("graph: {}: scale {} is not positive and finite", where, scale));
  const auto zero_dtype = spec.is_signed ? DType::i8 : DType::u8;
  if (params.zero_point.dtype() != zero_dtype || params.zero_point.shape() != expected_shape)
    fail(where, fmt::format("the zero point is {} {}, expected {} {}", name_of(params.zero_point.dtype()),
                            text_of(params.zero_point.shape()), name_of(zero_dtype), text_of(expected_shape)));
}

template <class Code>
void require_codes_in_range(const Tensor& codes, const QuantSpec& spec, const std::string& where) {
  for (const auto code : codes.as<Code>())
    if (code < spec.min_code() || code > spec.max_code())
      fail(where, fmt::format("code {} is outside {}..{} of {}", code, spec.min_code(), spec.max_code(), text_of(spec)));
}

void require_on_trellis(const Value& value) {
  const auto& spec = value.quant->spec;
  if (spec.bits != 8 || !spec.is_signed || spec.granularity != Granularity::channel || !is_symbol_width(spec.trellis.bits) ||
      spec.trellis.curve < 0 || spec.trellis.curve >= trellis_curves(spec.trellis) ||
      spec.trellis.largest != (spec.reduce_range ? kLargestOfReducedRange : 127))
    fail(quoted(value),
         "a trellis is for signed weights of 8 bits with a scale per channel, has symbols of 3 to 5 bits, a known curve and "
         "levels over the whole range of codes");
  const auto zeros = value.quant->zero_point.as<std::int8_t>();
  if (std::any_of(zeros.begin(), zeros.end(), [](auto zero) { return zero != 0; })) fail(quoted(value), "a trellis has zero points 0");
  trellis_symbols(value.constant->as<std::int8_t>(), count_of(value.shape) / value.shape[0], spec.trellis, "graph: " + quoted(value));
}

void require_sound_quantised(const Value& value) {
  const auto where = quoted(value);
  const auto& params = *value.quant;
  if (!value.constant) fail(where, "only constants carry quantisation");
  if (value.dtype != DType::f32 && value.dtype != DType::f16) fail(where, "a quantised constant is float32 or float16 to its consumers");
  require_usable(params, expected_scale_shape(params.spec, value.shape, where), where);
  const auto codes = params.spec.bits > 8 ? DType::i32 : params.spec.is_signed ? DType::i8 : DType::u8;
  if (value.constant->dtype() != codes)
    fail(where, fmt::format("codes are {}, expected {}", name_of(value.constant->dtype()), name_of(codes)));
  if (params.spec.trellis) require_on_trellis(value);
  if (codes == DType::i32) return;  // every number is in range
  if (params.spec.is_signed) {
    require_codes_in_range<std::int8_t>(*value.constant, params.spec, where);
  } else {
    require_codes_in_range<std::uint8_t>(*value.constant, params.spec, where);
  }
}

void require_sound(const Value& value) {
  if (value.quant) require_sound_quantised(value);
  if (!value.constant) return;
  if (value.constant->shape() != value.shape)
    fail(quoted(value), fmt::format("holds {}, recorded {}", text_of(value.constant->shape()), text_of(value.shape)));
  if (!value.quant && value.constant->dtype() != value.dtype)
    fail(quoted(value), fmt::format("holds {}, recorded {}", name_of(value.constant->dtype()), name_of(value.dtype)));
}

void require_recorded_shapes(const Graph& graph, const Node& node) {
  const auto inferred = infer_shapes(graph, node);
  if (inferred.size() != node.outputs.size())
    fail(quoted(node), fmt::format("{} outputs, expected {}", node.outputs.size(), inferred.size()));
  for (std::size_t i = 0; i < inferred.size(); ++i) {
    const auto& output = graph.value(node.outputs[i]);
    if (output.shape != inferred[i].shape || output.dtype != inferred[i].dtype)
      fail(quoted(node), fmt::format("'{}' is recorded as {} {}, but {} {} is produced", output.name, name_of(output.dtype),
                                     text_of(output.shape), name_of(inferred[i].dtype), text_of(inferred[i].shape)));
  }
}

/// Walks the nodes once: everything read is there already, everything written is new.
void require_topological(const Graph& graph) {
  std::vector<bool> ready(graph.values.size(), false);
  const auto is_ready = [&](ValueId id) -> std::vector<bool>::reference { return ready[static_cast<std::size_t>(id)]; };
  for (std::size_t i = 0; i < graph.values.size(); ++i) ready[i] = graph.values[i].constant.has_value();
  const auto claim = [&](ValueId id, const std::string& where) {
    if (is_ready(id)) fail(where, fmt::format("produces '{}', which is a constant or has a producer already", graph.value(id).name));
    is_ready(id) = true;
  };
  for (const auto id : graph.inputs) claim(id, "graph input");
  for (const auto& node : graph.nodes) {
    for (const auto id : node.inputs)
      if (!is_ready(id)) fail(quoted(node), fmt::format("reads '{}' before anything produces it", graph.value(id).name));
    for (const auto id : node.outputs) claim(id, quoted(node));
  }
  for (std::size_t i = 0; i < ready.size(); ++i)
    if (!ready[i]) fail(quoted(graph.values[i]), "nothing produces it");
}

}  // namespace

void verify(const Graph& graph) {
  require_in_range(graph, graph.inputs, "graph inputs");
  require_in_range(graph, graph.outputs, "graph outputs");
  for (const auto& node : graph.nodes) {
    require_in_range(graph, node.inputs, quoted(node));
    require_in_range(graph, node.outputs, quoted(node));
  }
  require_unique_names(graph);
  for (const auto& value : graph.values) require_sound(value);
  require_topological(graph);
  for (const auto& node : graph.nodes) {
    if (const auto* quantise = std::get_if<op::QuantizeDequantize>(&node.op)) require_usable(quantise->params, {}, quoted(node));
    require_recorded_shapes(graph, node);
  }
  if (graph.outputs.empty()) fail("graph outputs", "there are none");
}

}  // namespace nibble
