// SPDX-License-Identifier: Apache-2.0
// Models of other tasks than detection through the commands that take them, and what the others say: small checkpoints with random weights
// (tests/golden/tasks), 64 px and two images.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"
#include "e2e/task_folder.h"
#include "eval/mask_map.h"
#include "eval/oriented_box.h"
#include "nibble/task.h"
#include "report/task_words.h"
#include "report/training_curve.h"
#include "support/npy.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// The image [1,3,H,W] of values k / 255 as a BMP file of 24 bits, rows from below, blue first; W a multiple of 4.
std::string bmp_of(const Tensor& image) {
  const auto height = image.shape()[2], width = image.shape()[3];
  const auto values = image.as<float>();
  std::string file = "BM";
  const auto number = [&](std::int64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) file.push_back(static_cast<char>(value >> (8 * i)));
  };
  for (const auto& [value, bytes] : {std::pair{54 + 3 * height * width, 4}, std::pair{std::int64_t{0}, 4}, std::pair{std::int64_t{54}, 4},
                                     std::pair{std::int64_t{40}, 4}, std::pair{width, 4}, std::pair{height, 4},
                                     std::pair{std::int64_t{1}, 2}, std::pair{std::int64_t{24}, 2}})
    number(value, bytes);
  file.append(24, '\0');
  for (std::int64_t row = height - 1; row >= 0; --row)
    for (std::int64_t column = 0; column < width; ++column)
      for (std::int64_t colour = 2; colour >= 0; --colour)
        number(std::lround(values[static_cast<std::size_t>((colour * height + row) * width + column)] * 255), 1);
  return file;
}

class TaskJob : public testing::TestWithParam<std::string> {
 protected:
  TaskJob() { prepare_task_folder(folder_); }
  static std::string checkpoint() { return (kCheckpoints / (GetParam() + ".pt")).string(); }
  static bool has_one2one() { return fs::exists(kCheckpoints / (GetParam() + "_one2one.npy")); }
  static bool is_classifier() { return GetParam().ends_with("cls"); }
  static Task test_task() {
    const auto& name = GetParam();
    return is_classifier() ? Task::classify : task_called(name.ends_with("seg") ? "segment" : name.substr(name.find('-') + 1)).value();
  }
  Outcome nibble(std::vector<std::string> arguments) const {
    const bool computes = arguments[0] != "export" && arguments[0] != "inspect" && arguments[0] != "clean";
    if (computes) arguments.insert(arguments.end(), {"--threads", "1"});
    return run_nibble(arguments, folder_);
  }
  Outcome quantize(std::vector<std::string> more) const {
    std::vector<std::string> arguments{"quantize", checkpoint(), "-o", "out", "--calib", "images", "--imgsz", "64", "--dialect", "all"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return nibble(arguments);
  }
  /// Every convolution but that of the box distribution, the classifier's linear layer and the prototypes' transposed convolution included.
  void expect_all_quantised(const std::string& recipe, const std::string& method) const {
    const Json document = read_json(folder_ / "out" / (GetParam() + "-" + recipe + "-layers.json"));
    for (const auto& layer : document["layers"]) {
      if (layer["method"] == "float") {
        EXPECT_THAT(layer["node"].get<std::string>(), testing::EndsWith("dfl.conv"));
        EXPECT_EQ(layer["note"], "DFL: box decode");
        continue;
      }
      EXPECT_EQ(layer["method"], method) << layer;
      EXPECT_EQ(layer["weight_bits"], 4) << layer;
    }
  }
  const fs::path folder_ = scratch_folder();
};
// What only some of the tasks have.
class ClassifierJob : public TaskJob {};
class PoseJob : public TaskJob {};
class MaskJob : public TaskJob {};
class OrientedJob : public TaskJob {};

/// GPTQ weighed by the gradients of the whole head, 8-bit activations.
TEST_P(TaskJob, QuantizesAllDialectsToTheSameIntegers) {
  std::vector<std::string> head;
  if (has_one2one()) head = {"--head", "one2one"};
  std::vector<std::string> arguments{"--recipe", "w4a8", "--preset", "fast", "--calib-images", "2"};
  arguments.insert(arguments.end(), head.begin(), head.end());
  const auto outcome = quantize(arguments);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, Not(HasSubstr("SKIPPED")));
  EXPECT_THAT(outcome.out, Not(HasSubstr("PROBLEM")));
  for (const auto* twins :
       {"w4a8-qcdq-ptq-opt and w4a8-qcdq-ptq", "w4a8-int4-ptq and w4a8-qcdq-ptq-opt", "w4a8-integer-ptq and w4a8-qcdq-ptq-opt"})
    EXPECT_THAT(outcome.out, HasSubstr(std::string("equal: ") + twins));
  expect_all_quantised("w4a8", "gptq");
}

/// Rounded to the nearest, float activations: unpack and FP16 files, too. Bits by sensitivity measure the head's divergence.
TEST_P(TaskJob, QuantizesFloatActivationsAndMixedBits) {
  const auto outcome = quantize({"--recipe", "quick4.yaml"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const auto* twins : {"quick4-int4-ptq-fp16 and quick4-qcdq-ptq-fp16", "quick4-unpack-ptq and quick4-int4-ptq"})
    EXPECT_THAT(outcome.out, HasSubstr(std::string("equal: ") + twins));
  expect_all_quantised("quick4", "nearest");
  const auto weights = fs::file_size(folder_ / "out" / (GetParam() + "-quick4-int4-ptq.onnx"));
  const auto mixed = quantize({"--recipe", "quick4.yaml", "--max-size", std::to_string(weights + 4000)});
  ASSERT_EQ(mixed.exit_code, 0) << mixed.err;
  const auto layers = read_json(folder_ / "out" / (GetParam() + "-quick4-mixed-layers.json"))["layers"];
  EXPECT_GT(std::count_if(layers.begin(), layers.end(), [](const Json& layer) { return layer["weight_bits"] == 8; }), 0);
}

TEST_P(TaskJob, ExportsInspectsCleansAndProfiles) {
  const auto exported = nibble({"export", checkpoint(), "-o", "float.onnx", "--imgsz", "64", "--half"});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  const auto of_checkpoint = nibble({"inspect", checkpoint()});
  ASSERT_EQ(of_checkpoint.exit_code, 0) << of_checkpoint.err;
  const auto of_file = nibble({"inspect", "float.onnx"});
  ASSERT_EQ(of_file.exit_code, 0) << of_file.err;
  EXPECT_THAT(of_file.out, HasSubstr(is_classifier() ? "probabilities of 5 classes" : "per anchor; needs NMS"));
  const auto cleaned = nibble({"clean", "float.onnx", "-o", "clean.onnx"});
  ASSERT_EQ(cleaned.exit_code, 0) << cleaned.err;
  const auto profiled = nibble({"profile", "float.onnx", "clean.onnx", "--runs", "2"});
  ASSERT_EQ(profiled.exit_code, 0) << profiled.err;
  EXPECT_THAT(profiled.out, HasSubstr("optimisations all"));
}

/// Before any work, in one line that names the task and what is possible.
TEST_P(TaskJob, RefusesTheLossOnLabels) {
  write_file(folder_ / "data.yaml", "train: images\nval: images\nnames: {0: class 0}\n");
  const auto outcome = nibble(
      {"qat", checkpoint(), "-o", "out", "--recipe", "w4a8", "--imgsz", "64", "--data", "data.yaml", "--steps", "1", "--labels", "1"});
  EXPECT_EQ(outcome.exit_code, 4) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("qat: --labels: "));
  EXPECT_THAT(outcome.err, HasSubstr("the loss on labels is there for detectors alone; leave --labels out, and it learns to imitate"));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

/// By the divergence of the whole head, judged by what the float network is sure of: the loss falls, and all files hold the same integers.
TEST_P(TaskJob, TrainsByImitation) {
  const auto outcome =
      nibble({"qat",     checkpoint(), "-o",        "out", "--recipe", "quick4.yaml", "--data",  "images", "--held-out", "1",
              "--imgsz", "64",         "--dialect", "all", "--steps",  "6",           "--batch", "1",      "--augment",  "0"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Task task = test_task();
  EXPECT_THAT(outcome.out, HasSubstr("quick4: 6 steps on 1 images; " + std::string(words_of(task).main) +
                                     " on 1 held-out images (against the float network): "));
  EXPECT_THAT(outcome.out, HasSubstr("equal: quick4-int4-qat and quick4-qcdq-qat-opt"));
  auto curve = read_training_curve(folder_ / "out" / (GetParam() + "-quick4-qat-training.csv"));
  const auto expect_falling = [&](const char* loss) {
    auto& values = curve[loss];
    ASSERT_EQ(values.size(), 6U) << loss;
    EXPECT_GT(values[1], 0) << loss;
    EXPECT_LT(values[5] + values[6], values[1] + values[2]) << loss;
  };
  expect_falling("loss/total");
  if (!is_classifier()) expect_falling("loss/imitate/boxes");
  EXPECT_EQ(curve.contains("loss/imitate/boxes"), !is_classifier());
  EXPECT_EQ(curve[std::string("held_out/") + words_of(task).main].size(), 7U) << "of the start and after each epoch, here one image";
  const auto json = Json::parse(nibble({"inspect", "out/" + GetParam() + "-quick4-qcdq-qat-opt.onnx", "--json"}).out);
  EXPECT_EQ(json["metadata"]["nibble.method"], "qat");
  EXPECT_EQ(json["metadata"]["task"], std::string(name_of(task)));
}

/// Bits by a limit of the drop: files on trial are judged by the main number.
TEST_P(TaskJob, KeepsADropOfItsMainNumber) {
  const auto outcome = quantize({"--recipe", "quick4.yaml", "--max-drop", "50"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto budget = read_json(folder_ / "out" / (GetParam() + "-quick4-mixed-layers.json"))["budget"];
  EXPECT_EQ(budget["max_drop"], 50.0);
  EXPECT_THAT(budget["judge"].get<std::string>(), HasSubstr("what the float network is sure of in 2 images of images"));
  EXPECT_FALSE(budget["trials"].empty());
}

/// The folders of a classifier are the labels that held-out images are judged by.
TEST_P(ClassifierJob, IsTrainedOnFoldersAndJudgedByThem) {
  for (int label = 0; label < 5; ++label)
    for (const char* image : {"1.jpg", "2.jpg"}) {
      fs::create_directories(folder_ / "set/train" / ("class " + std::to_string(label)));
      fs::copy_file(folder_ / "images" / image, folder_ / "set/train" / ("class " + std::to_string(label)) / image);
    }
  const auto outcome = nibble({"qat", checkpoint(), "-o", "out", "--recipe", "quick4.yaml", "--data", "set", "--held-out", "4", "--imgsz",
                               "64", "--dialect", "qcdq", "--steps", "1", "--batch", "6"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("1 steps on 6 images; top_1 on 4 held-out images: "));
  write_file(folder_ / "data.yaml", "train: images\nval: images\nnames: {0: class 0}\n");
  const auto refused = nibble({"qat", checkpoint(), "-o", "other", "--recipe", "quick4.yaml", "--data", "data.yaml", "--imgsz", "64"});
  EXPECT_EQ(refused.exit_code, 2) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("data.yaml: does not say which image is of which class; a classifier takes a folder"));
}

/// On folders of images: every dialect's numbers are shares of all images, and metrics.json holds them.
TEST_P(ClassifierJob, IsScoredByFolders) {
  for (int label = 0; label < 5; ++label) {
    const auto folder = folder_ / "classes" / ("class " + std::to_string(label));
    fs::create_directories(folder);
    for (const auto& entry : fs::directory_iterator(folder_ / "images")) fs::copy_file(entry.path(), folder / entry.path().filename());
  }
  ASSERT_EQ(nibble({"export", checkpoint(), "-o", "float.onnx", "--imgsz", "64"}).exit_code, 0);
  const auto outcome = nibble({"eval", "float.onnx", "--images", "classes", "--json", "metrics.json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("top_1        0.2000  [")) << "each image stands in every folder, and is of one class";
  EXPECT_THAT(outcome.out, HasSubstr("top_5        1.0000  [1.0000, 1.0000]\nin brackets"));
  EXPECT_THAT(outcome.out, HasSubstr("images       10\n"));
  const auto metrics = read_json(folder_ / "metrics.json")["metrics"];
  EXPECT_LE(metrics["top_1_interval"][0], 0.2);
  ASSERT_EQ(nibble({"eval", "float.onnx", "--images", "classes", "--skip-latency", "--save-detections", "d.json"}).exit_code, 0);
  const auto rows = read_json(folder_ / "d.json");
  EXPECT_EQ(rows.size(), 50U) << "five classes of ten images";
  EXPECT_THAT(rows[0]["image_id"].get<std::string>(), testing::StartsWith("class 0/"));
  const auto paired = nibble({"eval", "float.onnx", "--images", "classes", "--skip-latency", "--baseline-detections", "d.json"});
  ASSERT_EQ(paired.exit_code, 0) << paired.err;
  EXPECT_THAT(paired.out, HasSubstr("+0.0000 [+0.0000, +0.0000]"));
  EXPECT_EQ(metrics["top_1"], 0.2);
  EXPECT_EQ(metrics["per_class"].size(), 5U);
  const auto first = nibble({"eval", "float.onnx", "--images", "classes", "--max-images", "5", "--skip-latency"});
  EXPECT_THAT(first.out, HasSubstr("images       5\n"));
  for (const auto& [more, why] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{}, "data: --images: a classifier is scored on a folder"},
           {{"--images", "classes", "--annotations", "a.json"}, "the folders are a classifier's labels"},
           {{"--images", "images"}, "has no folders of images"}}) {
    std::vector<std::string> arguments{"eval", "float.onnx"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto refused = nibble(arguments);
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_THAT(refused.err, HasSubstr(why));
  }
}

/// What Ultralytics answered on the image of the goldens.
struct Answer {
  Tensor values;
  std::int64_t anchors = values.shape()[2];
  double at(std::int64_t row, std::int64_t anchor) const {
    return static_cast<double>(values.as<float>()[static_cast<std::size_t>(row * anchors + anchor)]);
  }
  /// The anchor with the best score of a class.
  std::int64_t best_of(std::int64_t label) const {
    std::int64_t best = 0;
    for (std::int64_t a = 1; a < anchors; ++a)
      if (at(4 + label, a) > at(4 + label, best)) best = a;
    return best;
  }
};

/// The object is the mask of what is found best: the file finds it, every pixel of it.
TEST_P(MaskJob, IsScoredByMasks) {
  write_file(folder_ / "one/1.bmp", bmp_of(test::read_npy(kCheckpoints.parent_path() / "families/input.npy")));
  const Answer answer{test::read_npy(kCheckpoints / (GetParam() + "_one2many.npy"))};
  const Tensor protos = test::read_npy(kCheckpoints / (GetParam() + "_protos.npy"));
  const std::int64_t label = 1, best = answer.best_of(label), extras = protos.shape()[1];
  std::vector<float> coefficients;
  for (auto row = answer.values.shape()[1] - extras; row < answer.values.shape()[1]; ++row)
    coefficients.push_back(static_cast<float>(answer.at(row, best)));
  const auto corner = [&](std::int64_t axis, double side) {
    return static_cast<float>(answer.at(axis, best) + side * answer.at(2 + axis, best) / 2);
  };
  const auto mask = assemble_mask({protos.as<float>(), extras, protos.shape()[2], protos.shape()[3]}, coefficients,
                                  {corner(0, -1), corner(1, -1), corner(0, 1), corner(1, 1)}, 64, {1, 0, 0, 64, 64});
  const bool is_empty = area_of(mask) == 0;  // distances of a random head without bins are no box
  const Json object = {{"id", 1},
                       {"image_id", 1},
                       {"category_id", label + 1},
                       {"bbox", {0, 0, 64, 64}},
                       {"area", area_of(mask)},
                       {"iscrowd", 0},
                       {"segmentation", {{"size", {64, 64}}, {"counts", mask.counts}}}};
  write_json(folder_ / "instances.json", {{"images", {{{"id", 1}, {"file_name", "1.bmp"}}}},
                                          {"categories", {{{"id", 1}, {"name", "class 0"}}, {{"id", 2}, {"name", "class 1"}}}},
                                          {"annotations", {object}}});
  ASSERT_EQ(nibble({"export", checkpoint(), "-o", "float.onnx", "--imgsz", "64"}).exit_code, 0);
  const auto outcome =
      nibble({"eval", "float.onnx", "--images", "one", "--annotations", "instances.json", "--json", "metrics.json", "--skip-latency"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(is_empty ? "masks\nmAP_50_95    0.0000\n" : "masks\nmAP_50_95    1.0000\n"));
  EXPECT_THAT(outcome.out, HasSubstr("boxes\nmAP_50_95"));
  const auto metrics = read_json(folder_ / "metrics.json");
  EXPECT_NEAR(metrics["masks"]["mAP_75"].get<double>(), is_empty ? 0 : 1, 1e-9);
  EXPECT_GT(metrics["masks"]["num_detections"], 0);
  // The kept detections give the same numbers again, and no change against themselves.
  const std::vector<std::string> data{"--images", "one", "--annotations", "instances.json", "--skip-latency"};
  const auto again = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments{"eval", "float.onnx"};
    arguments.insert(arguments.end(), data.begin(), data.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return nibble(arguments);
  };
  ASSERT_EQ(again({"--save-detections", "d.json"}).exit_code, 0);
  const auto paired = again({"--baseline-detections", "d.json", "--json", "paired.json"});
  ASSERT_EQ(paired.exit_code, 0) << paired.err;
  EXPECT_EQ(read_json(folder_ / "paired.json")["masks"]["change"], 0.0);
  Json sized = read_json(folder_ / "instances.json");
  sized["images"][0]["width"] = sized["images"][0]["height"] = 64;
  write_json(folder_ / "sized.json", sized);
  const auto rescored = nibble({"score", "d.json", "--task", "segment", "--annotations", "sized.json", "--json", "score.json"});
  ASSERT_EQ(rescored.exit_code, 0) << rescored.err;
  const auto scored = read_json(folder_ / "score.json")["masks"];
  EXPECT_EQ(scored["mAP_50_95"], metrics["masks"]["mAP_50_95"]);
  EXPECT_EQ(scored["AR_100"], metrics["masks"]["AR_100"]);
  Json other_size = object;
  other_size["segmentation"] = {{"size", {32, 32}}, {"counts", {1024}}};
  write_json(folder_ / "wrong.json", {{"images", {{{"id", 1}, {"file_name", "1.bmp"}}}},
                                      {"categories", {{{"id", 1}, {"name", "class 0"}}, {{"id", 2}, {"name", "class 1"}}}},
                                      {"annotations", {other_size}}});
  const auto wrong = nibble({"eval", "float.onnx", "--images", "one", "--annotations", "wrong.json"});
  EXPECT_EQ(wrong.exit_code, 3);
  EXPECT_THAT(wrong.err, HasSubstr("wrong.json: annotation 1: mask: run lengths of 32 x 32 pixels, the image has 64 x 64"));
  write_file(folder_ / "data.yaml", "train: one\nval: one\nnames: {0: class 0, 1: class 1}\n");
  write_file(folder_ / "one/1.txt", "1 0.1 0.1 0.9 0.1 0.9 0.9\n");
  EXPECT_EQ(nibble({"eval", "float.onnx", "--annotations", "data.yaml", "--skip-latency"}).exit_code, 0) << "outlines of labels";
  write_file(folder_ / "one/1.txt", "1 0.5 0.5 0.2 0.2\n");
  const auto refused = nibble({"eval", "float.onnx", "--annotations", "data.yaml"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("expected class and an outline of three points or more, found 5 numbers"));
}

/// The object is what is found best, where that is a box within the image.
TEST_P(OrientedJob, IsScoredByOrientedBoxes) {
  write_file(folder_ / "one/1.bmp", bmp_of(test::read_npy(kCheckpoints.parent_path() / "families/input.npy")));
  const Answer answer{test::read_npy(kCheckpoints / (GetParam() + "_one2many.npy"))};
  const std::int64_t label = 1, best = answer.best_of(label);
  const auto place = [&](std::int64_t row) { return static_cast<float>(answer.at(row, best)); };
  std::string line = std::to_string(label);
  bool is_inside = true;
  for (const auto& corner : corners_of({place(0), place(1), place(2), place(3), place(answer.values.shape()[1] - 1)}))
    for (const double at : corner) {
      is_inside = is_inside && at >= 0 && at <= 64;
      line += " " + std::to_string(std::clamp(at / 64, 0.0, 1.0));
    }
  write_file(folder_ / "one/1.txt", line + "\n");
  write_file(folder_ / "data.yaml", "train: one\nval: one\nnames: {0: class 0, 1: class 1}\n");
  ASSERT_EQ(nibble({"export", checkpoint(), "-o", "float.onnx", "--imgsz", "64"}).exit_code, 0);
  const auto outcome = nibble({"eval", "float.onnx", "--annotations", "data.yaml", "--json", "metrics.json", "--skip-latency"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(is_inside, GetParam() == "yolo26-obb");
  EXPECT_THAT(outcome.out, HasSubstr("oriented boxes (probabilistic IoU)\nmAP_50_95    0."));
  if (is_inside) {
    EXPECT_THAT(outcome.out, HasSubstr("mAP_50_95    0.9950\n")) << "Ultralytics' number for one object that is found first";
  }
  const auto metrics = read_json(folder_ / "metrics.json")["metrics"];
  EXPECT_GT(metrics["num_detections"], 0);
  EXPECT_EQ(metrics["per_class"][1]["instances"], 1);
  ASSERT_EQ(nibble({"eval", "float.onnx", "--annotations", "data.yaml", "--skip-latency", "--save-detections", "d.json"}).exit_code, 0);
  const auto row = read_json(folder_ / "d.json")[0];
  EXPECT_EQ(row["rbox"].size(), 5U);
  EXPECT_EQ(row["poly"].size(), 8U);
  const auto scored =
      nibble({"score", "d.json", "--task", "obb", "--annotations", "data.yaml", "--category-ids", "annotations", "--json", "score.json"});
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  EXPECT_EQ(read_json(folder_ / "score.json")["metrics"]["mAP_50_95"], metrics["mAP_50_95"]);
  write_file(folder_ / "one/1.txt", "1 0.5 0.5 0.2 0.2\n");
  const auto refused = nibble({"eval", "float.onnx", "--annotations", "data.yaml"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("1.txt: line 1: expected class, x1, y1, x2, y2, x3, y3, x4, y4, found 5 numbers"));
  const auto without = nibble({"eval", "float.onnx"});
  EXPECT_EQ(without.exit_code, 2);
  EXPECT_THAT(without.err, HasSubstr("a model of the task 'obb' is scored on a data.yaml with labels of corners"));
}

/// As Ultralytics exports it, what the checkpoint was trained at; the small ones say 64.
TEST_P(TaskJob, TakesItsOwnImageSize) {
  const auto outcome = nibble({"export", checkpoint(), "-o", "own.onnx"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("input 64 x 64 px"));
}

/// The object is what Ultralytics finds best on the image of the goldens: the file finds it there, first and in every keypoint.
TEST_P(PoseJob, IsScoredByKeypoints) {
  write_file(folder_ / "one/1.bmp", bmp_of(test::read_npy(kCheckpoints.parent_path() / "families/input.npy")));
  const Tensor wanted = test::read_npy(kCheckpoints / (GetParam() + "_one2many.npy"));
  const std::int64_t anchors = wanted.shape()[2], classes = GetParam() == "yolo11-pose" ? 2 : 1, values = classes == 2 ? 2 : 3;
  const auto at = [&](std::int64_t row, std::int64_t anchor) {
    return static_cast<double>(wanted.as<float>()[static_cast<std::size_t>(row * anchors + anchor)]);
  };
  std::int64_t label = 0, best = 0;
  for (std::int64_t k = 0; k < classes; ++k)
    for (std::int64_t a = 0; a < anchors; ++a)
      if (at(4 + k, a) > at(4 + label, best)) label = k, best = a;
  const auto inside = [](double place) { return std::clamp(place, 0.0, 64.0); };
  const double left = inside(at(0, best) - at(2, best) / 2), right = inside(at(0, best) + at(2, best) / 2);
  const double top = inside(at(1, best) - at(3, best) / 2), bottom = inside(at(1, best) + at(3, best) / 2);
  Json keypoints = Json::array();
  for (std::int64_t row = 4 + classes; row < wanted.shape()[1]; row += values)
    for (const double number : {inside(at(row, best)), inside(at(row + 1, best)), 2.0}) keypoints.push_back(number);
  Json categories = Json::array();
  for (std::int64_t k = 0; k < classes; ++k) categories.push_back({{"id", k + 1}, {"name", "class " + std::to_string(k)}});
  const Json object = {{"id", 1},
                       {"image_id", 1},
                       {"category_id", label + 1},
                       {"bbox", {left, top, std::max(right - left, 0.0), std::max(bottom - top, 0.0)}},
                       {"area", 900.0},
                       {"iscrowd", 0},
                       {"keypoints", keypoints}};
  write_json(folder_ / "person_keypoints.json",
             {{"images", {{{"id", 1}, {"file_name", "1.bmp"}}}}, {"categories", categories}, {"annotations", {object}}});
  ASSERT_EQ(nibble({"export", checkpoint(), "-o", "float.onnx", "--imgsz", "64"}).exit_code, 0);
  const auto outcome = nibble(
      {"eval", "float.onnx", "--images", "one", "--annotations", "person_keypoints.json", "--json", "metrics.json", "--skip-latency"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("keypoints (object keypoint similarity)\nAP_50_95     1.0000\n"));
  if (right > left) {  // distances of a random head without bins are no box
    EXPECT_THAT(outcome.out, HasSubstr("boxes\nmAP_50_95    1.0000\n"));
  }
  const auto metrics = read_json(folder_ / "metrics.json");
  EXPECT_EQ(metrics["keypoints"]["AR_50_95"], 1.0);
  ASSERT_EQ(nibble({"eval", "float.onnx", "--images", "one", "--annotations", "person_keypoints.json", "--save-detections", "d.json",
                    "--skip-latency"})
                .exit_code,
            0);
  const auto scored = nibble({"score", "d.json", "--task", "pose", "--annotations", "person_keypoints.json"});
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  EXPECT_THAT(scored.out, HasSubstr("keypoints (object keypoint similarity)\nAP_50_95     1.0000\n"));
  EXPECT_TRUE(metrics["keypoints"]["AP_large"].is_null());
  const auto refused = nibble({"eval", "float.onnx", "--images", "one"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("a model of the task 'pose' is scored on a COCO person_keypoints file"));
}

std::string test_name(const testing::TestParamInfo<std::string>& each) {
  std::string name = each.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Kinds, TaskJob,
                         testing::Values("yolov8-seg", "yolov8-pose", "yolov8-obb", "yolov8-cls", "yolo11-pose", "yolo26-seg",
                                         "yolo26-pose", "yolo26-obb", "yolo26-cls"),
                         test_name);
INSTANTIATE_TEST_SUITE_P(Kinds, ClassifierJob, testing::Values("yolov8-cls", "yolo26-cls"), test_name);
INSTANTIATE_TEST_SUITE_P(Kinds, MaskJob, testing::Values("yolov8-seg", "yolo26-seg"), test_name);
INSTANTIATE_TEST_SUITE_P(Kinds, OrientedJob, testing::Values("yolov8-obb", "yolo26-obb"), test_name);
INSTANTIATE_TEST_SUITE_P(Kinds, PoseJob, testing::Values("yolov8-pose", "yolo11-pose", "yolo26-pose"), test_name);

}  // namespace
}  // namespace nibble
