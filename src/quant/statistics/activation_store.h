// SPDX-License-Identifier: Apache-2.0
// Keeps the activations of all calibration batches between two layers: in memory up to a budget, beyond it in a temporary file, so that
// memory does not grow with the number of calibration images.
#pragma once
#include <ATen/ATen.h>
#include <ATen/core/DimVector.h>

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "graph/graph.h"
#include "quant/statistics/piece_pool.h"

namespace nibble {

class ActivationStore {
 public:
  explicit ActivationStore(std::int64_t memory_budget_bytes) : pool_(memory_budget_bytes) {}

  /// Keeps an f32 tensor, and the order of its dimensions in memory: its numbers rounded to 16 bits (IEEE 754 binary16, at most 2^-11 of
  /// each beside it), or as they are where one of them is beyond what 16 bits hold. Error(environment) naming the folder when the disk is
  /// full.
  void put(ValueId value, std::int64_t batch, const at::Tensor& tensor);
  /// The tensor that was put for this value and batch, which must not have been dropped. Error(environment) where the file cannot be read.
  at::Tensor get(ValueId value, std::int64_t batch) const;
  /// Forgets a tensor, whose room the next one takes. Does nothing where none is kept.
  void drop(ValueId value, std::int64_t batch);

 private:
  struct Kept {
    at::DimVector sizes;
    at::MemoryFormat format = at::MemoryFormat::Contiguous;
    bool is_half = true;
    PiecePool::Piece first = PiecePool::kNone;
  };

  /// Of all batches. One block of memory: small ones of each batch would lie between tensors that come and go, and pin what lies there.
  struct Batches {
    std::vector<std::optional<Kept>> kept;
    std::int64_t count = 0;  // of those that are kept
  };

  PiecePool pool_;
  std::map<ValueId, Batches> values_;
};

}  // namespace nibble
