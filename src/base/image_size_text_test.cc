// SPDX-License-Identifier: Apache-2.0
#include "base/image_size_text.h"

#include <gtest/gtest.h>

namespace nibble {
namespace {

TEST(ImageSizeText, ReadsEveryWayASizeIsWritten) {
  for (const auto* text : {"384,640", "384x640", "384X640", "384 640", " 384 , 640 ", "384 x 640", "[384, 640]", "(384, 640)", "[384,640]",
                           "384.0,640.0", "(384.0, 640)", "(384, 640,)"})
    EXPECT_EQ(parse_image_size(text), ImageSize(384, 640)) << text;
  for (const auto* text :
       {"640", " 640 ", "[640]", "640,640", "[640, 640]", "640.0", "640.000", "(640,)", "( 640 , )", "[640.0]", "(640.0,)"})
    EXPECT_EQ(parse_image_size(text), ImageSize(640)) << text;
}

TEST(ImageSizeText, RefusesWhatIsNoSize) {
  for (const auto* text : {"",       " ",         "abc",      "640,",    ",640",   "0",       "-640",
                           "640,0",  "384,640,3", "384-640",  "6.4",     "[640",   "640]",    "99999999999999999999",
                           "16385",  "384,,640",  "384xx640", "[]",      "(,)",    "(640,,)", "640.5",
                           "640.05", "640.",      ".0",       "640.0.0", "640.0e1"})
    EXPECT_FALSE(parse_image_size(text)) << text;
}

TEST(ImageSizeText, SquaresAreWrittenAsOneNumber) {
  EXPECT_EQ(to_json(ImageSize(640)).dump(), "640");
  EXPECT_EQ(to_json(ImageSize(384, 640)).dump(), "[384,640]");
  EXPECT_EQ(option_text(ImageSize(640)), "640");
  EXPECT_EQ(option_text(ImageSize(384, 640)), "384,640");
  EXPECT_EQ(text_of(ImageSize(640)), "640 x 640");
  EXPECT_EQ(text_of(ImageSize(384, 640)), "384 x 640 (height x width)");
}

}  // namespace
}  // namespace nibble
