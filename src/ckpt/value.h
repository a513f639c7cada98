// SPDX-License-Identifier: Apache-2.0
// A pickle as data. Classes and functions are names; nothing is ever called.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/tensor.h"

namespace nibble {

class PickleValue;
/// Values form a graph, not a tree: a small pickle can refer to one list so often that walking every path would never end, and a
/// value may contain itself (a fused module's `forward` is a method bound to that module). Whoever walks deep must remember what
/// was seen or limit the depth.
/// Shared because pickles alias: a memo entry is one object, seen complete by all who refer to it. A reference from inside a value
/// back to it does not own it, so any value may be used for as long as the root of its pickle (Unpickled, Checkpoint) lives.
using PickleRef = std::shared_ptr<const PickleValue>;

struct PickleNone {};
struct PickleList {
  std::vector<PickleRef> items;
  enum class Kind { list, tuple, set } kind = Kind::list;
};
struct PickleDict {  ///< insertion order; keys of any kind
  std::vector<std::pair<PickleRef, PickleRef>> items;
};
/// A class or function by name, not resolved to anything. Python 2's names of modules are written the Python 3 way
/// (__builtin__ is builtins), whatever the protocol.
struct PickleGlobal {
  std::string module;
  std::string name;
};
/// An instance: its class, the arguments it was made with, its state (BUILD), and what was set on it as list or dict items.
/// Also what has no type of its own here: bytes and bytearray (class builtins.bytes, one argument: the raw bytes as a
/// string, not UTF-8), integers beyond 64 bits (builtins.int, "0x..."), NumPy scalars, paths.
struct PickleObject {
  PickleGlobal type;
  std::vector<PickleRef> arguments;
  PickleRef state;                  ///< may be null
  PickleDict items;                 ///< of dict subclasses (defaultdict); OrderedDict is a PickleDict
  std::vector<PickleRef> elements;  ///< of list subclasses (deque)
};
/// A tensor that has not been read: where its storage lies and how it is laid out, in elements.
struct PickleTensor {
  std::string storage_key;  ///< the entry is <archive>/data/<storage_key>
  DType dtype = DType::f32;
  std::int64_t storage_elements = 0;
  std::int64_t offset = 0;
  Shape shape;
  Shape strides;
  bool stored_as_bfloat16 = false;  ///< dtype is f32 then: load() widens, which is exact
};
/// Bytes of one stored element: size_of(dtype), 2 for bfloat16.
std::size_t stored_element_bytes(const PickleTensor& tensor);

class PickleValue {
 public:
  /// A string is valid UTF-8.
  std::variant<PickleNone, bool, std::int64_t, double, std::string, PickleList, PickleDict, PickleGlobal, PickleObject, PickleTensor> data;

  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&data);
  }
  bool is_none() const { return std::holds_alternative<PickleNone>(data); }
};

/// Attribute of an object (its state dict, else its dict items), or item of a dict by string key; null if absent. Where
/// a key comes twice the last one counts, as in Python.
PickleRef attribute_of(const PickleRef& object, std::string_view name);
/// Every tensor within `root`, each value visited once, in no particular order. Needs no stack.
std::vector<PickleTensor> tensors_of(const PickleRef& root);
/// Short description for messages: "int 3", "str 'n'", "ultralytics.nn.modules.block.C2f", "tensor float16 [16,3,3,3]".
std::string describe(const PickleRef& value);

}  // namespace nibble
