// SPDX-License-Identifier: Apache-2.0
// Owner of the values a pickle makes, while it makes them.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "ckpt/pickle.h"
#include "ckpt/value.h"

namespace nibble {

using MutableRef = std::shared_ptr<PickleValue>;
using PickleData = decltype(PickleValue::data);

/// Values are filled after they are made, so neither depth nor cycles are known before the last opcode. Until then the
/// heap keeps every container; whatever happens, it empties them one by one, so that dropping a chain of a million
/// lists takes no stack and a cycle leaks nothing. After check_structure() the values are safe to drop recursively.
class PickleHeap {
 public:
  explicit PickleHeap(const PickleLimits& limits);
  ~PickleHeap();
  PickleHeap(const PickleHeap&) = delete;
  PickleHeap& operator=(const PickleHeap&) = delete;

  /// Error(input) beyond the limits on count and memory.
  MutableRef make(PickleData data);
  MutableRef none() const { return none_; }
  MutableRef boolean(bool value) const { return value ? true_ : false_; }
  MutableRef empty_tuple() const { return empty_tuple_; }
  MutableRef integer(std::int64_t value);

  /// Accounts for memory taken outside make(): references, copies.
  void charge(std::uint64_t bytes);
  void charge_references(std::uint64_t count) { charge(count * sizeof(PickleRef)); }

  /// Error(input) if nesting exceeds the limit. Where a value contains itself, the reference back to it, from below, becomes one
  /// that does not own: seen from `root`, ownership is without cycles, and dropping the root drops all. Afterwards the heap lets go
  /// of the values.
  void check_structure(const PickleRef& root);

 private:
  struct Node;
  PickleLimits limits_;
  std::uint64_t objects_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<std::shared_ptr<Node>> containers_;
  std::vector<MutableRef> small_integers_;
  MutableRef none_, true_, false_, empty_tuple_;
};

}  // namespace nibble
