// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/piece_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

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

PiecePool::Piece pop(std::vector<PiecePool::Piece>& pieces) {
  const PiecePool::Piece piece = pieces.back();
  pieces.pop_back();
  return piece;
}

}  // namespace

PiecePool::Piece PiecePool::take() {
  if (!free_in_memory_.empty()) return pop(free_in_memory_);
  if (in_memory_ < budget_) {
    if (in_memory_ % kSlabPieces == 0) slabs_.emplace_back(static_cast<std::byte*>(allocate_pages(kSlabPieces * kPieceBytes)));
    return in_memory_++;
  }
  if (!free_in_file_.empty()) return pop(free_in_file_);
  if (!file_) file_ = open_temporary_file();
  return budget_ + in_file_++;
}

void PiecePool::give_back(Piece piece) { (is_in_memory(piece) ? free_in_memory_ : free_in_file_).push_back(piece); }

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
