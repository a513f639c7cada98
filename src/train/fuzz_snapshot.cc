// SPDX-License-Identifier: Apache-2.0
// libFuzzer entry: any bytes as the snapshot of a training. An even first byte: the rest is a file; an odd one: the rest is the header (up
// to a zero byte) and the tensors' bytes, in a file whose prelude is right, for a mutation would have to guess its hash.
#include <span>

#include "base/files.h"
#include "base/test_fuzz.h"
#include "train/snapshot.h"

namespace {

template <class Unsigned>
void append(std::string& file, Unsigned value) {
  for (std::size_t i = 0; i < sizeof value; ++i) file += static_cast<char>((value >> (8 * i)) & 0xFFU);
}

std::string file_with(std::string_view input) {
  const auto header = input.substr(0, input.find('\0'));
  std::string file = "NIBBSNAP";
  append(file, std::uint32_t{1});
  append(file, static_cast<std::uint64_t>(header.size()));
  file += nibble::sha256_of(std::as_bytes(std::span(header.data(), header.size())));
  file += header;
  if (header.size() < input.size()) file += input.substr(header.size() + 1);
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nibble;
  if (size == 0) return 0;
  const auto input = test::text_of(data + 1, size - 1);
  const auto path = test::fuzz_file("a.snapshot", data[0] % 2 == 0 ? std::string(input) : file_with(input));
  return test::expect_refusal_or_success([&] { read_snapshot(path, "run"); });
}
