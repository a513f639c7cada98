// SPDX-License-Identifier: Apache-2.0
// A PyTorch .pt file (zip of data.pkl and raw storages), read without Python and without running anything in it.
// Format: torch.save's zip form, its entries stored, or deflated where another program packed the file again.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "base/tensor.h"
#include "ckpt/value.h"

namespace nibble {

/// Limits of what is accepted; beyond them Error(input).
struct CheckpointLimits {
  std::uint64_t max_file_bytes = 4ULL << 30;  ///< it is read into memory whole
  std::uint64_t max_pickle_bytes = 256ULL << 20;
  std::uint64_t max_entries = 1U << 20;
  std::uint64_t max_objects = 8U << 20;     ///< values made by one pickle
  std::uint64_t max_value_bytes = 1 << 30;  ///< memory all its values may take, strings and references included
  std::uint32_t max_depth = 1000;           ///< nesting of values
};

/// The file, in memory, and the values of its pickle. Copying shares both. The file on disk may change or go.
class Checkpoint {
 public:
  const std::filesystem::path& path() const;
  std::uint64_t file_bytes() const;
  std::string sha256() const;     ///< of the whole file; computed at the first call
  const PickleRef& root() const;  ///< what torch.save was given
  /// Every class and function the pickle names, "module name"; none was called.
  const std::set<std::string>& globals() const;
  std::size_t entries() const;  ///< files in the archive

  /// Reads one tensor: any stride, shared storages, checks bounds and the storage entry's CRC-32.
  /// bfloat16 arrives as f32. Error(input) naming file, storage and range. Safe from several threads.
  Tensor load(const PickleTensor& tensor) const;

 private:
  friend Checkpoint read_checkpoint(const std::filesystem::path&, const CheckpointLimits&);
  friend Checkpoint read_checkpoint(std::string, const std::filesystem::path&, const CheckpointLimits&);
  struct State;
  explicit Checkpoint(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// Error(input) that says what is wrong and where: not a zip, truncated (and by how much where the file tells), not a
/// PyTorch archive, an entry that does not unpack to the size it names, unknown opcode at an offset, unsupported storage type.
Checkpoint read_checkpoint(const std::filesystem::path& path, const CheckpointLimits& limits = {});
/// The same of a file's content held in memory; `name` stands for the path.
Checkpoint read_checkpoint(std::string content, const std::filesystem::path& name, const CheckpointLimits& limits = {});

}  // namespace nibble
