// SPDX-License-Identifier: Apache-2.0
#include "data/training_sample.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/files.h"
#include "base/json.h"
#include "support/scratch.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;
using test::expect_error;

const fs::path kPictures = fs::path(NIBBLE_SOURCE_DIR) / "tests/golden/letterbox";
const fs::path kGoldens = fs::path(NIBBLE_SOURCE_DIR) / "tests/golden/training_samples";
constexpr std::int64_t kSizePx = 64;  // of the goldens

// ---- against Ultralytics

LabelledBox box_of(const Json& row) {
  LabelledBox box{static_cast<std::int64_t>(row[0].get<double>()), {}};
  for (std::size_t i = 0; i < 4; ++i) box.corners_px[i] = row[i + 1].get<double>();
  return box;
}

struct GoldenSample {
  TrainingSet set;
  SamplePlan plan;
  std::vector<LabelledBox> boxes;
};

GoldenSample golden_sample(const std::string& name) {
  const Json cases = read_json(kGoldens / "cases.json");
  GoldenSample golden;
  for (const Json& sample : cases["samples"]) {
    if (sample["name"] != name) continue;
    for (const auto& picture : sample["pictures"]) {
      golden.plan.images.push_back(static_cast<std::int64_t>(golden.set.images.size()));
      golden.set.images.push_back({kPictures / picture.get<std::string>(), {}, {}});
      for (const auto& row : cases["given"][picture.get<std::string>()]) golden.set.images.back().boxes.push_back(box_of(row));
    }
    if (sample["join"].is_array()) golden.plan.join = sample["join"].get<std::array<double, 2>>();
    golden.plan.scale = sample["scale"].get<double>();
    golden.plan.centre = sample["centre"].get<std::array<double, 2>>();
    golden.plan.flip = sample["flip"].get<bool>();
    golden.plan.colour = {sample["colour"][0].get<double>(), sample["colour"][1].get<double>(), sample["colour"][2].get<double>()};
    for (const auto& row : sample["boxes"]) golden.boxes.push_back(box_of(row));
  }
  return golden;
}

class TrainingSampleGolden : public testing::TestWithParam<std::string> {};

TEST_P(TrainingSampleGolden, EqualsUltralytics) {
  const GoldenSample golden = golden_sample(GetParam());
  const TrainingSample sample = make_sample(golden.set, golden.plan, kSizePx);
  const NetworkImage expected = read_network_image(kGoldens / (GetParam() + ".png"), kSizePx);
  const auto wanted = expected.pixels.as<std::uint8_t>();
  ASSERT_EQ(sample.planes.size(), wanted.size());
  int largest = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) largest = std::max(largest, std::abs(sample.planes[i] - wanted[i]));
  EXPECT_EQ(largest, 0) << "grey values";
  ASSERT_EQ(sample.boxes.size(), golden.boxes.size());
  for (std::size_t i = 0; i < golden.boxes.size(); ++i) {
    EXPECT_EQ(sample.boxes[i].label, golden.boxes[i].label);
    for (std::size_t corner = 0; corner < 4; ++corner)
      EXPECT_NEAR(sample.boxes[i].corners_px[corner], golden.boxes[i].corners_px[corner], 2e-4) << "box " << i << ", number " << corner;
  }
}
INSTANTIATE_TEST_SUITE_P(Plans, TrainingSampleGolden,
                         testing::Values("still_mosaic", "mosaic", "large_mosaic", "small_mosaic", "shrunk", "grown", "coloured"),
                         [](const auto& given) { return given.param; });

// ---- boxes follow the pixels

class TrainingSampleFiles : public test::Scratch {
 protected:
  /// A BMP of one colour with a rectangle of another one, whose box has class `label`.
  TrainingImage picture(const std::string& name, int width, int height, const std::array<int, 4>& rectangle, std::int64_t label) const {
    std::string pixels;
    const std::size_t row_bytes = (static_cast<std::size_t>(width) * 3 + 3) / 4 * 4;
    for (int y = height - 1; y >= 0; --y) {  // rows of a BMP start at the bottom, colours at blue
      std::string row;
      for (int x = 0; x < width; ++x) {
        const bool inside = x >= rectangle[0] && x < rectangle[2] && y >= rectangle[1] && y < rectangle[3];
        row += inside ? std::string("\x10\x10\xF0", 3) : std::string("\x60\x60\x60", 3);
      }
      row.resize(row_bytes, '\0');
      pixels += row;
    }
    std::string header("BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", 18);
    for (const int number : {width, height})
      for (int shift = 0; shift < 32; shift += 8) header.push_back(static_cast<char>((number >> shift) & 0xFF));
    header += std::string("\1\0\x18\0", 4);
    header.resize(54, '\0');
    return {file(name, header + pixels),
            {height, width},
            {{label, {double(rectangle[0]), double(rectangle[1]), double(rectangle[2]), double(rectangle[3])}}}};
  }
};

/// Bounds of the red pixels of a sample.
std::array<double, 4> red_bounds(const TrainingSample& sample, std::int64_t size) {
  std::array<double, 4> bounds = {1e9, 1e9, -1, -1};
  const auto plane = static_cast<std::size_t>(size * size);
  for (std::size_t i = 0; i < plane; ++i) {
    if (sample.planes[i] < 160 || sample.planes[plane + i] > 80) continue;  // half way between the colours, or more
    const auto x = static_cast<double>(static_cast<std::int64_t>(i) % size), y = static_cast<double>(static_cast<std::int64_t>(i) / size);
    bounds = {std::min(bounds[0], x), std::min(bounds[1], y), std::max(bounds[2], x + 1), std::max(bounds[3], y + 1)};
  }
  return bounds;
}

TEST_F(TrainingSampleFiles, BoxesFollowThePixels) {
  TrainingSet set;
  set.images = {picture("red.bmp", 200, 120, {60, 30, 130, 90}, 2), picture("red2.bmp", 90, 150, {20, 40, 80, 100}, 1)};
  AugmentOptions options;
  options.mosaic = 0;
  options.hue = options.saturation = options.brightness = 0;
  int seen = 0;
  for (std::int64_t index = 0; index < 80; ++index) {
    const auto plan = draw_sample(options, 2, 5, index / 2, index % 2);
    const TrainingSample sample = make_sample(set, plan, 160);
    if (sample.boxes.empty()) continue;
    ASSERT_EQ(sample.boxes.size(), 1U);
    ++seen;
    EXPECT_EQ(sample.boxes[0].label, set.images[static_cast<std::size_t>(index % 2)].boxes[0].label);
    const auto found = red_bounds(sample, 160);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(sample.boxes[0].corners_px[i], found[i], 1.5) << "sample " << index << ", number " << i;
  }
  EXPECT_GE(seen, 70);
}

/// Of the four pictures only one has a red rectangle.
TEST_F(TrainingSampleFiles, BoxesFollowThePixelsOfAMosaic) {
  TrainingSet set;
  for (int i = 0; i < 4; ++i) {
    set.images.push_back(picture("p" + std::to_string(i) + ".bmp", 100 + 30 * i, 140 - 20 * i, {0, 0, 0, 0}, 0));
    set.images.back().boxes.clear();
  }
  int seen = 0;
  for (std::int64_t corner = 0; corner < 4; ++corner) {
    TrainingSet one = set;
    one.images[static_cast<std::size_t>(corner)] = picture("red.bmp", 130, 110, {30, 20, 110, 90}, 3);
    for (std::int64_t epoch = 0; epoch < 20; ++epoch) {
      SamplePlan plan = draw_sample({}, 4, 9, epoch, 0);
      plan.images = {0, 1, 2, 3};
      plan.colour = {};
      const TrainingSample sample = make_sample(one, plan, 128);
      if (sample.boxes.empty()) continue;
      ASSERT_EQ(sample.boxes.size(), 1U);
      ++seen;
      const auto found = red_bounds(sample, 128);
      for (std::size_t i = 0; i < 4; ++i)
        EXPECT_NEAR(sample.boxes[0].corners_px[i], found[i], 1.6) << "corner " << corner << ", epoch " << epoch << ", number " << i;
    }
  }
  EXPECT_GE(seen, 25);
}

TEST_F(TrainingSampleFiles, WithoutAugmentationItIsTheEvaluationsImage) {
  const TrainingSet set{{picture("red.bmp", 200, 120, {60, 30, 130, 90}, 2)}, {}};
  const TrainingSample sample = make_sample(set, draw_sample(no_augmentation(), 1, 0, 0, 0), 96);
  const NetworkImage wanted = read_network_image(set.images[0].file, 96);
  EXPECT_TRUE(std::ranges::equal(sample.planes, wanted.pixels.as<std::uint8_t>()));
  const double ratio = wanted.letterbox.ratio, top = wanted.letterbox.pad_y_px;
  EXPECT_EQ(sample.boxes, (std::vector<LabelledBox>{{2, {60 * ratio, 30 * ratio + top, 130 * ratio, 90 * ratio + top}}}));
}

TEST_F(TrainingSampleFiles, RectanglesKeepBoxesOnTheirPixels) {
  const ImageSize size{64, 128};
  const TrainingSet set{{picture("red.bmp", 200, 120, {60, 30, 130, 90}, 2), picture("b.bmp", 100, 150, {10, 30, 60, 90}, 2),
                         picture("c.bmp", 64, 64, {10, 10, 50, 50}, 2), picture("d.bmp", 128, 64, {20, 10, 90, 60}, 2)},
                        {}};
  const auto still = make_sample(set, draw_sample(no_augmentation(), 1, 0, 0, 0), size);
  const NetworkImage wanted = read_network_image(set.images[0].file, size);
  EXPECT_TRUE(std::ranges::equal(still.planes, wanted.pixels.as<std::uint8_t>()));
  // One picture moved and mirrored, then four around a joint off the middle: every box lies around red pixels of the sample.
  for (const auto& plan : {SamplePlan{.images = {0}, .scale = 0.8, .centre = {0.45, 0.55}, .flip = true},
                           SamplePlan{.images = {0, 1, 2, 3}, .join = {0.9, 1.1}, .scale = 0.9, .centre = {0.5, 0.48}}}) {
    const auto sample = make_sample(set, plan, size);
    ASSERT_EQ(sample.planes.size(), 3U * 64U * 128U);
    ASSERT_FALSE(sample.boxes.empty());
    for (const auto& box : sample.boxes) {
      const auto x = static_cast<std::size_t>((box.corners_px[0] + box.corners_px[2]) / 2);
      const auto y = static_cast<std::size_t>((box.corners_px[1] + box.corners_px[3]) / 2);
      ASSERT_LT(x, 128U);
      ASSERT_LT(y, 64U);
      EXPECT_GT(sample.planes[y * 128 + x], 200) << x << ", " << y;
      EXPECT_LT(sample.planes[64 * 128 + y * 128 + x], 60) << x << ", " << y;
    }
  }
}

TEST_F(TrainingSampleFiles, AFlipIsAMirror) {
  const TrainingSet set{{picture("red.bmp", 96, 96, {10, 30, 40, 90}, 2)}, {}};
  SamplePlan plan{.images = {0}};
  const TrainingSample straight = make_sample(set, plan, 96);
  plan.flip = true;
  const TrainingSample mirrored = make_sample(set, plan, 96);
  EXPECT_EQ(mirrored.boxes, (std::vector<LabelledBox>{{2, {56, 30, 86, 90}}}));
  for (std::size_t row = 0; row < 3 * 96; ++row)
    for (std::size_t x = 0; x < 96; ++x) ASSERT_EQ(straight.planes[row * 96 + x], mirrored.planes[row * 96 + 95 - x]);
}

TEST_F(TrainingSampleFiles, NamesTheFileThatIsDamagedOrOfAnotherSize) {
  TrainingSet set{{picture("red.bmp", 96, 96, {10, 30, 40, 90}, 2)}, {}};
  const SamplePlan still{.images = {0}}, joined{.images = {0, 0, 0, 0}}, scaled{.images = {0}, .scale = 0.9};
  set.images[0].size = {95, 96};
  for (const auto& plan : {still, joined, scaled})
    expect_error(ErrorKind::input, {"red.bmp", "96 x 96", "96 x 95"}, [&] { make_sample(set, plan, 64); });
  const std::string jpeg = read_file(kPictures / "plain.jpg");
  set.images[0] = {file("cut.jpg", jpeg.substr(0, jpeg.size() / 2)), {}, {}};
  for (const auto& plan : {still, joined, scaled}) expect_error(ErrorKind::input, {"cut.jpg"}, [&] { make_sample(set, plan, 64); });
  set.images[0] = {file("text.png", "hello"), {}, {}};
  for (const auto& plan : {still, joined, scaled})
    expect_error(ErrorKind::input, {"text.png", "decode"}, [&] { make_sample(set, plan, 64); });
  set.images[0] = {folder() / "gone.jpg", {}, {}};
  for (const auto& plan : {still, joined, scaled}) expect_error(ErrorKind::input, {"gone.jpg"}, [&] { make_sample(set, plan, 64); });
}

}  // namespace
}  // namespace nibble
