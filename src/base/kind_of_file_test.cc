// SPDX-License-Identifier: Apache-2.0
#include "base/kind_of_file.h"

#include "base/files.h"
#include "base/wrong_download.h"
#include "support/scratch.h"

namespace nibble {
namespace {

TEST(KindOfFile, IsToldByTheBeginning) {
  const auto assets = std::filesystem::path(NIBBLE_SOURCE_DIR) / "assets";
  EXPECT_EQ(kind_of_file(start_of_file(assets / "yolov10n.pt")), FileKind::zip);
  EXPECT_EQ(kind_of_file(start_of_file(assets / "coco/instances_val2017_32.json")), FileKind::coco);
  EXPECT_EQ(kind_of_file(start_of_file(assets / "coco/val2017/000000000139.jpg")), FileKind::image);
  EXPECT_EQ(kind_of_file(start_of_file(NIBBLE_SOURCE_DIR "/tests/golden/letterbox/wide.png")), FileKind::image);
  EXPECT_EQ(kind_of_file(start_of_file(NIBBLE_SOURCE_DIR "/tests/golden/brevitas_qcdq/full_channel.onnx")), FileKind::onnx);
  for (const auto* yaml : {"train: a\nval: b\n", "\xEF\xBB\xBF# Katzen und V\xC3\xB6gel\r\nval: b", "  \n\rnames: [a]"})
    EXPECT_EQ(kind_of_file(yaml), FileKind::data_yaml) << yaml;
}

TEST(KindOfFile, OthersAreNotGuessed) {
  for (const auto* text : {"", "a.jpg\nb.jpg\n", "/data/val: 2/a.jpg\n", "[{\"image_id\": 1}]", "{\"model\": 1}",
                           "name: w4a16\nweights: {bits: 4}\n", "\x01train: a\n"})
    EXPECT_EQ(kind_of_file(text), std::nullopt) << text;
  EXPECT_EQ(start_of_file("/no/such/file"), "");
  EXPECT_EQ(start_of_file("/"), "");
}

TEST(KindOfFile, ADataSetIsNoModel) {
  EXPECT_EQ(explain_no_onnx("train: a\nval: b\n"),
            "this is a data.yaml, which describes a data set, and no ONNX file; name the model (.onnx) in its place");
  EXPECT_EQ(explain_no_onnx("{\"images\": []}"),
            "this is a COCO file, which describes a data set, and no ONNX file; name the model (.onnx) in its place");
  EXPECT_EQ(explain_no_onnx("weights"), std::nullopt);
}

}  // namespace
}  // namespace nibble
