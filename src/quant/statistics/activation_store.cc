// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/activation_store.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <span>
#include <vector>

#include "quant/statistics/half_rows.h"

namespace nibble {
namespace {

constexpr std::int64_t numbers_of_a_piece(bool is_half) {
  return static_cast<std::int64_t>(PiecePool::kPieceBytes / (is_half ? sizeof(Half) : sizeof(float)));
}

std::int64_t pieces_for(std::int64_t count, bool is_half) {
  const std::int64_t size = numbers_of_a_piece(is_half);
  return (count + size - 1) / size;
}

/// Calls `body` with each piece's index, and the place and the number of its numbers among `count`, on several threads.
void for_pieces(std::int64_t count, bool is_half, const std::function<void(std::size_t, std::int64_t, std::size_t)>& body) {
  const std::int64_t size = numbers_of_a_piece(is_half);
  at::parallel_for(0, pieces_for(count, is_half), 4, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i)
      body(static_cast<std::size_t>(i), i * size, static_cast<std::size_t>(std::min(size, count - i * size)));
  });
}

/// One for each thread.
thread_local std::array<Half, numbers_of_a_piece(true)> halves;

}  // namespace

void ActivationStore::put(ValueId value, std::int64_t batch, const at::Tensor& tensor) {
  drop(value, batch);
  Batches& batches = values_[value];
  if (static_cast<std::size_t>(batch) >= batches.kept.size()) batches.kept.resize(static_cast<std::size_t>(batch) + 1);
  Kept& kept = batches.kept[static_cast<std::size_t>(batch)].emplace();
  ++batches.count;
  kept.format = tensor.suggest_memory_format();
  const at::Tensor dense = tensor.contiguous(kept.format);
  kept.sizes = at::DimVector(dense.sizes());
  const auto* numbers = dense.data_ptr<float>();
  kept.first = pool_.take(pieces_for(dense.numel(), true));
  std::vector<PiecePool::Piece> pieces = pool_.pieces_of(kept.first);
  std::atomic<bool> fits = true;
  for_pieces(dense.numel(), true, [&](std::size_t i, std::int64_t first, std::size_t count) {
    if (!to_halves({numbers + first, count}, halves.data())) fits = false;
    pool_.write(pieces[i], std::as_bytes(std::span(halves.data(), count)));
  });
  kept.is_half = fits;
  if (kept.is_half) return;
  pool_.give_back(kept.first);
  kept.first = pool_.take(pieces_for(dense.numel(), false));
  pieces = pool_.pieces_of(kept.first);
  for_pieces(dense.numel(), false, [&](std::size_t i, std::int64_t first, std::size_t count) {
    pool_.write(pieces[i], std::as_bytes(std::span(numbers + first, count)));
  });
}

at::Tensor ActivationStore::get(ValueId value, std::int64_t batch) const {
  const Kept& kept = values_.at(value).kept.at(static_cast<std::size_t>(batch)).value();
  at::Tensor tensor = at::empty(kept.sizes, at::TensorOptions(at::kFloat).memory_format(kept.format));
  auto* numbers = tensor.data_ptr<float>();
  const std::vector<PiecePool::Piece> pieces = pool_.pieces_of(kept.first);
  for_pieces(tensor.numel(), kept.is_half, [&](std::size_t i, std::int64_t first, std::size_t count) {
    if (!kept.is_half) return pool_.read(pieces[i], std::as_writable_bytes(std::span(numbers + first, count)));
    pool_.read(pieces[i], std::as_writable_bytes(std::span(halves.data(), count)));
    to_floats({halves.data(), count}, numbers + first);
  });
  return tensor;
}

void ActivationStore::drop(ValueId value, std::int64_t batch) {
  const auto found = values_.find(value);
  if (found == values_.end() || static_cast<std::size_t>(batch) >= found->second.kept.size()) return;
  std::optional<Kept>& kept = found->second.kept[static_cast<std::size_t>(batch)];
  if (!kept) return;
  pool_.give_back(kept->first);
  kept.reset();
  if (--found->second.count == 0) values_.erase(found);
}

}  // namespace nibble
