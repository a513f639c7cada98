// SPDX-License-Identifier: Apache-2.0
// Room in pieces of one size: in memory up to a budget, beyond it in one temporary file. A piece that is given back is the next one taken,
// so that neither the system nor the disk sees more than what is kept at once.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/own_pages.h"
#include "base/temporary.h"

namespace nibble {

class PiecePool {
 public:
  static constexpr std::size_t kPieceBytes = 64 << 10;
  using Piece = std::int64_t;

  explicit PiecePool(std::int64_t memory_budget_bytes) : budget_(memory_budget_bytes / static_cast<std::int64_t>(kPieceBytes)) {}

  /// A piece of memory where one is free, else one of the file. Error(environment) where no temporary file can be opened.
  Piece take();
  void give_back(Piece piece);
  /// At most kPieceBytes. Different pieces may be written and read by several threads at once. Error(environment) naming the folder when the
  /// disk is full or cannot be read.
  void write(Piece piece, std::span<const std::byte> bytes);
  void read(Piece piece, std::span<std::byte> bytes) const;

 private:
  struct Unmap {
    void operator()(std::byte* pages) const { free_pages(pages, kSlabPieces * kPieceBytes); }
  };
  static constexpr std::int64_t kSlabPieces = 64;
  bool is_in_memory(Piece piece) const { return piece < budget_; }
  std::byte* memory_of(Piece piece) const { return slabs_[piece / kSlabPieces].get() + piece % kSlabPieces * kPieceBytes; }
  std::int64_t offset_of(Piece piece) const { return (piece - budget_) * static_cast<std::int64_t>(kPieceBytes); }

  std::int64_t budget_;         // pieces below it are in memory
  std::int64_t in_memory_ = 0;  // pieces of memory that were ever taken
  std::int64_t in_file_ = 0;
  std::vector<std::unique_ptr<std::byte, Unmap>> slabs_;
  OpenFile file_{nullptr, std::fclose};
  std::vector<Piece> free_in_memory_, free_in_file_;
};

}  // namespace nibble
