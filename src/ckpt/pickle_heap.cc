// SPDX-License-Identifier: Apache-2.0
#include "ckpt/pickle_heap.h"

#include <fmt/format.h>

#include <algorithm>

#include "nibble/error.h"

namespace nibble {

/// Containers are made here and nowhere else, so every value with children is a Node.
struct PickleHeap::Node : PickleValue {
  enum class Visit : std::uint8_t { fresh, open, done };
  Visit visit = Visit::fresh;
  std::uint32_t height = 1;  ///< longest path down, itself included; known when done
};

namespace {

constexpr std::int64_t kSmallIntegers = 256;      // made once: strides, kernel sizes, layer indices
constexpr std::uint64_t kControlBlockBytes = 80;  // shared_ptr's block, the allocator's own, and the place among the containers

std::size_t child_count(const PickleValue& value) {
  if (const auto* list = value.get_if<PickleList>()) return list->items.size();
  if (const auto* dict = value.get_if<PickleDict>()) return 2 * dict->items.size();
  if (const auto* object = value.get_if<PickleObject>())
    return object->arguments.size() + (object->state ? 1 : 0) + object->elements.size() + 2 * object->items.items.size();
  return 0;
}

const PickleRef& child_of(const PickleDict& dict, std::size_t index) {
  const auto& item = dict.items[index / 2];
  return index % 2 == 0 ? item.first : item.second;
}

const PickleRef& child_of(const PickleObject& object, std::size_t index) {
  if (index < object.arguments.size()) return object.arguments[index];
  index -= object.arguments.size();
  if (object.state && index-- == 0) return object.state;
  if (index < object.elements.size()) return object.elements[index];
  return child_of(object.items, index - object.elements.size());
}

const PickleRef& child_of(const PickleValue& value, std::size_t index) {
  if (const auto* list = value.get_if<PickleList>()) return list->items[index];
  if (const auto* dict = value.get_if<PickleDict>()) return child_of(*dict, index);
  return child_of(*value.get_if<PickleObject>(), index);
}

bool is_container(const PickleData& data) {
  return std::holds_alternative<PickleList>(data) || std::holds_alternative<PickleDict>(data) || std::holds_alternative<PickleObject>(data);
}

/// Memory behind the value's own members, where it can be large. What is added later is charged then.
std::uint64_t bytes_behind(const PickleData& data) {
  if (const auto* text = std::get_if<std::string>(&data)) return text->size();
  if (const auto* list = std::get_if<PickleList>(&data)) return list->items.size() * sizeof(PickleRef);
  if (const auto* dict = std::get_if<PickleDict>(&data)) return 2 * dict->items.size() * sizeof(PickleRef);
  if (const auto* global = std::get_if<PickleGlobal>(&data)) return global->module.size() + global->name.size();
  if (const auto* object = std::get_if<PickleObject>(&data))
    return object->type.module.size() + object->type.name.size() + object->arguments.size() * sizeof(PickleRef);
  if (const auto* tensor = std::get_if<PickleTensor>(&data))
    return tensor->storage_key.size() + (tensor->shape.size() + tensor->strides.size()) * sizeof(std::int64_t);
  return 0;
}

}  // namespace

PickleHeap::PickleHeap(const PickleLimits& limits) : limits_(limits), small_integers_(static_cast<std::size_t>(kSmallIntegers)) {
  none_ = make(PickleNone{});
  true_ = make(true);
  false_ = make(false);
  empty_tuple_ = make(PickleList{{}, PickleList::Kind::tuple});
}

PickleHeap::~PickleHeap() {
  for (const auto& container : containers_) container->data = PickleNone{};
}

MutableRef PickleHeap::make(PickleData data) {
  if (++objects_ > limits_.max_objects) throw Error(ErrorKind::input, fmt::format("more than {} values", limits_.max_objects));
  charge(sizeof(Node) + kControlBlockBytes + bytes_behind(data));
  auto value = std::make_shared<Node>();
  value->data = std::move(data);
  if (is_container(value->data)) containers_.push_back(value);
  return value;
}

MutableRef PickleHeap::integer(std::int64_t value) {
  if (value < 0 || value >= kSmallIntegers) return make(value);
  auto& shared = small_integers_[static_cast<std::size_t>(value)];
  if (!shared) shared = make(value);
  return shared;
}

void PickleHeap::charge(std::uint64_t bytes) {
  bytes_ += bytes;
  if (bytes_ > limits_.max_value_bytes)
    throw Error(ErrorKind::input, fmt::format("its values need more than {} bytes of memory", limits_.max_value_bytes));
}

void PickleHeap::check_structure(const PickleRef& root) {
  struct Step {
    Node* node;
    std::size_t next_child;
  };
  std::vector<Step> path;
  const auto node_of = [](const PickleRef& value) { return const_cast<Node*>(static_cast<const Node*>(value.get())); };
  const auto require_depth = [&](std::size_t depth) {
    if (depth > limits_.max_depth) throw Error(ErrorKind::input, fmt::format("values are nested deeper than {}", limits_.max_depth));
  };
  const auto open = [&](Node* node) {
    node->visit = Node::Visit::open;
    path.push_back({node, 0});
    require_depth(path.size());
  };
  const auto walk_from = [&](Node* start) {
    if (start->visit == Node::Visit::fresh) open(start);
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next_child == child_count(*step.node)) {
        step.node->visit = Node::Visit::done;
        const std::uint32_t height = step.node->height + 1;
        path.pop_back();
        if (!path.empty()) path.back().node->height = std::max(path.back().node->height, height);
        continue;
      }
      const PickleRef& child = child_of(*step.node, step.next_child++);
      if (child_count(*child) == 0) continue;
      Node* node = node_of(child);
      if (node->visit == Node::Visit::open) {
        const_cast<PickleRef&>(child) = PickleRef(PickleRef(), node);  // refers without owning: node is above it and owns it
        continue;
      }
      if (node->visit == Node::Visit::fresh) {
        open(node);
        continue;
      }
      require_depth(path.size() + node->height);
      step.node->height = std::max(step.node->height, node->height + 1);
    }
  };
  // From the root first, so that what is below it never depends on a value that only others own.
  if (child_count(*root) > 0) walk_from(node_of(root));
  for (const auto& container : containers_) walk_from(container.get());
  containers_.clear();
}

}  // namespace nibble
