// SPDX-License-Identifier: Apache-2.0
#include "data/image.h"

#include "base/files.h"
#include "base/log.h"
#include "data/pixels.h"
#include "support/scratch.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;
using test::expect_error;

constexpr std::int64_t kSizePx = 64;  // of the goldens
const fs::path kGoldens = fs::path(NIBBLE_SOURCE_DIR) / "tests/golden/letterbox";

class Image : public test::Scratch {};
class LetterboxGolden : public testing::TestWithParam<std::string> {};

// The expected picture is 64 x 64 already, so reading it changes nothing.
TEST_P(LetterboxGolden, EqualsUltralyticsPixelForPixel) {
  const fs::path source = kGoldens / GetParam();
  const auto expected = read_network_image(kGoldens / ("expected_" + source.stem().string() + ".png"), kSizePx);
  ASSERT_EQ(expected.letterbox.width_px, kSizePx);
  const auto image = read_network_image(source, kSizePx);
  EXPECT_EQ(image.pixels.shape(), (Shape{3, kSizePx, kSizePx}));
  EXPECT_TRUE(identical(image.pixels, expected.pixels));
}
// Height and width exchanged would fit neither the pictures nor the shape.
TEST_P(LetterboxGolden, EqualsUltralyticsInARectangle) {
  const fs::path source = kGoldens / GetParam();
  const auto expected = read_network_image(kGoldens / ("rectangle_" + source.stem().string() + ".png"), {48, 80});
  ASSERT_EQ(expected.letterbox.width_px, 80);
  const auto image = read_network_image(source, {48, 80});
  EXPECT_EQ(image.pixels.shape(), (Shape{3, 48, 80}));
  EXPECT_TRUE(identical(image.pixels, expected.pixels));
}
INSTANTIATE_TEST_SUITE_P(Pictures, LetterboxGolden,
                         testing::Values("wide.png", "tall.png", "small.png", "thin.png", "square.png", "grey.png", "alpha.png",
                                         "plain.jpg", "turned.jpg"),
                         [](const auto& given) { return fs::path(given.param).stem().string(); });

/// What is read from a file and what is decoded already give the same input.
TEST_P(LetterboxGolden, IsTheSameOfPixelsInMemory) {
  const fs::path source = kGoldens / GetParam();
  const ImageSize original = read_image_size(source);
  const auto decoded = read_pixels(source, original);
  const auto image = network_image_of(decoded.pixels.rgb, original, {48, 80});
  const auto expected = read_network_image(source, {48, 80});
  EXPECT_TRUE(identical(image.pixels, expected.pixels));
  EXPECT_EQ(image.letterbox.ratio, expected.letterbox.ratio);
  EXPECT_EQ(image.letterbox.pad_x_px, expected.letterbox.pad_x_px);
  EXPECT_EQ(image.letterbox.pad_y_px, expected.letterbox.pad_y_px);
  EXPECT_EQ(image.letterbox.width_px, original.width);
  EXPECT_EQ(image.letterbox.height_px, original.height);
}

TEST_F(Image, PixelsInMemoryMustBeAsManyAsTheSizeSays) {
  const std::vector<std::uint8_t> pixels(3 * 4 * 5);
  EXPECT_NO_THROW(network_image_of(pixels, {4, 5}, 64));
  expect_error(ErrorKind::usage, {"60 bytes"}, [&] { network_image_of(pixels, {5, 5}, 64); });
  expect_error(ErrorKind::usage, {"0 bytes"}, [] { network_image_of({}, {0, 5}, 64); });
  expect_error(ErrorKind::usage, {"image size"}, [&] { network_image_of(pixels, {4, 5}, 0); });
}

TEST_F(Image, SaysWhereTheLetterboxLies) {
  // 90 x 37 into 64: ratio 64/90, 26.31 -> 26 rows, 38 missing, 19 above.
  const auto wide = read_network_image(kGoldens / "wide.png", kSizePx).letterbox;
  EXPECT_DOUBLE_EQ(wide.ratio, 64.0 / 90.0);
  EXPECT_EQ(wide.pad_x_px, 0);
  EXPECT_EQ(wide.pad_y_px, 19);
  EXPECT_EQ(wide.width_px, 90);
  EXPECT_EQ(wide.height_px, 37);
  // 33 x 101: 20.91 -> 21 columns, 43 missing: 21 left, 22 right.
  EXPECT_EQ(read_network_image(kGoldens / "tall.png", kSizePx).letterbox.pad_x_px, 21);
}

TEST_F(Image, SaysWhereTheLetterboxLiesInARectangle) {
  // 33 x 101 into 80 x 48: ratio 48/101, 15.68 -> 16 columns, 64 missing, 32 left; no row.
  const auto tall = read_network_image(kGoldens / "tall.png", {48, 80}).letterbox;
  EXPECT_DOUBLE_EQ(tall.ratio, 48.0 / 101.0);
  EXPECT_EQ(tall.pad_x_px, 32);
  EXPECT_EQ(tall.pad_y_px, 0);
  // 90 x 37: ratio 80/90, 32.9 -> 33 rows, 15 missing, round(7.4) above.
  const auto wide = read_network_image(kGoldens / "wide.png", {48, 80}).letterbox;
  EXPECT_DOUBLE_EQ(wide.ratio, 80.0 / 90.0);
  EXPECT_EQ(wide.pad_x_px, 0);
  EXPECT_EQ(wide.pad_y_px, 7);
  for (const ImageSize& size : {ImageSize(0, 32), ImageSize(32, 0), ImageSize(32, 20000)})
    expect_error(ErrorKind::usage, {"image size"}, [&] { read_network_image(kGoldens / "tall.png", size); });
}

TEST_F(Image, PixelsAreRgb) {
  // A BMP of one pixel: blue 10, green 20, red 30.
  std::string bmp("BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\1\0\0\0\1\0\0\0\1\0\x18\0\0\0\0\0\4\0\0\0", 38);
  bmp.append(16, '\0');
  bmp += std::string("\x0a\x14\x1e\0", 4);
  const auto image = read_network_image(file("dot.bmp", bmp), 1);
  EXPECT_THAT(image.pixels.as<std::uint8_t>(), testing::ElementsAre(30, 20, 10));
}

TEST_F(Image, SizeFollowsExifRotation) {
  EXPECT_EQ(read_image_size(kGoldens / "plain.jpg").width, 80);
  EXPECT_EQ(read_image_size(kGoldens / "turned.jpg").width, 48);
  EXPECT_EQ(read_image_size(kGoldens / "turned.jpg").height, 80);
}

TEST_F(Image, TheHeaderTellsTheSizeThatDecodingFinds) {
  int seen = 0;
  for (const auto* folder : {"letterbox", "orientation"})
    for (const auto& entry : std::filesystem::directory_iterator(std::string(NIBBLE_SOURCE_DIR "/tests/golden/") + folder)) {
      const auto extension = entry.path().extension();
      if (extension == ".json" || extension == ".npy" || extension == ".txt" || extension == ".bin") continue;
      const auto told = read_told_image_size(entry.path()), decoded = read_image_size(entry.path());
      EXPECT_EQ(told.height, decoded.height) << entry.path();
      EXPECT_EQ(told.width, decoded.width) << entry.path();
      ++seen;
    }
  EXPECT_GE(seen, 9);
  const std::string whole = read_file(kGoldens / "turned.jpg");
  const auto cut = file("cut.jpg", whole.substr(0, whole.size() / 2));
  EXPECT_EQ(read_told_image_size(cut).width, 48);
  test::expect_error(ErrorKind::input, {"cut.jpg"}, [&] { read_image_size(cut); });
}

TEST_F(Image, StacksAsUnitFloats) {
  const NetworkImage a{Tensor::of<std::uint8_t>({3, 1, 1}, {0, 114, 255}), {}};
  const NetworkImage b{Tensor::of<std::uint8_t>({3, 1, 1}, {1, 2, 3}), {}};
  const auto batch = stack_images({a, b});
  EXPECT_EQ(batch.shape(), (Shape{2, 3, 1, 1}));
  EXPECT_THAT(batch.as<float>(), testing::ElementsAre(0.0F, 114.0F / 255.0F, 1.0F, 1.0F / 255.0F, 2.0F / 255.0F, 3.0F / 255.0F));
  const NetworkImage other{Tensor::of<std::uint8_t>({3, 1, 2}, {0, 0, 0, 0, 0, 0}), {}};
  expect_error(ErrorKind::internal, {"unequal"}, [&] { stack_images({a, other}); });
  expect_error(ErrorKind::internal, {"no image"}, [&] { stack_images({}); });
}

TEST_F(Image, RefusesWhatIsNoImage) {
  expect_error(ErrorKind::input, {"gone.jpg"}, [&] { read_network_image(folder() / "gone.jpg", kSizePx); });
  expect_error(ErrorKind::input, {"empty.jpg", "empty"}, [&] { read_network_image(file("empty.jpg", ""), kSizePx); });
  expect_error(ErrorKind::input, {"text.png", "decode"}, [&] { read_network_image(file("text.png", "hello"), kSizePx); });
  expect_error(ErrorKind::usage, {"0 pixels"}, [&] { read_network_image(kGoldens / "wide.png", 0); });
}

TEST_F(Image, RefusesAJpegCutAnywhere) {
  const std::string whole = read_file(kGoldens / "plain.jpg");
  for (std::size_t size = 1; size < whole.size() - 40; size += 97)
    expect_error(ErrorKind::input, {"cut.jpg"}, [&] { read_network_image(file("cut.jpg", whole.substr(0, size)), kSizePx); });
  const auto expected = read_network_image(kGoldens / "plain.jpg", kSizePx);
  int refused = 0;
  for (std::size_t missing = 3; missing < 40; ++missing) {
    try {  // the last bits may be none that a pixel needs
      const auto image = read_network_image(file("cut.jpg", whole.substr(0, whole.size() - missing)), kSizePx);
      EXPECT_TRUE(identical(image.pixels, expected.pixels)) << missing;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("end marker"));
      ++refused;
    }
  }
  EXPECT_GE(refused, 30);
}

/// Baseline, progressive and with restart markers (5 x 3 units of 16 x 16 px, two between markers), as browsers show them. The file stays
/// as it is.
TEST_F(Image, ReadsAJpegThatLacksItsEndMarkerAlone) {
  for (const auto* name : {"letterbox/plain.jpg", "jpeg/progressive.jpg", "jpeg/restarts.jpg", "jpeg/progressive_restarts.jpg"}) {
    const auto path = kGoldens.parent_path() / name;
    const std::string whole = read_file(path);
    const auto expected = read_network_image(path, kSizePx);
    ASSERT_TRUE(whole.ends_with("\xFF\xD9"));
    for (const std::size_t missing : {1, 2})
      EXPECT_TRUE(
          identical(read_network_image(file(fmt::format("open-{}.jpg", missing), whole.substr(0, whole.size() - missing)), kSizePx).pixels,
                    expected.pixels))
          << name << " " << missing;
    EXPECT_EQ(read_file(folder() / "open-2.jpg").size(), whole.size() - 2);
  }
}

TEST_F(Image, WarnsOfAMissingEndOnceForEachFile) {
  const std::string whole = read_file(kGoldens / "plain.jpg");
  std::vector<std::string> heard;
  set_log_listener([&](LogLevel level, const std::string& words) {
    if (level == LogLevel::warning) heard.push_back(words);
  });
  for (int time = 0; time < 3; ++time)
    for (const auto* name : {"once-a.jpg", "once-b.jpg"}) {
      const auto path = file(name, whole.substr(0, whole.size() - 2));
      read_network_image(path, kSizePx);
      read_image_size(path);
    }
  set_log_listener(nullptr);
  ASSERT_EQ(heard.size(), 2U) << testing::PrintToString(heard);
  EXPECT_THAT(heard[0], testing::HasSubstr("once-a.jpg: JPEG without its end marker"));
  EXPECT_THAT(heard[1], testing::HasSubstr("once-b.jpg: JPEG without its end marker"));
}

/// Also where a scan or an interval between restart markers ends, behind which a decoder would go on.
TEST_F(Image, RefusesAProgressiveJpegAndOneWithRestartsCutAnywhere) {
  for (const auto* name : {"progressive.jpg", "restarts.jpg", "progressive_restarts.jpg"}) {
    const std::string whole = read_file(kGoldens.parent_path() / "jpeg" / name);
    const auto expected = read_network_image(kGoldens.parent_path() / "jpeg" / name, kSizePx);
    int cuts = 0, refused = 0;
    for (std::size_t size = 2; size < whole.size() - 2; size += whole[size] == '\xFF' || whole[size - 1] == '\xFF' ? 1 : 7) {
      ++cuts;
      try {  // the last bits may be none that a pixel needs
        EXPECT_TRUE(identical(read_network_image(file("cut.jpg", whole.substr(0, size)), kSizePx).pixels, expected.pixels)) << name << size;
      } catch (const Error& error) {
        EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("cut.jpg"), testing::HasSubstr("end marker")));
        ++refused;
      }
    }
    EXPECT_GE(refused, cuts - 5) << name;
    EXPECT_GT(cuts, 200);
  }
}

/// A decoder takes zeros for pixels: a file that was cut and filled up would be read with invented ones.
TEST_F(Image, RefusesACutJpegThatIsFilledUpWithZeros) {
  for (const auto* name : {"letterbox/plain.jpg", "jpeg/progressive.jpg", "jpeg/restarts.jpg", "jpeg/progressive_restarts.jpg"}) {
    const std::string whole = read_file(kGoldens.parent_path() / name);
    for (const double share : {0.5, 0.9, 0.97})
      for (const std::size_t zeros : {1, 100, 1 << 16}) {
        const auto cut = whole.substr(0, static_cast<std::size_t>(share * static_cast<double>(whole.size())));
        expect_error(ErrorKind::input, {"cut.jpg", "end marker"},
                     [&] { read_network_image(file("cut.jpg", cut + std::string(zeros, '\0')), kSizePx); });
      }
  }
}

/// The last byte of plain_zero.jpg in front of the end marker is 0, and its pixels need it.
TEST_F(Image, ReadsAWholeJpegWithZerosForItsEndMarker) {
  for (const auto* name : {"letterbox/plain.jpg", "jpeg/progressive.jpg", "jpeg/restarts.jpg", "jpeg/plain_zero.jpg"}) {
    const auto path = kGoldens.parent_path() / name;
    const std::string whole = read_file(path), open = whole.substr(0, whole.size() - 2);
    const auto expected = read_network_image(path, kSizePx);
    const bool ends_in_zeros = open.back() == '\0';
    EXPECT_EQ(ends_in_zeros, path.stem() == "plain_zero");
    EXPECT_TRUE(identical(read_network_image(file("open.jpg", open), kSizePx).pixels, expected.pixels)) << name;
    const auto padded = file("padded.jpg", open + std::string(500, '\0'));
    if (ends_in_zeros)  // nothing tells it from one that was cut
      expect_error(ErrorKind::input, {"padded.jpg", "end marker"}, [&] { read_network_image(padded, kSizePx); });
    else
      EXPECT_TRUE(identical(read_network_image(padded, kSizePx).pixels, expected.pixels)) << name;
  }
}

TEST_F(Image, NamesItsLibrary) { EXPECT_THAT(image_library_version(), testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+.*")); }

TEST(ImageShared, LetterboxOfARealImageEqualsUltralytics) {
  const auto shared = test::shared_folder();
  if (!shared) GTEST_SKIP() << "needs ../shared or NIBBLE_SHARED";
  const auto expected = read_network_image(*shared / "reference/ultralytics/000000000139_letterbox640.png", 640);
  const auto image = read_network_image(*shared / "coco/val2017/000000000139.jpg", 640);
  EXPECT_TRUE(identical(image.pixels, expected.pixels));
}

}  // namespace
}  // namespace nibble
