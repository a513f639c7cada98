// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/piece_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "nibble/error.h"

namespace nibble {
namespace {

[[noreturn]] void fail(const char* what) {
  const std::string reason = std::strerror(errno);
  throw Error(ErrorKind::environment,
              fmt::format("calibrate: a temporary file in {} cannot be {}: {}; free disk space there, set TMPDIR to another folder or use "
                          "fewer calibration images",
                          folder_for_temporaries().string(), what, reason));
}

}  // namespace

PiecePool::Piece PiecePool::take_one() {
  for (Piece* free : {&free_in_memory_, &free_in_file_}) {
    if (const Piece piece = *free; piece != kNone) {
      *free = next(piece);
      return piece;
    }
    const auto used = static_cast<std::int64_t>(next_in_memory_.size());
    if (used == budget_) continue;
    if (used % kSlabPieces == 0) slabs_.emplace_back(static_cast<std::byte*>(allocate_pages(kSlabPieces * kPieceBytes)));
    next_in_memory_.push_back(kNone);
    return used;
  }
  if (!file_) file_ = open_temporary_file();
  next_in_file_.push_back(kNone);
  return budget_ + static_cast<std::int64_t>(next_in_file_.size()) - 1;
}

PiecePool::Piece PiecePool::take(std::int64_t count) {
  Piece first = kNone, last = kNone;
  for (; count > 0; --count) {
    const Piece piece = take_one();
    next(piece) = kNone;
    (first == kNone ? first : next(last)) = piece;
    last = piece;
  }
  return first;
}

std::vector<PiecePool::Piece> PiecePool::pieces_of(Piece first) const {
  std::vector<Piece> pieces;
  for (Piece piece = first; piece != kNone; piece = next(piece)) pieces.push_back(piece);
  return pieces;
}

void PiecePool::give_back(Piece first) {
  while (first != kNone) {
    const Piece piece = std::exchange(first, next(first));
    next(piece) = std::exchange(is_in_memory(piece) ? free_in_memory_ : free_in_file_, piece);
  }
}

void PiecePool::write(Piece piece, std::span<const std::byte> bytes) {
  if (is_in_memory(piece))
    std::copy(bytes.begin(), bytes.end(), memory_of(piece));
  else if (!write_at(file_.get(), offset_of(piece), bytes))
    fail("written");
}

void PiecePool::read(Piece piece, std::span<std::byte> bytes) const {
  if (is_in_memory(piece))
    std::copy_n(memory_of(piece), bytes.size(), bytes.begin());
  else if (!read_at(file_.get(), offset_of(piece), bytes))
    fail("read");
}

}  // namespace nibble
