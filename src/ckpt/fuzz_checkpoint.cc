// SPDX-License-Identifier: Apache-2.0
// libFuzzer entry: any bytes, read and loaded. Built by `cmake --preset fuzz`; run with a corpus folder:
//   fuzz_checkpoint corpus -max_len=65536 -rss_limit_mb=2048
// The first byte decides: a multiple of 3, the rest is a file; else it is the pickle of an archive (whose CRC-32 a mutation would have
// to guess), or of a file in the form before PyTorch 1.6.
#include <algorithm>

#include "ckpt/archive_builder.h"
#include "ckpt/checkpoint.h"
#include "ckpt/test_pickle_mutator.h"
#include "nibble/error.h"

namespace {

void read_file(const std::string& bytes) {
  const auto checkpoint = nibble::read_checkpoint(bytes, "fuzz.pt");
  for (const auto& tensor : nibble::tensors_of(checkpoint.root())) {
    try {
      checkpoint.load(tensor);
    } catch (const nibble::Error&) {
    }
  }
}

}  // namespace

/// Pickles are changed opcode by opcode, three times of four.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  if (size < 2 || data[0] % 3 == 0 || seed % 4 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const auto changed = nibble::test::PickleMutator(seed).mutate({reinterpret_cast<const char*>(data) + 1, size - 1});
  if (changed.size() + 1 > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::copy(changed.begin(), changed.end(), data + 1);
  return changed.size() + 1;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if (data[0] % 3 == 0) {
      read_file(bytes);
    } else if (data[0] % 3 == 1) {
      nibble::test::Archive archive;
      archive.add_storage<float>({1, 2, 3, 4});
      read_file(archive.legacy(bytes));
    } else {
      nibble::test::Archive archive;
      archive.add_storage<float>({1, 2, 3, 4});
      read_file(archive.zip(bytes).bytes());
    }
  } catch (const nibble::Error& error) {
    if (error.kind() == nibble::ErrorKind::internal) __builtin_trap();
  }
  return 0;
}
