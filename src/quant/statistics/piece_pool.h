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
  static constexpr Piece kNone = -1;

  explicit PiecePool(std::int64_t memory_budget_bytes) : budget_(memory_budget_bytes / static_cast<std::int64_t>(kPieceBytes)) {}

  /// So many pieces, in memory as far as pieces are free there; the first of them names all. kNone for none. Error(environment) where no
  /// temporary file can be opened.
  Piece take(std::int64_t count);
  /// Those that were taken together, in order.
  std::vector<Piece> pieces_of(Piece first) const;
  /// All that were taken together.
  void give_back(Piece first);
  /// At most kPieceBytes. Different pieces may be written and read by several threads at once. Error(environment) naming the folder when
  /// the disk is full or cannot be read.
  void write(Piece piece, std::span<const std::byte> bytes);
  void read(Piece piece, std::span<std::byte> bytes) const;

 private:
  struct Unmap {
    void operator()(std::byte* pages) const { free_pages(pages, kSlabPieces * kPieceBytes); }
  };
  static constexpr std::int64_t kSlabPieces = 64;
  bool is_in_memory(Piece piece) const { return piece < budget_; }
  std::byte* memory_of(Piece piece) const { return slabs_[piece / kSlabPieces].get() + piece % kSlabPieces * kPieceBytes; }
  Piece& next(Piece piece) { return is_in_memory(piece) ? next_in_memory_[piece] : next_in_file_[piece - budget_]; }
  Piece next(Piece piece) const { return is_in_memory(piece) ? next_in_memory_[piece] : next_in_file_[piece - budget_]; }
  std::int64_t offset_of(Piece piece) const { return (piece - budget_) * static_cast<std::int64_t>(kPieceBytes); }

  Piece take_one();

  std::int64_t budget_;  // pieces below it are in memory, in slabs_; the others in file_
  std::vector<std::unique_ptr<std::byte, Unmap>> slabs_;
  OpenFile file_{nullptr, std::fclose};
  // What follows a piece where it was taken, or where it is free. One list for all: small lists on the heap would lie between large tensors
  // that come and go, and pin them.
  std::vector<Piece> next_in_memory_, next_in_file_;
  Piece free_in_memory_ = kNone, free_in_file_ = kNone;
};

}  // namespace nibble
