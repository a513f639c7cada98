// SPDX-License-Identifier: Apache-2.0
// Activations of all calibration batches between two layers, in memory up to a budget, beyond it in temporary files:
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

  /// Keeps an f32 tensor. Error(environment) naming the folder when the disk is full.
  void put(ValueId value, std::int64_t batch, const at::Tensor& tensor);
  at::Tensor get(ValueId value, std::int64_t batch) const;
  /// Memory and, where the file system can free a part of a file, disk space are free again. Nothing where nothing is kept.
  void drop(ValueId value, std::int64_t batch);

 private:
  struct Slot {
    at::Tensor tensor;  // undefined when in the file
    std::vector<std::int64_t> sizes;
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
