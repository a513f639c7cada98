// SPDX-License-Identifier: Apache-2.0
#include "yolo/module_view.h"

#include <fmt/format.h>

#include <cmath>

#include "graph/text.h"

namespace nibble {

namespace {

constexpr std::int64_t kMaxViews = 1'000'000;
constexpr int kMaxModuleDepth = 64;        // YOLOv10's are nested 6 deep
constexpr std::int64_t kMaxWindow = 4096;  // kernel, stride, padding, dilation
constexpr std::size_t kMaxText = 200;

bool is_nothing(const PickleRef& value) { return value == nullptr || value->is_none(); }

const PickleDict* dict_of(const PickleRef& value) {
  if (value == nullptr) return nullptr;
  if (const auto* dict = value->get_if<PickleDict>()) return dict;
  const auto* object = value->get_if<PickleObject>();
  return object == nullptr ? nullptr : &object->items;  // a dict subclass
}

std::string joined(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

}  // namespace

Module::Module(const Checkpoint& checkpoint, std::string path, PickleRef object)
    : checkpoint_(&checkpoint), path_(std::move(path)), object_(std::move(object)), views_(std::make_shared<std::int64_t>(0)) {
  if (object_ == nullptr || object_->get_if<PickleObject>() == nullptr)
    throw Error(ErrorKind::input,
                fmt::format("checkpoint: {}: {} is {}, expected a module", checkpoint.path().string(), path_, describe(object_)));
}

Module::Module(const Module& parent, std::string_view name, PickleRef object)
    : Module(*parent.checkpoint_, joined(parent.path_, name), std::move(object)) {
  views_ = parent.views_;
  depth_ = parent.depth_ + 1;
  if (depth_ > kMaxModuleDepth)
    parent.fail(ErrorKind::input, fmt::format("modules are nested deeper than {}; does one contain itself?", kMaxModuleDepth));
  if (++*views_ > kMaxViews) fail(ErrorKind::input, fmt::format("the model has more than {} modules", kMaxViews));
}

std::string Module::class_name() const {
  const auto& type = object_->get_if<PickleObject>()->type;
  return fmt::format("{}.{}", type.module, type.name);
}

const std::string& Module::short_class() const { return object_->get_if<PickleObject>()->type.name; }

std::string Module::class_key() const {
  const auto& type = object_->get_if<PickleObject>()->type;
  return fmt::format("{}.{}", type.module.substr(0, type.module.find('.')), type.name);
}

std::vector<Module> Module::children() const {
  std::vector<Module> result;
  const auto* modules = dict_of(attribute_of(object_, "_modules"));
  if (modules == nullptr) fail(ErrorKind::input, "it has no '_modules'; the file was not written by torch.save of a module");
  for (const auto& [key, value] : modules->items) {
    const auto* name = key->get_if<std::string>();
    if (name == nullptr) fail(ErrorKind::input, fmt::format("a child is named by {}, expected a string", describe(key)));
    if (!is_nothing(value)) result.push_back(Module(*this, *name, value));
  }
  return result;
}

PickleRef Module::find_in(std::string_view table, std::string_view name) const {
  auto found = attribute_of(attribute_of(object_, table), name);
  return is_nothing(found) ? nullptr : found;
}

std::optional<Module> Module::find_child(std::string_view name) const {
  auto found = find_in("_modules", name);
  if (found == nullptr) return std::nullopt;
  return Module(*this, name, std::move(found));
}

Module Module::child(std::string_view name) const {
  auto found = find_child(name);
  if (!found) fail(ErrorKind::input, fmt::format("it has no child '{}'", name));
  return *std::move(found);
}

PickleRef Module::find(std::string_view name) const {
  auto found = attribute_of(object_, name);
  return is_nothing(found) ? nullptr : found;
}

PickleRef Module::require(std::string_view name) const {
  auto found = find(name);
  if (found == nullptr) fail(ErrorKind::input, fmt::format("attribute '{}' is missing", name));
  return found;
}

std::int64_t Module::integer(std::string_view name) const {
  const auto value = require(name);
  const auto* integer = value->get_if<std::int64_t>();
  if (integer == nullptr) fail(ErrorKind::input, fmt::format("attribute '{}' is {}, expected an integer", name, describe(value)));
  return *integer;
}

std::int64_t Module::integer(std::string_view name, std::int64_t low, std::int64_t high) const {
  const auto value = integer(name);
  if (value < low || value > high) fail(ErrorKind::input, fmt::format("attribute '{}' is {}, expected {} to {}", name, value, low, high));
  return value;
}

bool Module::boolean_or(std::string_view name, bool fallback) const {
  const auto value = find(name);
  if (value == nullptr) return fallback;
  const auto* boolean = value->get_if<bool>();
  if (boolean == nullptr) fail(ErrorKind::input, fmt::format("attribute '{}' is {}, expected True or False", name, describe(value)));
  return *boolean;
}

double Module::real(std::string_view name) const {
  const auto value = require(name);
  if (const auto* integer = value->get_if<std::int64_t>()) return static_cast<double>(*integer);
  const auto* real = value->get_if<double>();
  if (real == nullptr || !std::isfinite(*real))
    fail(ErrorKind::input, fmt::format("attribute '{}' is {}, expected a number", name, describe(value)));
  return *real;
}

std::vector<std::int64_t> Module::integers(std::string_view name) const {
  const auto value = require(name);
  if (const auto* integer = value->get_if<std::int64_t>()) return {*integer};
  std::vector<std::int64_t> result;
  const auto* list = value->get_if<PickleList>();
  if (list == nullptr) fail(ErrorKind::input, fmt::format("attribute '{}' is {}, expected integers", name, describe(value)));
  for (const auto& item : list->items) {
    const auto* integer = item->get_if<std::int64_t>();
    if (integer == nullptr) fail(ErrorKind::input, fmt::format("attribute '{}' holds {}, expected integers", name, describe(item)));
    result.push_back(*integer);
  }
  return result;
}

op::Pair Module::pair(std::string_view name) const {
  const auto values = integers(name);
  for (const auto value : values)
    if (value < 0 || value > kMaxWindow)
      fail(ErrorKind::input, fmt::format("attribute '{}' holds {}, expected 0 to {}", name, value, kMaxWindow));
  if (values.size() == 1) return {values[0], values[0]};
  if (values.size() != 2)
    fail(ErrorKind::input, fmt::format("attribute '{}' has {} numbers, expected height and width", name, values.size()));
  return {values[0], values[1]};
}

std::optional<Tensor> Module::find_tensor(std::string_view name) const {
  PickleRef found = find_in("_parameters", name);
  if (found == nullptr) found = find_in("_buffers", name);
  if (found == nullptr) found = find(name);
  if (found == nullptr) return std::nullopt;
  const auto* tensor = found->get_if<PickleTensor>();
  if (tensor == nullptr) fail(ErrorKind::input, fmt::format("'{}' is {}, expected a tensor", name, describe(found)));
  return checkpoint_->load(*tensor).to(DType::f32);
}

Tensor Module::tensor(std::string_view name, const Shape& shape) const {
  auto found = find_tensor(name);
  if (!found) fail(ErrorKind::input, fmt::format("tensor '{}' is missing", name));
  if (found->shape() != shape)
    fail(ErrorKind::input, fmt::format("tensor '{}' has the shape {}, expected {}", name, text_of(found->shape()), text_of(shape)));
  return *std::move(found);
}

std::vector<const PickleTensor*> Module::parameters() const {
  std::vector<const PickleTensor*> result;
  if (const auto* own = dict_of(attribute_of(object_, "_parameters")))
    for (const auto& [key, value] : own->items)
      if (const auto* tensor = value->get_if<PickleTensor>()) result.push_back(tensor);
  for (const auto& child_module : children()) {
    const auto below = child_module.parameters();
    result.insert(result.end(), below.begin(), below.end());
  }
  return result;
}

void Module::fail(ErrorKind kind, const std::string& why) const {
  throw Error(kind, fmt::format("checkpoint: {}: {} ({}): {}", checkpoint_->path().string(), path_.empty() ? "the model" : path_,
                                class_name(), why));
}

namespace {

/// Appends to `text`; stops soon after kMaxText characters.
struct PythonText {
  std::string& text;

  void add(const PickleRef& value) { value == nullptr ? (*this)(PickleNone{}) : std::visit(*this, value->data); }
  void operator()(const PickleNone&) { text += "None"; }
  void operator()(bool value) { text += value ? "True" : "False"; }
  void operator()(std::int64_t value) { text += std::to_string(value); }
  void operator()(double value) { text += fmt::format("{}", value); }
  void operator()(const std::string& value) { text += value; }
  void operator()(const PickleList& list) {
    text += "[";
    for (std::size_t i = 0; i < list.items.size() && text.size() <= kMaxText; ++i) {
      if (i > 0) text += ", ";
      add(list.items[i]);
    }
    text += "]";
  }
  template <class Other>
  void operator()(const Other& value) {
    text += fmt::format("<{}>", describe(std::make_shared<const PickleValue>(PickleValue{value})));
  }
};

}  // namespace

std::string python_text(const PickleRef& value) {
  std::string text;
  PythonText{text}.add(value);
  return text.size() <= kMaxText ? text : text.substr(0, kMaxText) + "...";
}

}  // namespace nibble
