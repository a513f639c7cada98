// SPDX-License-Identifier: Apache-2.0
#include "ckpt/pickle_objects.h"

#include <fmt/format.h>

#include <map>
#include <string_view>

#include "ckpt/pickle_tensor.h"
#include "nibble/error.h"

namespace nibble {
namespace {

using Items = std::vector<PickleRef>;
using Meaning = MutableRef (*)(PickleHeap&, const Items&);

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorKind::input, why); }

const Items& items_of(const PickleRef& value, const char* what) {
  const auto* list = value->get_if<PickleList>();
  if (!list) refuse(fmt::format("{} should be a tuple or list, not {}", what, describe(value)));
  return list->items;
}

const PickleGlobal& global_of(const PickleRef& value, const char* what) {
  const auto* global = value->get_if<PickleGlobal>();
  if (!global) refuse(fmt::format("{} should be a class or function, not {}", what, describe(value)));
  return *global;
}

/// dict(), OrderedDict(): of nothing, of another dict, of a list of pairs.
MutableRef make_dict(PickleHeap& heap, const Items& arguments) {
  PickleDict dict;
  if (arguments.size() > 1) refuse(fmt::format("a dict is made of at most one argument, not {}", arguments.size()));
  if (!arguments.empty()) {
    if (const auto* other = arguments[0]->get_if<PickleDict>()) {
      dict = *other;
    } else {
      const auto& pairs = items_of(arguments[0], "what a dict is made of");
      for (const auto& pair : pairs) {
        const auto& both = items_of(pair, "an item of a dict");
        if (both.size() != 2) refuse(fmt::format("an item of a dict has {} parts", both.size()));
        dict.items.emplace_back(both[0], both[1]);
      }
    }
  }
  return heap.make(std::move(dict));
}

template <PickleList::Kind kind>
MutableRef make_list(PickleHeap& heap, const Items& arguments) {
  if (arguments.size() > 1) refuse(fmt::format("a list or set is made of at most one argument, not {}", arguments.size()));
  if (arguments.empty()) return heap.make(PickleList{{}, kind});
  const auto& items = items_of(arguments[0], "what a list or set is made of");
  return heap.make(PickleList{items, kind});
}

MutableRef make_tensor(PickleHeap& heap, const Items& arguments) { return heap.make(rebuild_tensor(arguments)); }

/// A parameter is its tensor; requires_grad, hooks and attributes do not matter here.
MutableRef make_parameter(PickleHeap& heap, const Items& arguments) {
  const auto* tensor = arguments.empty() ? nullptr : arguments[0]->get_if<PickleTensor>();
  if (!tensor) refuse("a parameter is made of a tensor");
  return heap.make(*tensor);
}

MutableRef make_object(PickleHeap& heap, const PickleGlobal& type, const Items& arguments) {
  return heap.make(PickleObject{type, arguments, nullptr, {}, {}});
}

/// torch._tensor._rebuild_from_type_v2(function, type, arguments, state): a tensor with attributes or of a subclass.
MutableRef make_typed_tensor(PickleHeap& heap, const Items& arguments) {
  if (arguments.size() != 4) refuse("a typed tensor is made of four arguments");
  const PickleGlobal& function = global_of(arguments[0], "the function of a typed tensor");
  if (function.module == "torch._utils" && function.name == "_rebuild_tensor_v2")
    return make_tensor(heap, items_of(arguments[2], "the arguments of a typed tensor"));
  return make_object(heap, function, items_of(arguments[2], "the arguments of a typed tensor"));
}

/// copyreg._reconstructor(type, base, state): how protocols 0 and 1 write an instance.
MutableRef make_reconstructed(PickleHeap& heap, const Items& arguments) {
  if (arguments.size() != 3) refuse("copyreg._reconstructor takes three arguments");
  const PickleGlobal& type = global_of(arguments[0], "the type of an instance");
  return make_object(heap, type, arguments[2]->is_none() ? Items{} : Items{arguments[2]});
}

const std::map<std::string_view, Meaning>& meanings() {
  static const std::map<std::string_view, Meaning> table = {
      {"builtins dict", make_dict},
      {"builtins frozenset", make_list<PickleList::Kind::set>},
      {"builtins list", make_list<PickleList::Kind::list>},
      {"builtins set", make_list<PickleList::Kind::set>},
      {"collections OrderedDict", make_dict},
      {"copyreg _reconstructor", make_reconstructed},
      {"torch._tensor _rebuild_from_type_v2", make_typed_tensor},
      {"torch._utils _rebuild_parameter", make_parameter},
      {"torch._utils _rebuild_parameter_with_state", make_parameter},
      {"torch._utils _rebuild_tensor", make_tensor},
      {"torch._utils _rebuild_tensor_v2", make_tensor},
  };
  return table;
}

}  // namespace

MutableRef apply(PickleHeap& heap, const MutableRef& callable, const PickleRef& arguments) {
  const auto& items = items_of(arguments, "the arguments of a call");
  const auto* function = callable->get_if<PickleGlobal>();
  if (!function) {  // the result of a call is called (getattr, functools.partial): kept as data, callable first
    PickleObject object{{"", "<call>"}, {callable}, nullptr, {}, {}};
    object.arguments.insert(object.arguments.end(), items.begin(), items.end());
    return heap.make(std::move(object));
  }
  const auto meaning = meanings().find(function->module + " " + function->name);
  return meaning != meanings().end() ? meaning->second(heap, items) : make_object(heap, *function, items);
}

MutableRef new_object(PickleHeap& heap, const PickleRef& type, const PickleRef& arguments) {
  return make_object(heap, global_of(type, "the class of an instance"), items_of(arguments, "the arguments of an instance"));
}

void build(PickleValue& value, const PickleRef& state) {
  if (value.get_if<PickleDict>() || value.get_if<PickleTensor>()) return;
  auto* object = std::get_if<PickleObject>(&value.data);
  if (!object) refuse("state is given to something that is no instance");
  if (object->state) refuse(fmt::format("an instance of {}.{} gets its state twice", object->type.module, object->type.name));
  object->state = state;
}

MutableRef persistent(PickleHeap& heap, const PickleRef& id) {
  const auto& items = items_of(id, "a persistent id");
  // Before PyTorch 1.6 a module's class came with its source: ("module", class, file, text).
  const auto* kind = items.empty() ? nullptr : items[0]->get_if<std::string>();
  if (kind != nullptr && *kind == "module" && items.size() > 1) return heap.make(global_of(items[1], "the class of a module"));
  return heap.make(storage_of(items));
}

}  // namespace nibble
