// SPDX-License-Identifier: Apache-2.0
// `nibble predict`: pictures, label files and predictions.json on the embedded images.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"
#include "support/scratch.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const fs::path kAssets = NIBBLE_SOURCE_DIR "/assets";
const fs::path kImages = kAssets / "coco/val2017";

class Predict : public testing::Test {
 protected:
  void SetUp() override {
    if (fs::exists(model())) return;
    const auto outcome = nibble({"export", (kAssets / "yolov10n.pt").string(), "-o", model().string(), "--imgsz", "320"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  static fs::path model() { return test::process_folder() / "float.onnx"; }
  Outcome nibble(const std::vector<std::string>& arguments) const { return run_nibble(arguments, folder_); }
  Outcome predict(std::vector<std::string> more) const {
    more.insert(more.begin(), {"predict", model().string()});
    return nibble(more);
  }
  /// The first images by name, copied into `source`.
  std::vector<std::string> copy_images(std::size_t count, const std::string& folder = "source") const {
    std::vector<fs::path> files(fs::directory_iterator(kImages), {});
    std::sort(files.begin(), files.end());
    std::vector<std::string> names;
    fs::create_directories(folder_ / folder);
    for (std::size_t i = 0; i < count; ++i) {
      fs::copy_file(files[i], folder_ / folder / files[i].filename());
      names.push_back(files[i].stem().string());
    }
    return names;
  }
  fs::path folder_ = scratch_folder();
};

TEST_F(Predict, WritesPicturesLabelsAndJsonThatAgree) {
  const auto names = copy_images(4);
  const auto outcome = predict({"--source", "source", "-o", "seen", "--save-txt", "--save-conf", "--save-json", "--conf", "0.3"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto json = read_json(folder_ / "seen/predictions.json");
  ASSERT_GT(json.size(), 3U);
  std::map<std::int64_t, int> by_image;
  for (const auto& row : json) {
    ++by_image[row.at("image_id").get<std::int64_t>()];
    EXPECT_GE(row.at("score").get<double>(), 0.3);
  }
  for (const auto& name : names) {
    EXPECT_THAT(read_file(folder_ / "seen" / (name + ".jpg")), StartsWith("\xFF\xD8")) << name;
    std::istringstream lines(read_file(folder_ / "seen/labels" / (name + ".txt")));
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
      std::istringstream numbers(line);
      double class_index = -1, x = -1, y = -1, w = -1, h = -1, confidence = -1;
      ASSERT_TRUE(numbers >> class_index >> x >> y >> w >> h >> confidence) << line;
      EXPECT_GE(class_index, 0);
      EXPECT_LE(x + w / 2, 1.001) << line;
      EXPECT_LE(y + h / 2, 1.001) << line;
      EXPECT_GT(std::min({x, y, w, h}), 0) << line;
      EXPECT_GE(confidence, 0.3) << line;
    }
    EXPECT_EQ(count, by_image[std::stoll(name)]) << name;
    EXPECT_THAT(outcome.out, HasSubstr(name + ".jpg: 320x320 "));
  }
  EXPECT_THAT(outcome.out, HasSubstr("image 4/4 "));
  EXPECT_THAT(outcome.out, HasSubstr("total: 4 images: "));
  EXPECT_THAT(outcome.out, HasSubstr("predictions: seen/predictions.json (category ids: "));
}

TEST_F(Predict, JsonIsWhatScoreReads) {
  const auto annotations = (kAssets / "coco/instances_val2017_32.json").string();
  const auto outcome = predict({"--source", kImages.string(), "-o", "seen", "--save-json", "--conf", "0.001"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const std::string ids = outcome.out.find("ids: coco91") != std::string::npos ? "coco91" : "class+1";
  const auto scored =
      nibble({"score", "seen/predictions.json", "--annotations", annotations, "--json", "score.json", "--category-ids", ids});
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  ASSERT_EQ(nibble({"eval", model().string(), "--skip-latency", "--json", "eval.json"}).exit_code, 0);
  const auto map = [&](const char* file) { return read_json(folder_ / file)["metrics"]["mAP_50_95"].get<double>(); };
  // predict gives each box its best class, eval all of them: a little is lost, and nothing if ids, boxes or scores were right.
  EXPECT_GT(map("eval.json"), 0.3);
  EXPECT_NEAR(map("score.json"), map("eval.json"), 0.03);
}

TEST_F(Predict, TwoModelsStandSideBySideWithWhatChanged) {
  copy_images(2);
  ASSERT_EQ(predict({"--source", "source", "-o", "one"}).exit_code, 0);
  const auto same = predict({"--source", "source", "-o", "two", "--against", model().string()});
  ASSERT_EQ(same.exit_code, 0) << same.err;
  EXPECT_THAT(same.out, HasSubstr("the same as the baseline"));
  write_file(folder_ / "near.yaml", "name: near\nweights: {bits: 2, rounding: nearest}\nactivations: {bits: 8}\n");
  const auto made = nibble({"quantize", (kAssets / "yolov10n.pt").string(), "-o", "q", "--recipe", "near.yaml", "--calib-images", "1",
                            "--imgsz", "320", "--threads", "1"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const auto worse =
      nibble({"predict", "q/yolov10n-near-qcdq-ptq-opt.onnx", "--source", "source", "-o", "three", "--against", model().string()});
  ASSERT_EQ(worse.exit_code, 0) << worse.err;
  EXPECT_THAT(worse.out, HasSubstr("against the baseline: "));
  EXPECT_THAT(worse.out, AnyOf(HasSubstr(" lost"), HasSubstr(" new"), HasSubstr(" moved"), HasSubstr(" class changed")));
}

TEST_F(Predict, TakesOneImageAListAndFolders) {
  const auto names = copy_images(2, "source/deep");
  const auto one = predict({"--source", "source/deep/" + names[0] + ".jpg", "-o", "one"});
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_TRUE(fs::exists(folder_ / "one" / (names[0] + ".jpg")));
  write_file(folder_ / "list.txt", fmt::format("source/deep/{0}.jpg\nsource/deep/{1}.jpg\nsource/deep/{0}.jpg\n", names[0], names[1]));
  EXPECT_EQ(predict({"--source", "list.txt", "-o", "list", "--save-txt"}).exit_code, 0);
  for (const auto& name : {names[0], names[1], names[0] + "-2"}) EXPECT_TRUE(fs::exists(folder_ / "list/labels" / (name + ".txt"))) << name;
  EXPECT_EQ(predict({"--source", "source", "-o", "folders"}).exit_code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "folders/deep" / (names[1] + ".jpg")));
}

TEST_F(Predict, RefusesToReplaceWhatItReads) {
  const auto names = copy_images(1);
  const auto before = sha256_of_file(folder_ / "source" / (names[0] + ".jpg"));
  const auto image = "source/" + names[0] + ".jpg";
  fs::create_directories(folder_ / "linked");
  fs::create_hard_link(folder_ / image, folder_ / "linked" / (names[0] + ".jpg"));
  for (const auto& [source, output] : {std::pair<std::string, std::string>{"source", "source"},
                                       {"source", "source/seen"},
                                       {image, "source"},
                                       {"source", "linked"},
                                       {image, model().parent_path().string()}}) {
    const auto outcome = predict({"--source", source, "-o", output});
    EXPECT_EQ(outcome.exit_code, 2) << source << ' ' << output;
    EXPECT_THAT(outcome.err, HasSubstr("would overwrite a file in use")) << output;
  }
  EXPECT_EQ(sha256_of_file(folder_ / image), before);
  EXPECT_FALSE(fs::exists(folder_ / "source/seen"));
}

TEST_F(Predict, NamesWhatIsWrongWithTheSource) {
  copy_images(2);
  write_file(folder_ / "source/broken.jpg", "no image");
  write_file(folder_ / "film.mp4", "film");
  const auto refused = [&](const std::vector<std::string>& more, int code, const std::string& part) {
    const auto outcome = predict(more);
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(part));
    EXPECT_EQ(outcome.out, "");
  };
  refused({"--source", "absent.jpg", "-o", "a"}, 3, "absent.jpg: no such file");
  refused({"--source", "absent", "-o", "a"}, 3, "absent");
  refused({"--source", "film.mp4", "-o", "a"}, 4, "ffmpeg -i film.mp4");
  refused({"--source", "source", "-o", "a"}, 3, "broken.jpg");
  EXPECT_FALSE(fs::exists(folder_ / "a"));
  refused({"--source", "source", "-o", "a", "--conf", "2"}, 2, "--conf");
  refused({"--source", "source"}, 2, "--output");
  refused({"-o", "a"}, 2, "--source");
  const auto skipped = predict({"--source", "source", "-o", "a", "--on-bad-data", "skip"});
  EXPECT_EQ(skipped.exit_code, 0) << skipped.err;
  EXPECT_THAT(skipped.out, HasSubstr("left out: 1"));
  EXPECT_THAT(skipped.out, Not(HasSubstr("broken.jpg")));
}

}  // namespace
}  // namespace nibble
