// SPDX-License-Identifier: Apache-2.0
#include "yolo/module_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>

#include "graph/text.h"
#include "yolo/python_integer.h"

namespace nibble {

namespace {

constexpr std::int64_t kMaxViews = 1'000'000;
constexpr int kMaxModuleDepth = 64;        // detectors' are nested 6 to 10 deep
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

constexpr std::string_view kCompiledModule = "torch._dynamo.eval_frame OptimizedModule";
constexpr int kMaxCompilations = 8;  // of one module, one around the other

/// What torch.compile was called with: a child in PyTorch 2.0, the first argument of the call that makes the instance since 2.1.
PickleRef module_within(const PickleRef& compiled) {
  if (auto inner = attribute_of(attribute_of(compiled, "_modules"), "_orig_mod")) return inner;
  if (auto inner = attribute_of(compiled, "_orig_mod")) return inner;
  const auto& arguments = compiled->get_if<PickleObject>()->arguments;
  return arguments.empty() ? nullptr : arguments.front();
}

}  // namespace

PickleRef without_compilation(PickleRef object) {
  for (int depth = 0; depth < kMaxCompilations; ++depth) {
    const auto* instance = object == nullptr ? nullptr : object->get_if<PickleObject>();
    if (instance == nullptr || instance->type.module + " " + instance->type.name != kCompiledModule) break;
    object = module_within(object);
  }
  return object;
}

Module::Module(const Checkpoint& checkpoint, std::string path, PickleRef object)
    : checkpoint_(&checkpoint),
      path_(std::move(path)),
      object_(without_compilation(std::move(object))),
      views_(std::make_shared<std::int64_t>(0)) {
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
  const auto integer = integer_value(value);
  if (!integer) fail(ErrorKind::input, fmt::format("attribute '{}' is {}, expected an integer", name, describe(value)));
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
  const auto real = real_value(value);
  if (!real || !std::isfinite(*real)) fail(ErrorKind::input, fmt::format("attribute '{}' is {}, expected a number", name, describe(value)));
  return *real;
}

std::vector<std::int64_t> Module::integers(std::string_view name) const {
  const auto value = require(name);
  if (const auto integer = integer_value(value)) return {*integer};
  std::vector<std::int64_t> result;
  const auto* list = value->get_if<PickleList>();
  if (list == nullptr) fail(ErrorKind::input, fmt::format("attribute '{}' is {}, expected integers", name, describe(value)));
  for (const auto& item : list->items) {
    const auto integer = integer_value(item);
    if (!integer) fail(ErrorKind::input, fmt::format("attribute '{}' holds {}, expected integers", name, describe(item)));
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

namespace {

/// "7 of 432 elements are NaN or infinite, the first at index 12"; empty where all are finite.
std::string non_finite_text(std::span<const float> values) {
  const auto is_bad = [](float value) { return !std::isfinite(value); };
  const auto first = std::find_if(values.begin(), values.end(), is_bad);
  if (first == values.end()) return {};
  return fmt::format("{} of {} elements are NaN or infinite, the first at index {}", std::count_if(first, values.end(), is_bad),
                     values.size(), first - values.begin());
}

}  // namespace

Tensor Module::masked(std::string_view name, const Tensor& original, const Tensor& mask) const {
  if (mask.shape() != original.shape())
    fail(ErrorKind::input,
         fmt::format("'{0}_mask' has the shape {1}, '{0}_orig' {2}", name, text_of(mask.shape()), text_of(original.shape())));
  const auto values = original.as<float>(), factors = mask.as<float>();
  std::vector<float> product(values.size());
  std::transform(values.begin(), values.end(), factors.begin(), product.begin(), std::multiplies<float>());
  return Tensor::of<float>(original.shape(), std::move(product));
}

/// Other programs' ways to compute a tensor from others at run time. What is stored beside them may be stale.
void Module::refuse_computed(std::string_view name) const {
  const auto refuse = [&](std::string_view by, std::string_view remedy) {
    fail(ErrorKind::unsupported, fmt::format("its '{}' is computed by {} and not stored; {} and save the model again", name, by, remedy));
  };
  const auto parametrizations = find_child("parametrizations");
  if (parametrizations && parametrizations->find_child(name))
    refuse("torch.nn.utils.parametrize", fmt::format("call remove_parametrizations(module, '{}')", name));
  if (find_stored(fmt::format("{}_g", name)) && find_stored(fmt::format("{}_v", name)))
    refuse("torch.nn.utils.weight_norm", fmt::format("call remove_weight_norm(module, '{}')", name));
  if (find_stored(fmt::format("{}_orig", name)))
    refuse("torch.nn.utils.spectral_norm", fmt::format("call remove_spectral_norm(module, '{}')", name));
}

std::optional<Tensor> Module::find_tensor(std::string_view name) const {
  const auto original = find_stored(fmt::format("{}_orig", name));
  if (original)
    if (const auto mask = find_stored(fmt::format("{}_mask", name))) return masked(name, *original, *mask);
  refuse_computed(name);
  return find_stored(name);
}

std::optional<Tensor> Module::find_stored(std::string_view name) const {
  PickleRef found = find_in("_parameters", name);
  if (found == nullptr) found = find_in("_buffers", name);
  if (found == nullptr) found = find(name);
  if (found == nullptr) return std::nullopt;
  const auto* tensor = found->get_if<PickleTensor>();
  if (tensor == nullptr) fail(ErrorKind::input, fmt::format("'{}' is {}, expected a tensor", name, describe(found)));
  const auto dtype = tensor->dtype;
  if (dtype == DType::i8 || dtype == DType::i16 || dtype == DType::i32 || dtype == DType::i64)  // masks are of bool or uint8
    fail(ErrorKind::unsupported, fmt::format("'{}' holds {} numbers, expected floating ones", name, name_of(dtype)));
  return checkpoint_->load(*tensor).to(DType::f32);
}

Tensor Module::tensor(std::string_view name, const Shape& shape) const {
  auto found = find_tensor(name);
  if (!found) fail(ErrorKind::input, fmt::format("tensor '{}' is missing", name));
  if (found->shape() != shape)
    fail(ErrorKind::input,
         fmt::format("tensor '{}' has the shape {}, expected {} by the numbers of its module; a model that was pruned needs "
                     "them changed too (out_channels, in_channels, num_features) and saved again",
                     name, text_of(found->shape()), text_of(shape)));
  if (const auto bad = non_finite_text(found->as<float>()); !bad.empty())
    fail(ErrorKind::numeric,
         fmt::format("tensor '{}': {}; is this a checkpoint of a training that diverged? Take an earlier one", name, bad));
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
