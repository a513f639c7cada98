// SPDX-License-Identifier: Apache-2.0
// The main job on models of other tasks than detection, checked and made again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"
#include "e2e/task_folder.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// A checkpoint and what its task is judged by.
class RunJob : public testing::TestWithParam<std::pair<std::string, std::string>> {
 protected:
  RunJob() { prepare_task_folder(folder_); }
  /// A square object on each of the two images, told in the way of every task.
  void write_truth(const std::string& name) const {
    const int points = name.ends_with("pose") ? keypoints_of(name) : 0;
    Json keypoints = Json::array();
    for (int i = 0; i < points; ++i)
      for (const int number : {110, 120, 2}) keypoints.push_back(number);
    Json annotations = Json::array(), images = Json::array();
    for (int id = 1; id <= 2; ++id) {
      images.push_back({{"id", id}, {"file_name", std::to_string(id) + ".jpg"}});
      annotations.push_back({{"id", id},
                             {"image_id", id},
                             {"category_id", 1},
                             {"bbox", {100, 100, 80, 90}},
                             {"area", 7200},
                             {"iscrowd", 0},
                             {"segmentation", {{100, 100, 180, 100, 180, 190, 100, 190}}},
                             {"keypoints", keypoints},
                             {"rbox", {140, 145, 80, 90, 0.1}}});
    }
    Json categories = Json::array();
    for (int k = 0; k < classes_of(name); ++k) categories.push_back({{"id", k + 1}, {"name", "class " + std::to_string(k)}});
    write_json(folder_ / "truth.json", {{"images", images}, {"categories", categories}, {"annotations", annotations}});
  }
  Json inspected(const std::string& name) const {
    const auto outcome = run_nibble({"export", (kCheckpoints / (name + ".pt")).string(), "-o", "shape.onnx", "--imgsz", "64"}, folder_);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return Json::parse(run_nibble({"inspect", "shape.onnx", "--json"}, folder_).out);
  }
  int keypoints_of(const std::string& name) const {
    const auto shape = inspected(name)["metadata"]["kpt_shape"].get<std::string>();  // "[5, 3]"
    return std::stoi(shape.substr(1));
  }
  int classes_of(const std::string& name) const { return name.ends_with("pose") ? 1 : 2; }
  /// Precision by recall of what the task is judged by; of classifiers there is none.
  static void expect_curves(const fs::path& folder, const std::string& main) {
    const auto file = folder / "curves.json";
    ASSERT_EQ(fs::exists(file), main != "top_1");
    if (main == "top_1") return;
    const auto curves = read_json(file);
    const auto metrics = read_json(folder / "metrics.json");
    const auto dot = main.find('.');
    const auto& numbers = metrics[dot == std::string::npos ? "metrics" : main.substr(0, dot)];
    const auto name = numbers.contains("AP_50") ? "AP_50" : "mAP_50";
    double sum = 0;
    ASSERT_EQ(curves["precision"].size(), 101U);
    ASSERT_EQ(curves["baseline"].size(), 101U);
    for (const auto& value : curves["precision"]) sum += value.get<double>();
    EXPECT_NEAR(sum / 101, numbers[name].get<double>(), metrics["task"] == "obb" ? 0.01 : 1e-9);
  }
  /// compare.json in the task's terms, and pictures of what changed.
  static void expect_what_is_lost(const fs::path& folder, const std::string& main) {
    const auto document = read_json(folder / "compare.json");
    const auto task = document["task"].get<std::string>();
    const std::map<std::string, std::pair<std::string, std::string>> terms{{"segment", {"masks", "mean_iou"}},
                                                                           {"pose", {"keypoints", "mean_px"}},
                                                                           {"obb", {"angles", "mean_degrees"}},
                                                                           {"classify", {"classes", "mean_change"}}};
    const auto& [name, number] = terms.at(task);
    EXPECT_TRUE(document["task_drift"][name][number].is_number()) << document["task_drift"];
    EXPECT_EQ(document["detections"].is_null(), task == "classify");
    EXPECT_FALSE(document["tensors"]["layers"].empty());
    const auto pictures = read_json(folder / "pictures.json")["pictures"];
    EXPECT_FALSE(pictures.empty()) << main;
    for (const auto& picture : pictures) {
      const auto file = folder.parent_path() / picture["file"].get<std::string>();
      EXPECT_GT(fs::file_size(file), 1000U) << file;
    }
    expect_curves(folder, main);
  }
  const fs::path folder_ = scratch_folder();
};

/// The main job: every stage, gates on the task's numbers, the proof, and the same again.
TEST_P(RunJob, RunsVerifiesAndReplays) {
  const auto& [name, main] = GetParam();
  const bool is_classifier = name.ends_with("cls");
  std::vector<std::string> data{"--images", "images", "--annotations", "truth.json"};
  if (is_classifier) {
    for (int label = 0; label < 5; ++label)
      for (const auto& entry : fs::directory_iterator(folder_ / "images")) {
        fs::create_directories(folder_ / "classes" / ("class " + std::to_string(label)));
        fs::copy_file(entry.path(), folder_ / "classes" / ("class " + std::to_string(label)) / entry.path().filename());
      }
    data = {"--images", "classes", "--max-images", "5"};
  } else {
    write_truth(name);
  }
  write_file(folder_ / "gates.yaml", "max_map_drop: {quick4: 1}\ngates:\n- {metric: " + main + ", at_least: 0}\n");
  std::vector<std::string> arguments{"run",        (kCheckpoints / (name + ".pt")).string(),
                                     "--recipes",  "quick4.yaml",
                                     "--calib",    "images",
                                     "--imgsz",    "64",
                                     "--runs-dir", "runs",
                                     "--run-id",   "a",
                                     "--gates",    "gates.yaml",
                                     "--threads",  "1"};
  arguments.insert(arguments.end(), data.begin(), data.end());
  const bool is_trained = name == "yolov8-seg";
  if (is_trained) {
    fs::create_directories(folder_ / "more");
    for (const char* image : {"1.jpg", "2.jpg"}) fs::copy_file(folder_ / "images" / image, folder_ / "more" / image);
    const std::vector<std::string> training{"--qat", "quick4", "--qat-data", "more", "--qat-steps", "2"};
    arguments.insert(arguments.end(), training.begin(), training.end());
  }
  const auto outcome = run_nibble(arguments, folder_);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("| variant | " + main + " | change | "));
  const auto run = folder_ / "runs/a";
  const auto manifest = read_json(run / "run.json");
  std::int64_t scored = 0;
  for (const auto& artifact : manifest["artifacts"])
    if (artifact.contains("score")) {
      ++scored;
      EXPECT_TRUE(artifact["score"][main].is_number()) << artifact;
      EXPECT_TRUE(artifact["recipe"] == "" || artifact["score"].contains("change")) << artifact;
    }
  EXPECT_EQ(scored, is_trained ? 5 : 3) << "float, cleaned QCDQ, unpack; of a trained variant the last two again";
  expect_what_is_lost(run / "ptq-quick4-coco", main);
  if (is_trained) {
    expect_what_is_lost(run / "qat-quick4-coco", main);
    const auto training = read_json(run / "qat-quick4-coco/training.json");
    EXPECT_EQ(training["metric"], main);
    EXPECT_EQ(training["steps"], 2);
    EXPECT_THAT(read_file(run / "qat-quick4-coco/training.csv"), HasSubstr("\n0,held_out/" + main + ","));
    EXPECT_THAT(outcome.out, HasSubstr("quick4: 2 steps on 1 images; " + main + " on 1 held-out images (against the float network)"));
  }
  bool is_gated = false;
  const auto gates = read_json(run / "gates.json");
  for (const auto& gate : gates["gates"]) is_gated = is_gated || gate["gate"] == main;
  EXPECT_TRUE(is_gated);
  std::string page = read_file(run / "report.html");
  for (auto at = page.find("base64,"); at != std::string::npos; at = page.find("base64,", at + 1))
    page.erase(at, page.find('"', at) - at);  // pictures, whose letters may spell anything
  EXPECT_THAT(page, Not(HasSubstr("NaN")));
  EXPECT_THAT(page, HasSubstr(is_classifier ? "keep their best class" : "objects that both see"));
  const auto verified = run_nibble({"verify", "runs/a", "--score", "--threads", "1"}, folder_);
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  const auto replayed = run_nibble({"replay", "runs/a", "-o", "runs/b"}, folder_);
  EXPECT_EQ(replayed.exit_code, 0) << replayed.out << replayed.err;
  // A number that the detections do not come to is found.
  auto metrics = read_json(run / "baseline-coco/metrics.json");
  const auto group = main.substr(0, main.find('.'));
  metrics[main.find('.') == std::string::npos ? "metrics" : group][main.substr(main.find('.') + 1)] = 0.123;
  write_json(run / "baseline-coco/metrics.json", metrics);
  const auto broken = run_nibble({"verify", "runs/a", "--threads", "1"}, folder_);
  EXPECT_EQ(broken.exit_code, 1) << broken.out;
  EXPECT_THAT(broken.out, HasSubstr("0.123 is claimed"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, RunJob,
                         testing::Values(std::pair{"yolov8-seg", "masks.mAP_50_95"}, std::pair{"yolov8-pose", "keypoints.AP_50_95"},
                                         std::pair{"yolo26-obb", "mAP_50_95"}, std::pair{"yolov8-cls", "top_1"}));

}  // namespace
}  // namespace nibble
