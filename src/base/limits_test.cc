// SPDX-License-Identifier: Apache-2.0
#include "base/limits.h"

#include "support/scratch.h"

namespace nibble {
namespace {

TEST(Limits, HoldUntilTheNextCall) {
  const Limits before = chosen_limits();
  Limits limits;
  limits.load_seconds = 5;
  limits.image_pixels = 100;
  set_limits(limits);
  EXPECT_EQ(chosen_limits().load_seconds, 5);
  EXPECT_EQ(chosen_limits().image_pixels, 100);
  set_limits(before);
}

TEST(Limits, RefuseWhatIsOutOfRange) {
  Limits limits;
  limits.load_seconds = -1;
  test::expect_error(ErrorKind::usage, {"load_seconds: -1 is out of range; expected 0 to 86400"}, [&] { set_limits(limits); });
  limits = {};
  limits.image_pixels = 0;
  test::expect_error(ErrorKind::usage, {"image_pixels: 0"}, [&] { set_limits(limits); });
  limits = {};
  limits.load_memory_bytes = 0;
  test::expect_error(ErrorKind::usage, {"load_memory_bytes: 0"}, [&] { set_limits(limits); });
}

}  // namespace
}  // namespace nibble
