// SPDX-License-Identifier: Apache-2.0
#include "yolo/block_parts.h"

#include <fmt/format.h>

namespace nibble {

const Shape& shape_of(const Graph& graph, ValueId id) { return graph.value(id).shape; }

ValueId add_child(Graph& graph, const Module& module, std::string_view name, ValueId x) {
  return add_module(graph, module.child(name), {x});
}

ValueId only(const Module& module, const Inputs& inputs) {
  if (inputs.size() != 1) module.fail(ErrorKind::input, fmt::format("it reads {} values, expected one", inputs.size()));
  return inputs[0];
}

void require_attribute(const Module& module, std::string_view name, const std::string& expected) {
  const auto found = module.find(name);
  if (found != nullptr && python_text(found) != expected)
    module.fail(ErrorKind::unsupported, fmt::format("'{}' is {}; only {} is supported", name, python_text(found), expected));
}

ValueId add_with_shortcut(Graph& graph, const Module& module, ValueId x, ValueId y) {
  return module.boolean_or("add", false) ? graph.add(module.path() + ".add", op::Add{}, {x, y}) : y;
}

ValueId add_concat_of(Graph& graph, const Module& module, const Inputs& parts) {
  return graph.add(module.path() + ".concat", op::Concat{.axis = 1}, parts);
}

Inputs add_halves(Graph& graph, const Module& module, ValueId x) {
  const auto half = shape_of(graph, x)[1] / 2;
  return graph.add_node(module.path() + ".split", op::Split{.axis = 1, .sizes = {half, half}}, {x});
}

ValueId add_max_pool(Graph& graph, const Module& module, const std::string& name, ValueId x) {
  if (module.class_key() != "torch.MaxPool2d") module.fail(ErrorKind::unsupported, "expected a MaxPool2d here");
  require_attribute(module, "ceil_mode", "False");
  require_attribute(module, "dilation", "1");
  return graph.add(name, op::MaxPool{module.pair("kernel_size"), module.pair("stride"), module.pair("padding")}, {x});
}

}  // namespace nibble
