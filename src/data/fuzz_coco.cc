// SPDX-License-Identifier: Apache-2.0
// libFuzzer entry: any bytes as a COCO file, read as strictly and as leniently as commands do.
#include "base/test_fuzz.h"
#include "data/coco.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nibble;
  const auto path = test::fuzz_file("instances.json", test::text_of(data, size));
  for (const auto rule : {OnBadData::stop, OnBadData::skip}) test::expect_refusal_or_success([&] { read_coco(path, rule); });
  return 0;
}
