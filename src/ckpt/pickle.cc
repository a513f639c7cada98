// SPDX-License-Identifier: Apache-2.0
#include "ckpt/pickle.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "ckpt/byte_reader.h"
#include "ckpt/pickle_heap.h"
#include "ckpt/pickle_objects.h"
#include "ckpt/pickle_opcodes.h"
#include "ckpt/pickle_scalars.h"
#include "ckpt/pickle_tensor.h"
#include "ckpt/text.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr int kNewestProtocol = 5;
constexpr std::size_t kMaxNameBytes = 1000;         // of a module or class
constexpr std::uint64_t kMemoEntryBytes = 64;       // hash node, reference, bucket
constexpr std::uint64_t kRememberedNameBytes = 80;  // one entry of the set of names

[[noreturn]] void refuse(const std::string& why, ErrorKind kind = ErrorKind::input) { throw Error(kind, why); }

/// The stack machine of a pickle.
class Machine {
 public:
  Machine(std::span<const std::byte> bytes, const PickleLimits& limits) : in_(bytes), heap_(limits) {}

  /// Executes one opcode; false after STOP.
  bool step();
  Unpickled finish(bool is_all);
  std::size_t position() const { return in_.position(); }

 private:
  void execute(Opcode op);
  bool execute_number(Opcode op);
  bool execute_text(Opcode op);
  bool execute_memo(Opcode op);
  bool execute_container(Opcode op);
  bool execute_object(Opcode op);

  void push(MutableRef value);
  template <class Item>
  void append_charged(std::vector<Item>& items, Item item);
  MutableRef pop();
  MutableRef& top();
  std::vector<PickleRef> pop_to_mark();
  std::vector<PickleRef> pop_count(std::size_t count);
  void push_tuple(std::vector<PickleRef> items);
  void push_dict(std::vector<PickleRef> items);

  void check_protocol();
  void check_frame();
  void append(std::vector<PickleRef> items, bool is_set);
  void set_items(std::vector<PickleRef> items);
  void remember(std::uint64_t index);
  void recall(std::uint64_t index);
  void push_global(std::string_view module, std::string_view name);
  void push_new_object_with_keywords();
  void push_storage();

  ByteReader in_;
  PickleHeap heap_;
  std::vector<MutableRef> stack_;
  std::vector<std::size_t> marks_;  ///< stack sizes; nothing below the last mark can be popped
  std::unordered_map<std::uint64_t, MutableRef> memo_;
  std::set<std::string> globals_;
  std::map<std::string, PickleStorage> storages_;
};

void Machine::push(MutableRef value) { append_charged(stack_, std::move(value)); }

/// Adds to a vector that is charged for its capacity: the old one lives until its elements are moved to the new one, which is twice as
/// large, and the sum of all of them is at most twice the last.
template <class Item>
void Machine::append_charged(std::vector<Item>& items, Item item) {
  constexpr std::size_t kFirst = 16;
  if (items.size() == items.capacity()) {
    const auto room = std::max(kFirst, 2 * items.capacity());
    heap_.charge(room * sizeof(Item));
    items.reserve(room);
  }
  items.push_back(std::move(item));
}

MutableRef& Machine::top() {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) refuse("the stack is empty");
  return stack_.back();
}

MutableRef Machine::pop() {
  MutableRef value = std::move(top());
  stack_.pop_back();
  return value;
}

std::vector<PickleRef> Machine::pop_count(std::size_t count) {
  if (stack_.size() - (marks_.empty() ? 0 : marks_.back()) < count) refuse("the stack is empty");
  heap_.charge_references(count);  // before they are copied; the container they go into is charged for them once more
  const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
  std::vector<PickleRef> items(std::make_move_iterator(first), std::make_move_iterator(stack_.end()));
  stack_.erase(first, stack_.end());
  return items;
}

std::vector<PickleRef> Machine::pop_to_mark() {
  if (marks_.empty()) refuse("there is no mark");
  auto items = pop_count(stack_.size() - marks_.back());
  marks_.pop_back();
  return items;
}

void Machine::push_tuple(std::vector<PickleRef> items) {
  push(items.empty() ? heap_.empty_tuple() : heap_.make(PickleList{std::move(items), PickleList::Kind::tuple}));
}

void Machine::push_dict(std::vector<PickleRef> items) {
  push(heap_.make(PickleDict{}));
  set_items(std::move(items));
}

void Machine::append(std::vector<PickleRef> items, bool is_set) {
  auto* list = std::get_if<PickleList>(&top()->data);
  auto* object = std::get_if<PickleObject>(&top()->data);
  const auto wanted = is_set ? PickleList::Kind::set : PickleList::Kind::list;
  if (!object && (!list || list->kind != wanted)) refuse(fmt::format("items are added to {}", describe(top())));
  heap_.charge_references(items.size());
  auto& target = object ? object->elements : list->items;
  target.insert(target.end(), std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
}

void Machine::set_items(std::vector<PickleRef> items) {
  auto* dict = std::get_if<PickleDict>(&top()->data);
  if (auto* object = std::get_if<PickleObject>(&top()->data)) dict = &object->items;
  if (!dict) refuse(fmt::format("items are set on {}", describe(top())));
  if (items.size() % 2 != 0) refuse("a key has no value");
  heap_.charge_references(items.size());
  for (std::size_t i = 0; i < items.size(); i += 2) dict->items.emplace_back(std::move(items[i]), std::move(items[i + 1]));
}

void Machine::remember(std::uint64_t index) {
  heap_.charge(kMemoEntryBytes);
  memo_[index] = top();
}

void Machine::recall(std::uint64_t index) {
  const auto found = memo_.find(index);
  if (found == memo_.end()) refuse(fmt::format("memo entry {} does not exist", index));
  push(found->second);
}

std::string_view modern_module(std::string_view module) {
  if (module == "__builtin__") return "builtins";
  return module == "copy_reg" ? "copyreg" : module;
}

void Machine::push_global(std::string_view module, std::string_view name) {
  if (module.size() > kMaxNameBytes || name.size() > kMaxNameBytes)
    refuse(fmt::format("the name of the class {} is longer than {} bytes", in_quotes(name), kMaxNameBytes));
  if (!is_utf8(module) || !is_utf8(name)) refuse(fmt::format("the name of the class {} is not UTF-8", in_quotes(name)));
  module = modern_module(module);
  const auto [entry, is_new] = globals_.insert(fmt::format("{} {}", module, name));
  if (is_new) heap_.charge(kRememberedNameBytes + entry->size());
  push(heap_.make(PickleGlobal{std::string(module), std::string(name)}));
}

/// NEWOBJ_EX: keyword arguments, where there are any, are the last argument.
void Machine::push_new_object_with_keywords() {
  const auto parts = pop_count(3);
  const auto* positional = parts[1]->get_if<PickleList>();
  const auto* keywords = parts[2]->get_if<PickleDict>();
  if (!positional || !keywords) refuse("an instance is made of a tuple and a dict");
  if (keywords->items.empty()) return push(new_object(heap_, parts[0], parts[1]));
  auto items = positional->items;
  items.push_back(parts[2]);
  push(new_object(heap_, parts[0], heap_.make(PickleList{std::move(items), PickleList::Kind::tuple})));
}

void Machine::push_storage() {
  push(persistent(heap_, pop()));
  if (!top()->get_if<PickleTensor>()) return;
  const auto& storage = std::get<PickleTensor>(top()->data);
  const auto [entry, is_new] =
      storages_.insert_or_assign(storage.storage_key, PickleStorage{storage.storage_elements, storage_bytes(storage)});
  if (is_new) heap_.charge(kRememberedNameBytes + entry->first.size());
}

bool Machine::execute_number(Opcode op) {
  switch (op) {
    case Opcode::none: push(heap_.none()); break;
    case Opcode::newtrue: push(heap_.boolean(true)); break;
    case Opcode::newfalse: push(heap_.boolean(false)); break;
    case Opcode::binint: push(heap_.integer(in_.number<std::int32_t>())); break;
    case Opcode::binint1: push(heap_.integer(in_.number<std::uint8_t>())); break;
    case Opcode::binint2: push(heap_.integer(in_.number<std::uint16_t>())); break;
    case Opcode::int_line: push(parse_integer(heap_, in_.line(), true)); break;
    case Opcode::long_line: push(parse_integer(heap_, in_.line(), false)); break;
    case Opcode::long1: push(decode_integer(heap_, in_.take(in_.number<std::uint8_t>()))); break;
    case Opcode::long4: push(decode_integer(heap_, in_.take(in_.number<std::uint32_t>()))); break;  // "negative" lengths are too long
    case Opcode::binfloat: push(heap_.make(decode_float(in_.take(8)))); break;
    case Opcode::float_line: push(parse_float(heap_, in_.line())); break;
    default: return false;
  }
  return true;
}

bool Machine::execute_text(Opcode op) {
  switch (op) {
    case Opcode::binunicode: push(make_text(heap_, in_.take(in_.number<std::uint32_t>()))); break;
    case Opcode::short_binunicode: push(make_text(heap_, in_.take(in_.number<std::uint8_t>()))); break;
    case Opcode::binunicode8: push(make_text(heap_, in_.take(in_.number<std::uint64_t>()))); break;
    case Opcode::unicode_line: push(make_text(heap_, decode_raw_unicode(in_.line()))); break;
    case Opcode::binstring: push(make_text_or_bytes(heap_, in_.take(in_.number<std::uint32_t>()))); break;
    case Opcode::short_binstring: push(make_text_or_bytes(heap_, in_.take(in_.number<std::uint8_t>()))); break;
    case Opcode::string_line: push(make_text_or_bytes(heap_, decode_quoted_bytes(in_.line()))); break;
    case Opcode::binbytes: push(make_bytes(heap_, in_.take(in_.number<std::uint32_t>()), "bytes")); break;
    case Opcode::short_binbytes: push(make_bytes(heap_, in_.take(in_.number<std::uint8_t>()), "bytes")); break;
    case Opcode::binbytes8: push(make_bytes(heap_, in_.take(in_.number<std::uint64_t>()), "bytes")); break;
    case Opcode::bytearray8: push(make_bytes(heap_, in_.take(in_.number<std::uint64_t>()), "bytearray")); break;
    default: return false;
  }
  return true;
}

std::uint64_t parse_index(std::string_view text) {
  std::uint64_t index = 0;
  if (text.empty() || text.size() > 18) refuse(fmt::format("{} is no memo index", in_quotes(text)));
  for (const char digit : text) {
    if (digit < '0' || digit > '9') refuse(fmt::format("{} is no memo index", in_quotes(text)));
    index = 10 * index + static_cast<std::uint64_t>(digit - '0');
  }
  return index;
}

bool Machine::execute_memo(Opcode op) {
  switch (op) {
    case Opcode::put: remember(parse_index(in_.line())); break;
    case Opcode::binput: remember(in_.number<std::uint8_t>()); break;
    case Opcode::long_binput: remember(in_.number<std::uint32_t>()); break;
    case Opcode::memoize: remember(memo_.size()); break;
    case Opcode::get: recall(parse_index(in_.line())); break;
    case Opcode::binget: recall(in_.number<std::uint8_t>()); break;
    case Opcode::long_binget: recall(in_.number<std::uint32_t>()); break;
    default: return false;
  }
  return true;
}

bool Machine::execute_container(Opcode op) {
  switch (op) {
    case Opcode::empty_dict: push(heap_.make(PickleDict{})); break;
    case Opcode::empty_list: push(heap_.make(PickleList{})); break;
    case Opcode::empty_set: push(heap_.make(PickleList{{}, PickleList::Kind::set})); break;
    case Opcode::empty_tuple: push(heap_.empty_tuple()); break;
    case Opcode::tuple: push_tuple(pop_to_mark()); break;
    case Opcode::tuple1: push_tuple(pop_count(1)); break;
    case Opcode::tuple2: push_tuple(pop_count(2)); break;
    case Opcode::tuple3: push_tuple(pop_count(3)); break;
    case Opcode::list: push(heap_.make(PickleList{pop_to_mark()})); break;
    case Opcode::frozenset: push(heap_.make(PickleList{pop_to_mark(), PickleList::Kind::set})); break;
    case Opcode::dict: push_dict(pop_to_mark()); break;
    case Opcode::append: append(pop_count(1), false); break;
    case Opcode::appends: append(pop_to_mark(), false); break;
    case Opcode::additems: append(pop_to_mark(), true); break;
    case Opcode::setitem: set_items(pop_count(2)); break;
    case Opcode::setitems: set_items(pop_to_mark()); break;
    default: return false;
  }
  return true;
}

bool Machine::execute_object(Opcode op) {
  switch (op) {
    case Opcode::global: {
      const auto module = in_.line();
      push_global(module, in_.line());
      break;
    }
    case Opcode::stack_global: {
      const auto parts = pop_count(2);
      const auto* module = parts[0]->get_if<std::string>();
      const auto* name = parts[1]->get_if<std::string>();
      if (!module || !name) refuse("a class is named by two strings");
      push_global(*module, *name);
      break;
    }
    case Opcode::reduce: {
      const auto arguments = pop();
      push(apply(heap_, pop(), arguments));
      break;
    }
    case Opcode::newobj: {
      const auto arguments = pop();
      push(new_object(heap_, pop(), arguments));
      break;
    }
    case Opcode::newobj_ex: push_new_object_with_keywords(); break;
    case Opcode::inst: {
      const auto module = in_.line();
      push_global(module, in_.line());
      const auto type = pop();
      push_tuple(pop_to_mark());
      push(new_object(heap_, type, pop()));
      break;
    }
    case Opcode::obj: {
      auto items = pop_to_mark();
      if (items.empty()) refuse("an instance without a class");
      const auto type = items.front();
      items.erase(items.begin());
      push_tuple(std::move(items));
      push(new_object(heap_, type, pop()));
      break;
    }
    case Opcode::build: {
      const auto state = pop();
      build(*top(), state);
      break;
    }
    case Opcode::binpersid: push_storage(); break;
    default: return false;
  }
  return true;
}

void Machine::check_protocol() {
  const int protocol = in_.number<std::uint8_t>();
  if (protocol > kNewestProtocol)
    refuse(fmt::format("pickle protocol {} is newer than {}", protocol, kNewestProtocol), ErrorKind::unsupported);
}

/// Frames only help a reader that reads from a stream.
void Machine::check_frame() {
  const auto length = in_.number<std::uint64_t>();
  if (length > in_.remaining()) refuse(fmt::format("a frame of {} bytes where {} are left", length, in_.remaining()));
}

void Machine::execute(Opcode op) {
  if (execute_number(op) || execute_text(op) || execute_memo(op) || execute_container(op) || execute_object(op)) return;
  switch (op) {
    case Opcode::proto: return check_protocol();
    case Opcode::frame: return check_frame();
    case Opcode::mark: return append_charged(marks_, stack_.size());
    case Opcode::dup: return push(top());
    case Opcode::pop_mark: return static_cast<void>(pop_to_mark());
    case Opcode::pop:
      if (!marks_.empty() && marks_.back() == stack_.size()) return marks_.pop_back();
      return static_cast<void>(pop());
    default: refuse("this opcode is not read", ErrorKind::unsupported);
  }
}

bool Machine::step() {
  const auto opcode = in_.number<std::uint8_t>();
  if (name_of_opcode(opcode).empty()) refuse(fmt::format("0x{:02x} is no opcode", opcode));
  if (static_cast<Opcode>(opcode) == Opcode::stop) return false;
  execute(static_cast<Opcode>(opcode));
  return true;
}

Unpickled Machine::finish(bool is_all) {
  if (is_all && in_.remaining() != 0) refuse(fmt::format("{} bytes follow the end", in_.remaining()));
  Unpickled result{pop(), std::move(globals_), std::move(storages_), in_.position()};
  if (!stack_.empty() || !marks_.empty()) refuse(fmt::format("{} values are left over", stack_.size()));
  memo_.clear();
  heap_.check_structure(result.root);
  return result;
}

std::string name_at(std::span<const std::byte> bytes, std::size_t at) {
  return at < bytes.size() ? std::string(name_of_opcode(std::to_integer<std::uint8_t>(bytes[at]))) : "end";
}

Unpickled run(std::span<const std::byte> bytes, const std::string& where, const PickleLimits& limits, bool is_all) {
  Machine machine(bytes, limits);
  std::size_t at = 0;
  try {
    while (machine.step()) at = machine.position();
    return machine.finish(is_all);
  } catch (const Error& error) {
    const auto name = name_at(bytes, at);
    throw Error(error.kind(), fmt::format("{}: byte {}{}{}: {}", where, at, name.empty() ? "" : ", opcode ", name, error.what()));
  }
}

}  // namespace

Unpickled unpickle(std::span<const std::byte> bytes, const std::string& where, const PickleLimits& limits) {
  return run(bytes, where, limits, true);
}

Unpickled unpickle_first(std::span<const std::byte> bytes, const std::string& where, const PickleLimits& limits) {
  return run(bytes, where, limits, false);
}

}  // namespace nibble
