// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "nibble/error.h"
#include "scoring/task_score.h"

namespace nibble {
namespace {

Letterbox of_size(std::int64_t width_px, std::int64_t height_px) {
  Letterbox letterbox;
  letterbox.width_px = width_px;
  letterbox.height_px = height_px;
  return letterbox;
}

TEST(AnnotatedSize, MustBeTheImages) {
  EXPECT_NO_THROW(require_annotated_size({1, "1.jpg", 640, 426}, of_size(640, 426), {}));
  EXPECT_THROW(require_annotated_size({1, "1.jpg", 640, 426}, of_size(320, 213), {}), Error);
  EXPECT_THROW(require_annotated_size({1, "1.jpg", 640, 426}, of_size(640, 427), {}), Error);
}

TEST(AnnotatedSize, IsNotComparedWhereTheFileDoesNotTell) {
  EXPECT_NO_THROW(require_annotated_size({1, "1.jpg", 0, 0}, of_size(640, 426), {}));
  EXPECT_THROW(require_annotated_size({1, "1.jpg", 0, 426}, of_size(640, 427), {}), Error);
}

}  // namespace
}  // namespace nibble
