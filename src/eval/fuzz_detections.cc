// SPDX-License-Identifier: Apache-2.0
// libFuzzer entry: any bytes as a file of detections.
#include "base/test_fuzz.h"
#include "eval/detection.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nibble;
  const auto path = test::fuzz_file("detections.json", test::text_of(data, size));
  test::expect_refusal_or_success([&] { read_detections(path); });
  return test::expect_refusal_or_success([&] { read_detections_file(path); });
}
