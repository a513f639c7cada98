// SPDX-License-Identifier: Apache-2.0
#include "ckpt/value.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unordered_set>

#include "ckpt/text.h"

namespace nibble {
namespace {

PickleRef find(const PickleDict& dict, std::string_view name) {
  for (auto item = dict.items.rbegin(); item != dict.items.rend(); ++item) {
    const auto* key = item->first->get_if<std::string>();
    if (key && *key == name) return item->second;
  }
  return nullptr;
}

/// State is a dict, or (dict or None, dict of slots): object.__reduce_ex__ of classes with __slots__.
PickleRef find_in_state(const PickleRef& state, std::string_view name) {
  if (!state) return nullptr;
  if (const auto* dict = state->get_if<PickleDict>()) return find(*dict, name);
  const auto* pair = state->get_if<PickleList>();
  if (!pair || pair->kind != PickleList::Kind::tuple || pair->items.size() != 2) return nullptr;
  for (const auto& part : pair->items) {
    const auto* dict = part->get_if<PickleDict>();
    if (!dict) continue;
    if (auto found = find(*dict, name)) return found;
  }
  return nullptr;
}

const char* name_of(PickleList::Kind kind) {
  switch (kind) {
    case PickleList::Kind::list: return "list";
    case PickleList::Kind::tuple: return "tuple";
    case PickleList::Kind::set: return "set";
  }
  return "sequence";
}

std::string describe_type(const PickleGlobal& type) { return type.module.empty() ? type.name : type.module + "." + type.name; }

struct Describer {
  std::string operator()(const PickleNone&) const { return "None"; }
  std::string operator()(bool value) const { return value ? "True" : "False"; }
  std::string operator()(std::int64_t value) const { return fmt::format("int {}", value); }
  std::string operator()(double value) const { return fmt::format("float {}", value); }
  std::string operator()(const std::string& value) const { return "str " + in_quotes(value); }
  std::string operator()(const PickleList& list) const { return fmt::format("{} of {}", name_of(list.kind), list.items.size()); }
  std::string operator()(const PickleDict& dict) const { return fmt::format("dict of {}", dict.items.size()); }
  std::string operator()(const PickleGlobal& global) const { return "class " + describe_type(global); }
  std::string operator()(const PickleObject& object) const { return describe_type(object.type); }
  std::string operator()(const PickleTensor& tensor) const {
    return fmt::format("tensor {} [{}]", tensor.stored_as_bfloat16 ? "bfloat16" : nibble::name_of(tensor.dtype),
                       fmt::join(tensor.shape, ","));
  }
};

void push_children(const PickleValue& value, std::vector<const PickleValue*>& waiting) {
  const auto add = [&](const PickleRef& child) {
    if (child) waiting.push_back(child.get());
  };
  const auto add_dict = [&](const PickleDict& dict) {
    for (const auto& [key, item] : dict.items) add(key), add(item);
  };
  if (const auto* list = value.get_if<PickleList>())
    for (const auto& item : list->items) add(item);
  if (const auto* dict = value.get_if<PickleDict>()) add_dict(*dict);
  if (const auto* object = value.get_if<PickleObject>()) {
    for (const auto& item : object->arguments) add(item);
    for (const auto& item : object->elements) add(item);
    add(object->state);
    add_dict(object->items);
  }
}

}  // namespace

std::size_t stored_element_bytes(const PickleTensor& tensor) { return tensor.stored_as_bfloat16 ? 2 : size_of(tensor.dtype); }

PickleRef attribute_of(const PickleRef& object, std::string_view name) {
  if (!object) return nullptr;
  if (const auto* dict = object->get_if<PickleDict>()) return find(*dict, name);
  const auto* instance = object->get_if<PickleObject>();
  if (!instance) return nullptr;
  auto found = find_in_state(instance->state, name);
  return found ? found : find(instance->items, name);
}

std::vector<PickleTensor> tensors_of(const PickleRef& root) {
  std::vector<PickleTensor> tensors;
  std::unordered_set<const PickleValue*> seen;
  std::vector<const PickleValue*> waiting;
  if (root) waiting.push_back(root.get());
  while (!waiting.empty()) {
    const PickleValue* value = waiting.back();
    waiting.pop_back();
    if (!seen.insert(value).second) continue;
    if (const auto* tensor = value->get_if<PickleTensor>()) tensors.push_back(*tensor);
    push_children(*value, waiting);
  }
  return tensors;
}

std::string describe(const PickleRef& value) { return value ? std::visit(Describer{}, value->data) : "nothing"; }

}  // namespace nibble
