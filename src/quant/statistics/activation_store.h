// SPDX-License-Identifier: Apache-2.0
// Keeps the activations of all calibration batches between two layers: in memory up to a budget, beyond it in temporary files, so that
// memory does not grow with the number of calibration images.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <vector>

#include "base/temporary.h"
#include "graph/graph.h"

namespace nibble {

class ActivationStore {
 public:
  explicit ActivationStore(std::int64_t memory_budget_bytes) : budget_bytes_(memory_budget_bytes) {}

  /// Keeps an f32 tensor, and the order of its dimensions in memory. Error(environment) naming the folder when the disk is full.
  void put(ValueId value, std::int64_t batch, const at::Tensor& tensor);
  /// The tensor that was put for this value and batch, which must not have been dropped. Error(environment) where the file cannot be read.
  at::Tensor get(ValueId value, std::int64_t batch) const;
  /// Forgets a tensor. Its memory is freed, and its disk space where the file system can free part of a file. Does nothing where none is
  /// kept.
  void drop(ValueId value, std::int64_t batch);

 private:
  struct Slot {
    at::Tensor tensor;  // undefined when in the file
    std::vector<std::int64_t> sizes;
    at::MemoryFormat format = at::MemoryFormat::Contiguous;
    long offset_bytes = 0;
  };
  struct Entry {
    std::map<std::int64_t, Slot> batches;
    OpenFile file{nullptr, std::fclose};
    long file_bytes = 0;
  };
  void spill(Entry& entry, Slot& slot, const at::Tensor& tensor);

  std::int64_t budget_bytes_;
  std::int64_t used_bytes_ = 0;
  std::map<ValueId, Entry> entries_;
};

}  // namespace nibble
