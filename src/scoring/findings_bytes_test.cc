// SPDX-License-Identifier: Apache-2.0
#include "scoring/findings_bytes.h"

#include <gmock/gmock.h>

#include "support/scratch.h"

namespace nibble {
namespace {

Findings some() {
  Findings findings;
  findings.boxes = {{7, 3, 0.1 + 0.2, {1.5, 2, 1e-300, -0.0}}, {9, 1, 0.25, {}}};
  findings.masks = {{2, 3, {1, 2, 3}}, {1, 1, {0, 1}}};
  findings.keypoints = {{{1, 2, 0.5}}, {}};
  findings.oriented = {{1, 2, 3, 4, 0.3F}, {}};
  return findings;
}

TEST(FindingsBytes, AreReadBackAsTheyWere) {
  const auto read = findings_from_bytes(to_bytes(some()));
  ASSERT_EQ(read.boxes.size(), 2U);
  EXPECT_EQ(read.boxes[0].image_id, 7);
  EXPECT_EQ(read.boxes[0].score, 0.1 + 0.2);
  EXPECT_EQ(read.boxes[0].box_xywh_px, some().boxes[0].box_xywh_px);
  EXPECT_TRUE(std::signbit(read.boxes[0].box_xywh_px[3]));
  ASSERT_EQ(read.masks.size(), 2U);
  EXPECT_EQ(read.masks[0].width_px, 3);
  EXPECT_THAT(read.masks[0].counts, testing::ElementsAre(1, 2, 3));
  ASSERT_EQ(read.keypoints.size(), 2U);
  EXPECT_EQ(read.keypoints[0].at(0).visibility, 0.5);
  EXPECT_EQ(read.oriented.at(0).angle, 0.3F);
  EXPECT_TRUE(findings_from_bytes(to_bytes({})).boxes.empty());
}

TEST(FindingsBytes, ThatEndEarlyAreRefused) {
  auto bytes = to_bytes(some());
  bytes.pop_back();
  test::expect_error(ErrorKind::internal, {"end too early"}, [&] { findings_from_bytes(bytes); });
}

TEST(FindingsBytes, OfMoreImagesAreAddedAtTheEnd) {
  auto all = some();
  append(all, some());
  EXPECT_EQ(all.boxes.size(), 4U);
  EXPECT_EQ(all.masks.size(), 4U);
  EXPECT_EQ(all.keypoints.size(), 4U);
  EXPECT_EQ(all.oriented.size(), 4U);
  EXPECT_EQ(all.boxes[3].image_id, 9);
}

}  // namespace
}  // namespace nibble
