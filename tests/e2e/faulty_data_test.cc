// SPDX-License-Identifier: Apache-2.0
// Data sets, pictures and detections as people have them, which mean the same as the well-formed ones: the numbers must be theirs.
// Inputs in ../shared/faults.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"
#include "support/scratch.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using testing::AnyOf;
using testing::HasSubstr;

class FaultyData : public testing::Test {
 protected:
  void SetUp() override {
    const auto shared = test::shared_folder();
    if (!shared || !fs::exists(*shared / "faults")) GTEST_SKIP() << "needs ../shared/faults or NIBBLE_SHARED";
    faults_ = fs::canonical(*shared / "faults");
    model_ = test::process_folder() / "float.onnx";
    if (fs::exists(model_)) return;
    const auto outcome = nibble({"export", (*shared / "weights/yolov10n.pt").string(), "-o", model_.string()});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  Outcome nibble(const std::vector<std::string>& arguments, const fs::path& folder) const { return run_nibble(arguments, folder); }
  Outcome nibble(const std::vector<std::string>& arguments) const { return nibble(arguments, folder_); }

  static double map_in(const fs::path& json) { return read_json(json)["metrics"]["mAP_50_95"].get<double>(); }
  /// mAP_50_95 of the float file on a data set, seen from `folder`.
  double evaluated(std::vector<std::string> data, const fs::path& folder) {
    const auto json = folder_ / "metrics.json";
    fs::remove(json);
    data.insert(data.begin(), {"eval", model_.string(), "--skip-latency", "--json", json.string()});
    outcome_ = nibble(data, folder);
    EXPECT_EQ(outcome_.exit_code, 0) << outcome_.err;
    return fs::exists(json) ? map_in(json) : -1;
  }
  double scored(const std::string& detections, const fs::path& annotations, const std::vector<std::string>& more = {}) {
    const auto json = folder_ / "score.json";
    fs::remove(json);
    std::vector<std::string> command = {
        "score", (faults_ / "pred" / detections).string(), "--annotations", annotations.string(), "--json", json.string()};
    command.insert(command.end(), more.begin(), more.end());
    outcome_ = nibble(command);
    EXPECT_EQ(outcome_.exit_code, 0) << outcome_.err;
    return fs::exists(json) ? map_in(json) : -1;
  }
  /// The YOLO data sets, laid out with their images.
  fs::path sets() {
    const auto folder = folder_ / "y";
    EXPECT_EQ(std::system((faults_ / "y/lay.sh").string().append(" ").append(folder.string()).insert(0, "bash ").c_str()), 0);
    return folder;
  }

  fs::path faults_, model_, folder_ = scratch_folder();
  Outcome outcome_;
};

constexpr double kHalfDigit = 0.00005;  // right values have four digits

TEST_F(FaultyData, CocoFilesThatMeanTheSame) {
  for (const auto* name : {"base", "rootcat", "fewcats", "strid", "floatid", "backslash", "bom", "annid0"})
    EXPECT_NEAR(evaluated({"--images", (faults_ / "coco8/images").string(), "--annotations", (faults_ / "coco8" / name).string() + ".json"},
                          folder_),
                0.5560, kHalfDigit)
        << name;
}

/// That file has neither areas nor crowd flags; its one crowd is an object like any other then.
TEST_F(FaultyData, AMissingAreaIsThatOfTheBox) {
  auto same = read_json(faults_ / "coco8/base.json");
  for (auto& annotation : same["annotations"]) annotation["iscrowd"] = 0;
  write_json(folder_ / "same.json", same);
  const auto images = (faults_ / "coco8/images").string();
  const double right = evaluated({"--images", images, "--annotations", "same.json"}, folder_);
  EXPECT_EQ(evaluated({"--images", images, "--annotations", (faults_ / "coco8/noarea.json").string()}, folder_), right);
}

TEST_F(FaultyData, YoloDataSetsThatMeanTheSame) {
  const auto y = sets();
  const double right = evaluated({"--annotations", "std/data.yaml"}, y);
  EXPECT_GT(right, 0.5);
  for (const auto& [folder, yaml] :
       {std::pair{"", "rf/data.yaml"}, {"", "nest/data.yaml"}, {"", "bom/data.yaml"}, {"projroot", "cfg/data.yaml"}, {"rf", "data.yaml"}})
    EXPECT_EQ(evaluated({"--annotations", yaml}, y / folder), right) << folder << " " << yaml;
  EXPECT_EQ(evaluated({"--annotations", "std/data.yaml", "--images", "std/images/val"}, y), right) << "the path is joined once";
}

TEST_F(FaultyData, DetectionsThatCountOtherwise) {
  const auto y = sets();
  for (const auto& [detections, set, right] : {std::tuple{"pred_std.json", "std", 0.5451},
                                               {"pred_std_minus1.json", "std", 0.5451},
                                               {"pred_two_ultralytics.json", "two", 0.5538},
                                               {"pred_two_zero.json", "two", 0.5538}}) {
    EXPECT_NEAR(scored(detections, y / set / "data.yaml"), right, kHalfDigit) << detections;
    EXPECT_THAT(outcome_.out, HasSubstr("category ids read as ")) << detections;
  }
  EXPECT_NEAR(scored("pred_two_ultralytics.json", y / "two/data5.yaml"), 0.5538, kHalfDigit) << "ids fit both readings";
  EXPECT_NEAR(scored("pred_two_ultralytics.json", y / "two/data.yaml", {"--category-ids", "class+1"}), 0.5538, kHalfDigit);
}

TEST_F(FaultyData, DetectionsThatNameTheirImages) {
  const auto y = sets();
  for (const auto& part : {"images", "labels"})
    for (const auto& entry : fs::directory_iterator(y / "std" / part / "val"))
      fs::rename(fs::path(entry.path()), entry.path().parent_path() / ("frame_" + entry.path().filename().string()));
  EXPECT_NEAR(scored("pred_named.json", y / "std/data.yaml"), 0.5451, kHalfDigit);
}

TEST_F(FaultyData, PicturesThatAreTurnedInTheirFile) {
  for (const auto& [name, right] : {std::pair{"exif6.png", 0.4191}, {"exif6.webp", 0.4191}, {"exif6.jpg", 0.4013}})
    EXPECT_NEAR(evaluated({"--images", (faults_ / "img").string(), "--annotations", (faults_ / "imgj" / name).string() + ".json"}, folder_),
                right, kHalfDigit)
        << name;
}

TEST_F(FaultyData, BadLabelsAreListedAndLeftOutOnRequest) {
  const auto y = sets();
  const auto yaml = (y / "badlab/data.yaml").string();
  const auto stopped = nibble({"eval", model_.string(), "--annotations", yaml});
  EXPECT_EQ(stopped.exit_code, 3);
  EXPECT_THAT(stopped.err, HasSubstr("--on-bad-data skip"));
  const auto skipped =
      nibble({"eval", model_.string(), "--annotations", yaml, "--on-bad-data", "skip", "--skip-latency", "--json", "m.json"});
  EXPECT_EQ(skipped.exit_code, 0) << skipped.err;
  const auto json = read_json(folder_ / "m.json");
  EXPECT_GT(json["bad_data"].size(), 0U);
  EXPECT_EQ(json["bad_data"].size() + json["max_images"].get<std::size_t>(), 8U);
  for (const auto& reason : json["bad_data"]) EXPECT_THAT(skipped.err, HasSubstr(reason.get<std::string>()));
}

TEST_F(FaultyData, UnreadablePicturesAreListedAndLeftOutOnRequest) {
  fs::create_directories(folder_ / "images");
  for (const auto& entry : fs::directory_iterator(faults_ / "coco8/images"))
    fs::copy_file(entry.path(), folder_ / "images" / entry.path().filename());
  for (const auto* name : {"000000000139.jpg", "000000000285.jpg"}) {
    fs::permissions(folder_ / "images" / name, fs::perms::owner_write, fs::perm_options::add);
    write_file(folder_ / "images" / name, "cut");
  }
  const std::vector<std::string> command = {"eval",           model_.string(), "--images",
                                            "images",         "--annotations", (faults_ / "coco8/base.json").string(),
                                            "--skip-latency", "--json",        "m.json"};
  const auto stopped = nibble(command);
  EXPECT_EQ(stopped.exit_code, 3);
  for (const auto* name : {"000000000139.jpg", "000000000285.jpg"}) EXPECT_THAT(stopped.err, HasSubstr(name));
  auto skipping = command;
  skipping.insert(skipping.end(), {"--on-bad-data", "skip"});
  EXPECT_EQ(nibble(skipping).exit_code, 0);
  EXPECT_EQ(read_json(folder_ / "m.json")["bad_data"].size(), 2U);
  EXPECT_EQ(read_json(folder_ / "m.json")["max_images"], 6);
}

/// Without names in the file, the 80 classes are those of the 81 categories that something is annotated with, or may be.
TEST_F(FaultyData, ARootCategoryAndAModelWithoutClassNames) {
  const auto nameless = folder_ / "nameless.onnx";
  auto bytes = read_file(model_);
  const auto at = bytes.find("\x0a\x05names");  // the key of a metadata entry, as protobuf writes it
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at + 2, 5, "nanes");
  write_file(nameless, bytes);
  model_ = nameless;
  for (const auto* annotations : {"base", "rootcat"})
    EXPECT_NEAR(
        evaluated({"--images", (faults_ / "coco8/images").string(), "--annotations", (faults_ / "coco8" / annotations).string() + ".json"},
                  folder_),
        0.5560, kHalfDigit)
        << annotations;
}

TEST_F(FaultyData, SavedDetectionsHaveTheIdsOfTheAnnotations) {
  auto named = read_json(faults_ / "coco8/base.json");
  const auto text = [](const Json& id) { return "frame " + std::to_string(id.get<std::int64_t>()); };
  for (auto& image : named["images"]) image["id"] = text(image["id"]);
  for (auto& annotation : named["annotations"]) annotation["image_id"] = text(annotation["image_id"]);
  write_json(folder_ / "named.json", named);
  EXPECT_NEAR(evaluated({"--images", (faults_ / "coco8/images").string(), "--annotations", (folder_ / "named.json").string(),
                         "--save-detections", "detections.json"},
                        folder_),
              0.5560, kHalfDigit);
  const auto saved = read_json(folder_ / "detections.json");
  EXPECT_TRUE(saved.at(0)["image_id"].is_string()) << saved.at(0);
  EXPECT_TRUE(saved.at(0)["image_id"].get<std::string>().starts_with("frame "));
  const auto again = nibble({"score", "detections.json", "--annotations", "named.json", "--json", "again.json"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_NEAR(map_in(folder_ / "again.json"), 0.5560, kHalfDigit);
}

/// One bad image among eight is left out where that is asked for, and stops otherwise.
TEST_F(FaultyData, CompareLeavesBadImagesOutWhereAsked) {
  const auto images = folder_ / "images";
  fs::create_directories(images);
  for (const auto& entry : fs::directory_iterator(faults_ / "coco8/images")) fs::copy_file(entry.path(), images / entry.path().filename());
  fs::permissions(images / "000000000139.jpg", fs::perms::owner_all);
  write_file(images / "000000000139.jpg", std::string_view("no image"));
  const std::vector<std::string> command = {"compare",
                                            model_.string(),
                                            model_.string(),
                                            "--images",
                                            images.string(),
                                            "--annotations",
                                            (faults_ / "coco8/base.json").string(),
                                            "--layer-images",
                                            "0",
                                            "--no-parts"};
  EXPECT_EQ(nibble(command).exit_code, 3);
  auto skipping = command;
  skipping.insert(skipping.end(), {"--on-bad-data", "skip"});
  const auto outcome = nibble(skipping);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("000000000139.jpg"));
  EXPECT_THAT(outcome.out, HasSubstr("on 7 images"));
}

}  // namespace
}  // namespace nibble
