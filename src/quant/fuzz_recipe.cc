// SPDX-License-Identifier: Apache-2.0
// libFuzzer entry: any bytes as the YAML file of a recipe. What is read must be read back from what is written of it.
#include "base/json.h"
#include "base/test_fuzz.h"
#include "quant/recipe.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nibble;
  const auto path = test::fuzz_file("recipe.yaml", test::text_of(data, size));
  return test::expect_refusal_or_success([&] {
    const auto written = to_json(parse_recipe(read_yaml(path), "recipe.yaml"));
    if (to_json(parse_recipe(written, "written")) != written) __builtin_trap();
  });
}
