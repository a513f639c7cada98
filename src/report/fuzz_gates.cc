// SPDX-License-Identifier: Apache-2.0
// libFuzzer entry: any bytes as a file of gates.
#include "base/test_fuzz.h"
#include "report/gates.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nibble;
  const auto path = test::fuzz_file("gates.yaml", test::text_of(data, size));
  return test::expect_refusal_or_success([&] { read_gate_limits(path); });
}
